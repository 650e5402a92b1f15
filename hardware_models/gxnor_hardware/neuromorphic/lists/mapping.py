"""Laying an event graph on an event-driven chip with binary spikes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, EventGraph, Population
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import static_populations, static_projections
from ...limits import check_limit
from ...profile import Profile
from .mesh import Mesh, traffic
from .partition import CORE_LIMITS, Edges, Feed, Grid, Partition, own_channels, partition
from .reach import Block, Reach, reach_of

__all__ = ["map_lists"]


@dataclass(frozen=True)
class _Signs:
    """How signed levels travel: a line per sign, and per sign a compartment that makes it."""

    lines: int
    compartments: int


def map_lists(graph: EventGraph, profile: Profile) -> Mapping:
    """Cut every population into cores and place them on the mesh.

    Raises
    ------
    PricingError
        If the graph meets a wall of the card; the message names it.
    """
    signs = {name: _signs(graph, population, profile) for name, population in graph.populations.items()}
    checks = _check_numbers(graph, profile)
    reaches = {
        n: reach_of(graph, n, signs[p.source].lines, profile.choice("conv_weights") == "shared")
        for n, p in graph.projections.items()
    }
    cuts = _cut(graph, profile, signs, reaches)
    first: dict[str, int] = {}
    cores = 0
    for name in graph.populations:
        if name in cuts:
            first[name] = cores
            cores += cuts[name].cores
    stages = _stages(graph)
    mesh = Mesh(profile)
    projections = static_projections(graph)
    for name in graph.projections:
        projections[name] |= _edge(graph, name, signs, reaches[name], cuts, first, mesh)
    populations = static_populations(graph)
    for name, cut in cuts.items():
        populations[name] |= {
            "stage": stages[name],
            "cores": cut.cores,
            "first_core": first[name],
            "block_channels": cut.size[0],
            "block_rows": cut.size[1],
            "block_columns": cut.size[2],
            "compartments": graph.populations[name].size * cut.per_neuron,
            "compartments_per_neuron": cut.per_neuron,
            "compartments_per_core": cut.used["neurons_per_core"],
        }
    chips = -(-cores // mesh.cores_per_chip)
    resources: dict[str, Quantity] = {
        "cores": cores,
        "chips": chips,
        "tiles": mesh.tiles_used(cores),
        "tiles_per_chip": mesh.tiles,
        "steps": max(stages.values()),
        "compartments": sum(graph.populations[n].size * c.per_neuron for n, c in cuts.items()),
        "compartments_per_core": max(c.used["neurons_per_core"] for c in cuts.values()),
    }
    checks += [_core_check(profile, limit, cuts) for limit in CORE_LIMITS]
    checks.append(check_limit(profile, "cores_per_chip", cores, f"{chips} chip(s)"))
    return Mapping(
        profile=profile.name,
        kind=profile.kind,
        graph=graph.digest,
        projections=projections,
        populations=populations,
        resources=resources,
        checks=tuple(checks),
        notes=_notes(graph, chips),
    )


def _signs(graph: EventGraph, population: Population, profile: Profile) -> _Signs:
    """Lines and compartments of a population; levels that binary lines cannot carry are a wall."""
    if not population.has_outputs:
        return _Signs(0, 1)  # a readout is one membrane, read as a signed number
    coding = graph.coding(population.name)
    signs = max(1, (coding.lo < 0) + (coding.hi > 0))
    if not population.has_inputs:
        return _Signs(signs * coding.n_planes, 0)
    if coding.n_planes > 1 or coding.max_abs > 1:
        raise PricingError(
            f"card {profile.name!r}: population {population.name!r} sends levels {coding.lo}..{coding.hi}; "
            f"the wall is binary events, allowed are levels -1..1 as one line per sign"
        )
    two = profile.choice("signed_neurons") == "two_compartments"
    return _Signs(signs, signs if two else 1)


def _weight_range(graph: EventGraph, name: str) -> int:
    """Largest magnitude a stored weight takes: the gain and the source's plane weights are folded in."""
    projection: Any = graph.projections[name]
    largest = int(np.abs(projection.weights.astype(np.int64)).max()) if projection.weighted else 1
    return int(largest * abs(projection.gain)) << (graph.coding(projection.source).n_planes - 1)


def _check_numbers(graph: EventGraph, profile: Profile) -> list[Check]:
    """Weights and sums against the word lengths of the card."""
    weights = max(_weight_range(graph, n).bit_length() + 1 for n in graph.projections)
    sums = max(
        int(np.abs(np.concatenate(graph.bounds(n))).max()).bit_length()
        for n, p in graph.populations.items()
        if p.has_inputs
    )
    return [
        check_limit(profile, "weight_bits", weights, "largest weight times gain and plane, with sign"),
        check_limit(profile, "sum_bits", sums, "largest reachable sum, without sign"),
    ]


def _core_check(profile: Profile, limit: str, cuts: dict[str, Partition]) -> Check:
    fullest = max(cuts, key=lambda n: cuts[n].used[limit])
    return check_limit(profile, limit, cuts[fullest].used[limit], f"fullest core, of population {fullest!r}")


def _grid(population: Population) -> Grid:
    shape = population.shape
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)


def _fan(graph: EventGraph, name: str, signs: dict[str, _Signs]) -> int:
    """Compartments of a target neuron that one line of the source feeds."""
    target = graph.populations[graph.projections[name].target]
    # a max or min pool into a level relay: +1 lines feed the +1 compartment (an OR), -1 lines the other (an AND)
    passes_levels = target.role == "relay" and not target.adds
    return 1 if passes_levels else signs[target.name].compartments


def _cut(
    graph: EventGraph, profile: Profile, signs: dict[str, _Signs], reaches: dict[str, Reach]
) -> dict[str, Partition]:
    """Partition by population, from the readouts back: a core's output edges depend on where they lead."""
    cuts: dict[str, Partition] = {}
    for name, population in reversed(list(graph.populations.items())):
        if not population.has_inputs:
            continue
        grid = _grid(population)
        per_value = signs[name].lines if profile.choice("signed_lines") == "axons" else 1
        edges = Edges(grid, len(population.shape) == 1, per_value)
        for edge in graph.outgoing(name):
            for block in _fed_blocks(graph, edge.name, cuts):
                if block is not None:
                    edges.add(reaches[edge.name].channels(block), reaches[edge.name].positions(block))
        feeds = [
            Feed(
                reach=reaches[p.name],
                target_channels=p.target_channels,
                fan=_fan(graph, p.name, signs),
                weight_bits=_weight_range(graph, p.name).bit_length() + 1,
            )
            for p in graph.incoming(name)
        ]
        cuts[name] = partition(name, grid, signs[name].compartments, feeds, edges, profile)
    return {name: cuts[name] for name in graph.populations if name in cuts}


def _fed_blocks(graph: EventGraph, name: str, cuts: dict[str, Partition]) -> list[Block | None]:
    """Per core of a projection's target, the block it feeds there, in its own channels; None for no synapse."""
    projection = graph.projections[name]
    found: list[Block | None] = []
    for block in cuts[projection.target].blocks():
        ((start, stop),) = own_channels(projection.target_channels, np.asarray([block.channels])).tolist()
        found.append(Block(block.rows, block.columns, (start, stop)) if start < stop else None)
    return found


def _stages(graph: EventGraph) -> dict[str, int]:
    """Step in which each population settles: one after the last of its sources, plus delays."""
    stages: dict[str, int] = {}
    for name in graph.populations:
        stages[name] = max((stages[p.source] + 1 + p.delay for p in graph.incoming(name)), default=0)
    return stages


def _edge(
    graph: EventGraph,
    name: str,
    signs: dict[str, _Signs],
    reach: Reach,
    cuts: dict[str, Partition],
    first: dict[str, int],
    mesh: Mesh,
) -> dict[str, Quantity]:
    projection = graph.projections[name]
    coding: Coding = graph.coding(projection.source)
    many = coding.n_planes > 1
    if many and not projection.weighted:
        raise PricingError(
            f"projection {name!r}: a {projection.kind} reads levels of {coding.n_planes} planes, which binary "
            f"events cannot move; allowed are sources of one plane"
        )
    target = cuts[projection.target]
    blocks = _fed_blocks(graph, name, cuts)
    synapses = [
        0 if b is None else int(reach.require(b.rows, b.columns, np.asarray([b.channels])).synapses[0])
        for b in blocks
    ]
    found = traffic(
        graph.fan_out(name).dense,
        cuts.get(projection.source),
        first.get(projection.source, 0),
        target,
        first[projection.target],
        (None if b is None else reach.hears(b) for b in blocks),
        mesh,
    )
    quantities: dict[str, Quantity] = {
        "event": ("n_xnor" if many else "n_gated") if projection.weighted else "n_moved",
        "planes": coding.n_planes,
        "lines_per_value": signs[projection.source].lines,
        "synapses_per_event": _fan(graph, name, signs),
        "synapses": sum(synapses),
        "busiest_core_share": max(synapses) / sum(synapses) if sum(synapses) else 0.0,
        "busiest_core_synapses": max(synapses) * coding.n_planes,
    }
    for label in ("messages", "hops_x", "hops_y", "crossings"):
        spread = getattr(found, label)
        for per in ("per_synapse", "per_line"):
            ratio = getattr(spread, per)
            quantities |= {f"{label}_{per}_{word}": getattr(ratio, word) for word in ("value", "low", "high")}
    return quantities


def _notes(graph: EventGraph, chips: int) -> tuple[str, ...]:
    notes = []
    signed = [
        n
        for n, p in graph.populations.items()
        if p.has_inputs and p.has_outputs and graph.coding(n).lo < 0 < graph.coding(n).hi
    ]
    if signed:
        notes.append(
            f"{len(signed)} populations send +1 and -1 as two lines made by two compartments, so each of their "
            f"open gates is two synaptic events"
        )
    if chips > 1:
        notes.append(f"the graph takes {chips} chips; barrier and links between chips have no price on the card")
    return tuple(notes)
