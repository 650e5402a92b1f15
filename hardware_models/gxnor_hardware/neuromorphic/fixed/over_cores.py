"""Many cores with free rows: blocks of neurons, row groups, splitters, and where they stand."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gxnor_snn.graph import EventGraph

from ...limits import check_limit
from ...profile import Profile
from .layout import Layout, Quantities, spread, stages
from .lines import Lines, lines_into, passes_levels
from .partition import Partition, partition
from .splitters import Splitters, splitters
from .traffic import Mesh, listening, path, traffic
from .windows import Feed, feed_of, grid_of

__all__ = ["Cut", "cut_over_cores", "lay_over_cores"]


@dataclass(frozen=True)
class Cut:
    """Populations on cores.

    Attributes
    ----------
    feeds, lines
        By projection.
    parts
        Partition by population that has inputs.
    splits, relays
        Splitters behind every population, and behind the partial sums of those that have some.
    first
        First core by population that has inputs.
    cores
        Cores in all.
    """

    feeds: Mapping[str, Feed]
    lines: Mapping[str, Lines]
    parts: Mapping[str, Partition]
    splits: Mapping[str, Splitters]
    relays: Mapping[str, Splitters]
    first: Mapping[str, int]
    cores: int


def lay_over_cores(
    graph: EventGraph, profile: Profile, compartments: Mapping[str, int], lines: Mapping[str, Lines]
) -> Layout:
    """Cut every population into cores, copy lines that many cores want, and count the ways.

    Raises
    ------
    PricingError
        If a neuron meets a wall of a core, or the chips of the card are not enough.
    """
    cut = cut_over_cores(graph, profile, compartments, dict(lines))
    mesh = Mesh(profile, cut.cores)
    depth = dict.fromkeys(graph.populations, 0)
    depth |= {n: len(cut.parts[n].levels) * (1 + relay.levels) for n, relay in cut.relays.items()}
    order = stages(graph, {n: s.levels for n, s in cut.splits.items()}, depth)
    projections = {n: _edge(graph, n, cut, mesh) for n in graph.projections}
    populations = {n: _population(graph, n, cut, order[n], mesh) for n in graph.populations}
    chips = -(-cut.cores // profile.number("cores_per_chip"))
    copying = [*cut.splits.values(), *cut.relays.values()]
    copies = sum(s.neurons for s in copying)
    partial = sum(p.chip_neurons - p.neurons * p.compartments for p in cut.parts.values())
    resources: Quantities = {
        "cores": cut.cores,
        "chips": chips,
        "steps": max(order.values()),
        "compartments": sum(p.chip_neurons for p in cut.parts.values()) + copies,
        "compartments_per_core": max(p.columns for p in cut.parts.values()),
        "columns": profile.number("neurons_per_core"),
        "partial_sum_neurons": partial,
        "partial_sum_cores": sum(p.sum_cores for p in cut.parts.values()),
        "splitter_neurons": copies,
        "splitter_cores": sum(s.cores for s in copying),
    }
    fullest = max(cut.parts, key=lambda n: cut.parts[n].axons)
    checks = (
        check_limit(
            profile, "axons_per_core", cut.parts[fullest].axons, f"fullest core, of population {fullest!r}"
        ),
        check_limit(
            profile, "neurons_per_core", int(resources["compartments_per_core"]), "fullest core of one population"
        ),
        check_limit(profile, "cores_per_chip", cut.cores, f"{chips} chip(s)"),
        check_limit(profile, "chips", chips, f"{cut.cores} cores"),
    )
    return Layout(projections, populations, resources, checks, tuple(_notes(graph, profile, cut, chips)))


def cut_over_cores(
    graph: EventGraph, profile: Profile, compartments: Mapping[str, int], lines: dict[str, Lines]
) -> Cut:
    """Cut every population into cores and number them; lines of split populations are changed in `lines`.

    Raises
    ------
    PricingError
        If a neuron meets a wall of a core.
    """
    feeds = {n: feed_of(graph, n) for n in graph.projections}
    parts: dict[str, Partition] = {}
    for name, population in graph.populations.items():
        if not population.has_inputs:
            continue
        grid, mine = grid_of(population.shape), [feeds[e.name] for e in graph.incoming(name)]
        part = partition(name, grid, compartments[name], mine, lines, profile)
        if part.groups > 1 and part.partials > compartments[name]:
            # partial sums have a second neuron for their sign, whose weights are negated
            lines |= lines_into(graph, name, part.partials, profile)
            part = partition(name, grid, compartments[name], mine, lines, profile)
        parts[name] = part
    splits = {n: _splitters(graph, n, feeds, lines, parts, profile) for n in graph.populations}
    relays = {n: _relay_splitters(part, profile) for n, part in parts.items() if part.levels}
    first, cores = _number(parts, splits, relays, profile)
    return Cut(feeds, lines, parts, splits, relays, first, cores)


def _relay_splitters(part: Partition, profile: Profile) -> Splitters:
    """Splitters behind partial sums, where one takes more than an axon of the core that adds it."""
    axons = np.full(part.neurons * part.partial_sums, part.relayed.per_plane[0])
    return splitters(axons, part.partials, profile)


def _splitters(
    graph: EventGraph,
    name: str,
    feeds: Mapping[str, Feed],
    lines: Mapping[str, Lines],
    parts: Mapping[str, Partition],
    profile: Profile,
) -> Splitters:
    """Splitters behind a population; inputs are sent to every core by whoever sends them."""
    edges = graph.outgoing(name)
    if name not in parts or not edges:
        return Splitters()
    axons = sum(
        (listening(feeds[e.name], parts[e.target].size) * lines[e.name].per_plane[0] for e in edges),
        np.zeros(1, np.int64),
    )
    each = max(len(lines[e.name].signs) for e in edges)
    return splitters(axons, each, profile)


def _number(
    parts: Mapping[str, Partition],
    splits: Mapping[str, Splitters],
    relays: Mapping[str, Splitters],
    profile: Profile,
) -> tuple[dict[str, int], int]:
    """First core of every population, and cores in all; small populations in a row share a core."""
    rows, columns = profile.number("axons_per_core"), profile.number("neurons_per_core")
    first: dict[str, int] = {}
    cores, open_core, axons, neurons = 0, -1, 0, 0
    for name, part in parts.items():
        if part.cores == 1 and open_core >= 0 and axons + part.axons <= rows and neurons + part.columns <= columns:
            first[name] = open_core
            axons, neurons = axons + part.axons, neurons + part.columns
        else:
            first[name] = cores
            cores += part.cores
            if part.cores == 1:
                open_core, axons, neurons = first[name], part.axons, part.columns
        cores += splits[name].cores + relays.get(name, Splitters()).cores
    return first, cores


def _edge(graph: EventGraph, name: str, cut: Cut, mesh: Mesh) -> Quantities:
    projection = graph.projections[name]
    target = cut.parts[projection.target]
    source = cut.parts.get(projection.source)
    start = np.zeros((1, 1, 1), np.int64)
    if source is not None:
        start = cut.first[projection.source] + source.core_of()
    slot = target.slots[[e.name for e in graph.incoming(projection.target)].index(name)]
    found = traffic(cut.feeds[name], target, slot, cut.first[projection.target], start, mesh)
    alone = passes_levels(graph, projection.target)
    fan = cut.lines[name].fan if target.groups == 1 or alone else target.partials
    return {
        "synapses_per_event": fan,
        **spread("cores", found.cores),
        **spread("hops", found.hops),
        **spread("crossings", found.crossings),
    }


def _population(graph: EventGraph, name: str, cut: Cut, stage: int, mesh: Mesh) -> Quantities:
    split = cut.splits[name]
    found: Quantities = {
        "splitter_neurons": split.neurons,
        "splitter_cores": split.cores,
        **{f"splitter_events_{w}": v for w, v in zip(("value", "low", "high"), split.events, strict=True)},
    }
    part = cut.parts.get(name)
    if part is None:
        return found
    hops, crossings = path(part, cut.first[name], mesh)
    relay = cut.relays.get(name, Splitters())
    fans = [part.partials] * len(part.levels[:-1]) + [part.compartments] * len(part.levels[-1:])
    events = part.neurons * sum(level.groups * fan for level, fan in zip(part.levels, fans, strict=True))
    return found | {
        "stage": stage,
        "cores": part.cores,
        "first_core": cut.first[name],
        "block_channels": part.size[0],
        "block_rows": part.size[1],
        "block_columns": part.size[2],
        "compartments": part.neurons * part.compartments,
        "compartments_per_neuron": part.compartments,
        "compartments_per_core": part.columns,
        "axons_per_core": part.axons,
        "row_groups": part.groups,
        "sum_cores": part.sum_cores,
        "partial_sums": part.neurons * part.partial_sums,
        "partial_sum_events": events + relay.neurons // part.partials,
        "partial_sum_hops": int(hops.sum()),
        "partial_sum_crossings": int(crossings.sum()),
    }


def _notes(graph: EventGraph, profile: Profile, cut: Cut, chips: int) -> list[str]:
    notes = []
    for name, part in cut.parts.items():
        if part.groups == 1 or passes_levels(graph, name):
            continue  # an OR of ORs is the OR
        what = f"the fan-in of population {name!r} takes {part.groups} cores, which send partial sums"
        if profile.choice("partial_sums") == "graded":
            notes.append(
                f"{what} as numbers: exact where they fit an event's payload, whose bits are not on the card"
            )
        else:
            notes.append(
                f"{what} as spikes: a partial sum is thresholded, so the result is an approximation of the graph's"
            )
    copying = [*cut.splits.values(), *cut.relays.values()]
    copies, cores = sum(s.neurons for s in copying), sum(s.cores for s in copying)
    if copies:
        notes.append(
            f"a neuron drives {profile.limit('axon_targets')} axon(s): {copies} splitter neurons on {cores} cores "
            f"copy spikes that several cores or axons want"
        )
    doubled = [n for n, p in cut.parts.items() if p.compartments > 1]
    if doubled:
        notes.append(
            f"{len(doubled)} populations send +1 and -1 as two lines made by two neurons, so each of their open "
            f"gates is two synaptic events"
        )
    largest = max(math.prod(p.grid) * p.groups for p in cut.parts.values())
    if chips > 1:
        notes.append(f"the graph takes {chips} chips (largest population: {largest} neurons and partial sums)")
    return notes
