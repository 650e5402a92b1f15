"""How the kernels hold levels: a slab of bit planes per population."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding

__all__ = ["Form", "Slab", "admissible", "in_slab_order", "rises_of"]


@dataclass(frozen=True)
class Form:
    """How planes b_0, b_1, .. make a level: ``lowest + step * u``.

    In binary form u = sum_j 2^j b_j; in thermometer form u = sum_j b_j with b_0 >= b_1 >= .. . Three evenly
    spaced levels (every ternary population) take the thermometer: its two planes have equal weight, so both
    enter an adder tree at once, and maximum and minimum are "or" and "and".
    """

    thermometer: bool
    planes: int
    lowest: int
    step: int

    @classmethod
    def of(cls, coding: Coding) -> "Form":
        """The form that holds the levels of a coding."""
        step = _step(coding)
        top = (coding.hi - coding.lo) // step
        if top == 2 and coding.n_levels == 3:
            return cls(True, 2, coding.lo, step)
        return cls(False, max(1, top.bit_length()), coding.lo, step)

    @classmethod
    def of_range(cls, low: int, high: int) -> "Form":
        """The binary form that holds every integer of low..high."""
        return cls(False, max(1, (high - low).bit_length()), low, 1)


@dataclass(frozen=True)
class Slab:
    """Bit planes of one population in one block of lanes.

    Attributes
    ----------
    index
        Number of the slab in the program.
    shape
        Shape of the population; inside the slab channels are innermost.
    form
        How planes make levels.
    """

    index: int
    shape: tuple[int, ...]
    form: Form

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.shape[0]

    @property
    def image(self) -> tuple[int, int]:
        """Height and width; (1, 1) for a vector."""
        return (self.shape[1], self.shape[2]) if len(self.shape) == 3 else (1, 1)

    @property
    def positions(self) -> int:
        """Number of places of the image."""
        return self.image[0] * self.image[1]


def rises_of(coding: Coding) -> NDArray[np.uint64]:
    """What each threshold adds to u when it is reached, the easiest first."""
    return np.asarray(np.diff(coding.levels) // _step(coding), np.uint64)


def admissible(coding: Coding) -> NDArray[np.uint8]:
    """Marks of the admissible levels of lo..hi; empty where all of them are."""
    if coding.n_levels == coding.hi - coding.lo + 1:
        return np.zeros(0, np.uint8)
    marks = np.zeros(coding.hi - coding.lo + 1, np.uint8)
    marks[coding.levels - coding.lo] = 1
    return marks


def in_slab_order(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Values of a population's shape, flattened in the slab's order."""
    return np.ascontiguousarray(np.moveaxis(values, 0, -1).reshape(-1))


def _step(coding: Coding) -> int:
    """The largest step that all differences of levels are multiples of."""
    return max(1, int(np.gcd.reduce(np.diff(coding.levels)))) if coding.n_levels > 1 else 1
