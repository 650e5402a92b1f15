"""Units: every constant of a card carries its unit in its key (``value_pj``) and is parsed to SI once."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["DIMENSIONS", "Dimension", "from_si", "to_si"]


@dataclass(frozen=True)
class Dimension:
    """A physical dimension.

    Attributes
    ----------
    symbol
        SI unit, as printed.
    units
        Power of ten by unit suffix.
    least, most
        Range, in SI, outside which a device constant is taken for a slip of units.
    """

    symbol: str
    units: Mapping[str, int]
    least: float
    most: float


DIMENSIONS: Mapping[str, Dimension] = {
    "energy": Dimension("J", {"aj": -18, "fj": -15, "pj": -12, "nj": -9, "uj": -6, "mj": -3, "j": 0}, 1e-18, 1e-3),
    "power": Dimension("W", {"nw": -9, "uw": -6, "mw": -3, "w": 0}, 1e-10, 1e3),
    "time": Dimension("s", {"ps": -12, "ns": -9, "us": -6, "ms": -3, "s": 0}, 1e-12, 1e2),
    "frequency": Dimension("Hz", {"hz": 0, "khz": 3, "mhz": 6, "ghz": 9}, 1.0, 1e11),
    "ratio": Dimension("1", {"": 0}, 0.0, 1.0),
    "conductance": Dimension("S", {"ns": -9, "us": -6, "ms": -3, "s": 0}, 1e-13, 1.0),
    "resistance": Dimension("ohm", {"ohm": 0, "kohm": 3, "megohm": 6}, 1e-3, 1e13),
    "voltage": Dimension("V", {"uv": -6, "mv": -3, "v": 0, "kv": 3}, 1e-6, 1e3),
    "area": Dimension("m2", {"um2": -12, "mm2": -6, "cm2": -4, "m2": 0}, 1e-17, 1e-1),
    "count": Dimension("1", {"": 0}, 0.0, 1e9),
}
"""Dimension by card section."""


def to_si(value: int | float, power: int) -> float:
    """`value` times ten to the `power`, correctly rounded (23.6 pJ is the double nearest 2.36e-11 J)."""
    return float(Decimal(str(value)).scaleb(power))


def from_si(value: float, power: int) -> float:
    """The inverse of `to_si`."""
    return float(Decimal(str(value)).scaleb(-power))
