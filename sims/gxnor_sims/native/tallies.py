"""Which counts the kernels keep, and how the counts of a trace are put together from them.

A row of the kernels is one number per sample: the sum over a population's neurons of a static factor times a mask
of the level. Every count of the design is a fixed combination of rows.
"""

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, EventGraph
from gxnor_snn.results import Counts, MoveCounts, PopulationCounts, SynapseCounts

from .recipes import Entry, Recipe
from .slabs import in_slab_order

__all__ = ["MASKS", "CountPlan", "RowPlan"]

MASKS = {"positive": 0, "negative": 1, "nonzero": 2, "ones": 3}
"""Masks of the kernels: level above zero, below zero, not zero, and each nonzero plane of the level."""

Combination = tuple[tuple[int, int], ...]
"""(factor, row) pairs; a count is the sum of factor * row."""

Combinations = dict[str, Combination]


@dataclass
class RowPlan:
    """Collects the rows of one population; equal rows are kept once."""

    coding: Coding
    shape: tuple[int, ...]
    first_row: int
    rows: list[tuple[int, NDArray[np.int64]]] = field(default_factory=list)
    _known: dict[tuple[int, bytes], int] = field(default_factory=dict)

    @property
    def positive(self) -> int:
        """The row that counts levels above zero."""
        return self._row("positive", np.ones(self.shape, np.int64))

    @property
    def negative(self) -> int:
        """The row that counts levels below zero."""
        return self._row("negative", np.ones(self.shape, np.int64))

    @property
    def magnitude_planes(self) -> int:
        """Planes of |level| that the rows need; 0 if none does."""
        wanted = any(mask == MASKS["ones"] for mask, _ in self.rows)
        return self.coding.max_abs.bit_length() if wanted else 0

    def nonzero(self, factors: NDArray[np.int64]) -> Combination:
        """The sum of factor over neurons whose level is not zero."""
        constant = int(factors.flat[0])
        if np.all(factors == constant):
            return ((constant, self.positive), (constant, self.negative))
        return ((1, self._row("nonzero", factors)),)

    def above(self, factors: NDArray[np.int64]) -> Combination:
        """The sum of factor over neurons whose level is above zero."""
        return ((1, self._row("positive", factors)),)

    def below(self, factors: NDArray[np.int64]) -> Combination:
        """The sum of factor over neurons whose level is below zero."""
        return ((1, self._row("negative", factors)),)

    def ones(self, factors: NDArray[np.int64]) -> Combination:
        """The sum over neurons of factor times the number of the level's nonzero planes."""
        if self.coding.kind == "pm1":  # all planes of every level are nonzero, and no level is zero
            return tuple((self.coding.n_planes * f, row) for f, row in self.nonzero(factors))
        if self.coding.max_abs <= 1:
            return self.nonzero(factors)
        return ((1, self._row("ones", factors)),)

    def _row(self, mask: str, factors: NDArray[np.int64]) -> int:
        ordered = in_slab_order(factors)
        key = (MASKS[mask], ordered.tobytes())
        if key not in self._known:
            self._known[key] = self.first_row + len(self.rows)
            self.rows.append((MASKS[mask], ordered))
        return self._known[key]


@dataclass
class CountPlan:
    """The recipe of a trace's counts.

    Attributes
    ----------
    bitcounts, agree
        Full counts of each weighted projection; empty where they are not kept.
    reached
        Row of the neurons reached of each population with inputs; empty where they are not kept.
    """

    bitcounts: Combinations = field(default_factory=dict)
    agree: Combinations = field(default_factory=dict)
    reached: dict[str, int] = field(default_factory=dict)
    _synapses: dict[str, tuple[tuple[int, int, int], Combinations]] = field(default_factory=dict)
    _moves: dict[str, Combination] = field(default_factory=dict)
    _spikes: dict[str, tuple[int, int]] = field(default_factory=dict)
    _recipe: Recipe | None = None

    def rows_of(self, graph: EventGraph, name: str, first_row: int) -> RowPlan:
        """The rows that count a population and its outgoing projections; remembers what is made of them."""
        rows = RowPlan(graph.coding(name), graph.populations[name].shape, first_row)
        self._spikes[name] = (rows.positive, rows.negative)
        for projection in graph.outgoing(name):
            fan_out = graph.fan_out(projection.name)
            if not projection.weighted:
                self._moves[projection.name] = rows.nonzero(fan_out.dense)
                continue
            static = (int(fan_out.dense.sum()), int(fan_out.nonzero.sum()), fan_out.padded)
            self._synapses[projection.name] = (
                static,
                {
                    "n_x": rows.nonzero(fan_out.dense),
                    "n_gated": rows.nonzero(fan_out.nonzero),
                    "n_x_planes": rows.ones(fan_out.dense),
                    "n_xnor": rows.ones(fan_out.planes),
                },
            )
        return rows

    def counts(self, graph: EventGraph, rows: NDArray[np.int64]) -> Counts:
        """The counts of a run from the kernels' rows (rows, samples), whose memory they may share."""
        if self._recipe is None:
            self._recipe = self._compile(graph)
        return self._recipe.counts(rows)

    def _compile(self, graph: EventGraph) -> Recipe:
        def projection(name: str) -> Entry:
            if name in self._moves:
                return Entry(MoveCounts, {}, {"n_moved": self._moves[name]})
            static, combinations = self._synapses[name]
            if name in self.bitcounts:
                combinations = {**combinations, "n_bitcount": self.bitcounts[name], "n_agree": self.agree[name]}
            return Entry(
                SynapseCounts, dict(zip(("n_dense", "n_w", "n_padded"), static, strict=True)), combinations
            )

        def population(name: str) -> Entry:
            part = graph.populations[name]
            found = dict(zip(("spikes_pos", "spikes_neg"), self._spikes.get(name, ()), strict=False))
            if name in self.reached:
                found["neurons_reached"] = self.reached[name]
            make = partial(PopulationCounts, part.size, part.is_internal)
            return Entry(make, {}, {key: ((1, row),) for key, row in found.items()})

        return Recipe({n: projection(n) for n in graph.projections}, {n: population(n) for n in graph.populations})
