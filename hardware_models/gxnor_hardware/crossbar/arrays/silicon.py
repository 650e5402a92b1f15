"""Area of the arrays that hold a graph, and what writing their cells takes."""

from gxnor_snn.results import Mapping

from ...ledger import Amount, Ledger
from ...profile import Profile

__all__ = ["occupy"]


def occupy(profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Set area and programming.

    Area = chips A_chip where the card gives a whole chip, else arrays A_array where it gives a whole array, else
    arrays (rows cols A_cell + rows A_driver + converters A_converter + cols A_sample).

    Programming = cells x pulses per cell x energy per pulse, once.
    """
    cells = int(mapping.resources["cells_programmed"])
    ledger.program(cells, "pulses_per_cell", "program_pulse", "cells that hold weights x pulses x pulse energy")
    arrays = Amount.exact(float(mapping.resources["arrays"]))
    for whole, count in (("chip", Amount.exact(float(mapping.resources["chips"]))), ("array", arrays)):
        if whole in profile.area:
            ledger.occupy([(whole, count)], f"{whole}s that hold the graph")
            return
    rows, cols = profile.limit("rows"), profile.limit("cols")
    if rows is None or cols is None or "adcs_per_array" not in profile.design:
        return
    parts = [("cell", rows * cols), ("row_driver", rows), ("converter", profile.number("adcs_per_array"))]
    parts += [("sample_hold", cols)]
    ledger.occupy(
        [(name, arrays * float(number)) for name, number in parts],
        "arrays x (rows x cols cells + rows drivers + converters + cols sample and hold)",
    )
