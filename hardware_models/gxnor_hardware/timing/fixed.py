"""Timing of chips of fixed synapse arrays: steps of a clocked chip, or one event after another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Mapping

from ..neuromorphic.fixed.law import TERMS
from ..neuromorphic.fixed.lines import Lines, compartments_of, lines_into, rows_by_plane
from ..neuromorphic.fixed.over_cores import Cut, cut_over_cores
from ..neuromorphic.fixed.traffic import Mesh, traffic
from ..neuromorphic.fixed.windows import ranges
from ..profile import Profile
from .chip import Charges, Chip, End, Float, Load
from .flows import Activity, Flow, Place, flow, table
from .footprint import Box, Footprint, Int64, footprint_of
from .links import Sites

__all__ = ["FixedChip"]


@dataclass(frozen=True, eq=False)
class FixedChip(Chip):
    """Cores of fixed synapse arrays.

    Splitters and partial sums are no neurons of the graph: their events are charged as in the bill, in the step of
    their population, and are in no core's load.
    """

    @classmethod
    def of(cls, graph: EventGraph, profile: Profile, mapping: Mapping) -> "FixedChip":
        compartments = {name: compartments_of(graph, name, profile) for name in graph.populations}
        lines: dict[str, Lines] = {}
        for name, population in graph.populations.items():
            if population.has_inputs:
                lines |= lines_into(graph, name, compartments[name], profile)
        lay = {"free": _over_cores, "neurons": _in_one_core}[profile.choice("array_rows")]
        flows, home, sites = lay(graph, profile, mapping, compartments, lines)
        fires = {n: int(q["stage"]) for n, q in mapping.populations.items() if "stage" in q}
        apart = [n for n, q in mapping.populations.items() if _apart(q)]
        notes = [f"splitters and partial sums of {n!r} are estimated, and in no core's load" for n in apart]
        return cls(graph, profile, mapping, flows, home, fires, sites, tuple(notes))

    def updates(self, load: Load) -> Int64:
        found = np.zeros(self.cores, np.int64)
        for name, home in self.home.items():
            each = int(self.mapping.populations[name]["compartments_per_neuron"])
            found += np.bincount(home, minlength=self.cores) * each
        return found

    def core_seconds(self, load: Load, end: End) -> Float | None:
        clock = self.profile.frequency.get("clock")
        if clock is None or "cycles_per_synop" not in self.profile.design:
            return None
        # a low time goes with a fast clock
        rate = float(getattr(clock, {"low": "high", "high": "low"}.get(end, end)))
        return np.asarray(load.events["synop"] * float(self.profile.number("cycles_per_synop")) / rate)

    def step_seconds(self, load: Load, work: Float | None, end: End) -> Float | None:
        step = self.profile.time.get("step")
        if step is not None:
            return np.full(load.sent.shape[:2], float(getattr(step, end)))
        return None if work is None else np.asarray(work.sum(axis=2))

    def charges(self, load: Load) -> Charges:
        events = load.events["synop"].sum(axis=2) + self._estimated(load, "events")
        found = {
            "synop": events,
            "neuron_update": np.full(events.shape, float(self.mapping.resources["compartments"])),
            "hop": load.hops_x + load.hops_y + self._estimated(load, "hops"),
            "chip_link": load.crossings + self._estimated(load, "crossings"),
        }
        if self.profile.time.get("step") is None and "clock" in self.profile.frequency:
            found["clock"] = events * float(self.profile.number("cycles_per_synop"))
        return {TERMS[name]: [(name, np.asarray(count, float))] for name, count in found.items()}

    def _estimated(self, load: Load, label: str) -> Float:
        """What splitters and partial sums cause, (samples, steps), as the bill takes it."""
        found = np.zeros(load.sent.shape[:2])
        for name, static in self.mapping.populations.items():
            fired = load.spikes.get(name)
            if fired is not None and label == "events":
                behind = min(int(static.get("stage", 0)), self.steps - 1)
                found[:, behind] += fired * float(static.get("splitter_events_value", 0))
            most = float(static.get(f"partial_sum_{label}", 0))
            if most:
                share = 1.0 if fired is None else fired / float(static["n_neurons"])
                found[:, int(static["stage"]) - 1] += most * share
        return found


def _apart(static: Any) -> bool:
    return bool(static.get("splitter_events_high", 0) or static.get("partial_sum_events", 0))


def _one(graph: EventGraph, name: str, lines: Lines, profile: Profile) -> list[tuple[Activity, Footprint, int]]:
    """What an event of a projection is: by activity, the synapses it counts and the neurons that hold them."""
    projection: Any = graph.projections[name]
    if profile.choice("synop_unit") == "driven":
        return [("nonzero", footprint_of(graph, name), 1)]
    if not projection.weighted:
        planes = range(len(lines.gate_axons))
        if len(lines.gate_axons) == 1:
            return [("nonzero", footprint_of(graph, name, np.asarray(sum(lines.gate_axons[0]))), 1)]
        return [(k, footprint_of(graph, name, np.asarray(sum(lines.gate_axons[k]))), 1) for k in planes]
    weights = np.abs(projection.weights.astype(np.int64))
    typed = profile.limit("axon_types") is not None
    found: list[tuple[Activity, Footprint, int]] = []
    for plane, axons in enumerate(lines.gate_axons):
        if typed:
            bits = projection.coding.plane_values(projection.weights)
            counted = sum((np.abs(b.astype(np.int64)) * n for b, n in zip(bits, axons, strict=True)), weights * 0)
        else:
            bits_held = profile.limit("weight_bits")
            effect = weights * abs(projection.gain) << plane
            counted = (weights != 0) * 1 if bits_held is None else -(-effect // ((1 << bits_held) - 1))
        activity: Activity = "nonzero" if len(lines.gate_axons) == 1 else plane
        found.append((activity, footprint_of(graph, name, counted), 1))
    return found


Laid = tuple[tuple[Flow, ...], dict[str, Int64], Sites | None]


def _over_cores(
    graph: EventGraph, profile: Profile, mapping: Mapping, compartments: dict[str, int], lines: dict[str, Lines]
) -> Laid:
    cut = cut_over_cores(graph, profile, compartments, dict(lines))
    mesh = Mesh(profile, cut.cores)
    home = {n: (cut.first[n] + p.core_of()).reshape(-1) for n, p in cut.parts.items()}
    flows = []
    for name, projection in graph.projections.items():
        fan = int(mapping.projections[name]["synapses_per_event"])
        work = [(a, f, fan) for a, f, _ in _one(graph, name, cut.lines[name], profile)]
        per_plane = cut.lines[name].per_plane
        single = profile.limit("axon_targets") is not None
        messages: list[tuple[Activity, int]] = [("nonzero", per_plane[0] if single else 1)]
        if len(per_plane) > 1:
            messages = [(k, each if single else 1) for k, each in enumerate(per_plane)]
        source = projection.source
        settled = int(mapping.populations[source].get("stage", 0)) + cut.splits[source].levels
        filled = flow(
            Flow(name, source, settled + 1 + projection.delay, "synop", ()),
            graph.populations[source].size,
            cut.cores,
            home.get(source),
            list(_places(graph, cut, name)),
            work,
            footprint_of(graph, name),
            messages,
        )
        flows.append(_bordered(filled, graph, cut, mesh, home.get(source)))
    return tuple(flows), home, Sites(mesh.x, mesh.y, mesh.chip)


def _bordered(filled: Flow, graph: EventGraph, cut: Cut, mesh: Mesh, home: Int64 | None) -> Flow:
    feed, target = cut.feeds[filled.name], graph.projections[filled.name].target
    slot = cut.parts[target].slots[[e.name for e in graph.incoming(target)].index(filled.name)]
    start = np.zeros((1, 1, 1), np.int64) if home is None else home.reshape(feed.source)
    crossings = traffic(feed, cut.parts[target], slot, cut.first[target], start, mesh).crossings.reshape(-1)
    (rows,) = np.nonzero(crossings)
    borders = table(rows, np.zeros_like(rows), crossings[rows], (len(crossings), 1))
    return Flow(**{**vars(filled), "borders": borders})


def _places(graph: EventGraph, cut: Cut, name: str) -> Iterator[Place]:
    """Blocks of the target; the source values of each are dealt out to the cores of its row groups."""
    feed, target = cut.feeds[name], graph.projections[name].target
    part = cut.parts[target]
    slot = part.slots[[e.name for e in graph.incoming(target)].index(name)]
    reads = [feed.reads(axis, part.size[axis]) for axis in range(3)]
    stretches = [ranges(part.grid[axis], part.size[axis]) for axis in range(3)]
    block = 0
    for row, rows in enumerate(stretches[1]):
        for column, columns in enumerate(stretches[2]):
            for channel, channels in enumerate(stretches[0]):
                box = Box(channels, rows, columns).within(graph.projections[name].target_channels)
                first = cut.first[target] + block * part.groups
                block += 1
                if box is None:
                    continue
                core: int | Int64 = first
                if part.groups > 1:
                    mine = reads[0][channel][:, None, None] & reads[1][row][:, None] & reads[2][column]
                    rank = np.cumsum(mine.reshape(-1)) - 1
                    core = np.where(mine.reshape(-1), first + slot.group_of(rank), -1)
                yield box, core


def _in_one_core(
    graph: EventGraph, profile: Profile, mapping: Mapping, compartments: dict[str, int], lines: dict[str, Lines]
) -> Laid:
    """Every line drives its rows, and a row is a synaptic operation of every neuron of the core."""
    columns = int(mapping.resources["columns"])
    home, flows = {}, []
    for name, population in graph.populations.items():
        if population.has_inputs:
            home[name] = np.zeros(population.size, np.int64)
        edges = graph.outgoing(name)
        if not edges:
            continue
        index, zero = np.arange(population.size), np.zeros(population.size, np.int64)
        rows = rows_by_plane([lines[e.name] for e in edges], profile)
        activities: list[Activity] = ["nonzero"] if len(rows) == 1 else [*range(len(rows))]
        work = [
            (activity, table(index, zero, zero + each * columns, (population.size, 1)))
            for activity, each in zip(activities, rows, strict=True)
        ]
        settled = int(mapping.populations[name].get("stage", 0))
        arrives = settled + 1 + min(e.delay for e in edges)
        flows.append(Flow(name, name, arrives, "synop", tuple(work)))
    return tuple(flows), home, None
