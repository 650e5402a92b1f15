"""Laying an event graph on a chip of fixed synapse arrays: what it asks of events and numbers, then the cores."""

from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_limit, exceeded
from ...profile import Profile
from .layout import Layout
from .lines import Lines, compartments_of, lines_into
from .one_core import lay_in_one_core
from .over_cores import lay_over_cores

__all__ = ["map_fixed"]

_LAYOUTS = {"free": lay_over_cores, "neurons": lay_in_one_core}

_NOT_EXACT = {
    "step": "",
    "event": "neurons compare after every event, not after the last one of a step: a sum that is above its "
    "threshold on the way fires, so spikes are an approximation of the graph's, by the order of events",
    "analog": "synapses and neurons are analogue: spikes are an approximation of the graph's, which this card "
    "does not model",
}


def map_fixed(graph: EventGraph, profile: Profile) -> Mapping:
    """Cut every population into cores of a fixed fan-in, or put all of them into the one core there is.

    Raises
    ------
    PricingError
        If the graph meets a wall of the card; the message names it.
    """
    for name in graph.populations:
        _check_events(graph, name, profile)
    compartments = {name: compartments_of(graph, name, profile) for name in graph.populations}
    lines: dict[str, Lines] = {}
    for name, population in graph.populations.items():
        if population.has_inputs:
            lines |= lines_into(graph, name, compartments[name], profile)
    checks = _check_numbers(graph, profile)
    layout: Layout = _LAYOUTS[profile.choice("array_rows")](graph, profile, compartments, lines)
    projections, populations = static_projections(graph), static_populations(graph)
    for name in graph.projections:
        projections[name] |= _edge(graph, name, lines[name], profile) | layout.projections[name]
    for name in graph.populations:
        populations[name] |= layout.populations[name]
    exact = [_NOT_EXACT[profile.choice("compares")], *exceeded(checks)]
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=populations,
        resources=layout.resources,
        checks=(*checks, *layout.checks),
        notes=(*layout.notes, *filter(None, exact)),
    )


def _check_events(graph: EventGraph, name: str, profile: Profile) -> None:
    """Levels that the chip's events cannot carry are a wall; inputs come as one line per plane and sign."""
    population = graph.populations[name]
    if not population.has_outputs:
        return
    coding = graph.coding(name)
    if profile.choice("axon_carries") == "value":
        return
    if population.has_inputs and (coding.n_planes > 1 or coding.max_abs > 1):
        raise PricingError(
            f"card {profile.name!r}: population {name!r} sends levels {coding.lo}..{coding.hi}; "
            f"the wall is binary events, allowed are levels -1..1 as one line per sign"
        )
    for edge in graph.outgoing(name):
        if coding.n_planes > 1 and not edge.weighted:
            raise PricingError(
                f"card {profile.name!r}: {edge.kind} {edge.name!r} reads levels of {coding.n_planes} planes; the "
                f"wall is binary events, allowed are sources of one plane"
            )


def _check_numbers(graph: EventGraph, profile: Profile) -> list[Check]:
    """Weights, sums, payloads and delays against the word lengths of the card."""
    weights = max(_largest(graph, n).bit_length() for n in graph.projections)
    sums = max(
        int(np.abs(np.concatenate(graph.bounds(n))).max()).bit_length()
        for n, p in graph.populations.items()
        if p.has_inputs
    )
    sent = max(graph.coding(n).max_abs.bit_length() for n, p in graph.populations.items() if p.has_outputs)
    delay = 1 + max(p.delay for p in graph.projections.values())
    limits = (
        ("weight_bits", weights, "largest weight times gain, without sign; several axons make up for it"),
        ("sum_bits", sums, "largest reachable sum, without sign; what exceeds it saturates"),
        ("payload_bits", sent, "largest level sent, without sign"),
        ("delay_steps", delay, "longest way of a spike, in steps"),
    )
    carried = {"payload_bits": profile.choice("axon_carries") == "value"}
    return [check_limit(profile, limit, used, note) for limit, used, note in limits if carried.get(limit, True)]


def _largest(graph: EventGraph, name: str) -> int:
    projection: Any = graph.projections[name]
    largest = int(np.abs(projection.weights.astype(np.int64)).max()) if projection.weighted else 1
    return int(largest * abs(projection.gain))


def _edge(graph: EventGraph, name: str, lines: Lines, profile: Profile) -> dict[str, Quantity]:
    """What of a projection does not depend on where cores stand."""
    projection: Any = graph.projections[name]
    graded = profile.choice("axon_carries") == "value"
    planes = 1 if graded else graph.coding(projection.source).n_planes
    typed = profile.limit("axon_types") is not None
    many = planes > 1 or (typed and projection.weighted and projection.coding.n_planes > 1)
    return {
        "event": ("n_xnor" if many else "n_gated") if projection.weighted else "n_moved",
        # a multi-bit synapse takes the planes of a weight as one event, an axon type one by one
        "event_low": "n_moved" if not projection.weighted else "n_xnor" if many and typed else "n_gated",
        "driven": "n_x" if projection.weighted else "n_moved",
        "planes": planes,
        "axons_per_value": lines.axons,
        "line_axons_low": min(lines.per_plane),
        "line_axons_high": max(lines.per_plane),
        "line_axons_value": sum(lines.per_plane) / len(lines.per_plane),
        "copies_low": lines.copies[0],
        "copies_high": lines.copies[1],
    }
