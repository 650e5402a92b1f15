"""Timing of cores that run software: every tick waits for its deadline, or for the core that misses it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Mapping

from ..neuromorphic.software.mapping import deadline_of
from ..profile import Profile
from .chip import Charges, Chip, End, Float, Load
from .flows import Flow, Place, flow
from .footprint import Int64, boxes_of_slice, footprint_of

__all__ = ["SoftwareChip"]


@dataclass(frozen=True, eq=False)
class SoftwareChip(Chip):
    """Slices of consecutive neurons, a core each; no mesh, as the cards give none."""

    neurons: Int64 | None = None

    @classmethod
    def of(cls, graph: EventGraph, profile: Profile, mapping: Mapping) -> "SoftwareChip":
        by_events = profile.choice("synapses") == "events"
        home, fires = {}, {}
        neurons = np.zeros(int(mapping.resources["cores"]), np.int64)
        for name, static in mapping.populations.items():
            if "first_core" in static:
                each = int(static["neurons_per_core"])
                home[name] = int(static["first_core"]) + np.arange(int(static["n_neurons"])) // each
                fires[name] = int(static["stage"])
                neurons += np.bincount(home[name], minlength=len(neurons))
        flows = tuple(_flow(graph, mapping, n, home, by_events) for n in graph.projections)
        return cls(graph, profile, mapping, flows, home, fires, neurons=neurons)

    def updates(self, load: Load) -> Int64:
        assert self.neurons is not None
        return self.neurons

    def core_seconds(self, load: Load, end: End) -> Float | None:
        synop, update = self.profile.time.get("synop"), self.profile.time.get("neuron_update")
        if synop is None or self.profile.choice("synapses") != "events":
            return None
        work = load.events["synop"] * float(getattr(synop, end))
        if update is not None:
            work = work + self.updates(load) * float(getattr(update, end))
        return np.asarray(work)

    def step_seconds(self, load: Load, work: Float | None, end: End) -> Float | None:
        deadline = self.profile.deadline(deadline_of(self.profile))
        if deadline is None:
            return None
        if work is None:
            return np.full(load.sent.shape[:2], deadline)
        return np.asarray(np.maximum(work.max(axis=2), deadline))

    def charges(self, load: Load) -> Charges:
        updates = np.full(load.sent.shape[:2], float(self.updates(load).sum()))
        found: Charges = {"neuron updates": [("neuron_update", updates)]}
        packets = np.zeros(load.sent.shape[:2])
        for source, step in {(f.source, f.arrives) for f in self.flows}:
            first = min(f.arrives for f in self.flows if f.source == source)
            if step == first:
                packets[:, step - 1] += self._packets(load, source)
        events = {kind: count.sum(axis=2).astype(float) for kind, count in load.events.items()}
        if self.profile.choice("synapses") == "events":
            return found | {
                "synaptic events": [("synop", events["synop"])],
                "packets": [("message", packets)],
            }
        zero = np.zeros(load.sent.shape[:2])
        return found | {
            "multiplications": [("mac", events.get("mac", zero))],
            "pools": [("synop", events.get("synop", zero))],
            "transfers": [("transfer", packets)],
        }

    def _packets(self, load: Load, source: str) -> Any:
        if self.profile.choice("synapses") != "events":
            return self.graph.populations[source].size
        return load.spikes[source]


def _flow(graph: EventGraph, mapping: Mapping, name: str, home: dict[str, Int64], by_events: bool) -> Flow:
    projection: Any = graph.projections[name]
    static = mapping.projections[name]
    dense = projection.weighted and not by_events
    counted = (projection.weights != 0) * 1 if projection.weighted and by_events else None
    footprint = footprint_of(graph, name, counted)
    activity = "all" if dense else "nonzero"
    return flow(
        Flow(name, projection.source, int(static["arrives"]), "mac" if dense else "synop", ()),
        graph.populations[projection.source].size,
        int(mapping.resources["cores"]),
        home.get(projection.source),
        list(_places(graph, mapping, name)),
        [(activity, footprint, 1)],
        footprint,
        [(activity, 1)],
    )


def _places(graph: EventGraph, mapping: Mapping, name: str) -> Iterator[Place]:
    projection = graph.projections[name]
    static, target = mapping.populations[projection.target], graph.populations[projection.target]
    each, first = int(static["neurons_per_core"]), int(static["first_core"])
    for k in range(int(static["cores"])):
        for box in boxes_of_slice(k * each, min((k + 1) * each, target.size), target.shape):
            part = box.within(projection.target_channels)
            if part is not None:
                yield part, first + k
