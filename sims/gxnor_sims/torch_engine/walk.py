"""One batch through a plan: levels from population to population, counted on the way."""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph, readout_affine
from gxnor_snn.results import Counts, EventTrace, MoveCounts, PopulationCounts, SynapseCounts

from .plan import Plan

__all__ = ["walk"]


def walk(
    graph: EventGraph, plan: Plan, arrays: Mapping[str, NDArray[Any]], record: Collection[str], counts: str
) -> EventTrace:
    """Run one batch, all of it at once.

    Parameters
    ----------
    graph, plan
        The graph and its plan.
    arrays
        Checked input levels by name.
    record
        Populations whose levels and sums are kept.
    counts
        "basic", "full" or "none".
    """
    started = time.perf_counter()
    tally = _Tally(graph, plan, len(next(iter(arrays.values()))), full=counts == "full")
    levels: dict[str, torch.Tensor] = {}
    readouts: dict[str, NDArray[np.int64]] = {}
    spikes: dict[str, NDArray[np.int16]] = {}
    kept: dict[str, NDArray[np.int64]] = {}
    unread = {name: len(graph.outgoing(name)) for name in graph.populations}
    for name in graph.populations:
        if name in arrays:
            levels[name] = plan.moved(name, arrays[name])
        else:
            sums = plan.sums(name, levels)
            sent = plan.emitters[name](sums)
            if sent is None:
                readouts[name] = _numpy(sums)
            else:
                levels[name] = sent
                if name in record:
                    kept[name] = _numpy(sums)
            if counts == "full":
                tally.inputs_of(name, levels)
            for edge in plan.edges[name]:
                unread[edge.source] -= 1
                if not unread[edge.source]:
                    levels.pop(edge.source, None)  # the walk holds only what is still to be read
        if name in levels:
            if counts != "none":
                tally.levels_of(name, levels[name])
            if name in record:
                spikes[name] = levels[name].cpu().numpy().astype(np.int16, order="C")
    return EventTrace(
        readouts=readouts,
        affine=readout_affine(graph),
        counts=None if counts == "none" else tally.counts(),
        spikes=spikes,
        sums=kept if record else None,
        seconds=time.perf_counter() - started,
        engine="torch",
    )


def _numpy(tensor: torch.Tensor) -> NDArray[np.int64]:
    return tensor.cpu().numpy().astype(np.int64, order="C")


class _Tally:
    """The counts of one batch."""

    def __init__(self, graph: EventGraph, plan: Plan, n_samples: int, full: bool) -> None:
        self._graph, self._plan, self._n_samples = graph, plan, n_samples
        self._full = plan.full_counts(graph) if full else {}
        self._populations = {n: PopulationCounts(p.size, p.is_internal) for n, p in graph.populations.items()}
        self._projections: dict[str, SynapseCounts | MoveCounts] = {}

    def levels_of(self, name: str, levels: torch.Tensor) -> None:
        """Count a population's spikes and the events on its outgoing projections."""
        own, outgoing = self._plan.counted[name](levels)
        self._populations[name] = replace(own, neurons_reached=self._populations[name].neurons_reached)
        self._projections |= outgoing

    def inputs_of(self, name: str, levels: Mapping[str, torch.Tensor]) -> None:
        """Count what only single synapses tell of the projections that feed a population."""
        shape = self._plan.shapes[name]
        reached = torch.zeros((self._n_samples, *shape), dtype=torch.bool, device=self._plan.arithmetic.device)
        for edge in self._plan.edges[name]:
            if not edge.weighted:
                continue
            start, stop = edge.channels or (0, shape[0])
            opened, n_bitcount, balance = self._full[edge.name](levels[edge.source])
            reached[:, start:stop] |= opened
            basic: Any = self._projections[edge.name]
            n_agree = (basic.n_xnor + balance) // 2
            self._projections[edge.name] = replace(basic, n_bitcount=n_bitcount, n_agree=n_agree)
        found = _numpy(reached.flatten(1).sum(1))
        self._populations[name] = replace(self._populations[name], neurons_reached=found)

    def counts(self) -> Counts:
        """All counts, in graph order."""
        return Counts(
            self._n_samples, {n: self._projections[n] for n in self._graph.projections}, self._populations
        )
