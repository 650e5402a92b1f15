"""Quantised layers as branches of one-plane layers: every pair of a weight plane and an activation plane apart."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from gxnor_snn.errors import ConversionError, GraphError
from gxnor_snn.graph import Coding, EventGraph, Population, Projection, Readout, Spiking

from ..passes.base import rebuilt
from ..passes.ranges import widened
from .planes import PlaneSet, planes_of, two_bits_of

__all__ = ["Ternary", "decompose"]

Ternary = Literal["sign_mask", "two_bits"]


def decompose(
    graph: EventGraph, layers: str | Iterable[str] | None = None, *, ternary: Ternary = "sign_mask"
) -> EventGraph:
    """Write M-bit weights times K-bit activations as M x K branches of one plane each; the same sums.

    With w = sum_m 2^m c_m and x = sum_k 2^k d_k, and c_m, d_k in {-1, +1} (arXiv 1905.13389, eq. 1-20),

        sum w x = sum_m sum_k 2^(m + k) sum c_m d_k:

    branch (m, k) of layer NAME is the projection ``NAME.m.k`` of gain 2^(m + k) from population ``SOURCE.bitk``,
    into the old target. Every coding is taken apart in its own planes: {-1, +1} for pm1 (binary networks), {0, 1}
    for bytes (the bit-plane first layer), {-1, 0, +1} for Z_N. Engines run planes anyway; this form shows them,
    and lets each branch be counted, priced or shared by itself.

    Parameters
    ----------
    graph
        The graph.
    layers
        Name or names of Dense and Conv2d projections; None takes all. What has one plane on both sides stays.
    ternary
        What a ternary value becomes: "sign_mask", which is its one gated plane (GXNOR), or "two_bits", two
        {-1, +1} bits of equal weight (0 is +1 and -1): twice the branches on each side, none of which ever rests.
        It doubles or quadruples the sums of a population, its thresholds with them; where these sums are a
        readout's, its scale is divided by as much.

    Effect on counts
    ----------------
    For "sign_mask", ``n_xnor`` and ``n_bitcount`` summed over the branches of a layer are those of the layer;
    ``n_dense`` is it times the branches. Planes are internal spiking populations fed by identities. A sum relay
    declares a wider range where branches, plane by plane, could give more than the layer could; its sums stay.

    Returns
    -------
    EventGraph
        Equal logits and equal spikes of every population that was there; equal readout sums for "sign_mask"
        (see `gxnor_converters.passes.base` for the contract).

    Raises
    ------
    ConversionError
        If a layer is unknown or weightless, `ternary` is not one of the two, or a layer to be written in two
        bits feeds a relay, which has neither thresholds nor scale, a name of a branch or plane is taken, or a sum
        relay would have to hold more than -32767..32767.
    """
    if ternary not in ("sign_mask", "two_bits"):
        raise ConversionError(f"decompose: ternary is {ternary!r}, allowed are 'sign_mask' and 'two_bits'")
    chosen = _chosen(graph, layers)
    planes = {
        source: _planes(graph, source, ternary) for source in dict.fromkeys(e.source for e in chosen.values())
    }
    weights = {name: _weight_planes(edge, ternary) for name, edge in chosen.items()}
    factors = {name: planes[e.source].divisor * weights[name][1] for name, e in chosen.items()}
    grown = {
        name: max((factors.get(e.name, 1) for e in graph.incoming(name)), default=1) for name in graph.populations
    }
    populations = [_scaled(p, grown[n]) for n, p in graph.populations.items()]
    projections: list[Projection] = []
    used: list[PlaneSet] = []
    for name, edge in graph.projections.items():
        factor = grown[edge.target] // factors.get(name, 1)
        scaled = replace(edge, gain=edge.gain * factor) if factor > 1 else edge
        if name not in chosen or (len(weights[name][0]) == 1 == len(planes[edge.source].names)):
            projections.append(scaled)
            continue
        projections += _branches(scaled, planes[edge.source], weights[name][0])
        if planes[edge.source] not in used:
            used.append(planes[edge.source])
    for plane_set in used:
        populations += plane_set.populations
        projections += plane_set.projections
    if not used and len(projections) == len(graph.projections):
        return graph
    _check_names(populations, "population")
    _check_names(projections, "projection")
    try:
        return rebuilt(graph, widened(populations, projections), projections)
    except GraphError as error:
        raise ConversionError(f"decompose: {error}; name other layers") from error


def _chosen(graph: EventGraph, layers: str | Iterable[str] | None) -> dict[str, Any]:
    weighted: dict[str, Any] = {name: edge for name, edge in graph.projections.items() if edge.weighted}
    names = list(weighted) if layers is None else [layers] if isinstance(layers, str) else list(layers)
    for name in names:
        if name not in weighted:
            raise ConversionError(f"decompose: {name!r} is no layer of the graph; they are {', '.join(weighted)}")
    return {name: weighted[name] for name in weighted if name in names}


def _planes(graph: EventGraph, source: str, ternary: Ternary) -> PlaneSet:
    coding, shape = graph.coding(source), graph.populations[source].shape
    if coding.kind == "ternary" and ternary == "two_bits":
        return two_bits_of(source, shape)
    return planes_of(source, shape, coding)


def _weight_planes(edge: Any, ternary: Ternary) -> tuple[Sequence[tuple[int, Any, Coding]], int]:
    """Planes of a layer's weights as (factor, values, coding), and the divisor of their sum."""
    coding: Coding = edge.coding
    if coding.kind == "ternary" and ternary == "two_bits":
        w = edge.weights
        bits = (np.where(w >= 0, 1, -1), np.where(w >= 1, 1, -1))
        return [(1, bit.astype(np.int8), Coding.pm1(1)) for bit in bits], 2
    if coding.n_planes == 1:
        return [(1, edge.weights, coding)], 1
    plane = {"pm1": Coding.pm1(1), "bits": Coding.bits(1), "signmag": Coding.ternary()}[coding.kind]
    return [(1 << m, values, plane) for m, values in enumerate(coding.plane_values(edge.weights))], 1


def _branches(edge: Any, planes: PlaneSet, weights: Sequence[tuple[int, Any, Coding]]) -> list[Projection]:
    return [
        replace(
            edge,
            name=f"{edge.name}.{m}.{k}",
            source=planes.names[k],
            weights=values,
            coding=coding,
            gain=edge.gain * factor * planes.weights[k],
        )
        for m, (factor, values, coding) in enumerate(weights)
        for k in range(len(planes.names))
    ]


def _scaled(population: Population, factor: int) -> Population:
    """A population whose input sums are `factor` times what they were and that sends the same."""
    if factor == 1:
        return population
    rule = _SCALED.get(population.role)
    if rule is None:
        raise ConversionError(
            f"decompose: in two bits, {population.where} would get {factor} times its sums; a {population.role} "
            "has no thresholds to take that up. Name other layers"
        )
    return rule(population, factor)


def _scaled_spiking(population: Spiking, factor: int) -> Spiking:
    return replace(population, thresholds=population.thresholds * factor)


def _scaled_readout(population: Readout, factor: int) -> Readout:
    return replace(population, scale=population.scale / factor)  # a power of two: exact


_SCALED: Mapping[str, Callable[[Any, int], Population]] = {"spiking": _scaled_spiking, "readout": _scaled_readout}


def _check_names(parts: Sequence[Any], noun: str) -> None:
    for name, count in Counter(part.name for part in parts).items():
        if count > 1:
            raise ConversionError(f"decompose: the {noun} name {name!r} is taken in this graph; rename it")
