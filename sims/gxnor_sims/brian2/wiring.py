"""An event graph as one list of neurons and two lists of synapses: what Brian2 is given.

All populations stand side by side in one group of neurons, inputs first. Synapses of a projection are contiguous.
Most of them *add* their weight times the source's level to the target's sum. Those of max and min pools *pick*:
the target keeps the largest of weight * level, weight = -1 standing for the minimum. A neuron that picks cannot
also add, so a pool into anything but a level relay gets neurons of its own, which pass the winner on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph, Projection

from .expand import Int32, Synapses, synapses_of

__all__ = ["START_OF_PICK", "Bundle", "Link", "Steps", "Wiring", "wire"]

Steps = int | NDArray[np.integer[Any]]
"""Delay of synapses: one number for all, or one per synapse."""

START_OF_PICK = -(1 << 16)  # below every level, which fits int16


@dataclass(frozen=True)
class Link:
    """The synapses of one projection, or of a pool's own neurons to their target.

    Attributes
    ----------
    projection
        Its name.
    source, target
        Neurons of the whole list, int32 (n,).
    weight
        What a level is multiplied with, gain included.
    slot
        Which of the target's counters counts its events, from 1 on; 0 where they are no events of the graph.
    delayed
        Whether the projection's delay lies on it.
    """

    projection: str
    source: Int32
    target: Int32
    weight: Int32
    slot: int
    delayed: bool = True


@dataclass(frozen=True)
class Bundle:
    """All synapses of one kind, link after link."""

    links: tuple[Link, ...]

    @cached_property
    def spans(self) -> dict[str, slice]:
        """Where the synapses of each projection lie; of pools' own neurons to their target: ``NAME.out``."""
        ends = np.cumsum([0, *(len(link.source) for link in self.links)]).tolist()
        names = (link.projection if link.delayed else f"{link.projection}.out" for link in self.links)
        return {name: slice(a, b) for name, a, b in zip(names, ends[:-1], ends[1:], strict=True)}

    @property
    def size(self) -> int:
        """Number of synapses."""
        return sum(len(link.source) for link in self.links)

    def gather(self, field: str) -> Int32:
        """`source`, `target` or `weight` of all synapses."""
        return np.concatenate([np.zeros(0, np.int32), *(getattr(link, field) for link in self.links)])

    def delays(self, steps: Mapping[str, Steps]) -> Steps:
        """Delay of every synapse: one number where all are the same, else int32 (synapses,)."""
        each = [steps[link.projection] if link.delayed else 0 for link in self.links]
        if all(isinstance(d, int) and d == each[0] for d in each):
            return each[0]
        lengths = (len(link.source) for link in self.links)
        return np.concatenate([np.broadcast_to(d, n) for d, n in zip(each, lengths, strict=True)], dtype=np.int32)


@dataclass(frozen=True)
class Wiring:
    """Neurons and synapses of a graph.

    Attributes
    ----------
    graph
        The event graph.
    spans
        Where each population lies in the list of neurons.
    helpers
        Where the own neurons of each pool lie that needs some, by projection.
    add, pick
        The synapses.
    area
        Synapses that lead to each picking neuron, 0 for all others; int32 (neurons,).
    slots
        Counters of events that a neuron needs: projections whose target channels overlap count apart.
    """

    graph: EventGraph
    spans: Mapping[str, slice]
    helpers: Mapping[str, slice]
    add: Bundle
    pick: Bundle
    area: Int32
    slots: Mapping[str, int]

    @property
    def n_neurons(self) -> int:
        """Neurons of the list."""
        return len(self.area)

    @property
    def n_slots(self) -> int:
        """Counters per neuron."""
        return max(self.slots.values(), default=1)

    @property
    def n_inputs(self) -> int:
        """Neurons of all inputs; they come first."""
        return sum(self.graph.populations[name].size for name in self.graph.inputs)

    @property
    def uncounted(self) -> bool:
        """Whether some synapses are no events of the graph."""
        return any(link.slot == 0 for link in self.add.links)

    @cached_property
    def links(self) -> dict[str, Link]:
        """The link that carries each projection's events."""
        return {link.projection: link for bundle in (self.add, self.pick) for link in bundle.links if link.delayed}

    def targets(self, name: str) -> slice:
        """The neurons that count a projection's events: the channels it feeds, or its own neurons."""
        if name in self.helpers:
            return self.helpers[name]
        projection = self.graph.projections[name]
        population = self.graph.populations[projection.target]
        per_channel = population.size // population.n_channels
        start, stop = projection.target_channels or (0, population.n_channels)
        first = self.spans[projection.target].start
        return slice(first + start * per_channel, first + stop * per_channel)

    def raw_weight(self, name: str) -> Int32:
        """The weight's level per synapse of a projection, gain taken out."""
        link = self.links[name]
        if link.slot and name in self.helpers:
            return link.weight
        return (link.weight // np.int32(self.graph.projections[name].gain)).astype(np.int32)


def wire(graph: EventGraph) -> Wiring:
    """Write out every neuron and every synapse of a graph."""
    order = [*graph.inputs, *(n for n in graph.populations if n not in graph.inputs)]
    sizes = [graph.populations[n].size for n in order]
    ends = np.cumsum([0, *sizes]).tolist()
    spans = {name: slice(a, b) for name, a, b in zip(order, ends[:-1], ends[1:], strict=True)}
    slots = dict(_slots(graph))
    helpers: dict[str, slice] = {}
    add: list[Link] = []
    pick: list[Link] = []
    n_neurons = ends[-1]
    for name, projection in graph.projections.items():
        found = synapses_of(graph, name)
        source = found.source + np.int32(spans[projection.source].start)
        if not _picks(projection):
            target = found.target + np.int32(spans[projection.target].start)
            add.append(Link(name, source, target, found.weight * np.int32(projection.gain), slots[name]))
        elif graph.populations[projection.target].adds:
            helper, onward = _through_helpers(graph, projection, found, spans, n_neurons)
            helpers[name] = slice(n_neurons, n_neurons + len(onward.source))
            n_neurons += len(onward.source)
            slots[name] = 1
            pick.append(Link(name, source, helper, found.weight, 1))
            add.append(onward)
        else:
            target = found.target + np.int32(spans[projection.target].start)
            pick.append(Link(name, source, target, found.weight, slots[name]))
    area = np.zeros(n_neurons, np.int32)
    for link in pick:
        area += np.bincount(link.target, minlength=n_neurons).astype(np.int32)
    return Wiring(graph, spans, helpers, Bundle(tuple(add)), Bundle(tuple(pick)), area, slots)


def _picks(projection: Projection) -> bool:
    return projection.selects and projection.kind != "identity"


def _through_helpers(
    graph: EventGraph, projection: Projection, found: Synapses, spans: Mapping[str, slice], first: int
) -> tuple[Int32, Link]:
    """Targets of a pool's synapses on neurons of its own, and the link from these to the pool's target."""
    reached, helper = np.unique(found.target, return_inverse=True)
    own = (first + np.arange(len(reached))).astype(np.int32)
    target = reached.astype(np.int32) + np.int32(spans[projection.target].start)
    gain = np.full(len(reached), projection.gain, np.int32)
    onward = Link(projection.name, own, target, gain, slot=0, delayed=False)
    return (first + helper.reshape(-1)).astype(np.int32), onward


def _slots(graph: EventGraph) -> Iterator[tuple[str, int]]:
    """A counter per projection: the lowest that no projection with an overlapping target range has."""
    for name, population in graph.populations.items():
        taken: list[tuple[NDArray[np.int64], int]] = []
        for projection in graph.incoming(name):
            if _picks(projection) and population.adds:
                continue  # counted on neurons of its own
            start, stop = projection.target_channels or (0, population.n_channels)
            clash = {slot for (a, b), slot in taken if a < stop and start < b}
            slot = next(s for s in range(1, len(taken) + 2) if s not in clash)
            taken.append((np.asarray([start, stop]), slot))
            yield projection.name, slot
