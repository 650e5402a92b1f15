"""Laying an event graph on an event-driven chip with synapse lists."""

from collections.abc import Mapping as SMapping
from dataclasses import dataclass

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_limit, exceeded
from ...profile import Profile
from ..placement import Mesh, Placement, place, slots_text
from ..stages import arrival, stages
from .cutting import Cut, Landing, check_cores, cut_all, fan_of, landings
from .footprint import reach_of
from .formats import storage_of
from .notes import notes_of
from .reach import Int64
from .signs import Travel, check_numbers, travel_of
from .traffic import LABELS, Listener, Sites, core_edges, traffic

__all__ = ["Layout", "lay", "map_lists", "partial_pairs"]


def map_lists(graph: EventGraph, profile: Profile) -> Mapping:
    """Cut every population into cores and place them on the mesh.

    Raises
    ------
    PricingError
        If the graph meets a wall of the card; the message names it.
    """
    _check_moves(graph, profile)
    layout = lay(graph, profile)
    cuts = layout.cuts
    mesh = Mesh.of(profile)
    placed = _place(layout, mesh)
    sites = Sites.of(placed.slots, mesh, profile.number("cores_per_chip"))
    added = {name: 1 for name, cut in cuts.items() if cut.parts}  # partial sums settle a step before
    settled = stages(graph, added)
    projections = static_projections(graph)
    for name in graph.projections:
        projections[name] |= _edge(layout, name, sites) | {"arrives": arrival(graph, name, settled)}
    populations = static_populations(graph)
    for name in cuts:
        populations[name] |= _population(layout, name, placed, sites) | {"stage": settled[name]}
    cores = len(placed.slots)
    chips = -(-cores // profile.number("cores_per_chip"))
    resources: dict[str, Quantity] = {
        "cores": cores,
        "chips": chips,
        "steps": max(settled.values()),
        "compartments": sum(c.compartments for c in cuts.values()),
        "compartments_per_core": max(c.busiest for c in cuts.values()),
    }
    if mesh is not None:
        resources |= {
            "tiles": mesh.tiles_used(cores),
            "tiles_per_chip": mesh.tiles,
            "hops_all_fire": placed.hops,
            "hops_all_fire_snake": placed.hops_snake,
        }
    checks = layout.checks + check_cores(graph, profile, cuts)
    checks.append(check_limit(profile, "cores_per_chip", cores, f"{chips} chip(s)"))
    waits = [
        settled[p.target] - added.get(p.target, 0) - settled[p.source] - 1 for p in graph.projections.values()
    ]
    note = "events wait for slower ones of the same sum; longer waits take neurons that pass events on"
    checks.append(check_limit(profile, "delay_bits", max(waits).bit_length(), note))
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=populations,
        resources=resources,
        checks=checks,
        notes=(
            *notes_of(graph, profile, cuts, chips),
            *exceeded([c for c in checks if c.limit != "cores_per_chip"]),
        ),
    )


@dataclass(frozen=True)
class Layout:
    """A graph cut into numbered cores, and who listens to whom."""

    graph: EventGraph
    profile: Profile
    travels: SMapping[str, Travel]
    cuts: SMapping[str, Cut]
    first: SMapping[str, int]
    landed: SMapping[str, list[Landing]]
    listeners: SMapping[str, list[Listener]]
    checks: list[Check]

    @property
    def cores(self) -> int:
        """Cores of the whole graph."""
        return sum(c.cores for c in self.cuts.values())


def lay(graph: EventGraph, profile: Profile) -> Layout:
    """Cut a graph into numbered cores, not yet placed.

    Raises
    ------
    PricingError
        If the graph meets a wall of the card.
    """
    travels = {name: travel_of(graph, p, profile) for name, p in graph.populations.items()}
    checks = check_numbers(graph, profile, travels)
    shared = profile.choice("conv_weights") == "shared"
    reaches = {
        n: reach_of(graph, n, travels[p.source].lines, shared, travels[p.source].by_planes)
        for n, p in graph.projections.items()
    }
    cuts = cut_all(graph, profile, travels, reaches)
    first, cores = {}, 0
    for name, cut in cuts.items():
        first[name] = cores
        cores += cut.cores
    landed = {
        n: landings(graph, n, reaches[n], cuts[p.target], first[p.target]) for n, p in graph.projections.items()
    }
    listeners = {
        name: [
            (part.first + k, part.reach.hears(block))
            for part in parts
            for k, block in enumerate(part.blocks)
            if block is not None
        ]
        for name, parts in landed.items()
    }
    return Layout(graph, profile, travels, cuts, first, landed, listeners, checks)


def partial_pairs(cut: Cut, first: int) -> tuple[Int64, Int64]:
    """(core of a partial sum, core of the neuron that adds it), for every partial sum."""
    shape = cut.whole.grid
    adders = first + cut.whole.core_of(shape).reshape(-1)
    froms, core = [np.zeros(0, np.int64)], first + cut.whole.cores
    for part in cut.parts:
        froms.append(core + part.core_of(shape).reshape(-1))
        core += part.cores
    return np.concatenate(froms), np.tile(adders, len(cut.parts))


def _place(layout: Layout, mesh: Mesh | None) -> Placement:
    if mesh is None:
        return Placement(np.arange(layout.cores), 0.0, 0.0)
    graph, cuts, first = layout.graph, layout.cuts, layout.first
    edges = []
    for name, projection in graph.projections.items():
        source = cuts[projection.source].whole if projection.source in cuts else None
        shape = graph.populations[projection.source].shape
        edges.append(core_edges(shape, source, first.get(projection.source, 0), layout.listeners[name]))
    for name, cut in cuts.items():
        froms, tos = partial_pairs(cut, first[name])
        edges.append((froms, tos, np.ones(len(froms))))
    sources, targets, weights = (np.concatenate(part) for part in zip(*edges, strict=True))
    return place(sources, targets, weights, layout.cores, mesh)


def _check_moves(graph: EventGraph, profile: Profile) -> None:
    for name, projection in graph.projections.items():
        travel = travel_of(graph, graph.populations[projection.source], profile)
        if travel.by_planes and not projection.weighted:
            raise PricingError(
                f"card {profile.name!r}: projection {name!r}: a {projection.kind} reads levels of {travel.planes} "
                f"planes, which binary events cannot move; allowed are sources of one plane"
            )


def _population(layout: Layout, name: str, placed: Placement, sites: Sites) -> dict[str, Quantity]:
    cut, first = layout.cuts[name], layout.first[name]
    found: dict[str, Quantity] = {
        "cores": cut.cores,
        "first_core": first,
        "slots": slots_text(placed.slots[first : first + cut.cores]),
        "block_channels": cut.whole.size[0],
        "block_rows": cut.whole.size[1],
        "block_columns": cut.whole.size[2],
        "compartments": cut.compartments,
        "compartments_per_neuron": cut.whole.per_neuron,
        "compartments_per_core": cut.busiest,
    }
    if cut.parts:
        froms, tos = partial_pairs(cut, first)
        found |= {
            "fan_in_parts": len(cut.parts),
            "partial_compartments": cut.compartments - cut.whole.per_neuron * int(np.prod(cut.whole.grid)),
            "partial_messages": len(froms),
            "partial_hops_x": int(np.abs(sites.x[froms] - sites.x[tos]).sum()),
            "partial_hops_y": int(np.abs(sites.y[froms] - sites.y[tos]).sum()),
            "partial_crossings": int((sites.chip[froms] != sites.chip[tos]).sum()),
        }
    return found


def _edge(layout: Layout, name: str, sites: Sites) -> dict[str, Quantity]:
    graph, projection = layout.graph, layout.graph.projections[name]
    travel, cut = layout.travels[projection.source], layout.cuts[projection.target]
    synapses = [
        0 if b is None else int(part.reach.require(b.rows, b.columns, np.asarray([b.channels])).synapses[0])
        for part in layout.landed[name]
        for b in part.blocks
    ]
    source = layout.cuts[projection.source].whole if projection.source in layout.cuts else None
    found = traffic(
        graph.fan_out(name).dense, source, layout.first.get(projection.source, 0), layout.listeners[name], sites
    )
    by_planes = travel.by_planes
    quantities: dict[str, Quantity] = {
        "event": ("n_xnor" if by_planes else "n_gated") if projection.weighted else "n_moved",
        "driven": ("n_x_planes" if by_planes else "n_x") if projection.weighted else "n_moved",
        "storage": storage_of(graph, name, layout.profile),
        "planes": travel.planes,
        "lines_per_value": travel.lines,
        "synapses_per_event": cut.parts[0].per_neuron if cut.parts else fan_of(graph, name, layout.travels),
        "synapses": sum(synapses),
        "busiest_core_share": max(synapses) / sum(synapses) if sum(synapses) else 0.0,
        "busiest_core_synapses": max(synapses) * travel.planes,
    }
    for label in LABELS:
        for per in ("per_synapse", "per_line"):
            ratio = getattr(found[label], per)
            quantities |= {f"{label}_{per}_{word}": getattr(ratio, word) for word in ("value", "low", "high")}
    return quantities
