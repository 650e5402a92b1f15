"""Timing of event-driven chips with synapse lists: cores work through a step, then a barrier."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Mapping

from ..neuromorphic.lists.formats import constant_of, in_cases
from ..neuromorphic.lists.latency import barrier
from ..neuromorphic.lists.mapping import Layout, lay, partial_pairs
from ..neuromorphic.placement import Mesh
from ..profile import Profile
from .chip import Charges, Chip, End, Float, Load
from .flows import Flow, Place, flow
from .footprint import Box, Int64, footprint_of
from .links import Sites

__all__ = ["ListsChip"]


@dataclass(frozen=True, eq=False)
class ListsChip(Chip):
    """Cores with synapse lists.

    t = sum over steps of max over cores of (events t_synop + updates t_update + spikes t_spike) + t_barrier, as in
    the bill. A compartment that receives an event in the step of its population is updated, any other is idle.
    """

    partial: tuple[tuple[str, Int64, Int64], ...] = ()
    compartments: Int64 | None = None

    @classmethod
    def of(cls, graph: EventGraph, profile: Profile, mapping: Mapping) -> "ListsChip":
        layout = lay(graph, profile)
        fires = {n: int(mapping.populations[n]["stage"]) for n in layout.cuts}
        home = {
            n: (layout.first[n] + c.whole.core_of((*graph.populations[n].shape, 1, 1)[:3])).reshape(-1)
            for n, c in layout.cuts.items()
        }
        flows = tuple(_flow(graph, layout, mapping, n, home, fires) for n in graph.projections)
        split = {n: c for n, c in layout.cuts.items() if c.parts}
        partial = tuple((n, *partial_pairs(c, layout.first[n])) for n, c in split.items())
        notes = [f"partial sums of {n!r} are counted as if none of them was zero" for n in split]
        return cls(
            graph, profile, mapping, flows, home, fires, _sites(profile, mapping), tuple(notes), partial,
            _compartments(layout),
        )  # fmt: skip

    @property
    def needs_reached(self) -> bool:
        return True

    def added(self, load: Load) -> Load:
        """Partial sums: at most one message each to the neuron that adds it."""
        events, sent, received = dict(load.events), load.sent.copy(), load.received.copy()
        ways = [part.copy() for part in (load.hops_x, load.hops_y, load.crossings)]
        links, reached = load.links, load.reached
        for name, froms, tos in self.partial:
            step, each = self.fires[name] - 1, int(self.mapping.populations[name]["compartments_per_neuron"])
            events["sparse"] = events.get("sparse", np.zeros_like(sent)).copy()
            events["sparse"][:, step] += np.bincount(tos, minlength=self.cores) * each
            sent[:, step] += np.bincount(froms, minlength=self.cores)
            received[:, step] += np.bincount(tos, minlength=self.cores)
            if self.links is not None and self.sites is not None and links is not None:
                crossed = self.links.crossed(froms, tos, np.ones((1, len(froms)), np.int64), self.sites)
                links = links.copy()
                links[:, step] += crossed
                ways[0][:, step] += crossed[0, : self.links.horizontal].sum()
                ways[1][:, step] += crossed[0, self.links.horizontal :].sum()
                ways[2][:, step] += int((self.sites.chip[froms] != self.sites.chip[tos]).sum())
        return Load(events, sent, received, load.fired, reached, ways[0], ways[1], ways[2], links, load.spikes)

    @cached_property
    def _per_neuron(self) -> Int64:
        """Compartments per neuron, by core; 1 in cores of partial sums."""
        found = np.ones(self.cores, np.int64)
        for name, home in self.home.items():
            found[home] = int(self.mapping.populations[name]["compartments_per_neuron"])
        return found

    def active(self, load: Load) -> Int64:
        """Compartments that receive something in their step; with partial sums, at most."""
        assert load.reached is not None
        assert self.compartments is not None
        active = load.reached * self._per_neuron
        for name, froms, tos in self.partial:
            step = self.fires[name] - 1
            active[:, step, np.unique(tos)] = self.compartments[np.unique(tos)]
            active[:, step - 1, np.unique(froms)] = self.compartments[np.unique(froms)]
        return active

    def updates(self, load: Load) -> Int64:
        assert self.compartments is not None
        return self.compartments

    def core_seconds(self, load: Load, end: End) -> Float | None:
        times = self.profile.time
        synop = {kind: constant_of(times, kind) for kind in load.events}
        parts = "soma_access" in times
        names = ("soma_access", "soma_update", "spike_out") if parts else ("neuron_update_idle", "neuron_update")
        if None in synop.values() or not {*names} <= {*times}:
            return None
        idle, active, *spike = (float(getattr(times[n], end)) for n in names)
        more = active if parts else active - idle
        work = self.updates(load) * idle + self.active(load) * more
        if spike:
            work = work + self._spikes(load) * spike[0]
        return work + sum(load.events[k] * float(getattr(c, end)) for k, c in synop.items() if c is not None)

    def _spikes(self, load: Load) -> Int64:
        """Compartments that fire; readouts do not, partial sums at most all."""
        spikes = load.fired.copy()
        for name, froms, _ in self.partial:
            spikes[:, self.fires[name] - 2] += np.bincount(froms, minlength=self.cores)
        return spikes

    def step_seconds(self, load: Load, work: Float | None, end: End) -> Float | None:
        used = self.mapping.resources
        if work is None or int(used["chips"]) > 1 or not {"sync_min", "sync_max"} <= {*self.profile.time}:
            return None
        if "tiles" not in used:
            return None
        sync = barrier(self.profile.time, float(used["tiles"]), float(used["tiles_per_chip"]))
        return np.asarray(work.max(axis=2) + getattr(sync, end))

    def handling_seconds(self, load: Load, end: End) -> Float | None:
        times = self.profile.time
        found = [
            count * float(getattr(times[name], end))
            for name, count in (("axon_out", load.sent), ("message_in", load.received))
            if name in times
        ]
        return np.asarray(sum(found[1:], found[0])) if found else None

    def link_seconds(self, load: Load, end: End) -> Float | None:
        times = self.profile.time
        if load.links is None or self.links is None or not {"hop_x", "hop_y"} <= {*times}:
            return None
        each = np.full(len(self.links), float(getattr(times["hop_y"], end)))
        each[: self.links.horizontal] = float(getattr(times["hop_x"], end))
        return np.asarray((load.links * each).max(axis=2))

    def charges(self, load: Load) -> Charges:
        def total(count: Any) -> Float:
            return np.asarray(np.broadcast_to(count, load.sent.shape).sum(axis=2), np.float64)

        by_kind = {kind: total(count) for kind, count in load.events.items()}
        synop = [(f"synop_{kind}", count) for kind, count in by_kind.items()]
        if not in_cases(self.profile, "synop"):
            synop = [("synop", sum(by_kind.values(), np.zeros(load.sent.shape[:2])))]
        updates, active = total(self.updates(load)), total(self.active(load))
        found: Charges = {"synaptic events": [*synop]}
        if in_cases(self.profile, "neuron_update"):
            found |= {
                "neuron accesses": [("soma_access", updates)],
                "spikes": [("spike_out", total(self._spikes(load)))],
                "neuron updates": [("soma_update", active)],
            }
        else:
            found["neuron updates"] = [("neuron_update", active), ("neuron_update_idle", updates - active)]
        message = "axon_out" if in_cases(self.profile, "message") else "message"
        found["messages"] = [(message, total(load.received))]
        if self.sites is not None:
            found["hops"] = [("hop_x", load.hops_x.astype(float)), ("hop_y", load.hops_y.astype(float))]
        if load.crossings.any():
            found["chip links"] = [("chip_link", load.crossings.astype(float))]
        last = np.zeros(load.sent.shape[:2])
        last[:, -1] = float(self.mapping.resources["chips"])
        return found | {"reset": [("reset", last)]}

    def unknown(self, load: Load) -> dict[str, str]:
        if self.sites is not None or not load.received.any():
            return {}
        return {"hops": f"card {self.profile.name!r} has no mesh: how far messages travel is not known"}


def _places(layout: Layout, name: str) -> Iterator[Place]:
    """Blocks of the target and their cores; parts of a split fan-in take their own source values."""
    parts = layout.landed[name]
    for part in parts:
        for k, block in enumerate(part.blocks):
            if block is None:
                continue
            core: int | Int64 = part.first + k
            if len(parts) > 1:
                taken = part.reach.channels(block)[:, None, None] & part.reach.positions(block)
                core = np.where(taken.reshape(-1), core, -1)
            yield Box(block.channels, block.rows, block.columns), core


def _flow(
    graph: EventGraph, layout: Layout, mapping: Mapping, name: str, home: dict[str, Int64], fires: dict[str, int]
) -> Flow:
    projection: Any = graph.projections[name]
    static, travel = mapping.projections[name], layout.travels[projection.source]
    stored = None
    if projection.weighted:
        stored = (projection.coding.ones(projection.weights) if travel.by_planes else projection.weights != 0) * 1
    footprint = footprint_of(graph, name, stored)
    base = Flow(
        name,
        projection.source,
        fires.get(projection.source, 0) + 1 + projection.delay,
        str(static["storage"]),
        (),
    )
    unit = "lines" if travel.by_planes else "nonzero"
    size = graph.populations[projection.source].size
    places = list(_places(layout, name))
    return flow(
        base,
        size,
        layout.cores,
        home.get(projection.source),
        places,
        [(unit, footprint, int(static["synapses_per_event"]))],
        footprint,
        [(unit, 1)],
    )


def _sites(profile: Profile, mapping: Mapping) -> Sites | None:
    mesh = Mesh.of(profile)
    if mesh is None:
        return None
    slots = " ".join(str(q["slots"]) for q in mapping.populations.values() if "slots" in q)
    return Sites(*mesh.at(np.asarray(slots.split(), np.int64)))


def _compartments(layout: Layout) -> Int64:
    """Compartments by core."""
    found = []
    for cut in layout.cuts.values():
        for part in cut.everything:
            for block in part.blocks():
                sides = (b - a for a, b in (block.channels, block.rows, block.columns))
                found.append(int(np.prod([*sides])) * part.per_neuron)
    return np.asarray(found, np.int64)
