"""What counted events would cost on a device, term by term, with bands, grades and what has no price."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import combinations
from types import MappingProxyType
from typing import Any

from ..errors import PricingError

__all__ = [
    "GRADES",
    "Area",
    "Bill",
    "Latency",
    "Programming",
    "Term",
    "Total",
    "Unpriced",
    "indistinguishable",
    "overlapping_groups",
]

GRADES = ("A", "B", "C", "D", "M")
"""Grades of a published constant, strongest first.

A read in the primary text or source file; B transcribed with quote and page by a third party; C secondary
mention without a quote; D derived, arithmetic shown; M from memory, unverified.
"""


@dataclass(frozen=True)
class Term:
    """One line of a bill: energy per inference = count x constant.

    Attributes
    ----------
    energy_j, low_j, high_j
        Energy per inference and its band, joule.
    grade
        Weakest grade of the constants behind it.
    source
        Where the constants were published.
    count
        Charged events per inference (mean over the samples).
    formula
        What was counted and what it was multiplied with.
    """

    energy_j: float
    low_j: float
    high_j: float
    grade: str
    source: str
    count: float
    formula: str


@dataclass(frozen=True)
class Total:
    """Energy per inference over all terms, joule; the band keeps terms that share a constant correlated."""

    energy_j: float
    low_j: float
    high_j: float


@dataclass(frozen=True)
class Latency:
    """Time of one inference, second, one sample in the device at a time."""

    time_s: float
    low_s: float
    high_s: float
    grade: str
    formula: str


@dataclass(frozen=True)
class Area:
    """Silicon that the mapped graph takes, square metre."""

    area_m2: float
    low_m2: float
    high_m2: float
    grade: str
    source: str
    formula: str


@dataclass(frozen=True)
class Programming:
    """Writing the weights once, before any inference; no part of the total.

    Attributes
    ----------
    cells
        Memory cells that are written.
    pulses
        Pulses over all cells; None where nobody published pulses per cell.
    energy_j, low_j, high_j
        Energy of all pulses, joule; None where a constant is missing.
    grade, source
        Of the constants behind what is given; None and empty where there are none.
    formula
        What was counted.
    """

    cells: int
    pulses: float | None
    energy_j: float | None
    low_j: float | None
    high_j: float | None
    grade: str | None
    source: str
    formula: str


@dataclass(frozen=True)
class Unpriced:
    """Events that happened and for which nobody published a constant."""

    term: str
    count: float
    reason: str


@dataclass(frozen=True)
class Bill:
    """The price of one inference on one device.

    Attributes
    ----------
    profile, display, kind
        The hardware card.
    n_samples
        Samples the counts were taken over.
    terms
        `Term` by name, per inference.
    total
        The sum, or None where a nonzero count has no price: a missing constant is not zero.
    unpriced
        What stands in the way of a total.
    excluded
        What lies outside the boundary the card's source measured or modelled.
    warnings
        What a reader must know: unverified constants, layers the device does not run natively, clipping.
    weakest_grade
        Weakest grade behind any charged term; None where nothing was charged.
    latency
        Time per inference where the card has times, else None.
    area
        Silicon of the parts that hold the graph, where the card has areas, else None.
    programming
        Writing the weights once, on devices whose weights are written cell by cell; outside the total.
    subtotals
        Sums of some of the terms that a reader must see apart, such as compute without memory.
    """

    profile: str
    display: str
    kind: str
    n_samples: int
    terms: Mapping[str, Term]
    total: Total | None
    unpriced: tuple[Unpriced, ...] = ()
    excluded: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    weakest_grade: str | None = None
    latency: Latency | None = None
    area: Area | None = None
    programming: Programming | None = None
    subtotals: Mapping[str, Total] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("terms", "subtotals"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        values = {**vars(self), "terms": dict(self.terms), "subtotals": dict(self.subtotals)}
        return Bill, tuple(values.values())

    @property
    def energy_j(self) -> float | None:
        """Energy per inference, joule; None where the bill is not complete."""
        return None if self.total is None else self.total.energy_j

    @property
    def priced_j(self) -> float:
        """Sum of the priced terms, joule: the energy itself, or a part of it where something is unpriced."""
        return sum(t.energy_j for t in self.terms.values())

    def distinguishable_from(self, other: "Bill") -> bool:
        """Whether the bands of two totals do not overlap, so that one device is cheaper by what is known.

        Raises
        ------
        PricingError
            If one of the bills has no total.
        """
        mine, others = self._complete(), other._complete()
        return mine.high_j < others.low_j or others.high_j < mine.low_j

    def _complete(self) -> Total:
        if self.total is None:
            missing = ", ".join(u.term for u in self.unpriced)
            raise PricingError(f"bill of {self.profile!r} has no total to compare; unpriced: {missing}")
        return self.total

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "profile": self.profile,
            "display": self.display,
            "kind": self.kind,
            "n_samples": self.n_samples,
            "energy_j": self.energy_j,
            "total": None if self.total is None else asdict(self.total),
            "priced_j": self.priced_j,
            "subtotals": {name: asdict(part) for name, part in self.subtotals.items()},
            "terms": {name: asdict(term) for name, term in self.terms.items()},
            "unpriced": [asdict(u) for u in self.unpriced],
            "excluded": list(self.excluded),
            "warnings": list(self.warnings),
            "weakest_grade": self.weakest_grade,
            "latency": None if self.latency is None else asdict(self.latency),
            "area": None if self.area is None else asdict(self.area),
            "programming": None if self.programming is None else asdict(self.programming),
        }


def indistinguishable(bills: Iterable[Bill]) -> list[tuple[str, str]]:
    """Pairs of devices, by profile name, whose total bands overlap; bills without a total are left out."""
    complete = [b for b in bills if b.total is not None]
    return [(a.profile, b.profile) for a, b in combinations(complete, 2) if not a.distinguishable_from(b)]


def overlapping_groups(bills: Iterable[Bill]) -> list[tuple[str, ...]]:
    """Largest sets of devices of which no two can be told apart, two or more each, cheapest first.

    All bands of a set share an energy. A device may be in several sets: overlapping is not transitive. Bills
    without a total are left out.
    """
    totals = {b.profile: b.total for b in bills if b.total is not None}
    order = sorted(totals, key=lambda name: totals[name].energy_j)
    # bands that overlap two by two share a point, and the highest of their low ends is one
    points = [totals[name].low_j for name in order]
    found = [frozenset(n for n in order if totals[n].low_j <= point <= totals[n].high_j) for point in points]
    largest = [s for s in dict.fromkeys(found) if len(s) > 1 and not any(s < other for other in found)]
    groups = [tuple(n for n in order if n in s) for s in largest]
    return sorted(groups, key=lambda group: [order.index(n) for n in group])
