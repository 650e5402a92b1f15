"""Engines that hold whole layers: binary spikes, zeros that cost, and every wall by its name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.events import Events
from gxnor_hardware.neuromorphic.layers.pricing import synaptic_operations
from gxnor_hardware.profile import Profile
from gxnor_snn.graph import Coding, EventGraph, Pool2d, Relay
from gxnor_snn.graph import execute as run
from gxnor_snn.results import Counts

from ..conftest import readout, spiking
from .layer_nets import SNE, SPECK, chain, conv, dense, ended, pooled_net, source, ternary
from .walk import walked

Edit = Callable[..., Profile]


def test_operations_are_those_of_a_walk_over_the_recorded_spikes() -> None:
    graph, images = pooled_net(), ternary(3, 2, 8, 8)
    trace = run(graph, images, record=["input", "a", "p", "b"], counts="full")
    assert trace.counts is not None
    edges = graph.projections
    c1 = sum(walked(edges["c1"], trace.spikes["input"][k], zeros=True) for k in range(3)) * 2
    fc = sum(walked(edges["fc"], trace.spikes["b"][k], zeros=True) for k in range(3))
    # behind the pool every spike meets the kernel at its merged address, also where two of them cancel
    at: dict[tuple[int, int], int] = {}
    for row, column in np.ndindex(4, 4):
        lone = np.zeros((4, 4, 4), int)
        lone[0, row, column] = 1
        at[row, column] = walked(edges["c2"], lone, zeros=True) * 2
    c2 = sum(at[row // 2, column // 2] for *_, row, column in zip(*np.nonzero(trace.spikes["a"]), strict=True))
    bill = price(trace.counts, load_profile(SNE), map_graph(graph, load_profile(SNE)))
    term = bill.terms["synaptic operations"]
    assert term.low_j <= (c1 + c2 + fc) / 3 * 0.221e-12 <= term.high_j
    far = price(trace.counts, load_profile(SPECK), map_graph(graph, load_profile(SPECK)))
    assert far.unpriced[0].count == pytest.approx(term.count)
    # the two layers without a pool in front are exact
    events = Events(trace.counts, map_graph(graph, load_profile(SNE)))
    for name, expected in (("c1", c1), ("fc", fc)):
        found = synaptic_operations(events, map_graph(graph, load_profile(SNE)), name)
        assert found.value == expected / 3
        assert found.low <= found.value <= found.high


@settings(max_examples=25, deadline=None)
@given(
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    pad=st.integers(0, 2),
    groups=st.sampled_from([1, 2]),
    seed=st.integers(0, 1 << 16),
)
def test_events_of_any_convolution_are_those_of_a_walk(
    kernel: int, stride: int, pad: int, groups: int, seed: int
) -> None:
    """Software pays nonzero weights in range; an engine all taps of a whole kernel, in range at least."""
    rng = np.random.default_rng(seed)
    edge = conv(
        "c", "input", "a", rng.integers(-1, 2, (4, 2 // groups, kernel, kernel)), pad, stride=(stride, stride),
        groups=groups,
    )  # fmt: skip
    channels, rows, columns = edge.output_shape((2, 5, 6))
    graph = EventGraph([source(2, 5, 6), replace(readout("a", channels), shape=(channels, rows, columns))], [edge])
    images = rng.integers(-1, 2, (2, 2, 5, 6))
    counts = run(graph, images).counts
    assert counts is not None
    software, engine = load_profile("spinnaker"), load_profile(SNE)
    events = sum(walked(edge, image) for image in images) / 2
    assert price(counts, software, map_graph(graph, software)).terms["synaptic events"].count == events
    term = price(counts, engine, map_graph(graph, engine)).terms["synaptic operations"]
    assert term.count == sum(walked(edge, image, zeros=True) for image in images) * groups / 2
    estimate = np.count_nonzero(images) / 2 * 4 * kernel**2 / stride**2
    if (rows, columns) != (1, 1):
        assert term.high_j == pytest.approx(max(term.count, estimate) * 0.221e-12)


def test_operations_behind_a_pool_are_exact_where_every_place_has_the_same_fan_out() -> None:
    graph = EventGraph(
        [
            source(1, 4, 4),
            spiking("a", (2, 4, 4)),
            Relay(name="p", shape=(2, 2, 2), kind="sum", lo=-4, hi=4),
            readout("out", 3),
        ],
        [
            conv("c", "input", "a", ternary(2, 1, 1, 1)),
            Pool2d(name="pool", source="a", target="p", mode="sum"),
            dense("fc", "p", "out", ternary(3, 8)),
        ],
    )
    trace = run(graph, ternary(4, 1, 4, 4), record=["a", "input"])
    assert trace.counts is not None
    spikes = {name: np.count_nonzero(trace.spikes[name]) / 4 for name in ("a", "input")}
    bill = price(trace.counts, load_profile(SNE), map_graph(graph, load_profile(SNE)))
    assert bill.terms["synaptic operations"].count == spikes["input"] * 2 * 2 + spikes["a"] * 3


def test_a_zero_weight_costs_as_much_as_any_other() -> None:
    graphs = [
        EventGraph([source(1, 6, 6), readout_map(2, 6)], [conv("c", "input", "a", weights, 1)])
        for weights in (np.zeros((2, 1, 3, 3), int), np.ones((2, 1, 3, 3), int))
    ]
    image = ternary(2, 1, 6, 6)
    counts = [run(g, image).counts for g in graphs]
    bills = [
        price(c, load_profile(SNE), map_graph(g, load_profile(SNE)))
        for g, c in zip(graphs, counts, strict=True)
        if c is not None
    ]
    assert bills[0].energy_j == bills[1].energy_j


def readout_map(channels: int, size: int) -> Any:
    return replace(readout("a", channels), shape=(channels, size, size))


def test_groups_are_zeros_in_a_whole_kernel() -> None:
    edges = [conv("c", "input", "a", np.ones((4, n, 3, 3), int), groups=4 // n) for n in (4, 2)]
    image = ternary(3, 4, 6, 6)
    found = []
    for edge in edges:
        graph = EventGraph([source(4, 6, 6), readout_map(4, 4)], [edge])
        counts = run(graph, image).counts
        assert counts is not None
        mapping = map_graph(graph, load_profile(SNE))
        found.append((price(counts, load_profile(SNE), mapping).energy_j, mapping.resources["kernel_words"]))
    assert found[0] == found[1]


def test_energy_is_affine_in_activity(at_activity: Callable[..., Counts]) -> None:
    profile, graph = load_profile(SNE), chain(3, 40)
    mapping = map_graph(graph, profile)

    def energy(share: float) -> float:
        found = price(at_activity(graph, share, share), profile, mapping).energy_j
        assert found is not None
        return found

    first, second, third = energy(0.1), energy(0.2), energy(0.3)
    assert first < second < third
    assert second < 2 * first  # not proportional
    assert third - second == pytest.approx(second - first)
    assert energy(0.0) == pytest.approx(21.3e-6)


def test_bit_planes_of_an_input_are_lines() -> None:
    graph = EventGraph(
        [source(3, coding=Coding.bits(3)), readout("out", 2)], [dense("fc", "input", "out", ternary(2, 3))]
    )
    counts = run(graph, np.array([[7, 1, 0]])).counts
    assert counts is not None
    mapping = map_graph(graph, load_profile(SNE))
    assert price(counts, load_profile(SNE), mapping).terms["synaptic operations"].count == 2 * (3 + 1)
    check = next(c for c in mapping.checks if c.limit == "weight_bits")
    assert (check.used, check.status) == (4, "pass")


def test_layers_take_the_cores_whose_memories_hold_them() -> None:
    """Large kernels go where there is kernel memory, large maps where there is neuron memory."""
    graph = EventGraph(
        [source(2, 32, 32), spiking("map", (16, 32, 32)), spiking("deep", (16, 16, 16)), readout("out", 4)],
        [
            conv("c1", "input", "map", ternary(16, 2, 3, 3), 1),
            conv("c2", "map", "deep", ternary(16, 16, 3, 3), 1, stride=(2, 2)),
            dense("fc", "deep", "out", ternary(4, 16 * 256)),
        ],
    )
    profile = load_profile(SPECK)
    mapping = map_graph(graph, profile)
    cores = [int(mapping.populations[n]["first_core"]) for n in ("map", "deep", "out")]
    assert len(set(cores)) == 3
    for name, core in zip(("map", "deep", "out"), cores, strict=True):
        for memory in ("kernel_words", "neuron_words"):
            assert int(mapping.populations[name][memory]) <= profile.number(f"{memory}_{core}")
    assert cores[0] < 5  # 32 maps of 32 x 32


def test_what_nobody_published_about_speck_is_named(at_activity: Callable[..., Counts]) -> None:
    graph = chain(3)
    bill = price(at_activity(graph), load_profile(SPECK), map_graph(graph, load_profile(SPECK)))
    assert {u.term for u in bill.unpriced} == {"synaptic operations", "static"}
    assert (bill.total, bill.latency, dict(bill.terms)) == (None, None, {})


def test_spikes_on_arrival_are_told_to_differ() -> None:
    notes = map_graph(chain(3), load_profile(SPECK)).notes
    assert any("no steps" in note for note in notes)
    always = ended(spiking("a", (2,), -1, 0), dense("fc", "input", "a", np.ones((2, 2), int)))
    assert any(
        "a hold neurons that send a nonzero level" in n for n in map_graph(always, load_profile(SPECK)).notes
    )
    assert not any("no steps" in note for note in map_graph(chain(3), load_profile(SNE)).notes)


def test_a_card_without_a_fixed_part_needs_its_static_power(
    edited: Edit, at_activity: Callable[..., Counts]
) -> None:
    graph, profile = chain(2), edited(SNE, {"energy/inference": None})
    bill = price(at_activity(graph), profile, map_graph(graph, profile))
    assert bill.total is None
    assert [u.term for u in bill.unpriced] == ["static"]
