"""Counting the operations of a graph on an accelerator that computes every synapse, zero or not."""

from math import prod
from typing import Any

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_limit
from ...profile import Profile
from ..codes import work_outside
from .operands import Choice, choose

__all__ = ["map_throughput"]


def map_throughput(graph: EventGraph, profile: Profile) -> Mapping:
    """Choose an operation for every layer and count how often it runs.

    One multiply-accumulate is two operations, the convention of the published figures. A padded tap is computed
    like any other; `operations_low` leaves padding out, and the further thresholds of a neuron too.

    Raises
    ------
    PricingError
        If no operation of the card holds the operands of a layer, or a kernel is larger than the card's wall.
    """
    projections = static_projections(graph)
    notes: list[str] = []
    for name, projection in graph.projections.items():
        if projection.weighted:
            projections[name] |= _operations(graph, name, choose(graph, name, profile), notes)
    run = {n: q for n, q in projections.items() if "operations" in q}
    if not run:
        raise PricingError(f"card {profile.name!r}: the graph has no Dense or Conv2d projection to run")
    words = dict.fromkeys(str(q["word"]) for q in run.values())
    resources: dict[str, Quantity] = {
        f"{label}_{word}": sum(int(q[label]) for q in run.values() if q["word"] == word)
        for word in words
        for label in ("operations", "operations_low")
    }
    planes = sum(int(q["plane_additions"]) for q in run.values())
    resources["work_outside"] = planes + sum(work_outside(graph, n) for n in graph.populations)
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=static_populations(graph),
        resources=resources,
        checks=_checks(graph, run, profile),
        notes=notes,
    )


def _operations(graph: EventGraph, name: str, way: Choice, notes: list[str]) -> dict[str, Quantity]:
    projection = graph.projections[name]
    fan_out = graph.fan_out(name)
    outputs = prod(projection.output_shape(graph.populations[projection.source].shape))
    if way.weighted:
        notes.append(
            f"{name!r} reads {projection.source!r} in {way.inputs} bits; scaling their sums by powers of two and "
            f"adding them lies outside the accelerator and this bill"
        )
    elif way.products > 1:
        notes.append(
            f"{name!r} takes {way.products} {way.word} products per synapse: {way.inputs} per activation x "
            f"{way.weights} per weight x {way.outputs} thresholds; the result is exact"
        )
    return {
        "word": way.word,
        "values_per_input": way.inputs,
        "values_per_weight": way.weights,
        "thresholds": way.outputs,
        "operations": 2 * way.products * fan_out.padded,
        "operations_low": 2 * way.products // way.outputs * int(fan_out.dense.sum()),
        "plane_additions": (way.inputs - 1) * outputs if way.weighted else 0,
    }


def _checks(graph: EventGraph, run: dict[str, dict[str, Quantity]], profile: Profile) -> list[Check]:
    layers: dict[str, Any] = {name: graph.projections[name] for name in run}
    kernels = {n: max(p.weights.shape[2:], default=1) for n, p in layers.items()}
    worst = max(kernels, key=kernels.__getitem__)
    return [check_limit(profile, "kernel", kernels[worst], f"largest kernel, of {worst!r}")]
