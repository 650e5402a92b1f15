"""Priced operations: energies with bands, and ratios in which a constant has one value on both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from types import MappingProxyType
from typing import Any

from gxnor_snn.errors import PricingError
from gxnor_snn.results import OpRow, Unpriced

from ..ledger import weakest
from ..profile import Constant

__all__ = [
    "FIGURES",
    "REFERENCES",
    "Amounts",
    "Energy",
    "OperationPrices",
    "PricedRow",
    "Ratio",
    "added",
    "joined",
]

FIGURES: Mapping[str, str] = MappingProxyType(
    {
        "compute": "arithmetic alone",
        "weights_once": "reading every stored weight once",
        "weights_each": "reading a weight for every dense synapse",
        "once": "compute and weights read once",
        "each": "compute and weights read for every synapse",
    }
)
"""The energies of a row and what they hold."""

Amounts = Mapping[Constant, float]
"""How often each constant is charged. Equal constants of two cards are one: they are one physical quantity."""


@dataclass(frozen=True)
class Energy:
    """Energy per inference, joule: the sum of amounts times constants.

    Attributes
    ----------
    energy_j, low_j, high_j
        Value and band.
    grade
        Weakest grade of what was charged; None where nothing was.
    """

    energy_j: float
    low_j: float
    high_j: float
    grade: str | None
    amounts: Amounts = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {"energy_j": self.energy_j, "low_j": self.low_j, "high_j": self.high_j, "grade": self.grade}


def added(amounts: Amounts, grades: Sequence[str] = ()) -> Energy:
    """The energy of some amounts; `grades` are those of what else they rest on."""
    charged = {constant: amount for constant, amount in amounts.items() if amount}
    ends = [sum(n * getattr(c, end) for c, n in charged.items()) for end in ("value", "low", "high")]
    grade = weakest([*(c.grade for c in charged), *grades]) if charged else None
    return Energy(ends[0], ends[1], ends[2], grade, MappingProxyType(charged))


@dataclass(frozen=True)
class Ratio:
    """One energy over another, with its extremes over the bands of all constants.

    Attributes
    ----------
    value, low, high
        Where both sides charge a constant, it has one value on both: unlike bands, such ratios do not overlap by
        what cancels.
    distinguishable
        Whether the extremes lie on one side of 1.
    """

    value: float
    low: float
    high: float

    @property
    def distinguishable(self) -> bool:
        """Whether one of the two costs less whatever the constants are within their bands."""
        return self.high < 1 or self.low > 1

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {**asdict(self), "distinguishable": self.distinguishable}


@dataclass(frozen=True)
class PricedRow:
    """One network in one arithmetic, all layers together or one of them.

    Attributes
    ----------
    row
        What was counted; `row.network`, `row.basis`, `row.layer` name it.
    arithmetic
        "float", "integer" or "binary": what additions and products are computed in.
    energies
        `Energy` by figure (`FIGURES`); None where a part has no price.
    unpriced
        What stands in the way.
    """

    row: OpRow
    arithmetic: str
    energies: Mapping[str, Energy | None]
    unpriced: tuple[Unpriced, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "energies", MappingProxyType(dict(self.energies)))

    @property
    def key(self) -> tuple[str, str, str]:
        """Network, basis, arithmetic."""
        return self.row.network, self.row.basis, self.arithmetic

    @property
    def label(self) -> str:
        """Network, the arithmetic where it could be another one, and the basis where there are two."""
        words = {"float": ", float32", "integer": ", int8", "binary": ""}[self.arithmetic]
        return self.row.network + words + ("" if self.row.basis == "always" else f", {self.row.basis}")

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            **asdict(self.row),
            "arithmetic": self.arithmetic,
            "energies": {name: e and e.to_dict() for name, e in self.energies.items()},
            "unpriced": [asdict(u) for u in self.unpriced],
        }


REFERENCES = (("full precision", "always", "float"), ("GXNOR", "measured", "binary"))
"""What `OperationPrices.to_dict` compares every network with."""


@dataclass(frozen=True)
class OperationPrices:
    """Networks side by side, for the synapses of one trained net.

    Attributes
    ----------
    totals, layers
        Rows of all layers together, and of single ones.
    cards
        Name of the card by arithmetic.
    excluded
        What no figure holds.
    """

    totals: tuple[PricedRow, ...]
    layers: tuple[PricedRow, ...]
    cards: Mapping[str, str]
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "cards", MappingProxyType(dict(self.cards)))

    def find(self, network: str, basis: str, arithmetic: str, layer: str | None = None) -> PricedRow:
        """One row.

        Raises
        ------
        PricingError
            If there is no such row.
        """
        for row in self.totals if layer is None else self.layers:
            if row.key == (network, basis, arithmetic) and row.row.layer == layer:
                return row
        raise PricingError(
            f"operations: no row {network!r}, {basis!r}, {arithmetic!r}, layer {layer!r}; the rows are "
            f"{', '.join(map(str, dict.fromkeys(r.key for r in self.totals)))}"
        )

    def ratio(self, one: PricedRow, other: PricedRow, figure: str) -> Ratio | None:
        """One row's energy over another's; None where one of them has no price or the other costs nothing.

        Raises
        ------
        PricingError
            If the figure is unknown.
        """
        if figure not in FIGURES:
            raise PricingError(f"operations: figure is {figure!r}; allowed are {', '.join(FIGURES)}")
        above, below = one.energies[figure], other.energies[figure]
        if above is None or below is None or below.low_j <= 0:
            return None
        return Ratio(above.energy_j / below.energy_j, _extreme(above, below, -1.0), _extreme(above, below, 1.0))

    def not_distinguishable(self, figure: str) -> tuple[tuple[str, str], ...]:
        """Pairs of totals, by label, of which the constants' bands do not tell which costs less."""
        pairs = []
        for place, one in enumerate(self.totals):
            for other in self.totals[place + 1 :]:
                ratio = self.ratio(one, other, figure)
                if ratio is not None and not ratio.distinguishable:
                    pairs.append((one.label, other.label))
        return tuple(pairs)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form, with the ratios of every network to full precision and to GXNOR as measured."""
        references = [row for key in REFERENCES for row in self.totals if row.key == key]
        return {
            "cards": dict(self.cards),
            "figures": dict(FIGURES),
            "totals": [{**row.to_dict(), "ratios": self._ratios(row, references)} for row in self.totals],
            "layers": [row.to_dict() for row in self.layers],
            "not_distinguishable": {name: list(map(list, self.not_distinguishable(name))) for name in FIGURES},
            "excluded": list(self.excluded),
        }

    def _ratios(self, row: PricedRow, references: Sequence[PricedRow]) -> dict[str, Any]:
        found = {}
        for reference in references:
            ratios = {name: self.ratio(row, reference, name) for name in FIGURES}
            found[reference.label] = {name: ratio and ratio.to_dict() for name, ratio in ratios.items()}
        return found


def _extreme(above: Energy, below: Energy, sign: float) -> float:
    """Largest (sign 1) or smallest (-1) ratio of two linear functions over the box of the constants' bands.

    Dinkelbach's iteration: with the best ratio so far, put every constant at the end of its band that favours
    (above - ratio * below); the ratio there is no worse, and is best once it stands still.
    """
    constants = dict.fromkeys([*above.amounts, *below.amounts])
    best = above.energy_j / below.energy_j
    while True:
        top = bottom = 0.0
        for constant in constants:
            up, down = above.amounts.get(constant, 0.0), below.amounts.get(constant, 0.0)
            value = constant.high if sign * (up - best * down) > 0 else constant.low
            top, bottom = top + up * value, bottom + down * value
        found = top / bottom
        if sign * (found - best) <= 1e-15 * best:
            return max(best, found) if sign > 0 else min(best, found)
        best = found


def joined(rows: Sequence[PricedRow], total: OpRow) -> PricedRow:
    """The row of all layers from those of each: energies add up, and one without a price leaves none."""
    energies: dict[str, Energy | None] = {}
    for name in FIGURES:
        parts = [row.energies[name] for row in rows]
        whole: dict[Constant, float] = {}
        for part in parts:
            for constant, amount in ({} if part is None else part.amounts).items():
                whole[constant] = whole.get(constant, 0.0) + amount
        grades = [part.grade for part in parts if part is not None and part.grade is not None]
        energies[name] = None if None in parts else added(whole, grades)
    missing: dict[tuple[str, str], float] = {}
    for unpriced in (u for row in rows for u in row.unpriced):
        key = unpriced.term, unpriced.reason
        missing[key] = missing.get(key, 0.0) + unpriced.count
    gaps = tuple(Unpriced(term, count, reason) for (term, reason), count in missing.items())
    return PricedRow(replace(total), rows[0].arithmetic, energies, gaps)
