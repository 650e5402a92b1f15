"""How the arrays of a crossbar are built and read: sizes, cells, row drive, converters, their imperfections."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from gxnor_snn.arguments import is_number
from gxnor_snn.errors import InputError

__all__ = ["ArraySpec"]

_CHOICES = {
    "cells": ("pair", "single"),
    "drive": ("bipolar", "two_phase", "two_row"),
    "subtraction": ("analog", "digital"),
}
_INTEGERS = {"rows": (1, 1 << 16), "cols": (2, 1 << 16), "dac_bits": (1, 16), "adc_bits": (2, 24)}
_REALS = {"offset_v": 1.0, "gain_error": 1.0, "switch_noise": 1.0, "r_row_ohm": 1e6, "r_col_ohm": 1e6}


@dataclass(frozen=True, kw_only=True)
class ArraySpec:
    """One kind of array for all layers.

    A projection's fan-in lies along the rows, in the C order of its weights, cut into tiles of `rows` rows. Each
    weight plane of each output has columns of its own. The column sums of a tile are converted, and what the
    converters give is added digitally over tiles, planes and phases.

    Attributes
    ----------
    rows, cols
        Rows and physical columns of one array.
    cells
        "pair": a weight is G+ - G-, +1 = (on, off), -1 = (off, on), 0 = (off, off). "single": +1 = on, 0 = the
        middle, -1 = off, against a reference column of cells in the middle, one per array.
    drive
        "bipolar": rows are driven at +V, 0, -V in one read. "two_phase": positive levels in one read, negative
        ones in a second, subtracted digitally. "two_row": every input has a row for positive and, with swapped
        cells, one for negative levels, so that an array holds half as many inputs.
    subtraction
        "analog": the current of a pair (or of a cell and its reference) is subtracted before one conversion;
        "digital": both are converted.
    dac_bits
        Planes of a level that a row driver sends at once, as an amplitude; 1 sends plane by plane.
    adc_bits
        Bits b of a converter, codes -(2^(b-1) - 1) .. 2^(b-1) - 1; None converts nothing (real sums).
    adc_range
        Largest sums that the converters must hold, in units of one weight, by projection and tile, as `calibrate`
        gives them. None takes what the weights of each tile can reach. The step of a code is
        ``max(1, range / (2^(b-1) - 1))``.
    offset_v
        Standard deviation of the input offset voltage of a column's amplifier. It drives every cell of the column:
        I_offset = V_offset * sum_i G_i.
    gain_error
        Relative standard deviation of the gain of a column's amplifier and converter.
    switch_noise
        Relative standard deviation of a cell's current in one read, from its selecting switch.
    r_row_ohm, r_col_ohm
        Wire resistance of one cell's length along a row and a column; 0 makes no IR drop.
    drift_compensation
        Divide each layer's sums by the mean of what its programmed weights have kept of their size.

    Raises
    ------
    InputError
        If a value is not one of these.
    """

    rows: int = 128
    cols: int = 128
    cells: Literal["pair", "single"] = "pair"
    drive: Literal["bipolar", "two_phase", "two_row"] = "bipolar"
    subtraction: Literal["analog", "digital"] = "analog"
    dac_bits: int = 1
    adc_bits: int | None = 8
    adc_range: Mapping[str, tuple[float, ...]] | None = None
    offset_v: float = 0.0
    gain_error: float = 0.0
    switch_noise: float = 0.0
    r_row_ohm: float = 0.0
    r_col_ohm: float = 0.0
    drift_compensation: bool = False

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(f"array: {name} is {getattr(self, name)!r}, allowed are {', '.join(choices)}")
        for name, (least, most) in _INTEGERS.items():
            value = getattr(self, name)
            if name == "adc_bits" and value is None:
                continue
            if type(value) is not int or not least <= value <= most:
                raise InputError(f"array: {name} is {value!r}, allowed is an integer {least}..{most}")
        for name, highest in _REALS.items():
            value = getattr(self, name)
            if not is_number(value) or not 0 <= value <= highest:
                raise InputError(f"array: {name} is {value!r}, allowed is a number 0..{highest:g}")
        if type(self.drift_compensation) is not bool:
            raise InputError(f"array: drift_compensation is {self.drift_compensation!r}, allowed is a bool")
        if self.rows < self.rows_per_input:
            raise InputError(f"array: rows is {self.rows}, a two_row drive needs at least 2")
        if self.adc_range is not None:
            object.__setattr__(self, "adc_range", _checked_ranges(self.adc_range))

    @property
    def rows_per_input(self) -> int:
        """Rows that one input takes."""
        return 2 if self.drive == "two_row" else 1

    @property
    def inputs_per_tile(self) -> int:
        """Inputs whose rows fit into one array."""
        return self.rows // self.rows_per_input

    @property
    def top_code(self) -> int | None:
        """The largest code of a converter; None without converters."""
        return None if self.adc_bits is None else (1 << (self.adc_bits - 1)) - 1

    def tiles(self, fan_in: int) -> list[tuple[int, int]]:
        """(start, stop) along the fan-in of each tile."""
        step = self.inputs_per_tile
        return [(start, min(start + step, fan_in)) for start in range(0, fan_in, step)]


def _checked_ranges(ranges: object) -> Mapping[str, tuple[float, ...]]:
    good = isinstance(ranges, Mapping) and all(
        isinstance(values, tuple | list) and values and all(_is_range(v) for v in values)
        for values in ranges.values()
    )
    if not good or not isinstance(ranges, Mapping):
        raise InputError(
            f"array: adc_range is {ranges!r:.80}, allowed is a positive number per tile, by projection"
        )
    return MappingProxyType({str(name): tuple(float(v) for v in values) for name, values in ranges.items()})


def _is_range(value: object) -> bool:
    return is_number(value) and 0 < value < 1e12
