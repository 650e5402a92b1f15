"""Full counts in the kernels: neurons reached, bit counts, and how XNOR operations come out.

A gate is open where a nonzero weight plane meets a nonzero plane of the source's level. Whether one is open at a
neuron is an "or" over its synapses, so the kernels look at each of them once more; what they read are planes of
|level|, made once per source. How many operations agree is linear in the levels: +1 planes of the level meet +1
planes of the weights, -1 planes meet -1 planes,

    n_agree = sum_i up_i P_i + (all_i - up_i) N_i,

with up_i and all_i the +1 and the nonzero planes of level i, and P_i, N_i the +1 and -1 planes of its synapses.
Each part is a row of the tally, as in `tallies`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, EventGraph

from .._kernels import Program
from .lowering import Digits, synapses_of, term_of
from .slabs import Form, Slab
from .tallies import Combination, CountPlan, RowPlan

__all__ = ["PARTS", "FullPlanner", "plane_signs", "weight_planes"]

PARTS = {"plain": 0, "magnitude": 1, "positive": 2}
"""What the kernels make of a level for a slab of its own: itself, its magnitude, or what is above zero."""

Factors = NDArray[np.int64]


def weight_planes(coding: Coding, weights: NDArray[Any]) -> tuple[Digits, int]:
    """The different masks of nonzero weight planes, as digits, and how many planes each stands for."""
    if coding.kind == "pm1":  # every plane of every weight is nonzero
        return [(1, 0, np.ones(weights.shape, np.bool_))], coding.n_planes
    magnitude = np.abs(weights)
    masks = ((k, (magnitude >> k) & 1 != 0) for k in range(coding.max_abs.bit_length()))  # one at a time
    return ((1, k, mask) for k, mask in masks if mask.any()), 1


def plane_signs(projection: Any, shape: tuple[int, ...]) -> tuple[Factors, Factors]:
    """Per source neuron, the +1 and the -1 weight planes of all its synapses."""
    coding, up = projection.coding, np.maximum(projection.weights, 0)
    if coding.kind == "pm1":
        up = (projection.weights.astype(np.int32) >> 1) + np.int32(1 << (coding.n_planes - 1))
    # `up` is the weight whose bits are the +1 planes.
    positive = replace(projection, weights=up, coding=Coding.bits(coding.n_planes)).fan_out(shape).planes
    return positive, projection.fan_out(shape).planes - positive


class FullPlanner:
    """Adds the full counts of a graph to its program while a planner walks it.

    Parameters
    ----------
    graph, program, counting
        The graph, and the program and recipe that grow with it.
    slabs
        Slabs of the populations so far.
    add_slab
        Makes a slab of a shape and form.
    """

    def __init__(
        self,
        graph: EventGraph,
        program: Program,
        counting: CountPlan,
        slabs: Mapping[str, Slab],
        add_slab: Callable[[tuple[int, ...], Form], Slab],
    ) -> None:
        self._graph, self._program, self._counting = graph, program, counting
        self._slabs, self._add_slab = slabs, add_slab
        self._masks: dict[str, Slab] = {}
        self._above: dict[str, Combination] = {}  # per projection: sum of up_i (P_i - N_i)
        self._signs: dict[str, tuple[Factors, Factors]] = {}

    def source(self, name: str) -> None:
        """Slabs made from a population's levels, and their rows; the population's own rows come after."""
        edges = [edge for edge in self._graph.outgoing(name) if edge.weighted]
        if not edges:
            return
        slab, coding = self._slabs[name], self._graph.coding(name)
        self._masks[name] = self._mask_of(slab, coding)
        self._signs |= {edge.name: plane_signs(edge, slab.shape) for edge in edges}
        if coding.max_abs <= 1 or (coding.kind != "pm1" and coding.lo >= 0):
            return  # the population's own rows tell
        up = self._up_of(slab, coding)
        rows = RowPlan(Coding.bits(up.form.planes), slab.shape, self._program.n_rows)
        for edge in edges:
            positive, negative = self._signs[edge.name]
            self._above[edge.name] = rows.ones(positive) + _negated(rows.ones(negative))
        self._program.add_done(up.index, rows.magnitude_planes, rows.rows)

    def rows(self, name: str, rows: RowPlan) -> None:
        """Add to a population's own rows what tells how the operations of its projections come out."""
        for edge in self._graph.outgoing(name):
            if not edge.weighted:
                continue
            positive, negative = self._signs.pop(edge.name)
            if edge.name in self._above:
                agree = self._above[edge.name] + rows.ones(negative)
            elif rows.coding.max_abs <= 1:
                agree = rows.above(positive) + rows.below(negative)
            else:  # no level is negative
                agree = rows.ones(positive)
            self._counting.agree[edge.name] = agree

    def target(self, name: str) -> None:
        """Count which neurons of a population are reached, and the open triples of its projections."""
        edges: list[Any] = [edge for edge in self._graph.incoming(name) if edge.weighted]
        slab, terms = self._slabs[name], []
        first = self._program.n_rows
        for row, edge in enumerate(edges, first):
            mask, coding = self._masks[edge.source], self._graph.coding(edge.source)
            synapses = synapses_of(edge, mask)
            digits, times = weight_planes(edge.coding, synapses.weights)
            outputs, taps, _ = synapses.weights.shape
            terms.append(term_of(edge, mask, synapses, digits, np.zeros(outputs * taps, np.int64))[0])
            alike = coding.n_planes if coding.kind == "pm1" else 1  # planes of the level with the same mask
            self._counting.bitcounts[edge.name] = ((times * alike, row),)
        self._counting.reached[name] = first + len(edges)
        self._program.add_reached(slab.index, slab.image, terms)

    def _mask_of(self, slab: Slab, coding: Coding) -> Slab:
        """Where each plane of a level is not zero: the planes of |level|; of an odd level the lowest will do."""
        planes = 1 if coding.kind == "pm1" else max(1, coding.max_abs.bit_length())
        if (slab.form.thermometer, slab.form.lowest, slab.form.step) == (False, 0, 1):
            return slab  # its planes are that already
        mask = self._add_slab(slab.shape, Form(False, planes, 0, 1))
        self._part(slab, mask, slab.form.lowest, slab.form.step, "magnitude")
        return mask

    def _up_of(self, slab: Slab, coding: Coding) -> Slab:
        """A slab whose set planes are the +1 planes of the levels."""
        lowest, step = slab.form.lowest, slab.form.step
        if coding.kind != "pm1":
            up = self._add_slab(slab.shape, Form.of_range(0, max(0, coding.hi)))
            self._part(slab, up, lowest, step, "positive")
            return up
        up = self._add_slab(slab.shape, Form(False, coding.n_planes, 0, 1))
        self._part(slab, up, (lowest + (1 << coding.n_planes) - 1) // 2, step // 2, "plain")
        return up

    def _part(self, source: Slab, target: Slab, lowest: int, step: int, part: str) -> None:
        self._program.add_part(source.index, target.index, lowest, step, PARTS[part])


def _negated(combination: Combination) -> Combination:
    return tuple((-factor, row) for factor, row in combination)
