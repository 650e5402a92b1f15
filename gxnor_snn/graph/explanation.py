"""What `explain` finds: the gates of one neuron for one sample, as arrays, as text, as HTML."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .projection import Shape
from .tables import html_table, text_table

__all__ = ["GATE_HEAD", "Explanation", "Inflow"]

Int64 = NDArray[np.int64]

GATE_HEAD = ("projection", "source", "weight", "activation", "gain", "contribution", "open planes")
_SHOWN = 24


@dataclass(frozen=True, eq=False, kw_only=True)
class Inflow:
    """What one projection brings to the neuron; every array has one entry per in-range source, int64 (n,).

    Attributes
    ----------
    projection, kind, gain, weighted
        The projection; without weights (pools, identities) values move, and no gate is there.
    source, source_shape
        The population that is read.
    sources
        Its neurons, flat in C order.
    weights, levels
        Weight level (1 without weights) and activation level.
    contributions
        gain * weight * level; of a maximum or minimum all but the chosen one are 0.
    planes
        Open XNOR operations: pairs of nonzero weight and activation planes; 0 without weights.
    """

    projection: str
    kind: str
    source: str
    source_shape: Shape
    weighted: bool
    gain: int
    sources: Int64
    weights: Int64
    levels: Int64
    contributions: Int64
    planes: Int64

    @property
    def rests(self) -> NDArray[np.bool_]:
        """Which gates stayed shut: weight or activation 0."""
        return np.asarray((self.weights == 0) | (self.levels == 0))

    @property
    def total(self) -> int:
        """Sum of the contributions."""
        return int(self.contributions.sum())

    @property
    def n_open(self) -> int:
        """Gates that opened (`n_gated` of the counts), or values that moved (`n_moved`)."""
        return int(np.count_nonzero(~self.rests))

    def place(self, source: int) -> str:
        """A source neuron as ``name[7]`` or ``name[2,0,5]``."""
        return f"{self.source}[{','.join(str(int(n)) for n in np.unravel_index(source, self.source_shape))}]"


@dataclass(frozen=True, eq=False, kw_only=True)
class Explanation:
    """One neuron, one sample: ``print`` it, or let a notebook show it.

    Attributes
    ----------
    population, role, place, index
        The neuron: its population, index per axis, flat index.
    inflows
        What each projection brings.
    total
        Its input sum, which the contributions add up to.
    level
        What it sends; None for a readout.
    logit
        What a readout makes of the sum; None for others.
    thresholds, increasing
        Of a spiking neuron, else None: its level counts the thresholds t with sum >= t, or sum <= t if not
        `increasing`.
    """

    population: str
    role: str
    place: Shape
    index: int
    inflows: tuple[Inflow, ...]
    total: int
    level: int | None
    logit: float | None
    thresholds: tuple[int, ...] | None
    increasing: bool | None

    def _joined(self, label: str) -> NDArray[Any]:
        parts = [getattr(flow, label) for flow in self.inflows]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    def _named(self, label: str) -> NDArray[np.str_]:
        names = np.array([getattr(flow, label) for flow in self.inflows], dtype=np.str_)
        return np.repeat(names, [len(flow.sources) for flow in self.inflows])

    @property
    def projections(self) -> NDArray[np.str_]:
        """Projection of every in-range source, in the order of the arrays below."""
        return self._named("projection")

    @property
    def populations(self) -> NDArray[np.str_]:
        """Population of every in-range source."""
        return self._named("source")

    @property
    def sources(self) -> Int64:
        """Index of every in-range source, flat in C order."""
        return self._joined("sources")

    @property
    def weights(self) -> Int64:
        """Weight levels; 1 where a value only moves."""
        return self._joined("weights")

    @property
    def levels(self) -> Int64:
        """Activation levels."""
        return self._joined("levels")

    @property
    def contributions(self) -> Int64:
        """What each source adds to the sum, with sign."""
        return self._joined("contributions")

    @property
    def planes(self) -> Int64:
        """Open XNOR operations of each gate."""
        return self._joined("planes")

    @property
    def rests(self) -> NDArray[np.bool_]:
        """Which gates stayed shut."""
        return self._joined("rests").astype(bool)

    @property
    def n_gated(self) -> int:
        """Gates that opened."""
        return sum(flow.n_open for flow in self.inflows if flow.weighted)

    @property
    def n_xnor(self) -> int:
        """Open XNOR operations."""
        return int(self.planes.sum())

    @property
    def n_moved(self) -> int:
        """Values that pools and identities moved here."""
        return sum(flow.n_open for flow in self.inflows if not flow.weighted)

    @property
    def neuron(self) -> str:
        """The neuron as ``name[7]`` or ``name[2,0,5]``."""
        return f"{self.population}[{','.join(map(str, self.place))}]"

    @property
    def verdict(self) -> str:
        """What the neuron makes of its sum, in words."""
        up, down = (int(self.contributions[self.contributions * sign > 0].sum()) for sign in (1, -1))
        text = f"sum {self.total:,} = {up:,} - {-down:,}"
        if self.logit is not None:
            return f"{text}; logit {self.logit:.6g}"
        if self.thresholds is None:
            return f"{text}; sent on as {self.level}"
        sign = ">=" if self.increasing else "<="
        reached = sum(self.total >= t if self.increasing else self.total <= t for t in self.thresholds)
        shown = ", ".join(f"{t:,}" for t in self.thresholds[:8]) + (", ..." if len(self.thresholds) > 8 else "")
        return f"{text}; {reached} of the thresholds (sum {sign} {shown}) reached: level {self.level}"

    @property
    def gates(self) -> str:
        """How many opened, and how many there are, in words."""
        dense = sum(len(flow.sources) for flow in self.inflows if flow.weighted)
        parts = [f"{self.n_gated:,} of {dense:,} gates open, {self.n_xnor:,} XNOR operations"] if dense else []
        if any(not flow.weighted for flow in self.inflows):
            parts.append(f"{self.n_moved:,} values moved")
        return "; ".join(parts)

    def rows(self, most: int | None = _SHOWN) -> list[tuple[str, ...]]:
        """Cells of `GATE_HEAD` for the open gates and moved values, the largest contributions first."""
        found = sorted(self._open(), key=lambda entry: -abs(entry[0]))
        return [cells for _, cells in found[:most]]

    def _open(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        for flow in self.inflows:
            for k in np.flatnonzero(~flow.rests):
                value = int(flow.contributions[k])
                numbers = (str(int(flow.weights[k])), str(int(flow.planes[k]))) if flow.weighted else ("", "")
                yield value, (
                    flow.projection, flow.place(int(flow.sources[k])), numbers[0], str(int(flow.levels[k])),
                    str(flow.gain), f"{value:+,}", numbers[1],
                )  # fmt: skip

    def _rest(self) -> str:
        more = self.n_gated + self.n_moved - _SHOWN
        return f"and {more:,} more" if more > 0 else ""

    def __str__(self) -> str:
        lines = [self.neuron, self.verdict, self.gates, "", *text_table(GATE_HEAD, self.rows())]
        return "\n".join([*lines, self._rest()]).rstrip()

    def _repr_html_(self) -> str:
        head = f"<p><b>{escape(self.neuron)}</b><br>{escape(self.verdict)}<br>{escape(self.gates)}</p>"
        return f"<div>{head}{html_table(GATE_HEAD, self.rows())}<p>{escape(self._rest())}</p></div>"

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form with every in-range source."""
        facts = (
            "population",
            "role",
            "index",
            "total",
            "level",
            "logit",
            "increasing",
            "n_gated",
            "n_xnor",
            "n_moved",
        )
        arrays = ("sources", "weights", "levels", "contributions", "planes", "rests")
        return {
            **{name: getattr(self, name) for name in facts},
            "place": list(self.place),
            "thresholds": None if self.thresholds is None else list(self.thresholds),
            "inflows": [
                {
                    **{name: getattr(flow, name) for name in ("projection", "kind", "source", "weighted", "gain")},
                    **{name: getattr(flow, name).tolist() for name in arrays},
                }
                for flow in self.inflows
            ],
        }
