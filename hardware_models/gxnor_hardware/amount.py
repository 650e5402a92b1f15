"""Counts per inference in three scenarios, and the weakest of some grades."""

from collections.abc import Sequence
from dataclasses import dataclass

from gxnor_snn.results.bill import GRADES

from .profile import Constant

__all__ = ["Amount", "Charge", "weakest"]


@dataclass(frozen=True)
class Amount:
    """A count per inference in three scenarios: as expected, and those behind the low and the high price.

    Amounts of one term belong together scenario by scenario, so `low` need not be the smallest of the three.
    """

    value: float
    low: float
    high: float

    @classmethod
    def exact(cls, value: float) -> "Amount":
        """A count without a band."""
        return cls(value, value, value)

    @property
    def any(self) -> bool:
        """Whether there is anything to pay for in any scenario."""
        return max(self.value, self.low, self.high) > 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.value + other.value, self.low + other.low, self.high + other.high)

    def __mul__(self, factor: "Amount | Constant | float") -> "Amount":
        if isinstance(factor, int | float):
            factor = Amount.exact(factor)
        return Amount(self.value * factor.value, self.low * factor.low, self.high * factor.high)


Charge = tuple[str, Amount]
"""(name of the constant, amount of it)."""


def weakest(grades: Sequence[str]) -> str:
    """The weakest of some grades, of which there is at least one."""
    return max(grades, key=GRADES.index)
