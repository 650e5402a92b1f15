"""Events of random graphs of every form, counted synapse by synapse, as fixed arrays and processors charge them."""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import EventTrace, Mapping

from ..conformance.graphs import event_graphs, random_inputs

Edit = Callable[..., Profile]
PJ = 1e-12
WIDE = {"limits/axons_per_core/value": 1 << 20, "limits/axon_targets": None}
Synapse = tuple[int, int, int]


def synapses(graph: EventGraph, edge: Any) -> Iterator[Synapse]:
    """(target, source, weight) of every pair in range, by geometry."""
    shape, target = graph.populations[edge.source].shape, graph.populations[edge.target].shape
    start = (edge.target_channels or (0, 0))[0] * prod(target[1:])
    if edge.kind == "dense":
        yield from ((start + o, i, int(w)) for (o, i), w in np.ndenumerate(edge.weights))
        return
    if edge.kind == "identity":
        yield from ((start + i, i, 1) for i in range(prod(shape)))
        return
    window, (channels, height, width) = edge.window, shape
    outputs, rows, columns = edge.output_shape(shape)
    groups = edge.groups if edge.weighted else channels
    each = channels // groups
    for number, (o, y, x) in enumerate(np.ndindex(outputs, rows, columns)):
        for c, i, j in np.ndindex(each, *window.kernel):
            row = y * window.stride[0] + i * window.dilation[0] - window.padding[0]
            column = x * window.stride[1] + j * window.dilation[1] - window.padding[2]
            if 0 <= row < height and 0 <= column < width:
                source = ((o // (outputs // groups) * each + c) * height + row) * width + column
                yield start + number, source, int(edge.weights[o, c, i, j]) if edge.weighted else 1


def passes(graph: EventGraph, name: str) -> bool:
    population = graph.populations[name]
    return population.role == "relay" and not population.adds


def doubled(graph: EventGraph, name: str) -> bool:
    """Whether a neuron that sends unsigned spikes is two neurons, each with synapses of its own."""
    return (
        graph.populations[name].has_outputs
        and not passes(graph, name)
        and graph.coding(name).lo < 0 < graph.coding(name).hi
    )


def fired(trace: EventTrace, name: str) -> np.ndarray:
    """Samples in which each neuron is not silent."""
    return np.asarray((trace.spikes[name].reshape(2, -1) != 0).sum(axis=0))


def run(graph: EventGraph) -> EventTrace:
    record = [name for name, population in graph.populations.items() if population.has_outputs]
    return execute(graph, random_inputs(graph, 2, 1), record=record)


def laid(graph: EventGraph, card: Profile) -> Mapping | None:
    """The graph on the card, where no wall is met."""
    try:
        mapping = map_graph(graph, card)
    except PricingError:
        return None
    assert all(q.get("row_groups", 1) == 1 for q in mapping.populations.values())
    return mapping


random_graphs = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@random_graphs
@given(graph=event_graphs())
def test_truenorth_pays_gates_that_open(edited: Edit, graph: EventGraph) -> None:
    card = edited("truenorth_tcad_2015", {**WIDE, "limits/sum_bits": None})
    mapping, trace = laid(graph, card), run(graph)
    planes = [graph.coding(n).n_planes for n, p in graph.populations.items() if p.has_outputs]
    planes += [edge.coding.n_planes for edge in graph.projections.values() if edge.weighted]  # type: ignore[attr-defined]
    if mapping is None or max(planes) > 1:
        return
    events = 0
    for edge in graph.projections.values():
        fan, firing = 1 + doubled(graph, edge.target), fired(trace, edge.source)
        events += sum(fan * int(firing[source]) for _, source, weight in synapses(graph, edge) if weight)
    assert trace.counts is not None
    assert price(trace.counts, card, mapping).terms["synaptic events"].count == pytest.approx(events / 2)


@random_graphs
@given(graph=event_graphs())
def test_tianjic_pays_synapses_that_are_driven(edited: Edit, graph: EventGraph) -> None:
    card = edited("tianjic_nature_2019", {**WIDE, "limits/weight_levels": None})
    mapping, trace = laid(graph, card), run(graph)
    if mapping is None:
        return
    driven = opened = 0
    for edge in graph.projections.values():
        around = (*graph.incoming(edge.target), *graph.outgoing(edge.target))
        pooled = any(other.kind == "pool2d" and passes(graph, other.target) for other in around)
        fan, firing = 1 + (pooled and doubled(graph, edge.target)), fired(trace, edge.source)
        for _, source, weight in synapses(graph, edge):
            driven += fan * int(firing[source])
            opened += fan * int(firing[source]) * (weight != 0)
    assert trace.counts is not None
    term = price(trace.counts, card, mapping).terms["synaptic events"]
    assert term.count == pytest.approx(driven / 2)
    assert term.low_j == pytest.approx(opened / 2 * 1.54 * PJ, abs=1e-20)


@random_graphs
@given(graph=event_graphs())
def test_odin_pays_rows(edited: Edit, graph: EventGraph) -> None:
    card = edited("odin_tbiocas_2019", {"limits/neurons_per_core/value": 1 << 20})
    mapping, trace = laid(graph, card), run(graph)
    if mapping is None:
        return
    rows = 0
    for name in trace.spikes:
        effects: set[int] = set()
        largest = 1
        for edge in graph.outgoing(name):
            weights = np.asarray(edge.weights).astype(int) if edge.weighted else np.ones(1, int)  # type: ignore[attr-defined]
            signs = set(np.sign(weights.ravel() * edge.gain).tolist()) - {0} or {1}
            signs = {1} if passes(graph, edge.target) else {1, -1} if doubled(graph, edge.target) else signs
            effects |= signs
            largest = max(largest, abs(edge.gain) * int(np.abs(weights).max()))
        for k, plane in enumerate(graph.coding(name).plane_values(trace.spikes[name])):
            rows += len(effects) * -(-(largest << k) // 7) * int(np.count_nonzero(plane))
    assert trace.counts is not None
    term = price(trace.counts, card, mapping).terms["synaptic events"]
    expected = rows / 2 * (1 << 20) * 8.43 * PJ
    assert term.low_j <= expected * (1 + 1e-9)
    assert term.high_j >= expected * (1 - 1e-9)


@random_graphs
@given(graph=event_graphs())
def test_a_processor_pays_every_synapse_and_every_number_that_is_joined(graph: EventGraph) -> None:
    card = load_profile("horowitz_float32_isscc_2014")
    mapping, trace = laid(graph, card), run(graph)
    if mapping is None:
        return
    products = other = 0
    fed = {name: np.zeros(population.size, int) for name, population in graph.populations.items()}
    for edge in graph.projections.values():
        start, stop = edge.target_channels or (0, graph.populations[edge.target].shape[0])
        each = prod(graph.populations[edge.target].shape[1:])
        pairs = list(synapses(graph, edge))
        other += (stop - start) * each if edge.gain != 1 else 0
        if edge.weighted:
            products += len(pairs)
            fed[edge.target][start * each : stop * each] += 1
        else:
            np.add.at(fed[edge.target], [target for target, *_ in pairs], 1)
    other += sum(int(np.maximum(numbers - 1, 0).sum()) for numbers in fed.values())
    other += sum(
        p.size * graph.coding(n).n_thresholds for n, p in graph.populations.items() if p.role == "spiking"
    )
    assert trace.counts is not None
    bill = price(trace.counts, card, mapping)
    assert bill.subtotals["compute only"].energy_j == pytest.approx((products * 4.6 + other * 0.9) * PJ)
