"""Loihi: a mapping worked out by hand, partitions and traffic against brute force, walls, no double charge."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Input,
    execute,
)
from gxnor_snn.results import Counts

from .nets import TERNARY, core_of, dense, listeners, readout, slots, small_nets, spiking, tile

Edit = Callable[..., Profile]
LOIHI = "loihi_micro_2018"
PJ, NS = 1e-12, 1e-9


def counts_of(graph: EventGraph, x: Any, mode: str = "basic") -> Counts:
    counts = execute(graph, x, counts=mode).counts
    assert counts is not None
    return counts


# ---- by hand


def test_the_small_net_maps_as_worked_out_by_hand(dense_net: EventGraph) -> None:
    mapping = map_graph(dense_net, load_profile(LOIHI))
    assert dict(mapping.resources) == {
        "cores": 2,
        "chips": 1,
        "tiles": 1,
        "tiles_per_chip": 32,
        "steps": 2,
        "compartments": 7,
        "compartments_per_core": 6,
        "hops_all_fire": 0.0,
        "hops_all_fire_snake": 0.0,
    }
    hidden, out = mapping.populations["hidden"], mapping.populations["out"]
    assert (hidden["compartments"], hidden["compartments_per_neuron"], hidden["stage"]) == (6, 2, 1)
    assert (out["compartments"], out["compartments_per_neuron"], out["stage"]) == (1, 1, 2)
    first, second = mapping.projections["fc1"], mapping.projections["fc2"]
    assert (first["synapses"], first["synapses_per_event"], first["lines_per_value"]) == (5, 2, 2)
    assert (second["synapses"], second["synapses_per_event"]) == (2, 1)
    used = {c.limit: (c.status, c.used) for c in mapping.checks}
    # two lists of (2, 3) weights x 2 lines x 2 compartments at 2 + 6 bits and a 10-bit header: two words each
    assert used["synapse_bits_per_core"] == ("pass", 256)
    assert used["axons_in_per_core"] == ("pass", 3)
    assert used["axons_out_per_core"] == ("pass", 6)
    assert used["neurons_per_core"] == ("pass", 6)
    assert used["weight_bits"] == ("pass", 2)
    assert used["sum_bits"] == ("pass", 2)


def test_the_small_net_is_priced_as_worked_out_by_hand(dense_net: EventGraph) -> None:
    """x = (1, -1) gives sums (2, -1, 0), levels (1, -1, 0): 5 + 1 open gates, 2 + 1 messages, no hop."""
    profile = load_profile(LOIHI)
    mapping = map_graph(dense_net, profile)
    for mode in ("basic", "full"):
        bill = price(counts_of(dense_net, np.array([[1, -1]]), mode), profile, mapping)
        terms = bill.terms
        assert terms["synaptic events"].count == 5 * 2 + 1 * 1
        assert terms["synaptic events"].energy_j == pytest.approx(11 * 23.6 * PJ)
        assert terms["synaptic events"].high_j == pytest.approx(11 * 35.5 * PJ)
        # of the three hidden neurons two have a weight to the readout; which ones fired, counts do not say
        assert terms["messages"].energy_j == pytest.approx((2 + 2 * 2 / 3) * 1.7 * PJ)
        assert terms["messages"].low_j == pytest.approx(2 * 1.7 * PJ)
        assert terms["messages"].high_j == pytest.approx(4 * 111 * PJ)
        assert terms["hops"].energy_j == 0
        # all neurons are reached: 7 active updates in their own step, 7 idle ones in the other
        assert terms["neuron updates"].count == 14
        assert terms["neuron updates"].energy_j == pytest.approx((7 * 81 + 7 * 52) * PJ)
        lowest = 7 * 72.8 + 7 * 51.2 if mode == "full" else 14 * 51.2
        assert terms["neuron updates"].low_j == pytest.approx(lowest * PJ)
        # step 1: 10 events and 6 compartments in one core; step 2: the 6 idle ones take longest
        seconds = (10 * 3.5 + 6 * 8.4 + 6 * 5.3 + 2 * 113) * NS
        assert bill.latency is not None
        assert bill.latency.time_s == pytest.approx(seconds)
        assert terms["static"].energy_j == pytest.approx(0.104375 * seconds)
        assert terms["reset"].energy_j == 5.94e-6
        assert bill.total is not None
        assert bill.energy_j == pytest.approx(sum(t.energy_j for t in terms.values()))
        assert set(terms) == {"synaptic events", "messages", "hops", "neuron updates", "static", "reset"}
        # two compartments per ternary neuron are derived: events, updates and the time of both rest on that
        grades = {"synaptic events": "D", "neuron updates": "D", "static": "D"}
        assert {n: t.grade for n, t in terms.items()} == {"messages": "B", "hops": "B", "reset": "B", **grades}
        assert bill.weakest_grade == "D"


def test_an_update_is_active_or_idle_and_never_both(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(LOIHI)
    mapping = map_graph(conv_net, profile)
    term = price(conv_counts, profile, mapping).terms["neuron updates"]
    updates = int(mapping.resources["compartments"]) * int(mapping.resources["steps"])
    assert term.count == pytest.approx(updates)
    assert 52 * PJ * updates <= term.energy_j <= 81 * PJ * updates
    assert 51.2 * PJ * updates <= term.low_j <= term.energy_j <= term.high_j <= 142.1 * PJ * updates


def test_synaptic_events_are_open_gates_times_compartments(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(LOIHI)
    one = price(conv_counts, profile, map_graph(conv_net, profile)).terms["synaptic events"].count
    total = conv_counts.summed()
    gates = 2 * total.synapses["conv1"].n_xnor + 2 * total.synapses["conv2"].n_gated
    gates += 1 * total.synapses["fc"].n_gated + 1 * total.moves["pool1"].n_moved
    assert one == pytest.approx(int(gates) / conv_counts.n_samples)


def test_the_reference_ratio_of_the_mnist_net(edited: Edit, at_activity: Callable[..., Counts]) -> None:
    """4.27 M synapses at 4/9 open gates and 23.6 pJ are 44.8 uJ, if every gate is one synaptic event."""
    weights = np.ones((2048, 2085), np.int8)
    graph = EventGraph(
        [Input(name="x", shape=(2085,), coding=TERNARY), readout("out", (2048,))],
        [Dense(name="fc", source="x", target="out", weights=weights, coding=TERNARY)],
    )
    profile = load_profile(LOIHI)
    term = price(at_activity(graph), profile, map_graph(graph, profile)).terms["synaptic events"]
    assert term.energy_j == pytest.approx(44.8e-6, rel=2e-3)


# ---- partitions and traffic against brute force


@given(graph=small_nets(), capacity=st.integers(6, 40))
@settings(max_examples=40)
def test_partitions_hold_every_synapse_and_traffic_is_what_single_neurons_cause(
    edited: Edit, graph: EventGraph, capacity: int
) -> None:
    profile = edited(LOIHI, {"limits/neurons_per_core/value": capacity, "limits/cores_per_chip/value": 4096})
    mapping = map_graph(graph, profile)
    assert {c.limit: c.status for c in mapping.checks}["neurons_per_core"] == "pass"
    for name, projection in graph.projections.items():
        static, fan_out = mapping.projections[name], graph.fan_out(name)
        many = graph.coding(projection.source).n_planes > 1
        assert static["synapses"] == int((fan_out.planes if many else fan_out.nonzero).sum())
        size = graph.populations[projection.source].size
        heard = [listeners(graph, mapping, name, n) for n in range(size)]
        messages = np.array([len(cores) for cores in heard])
        assert static["messages_per_line_low"] == messages.min()
        assert static["messages_per_line_high"] == messages.max()
        assert static["messages_per_line_value"] == pytest.approx(messages.mean())
        if fan_out.dense.sum():
            assert static["messages_per_synapse_value"] == pytest.approx(messages.sum() / fan_out.dense.sum())
        if int(mapping.resources["cores"]) > 128:
            continue  # the tiles of one chip
        source = graph.populations[projection.source]
        slot = slots(mapping)
        places = [(0, 0)] * size
        if projection.source != "x":
            indices = itertools.product(*map(range, source.shape))
            places = [tile(slot[core_of(graph, mapping, projection.source, place)]) for place in indices]
        pairs = [(at, [tile(slot[c]) for c in cores]) for at, cores in zip(places, heard, strict=True)]
        along_x = [sum(abs(to[0] - at[0]) for to in tiles) for at, tiles in pairs]
        along_y = [sum(abs(to[1] - at[1]) for to in tiles) for at, tiles in pairs]
        assert static["hops_x_per_line_value"] == pytest.approx(np.mean(along_x))
        assert static["hops_y_per_line_value"] == pytest.approx(np.mean(along_y))


def test_the_band_of_messages_holds_what_really_fired(edited: Edit, conv_net: EventGraph, pixels: Any) -> None:
    profile = edited(LOIHI, {"limits/neurons_per_core/value": 24, "energy/message/band_pj": None})
    mapping = map_graph(conv_net, profile)
    x = pixels(1)
    trace = execute(conv_net, x, record="all")
    assert trace.counts is not None
    levels = {"input": x[0], **{n: s[0] for n, s in trace.spikes.items()}}
    sent = 0
    for name, projection in conv_net.projections.items():
        lines = conv_net.coding(projection.source).ones(levels[projection.source]).reshape(-1)
        for neuron in np.flatnonzero(lines):
            sent += int(lines[neuron]) * len(listeners(conv_net, mapping, name, int(neuron)))
    term = price(trace.counts, profile, mapping).terms["messages"]
    assert term.low_j <= sent * 1.7 * PJ <= term.high_j
    assert term.high_j < 2 * term.low_j
    assert term.energy_j == pytest.approx(sent * 1.7 * PJ, rel=0.2)


def test_neurons_whose_weights_are_all_zero_send_nothing(edited: Edit) -> None:
    weights = np.array([[1, 0, 0], [0, 0, -1]])
    graph = dense(weights, Input(name="x", shape=(3,), coding=TERNARY), spiking("h", (2,)))
    profile = load_profile(LOIHI)
    terms = [
        price(counts_of(graph, np.eye(3, dtype=int)[[k]]), profile, map_graph(graph, profile)).terms
        for k in (0, 1)
    ]
    kernel = np.zeros((1, 2, 3, 3), np.int8)
    kernel[0, 0, 1, 2] = 1  # only what lies right of the centre is read, of the first channel
    image = EventGraph(
        [Input(name="x", shape=(2, 2, 2), coding=TERNARY), readout("out", (1, 2, 2))],
        [Conv2d(name="c", source="x", target="out", weights=kernel, coding=TERNARY, padding=(1, 1, 1, 1))],
    )
    static = map_graph(image, profile).projections["c"]
    assert static["messages_per_line_value"] == 2 / 8
    assert map_graph(graph, profile).projections["fc1"]["messages_per_line_value"] == pytest.approx(2 / 3)
    assert terms[1]["synaptic events"].count < terms[0]["synaptic events"].count


def test_lines_as_axons_of_their_own_take_twice_the_axons(edited: Edit, dense_net: EventGraph) -> None:
    used = []
    for choice in ("atoms", "axons"):
        checks = map_graph(dense_net, edited(LOIHI, {"design/signed_lines/value": choice})).checks
        used.append({c.limit: c.used for c in checks})
    for limit in ("axons_in_per_core", "axons_out_per_core"):
        assert used[1][limit] == 2 * (used[0][limit] or 0)


# ---- several chips, planes, pools


def test_a_graph_on_several_chips_has_no_total(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = edited(LOIHI, {"limits/cores_per_chip/value": 4, "limits/neurons_per_core/value": 200})
    mapping = map_graph(conv_net, profile)
    assert int(mapping.resources["chips"]) > 1
    bill = price(conv_counts, profile, mapping)
    assert bill.total is None
    assert bill.energy_j is None
    assert {u.term for u in bill.unpriced} == {"chip links", "static"}
    assert all("loihi" in u.reason and u.count > 0 for u in bill.unpriced)
    assert bill.priced_j > 0


def test_weights_of_several_planes_that_meet_pixels_are_told() -> None:
    weights = np.array([[2, -1], [1, 0]])
    for source, said in ((Coding.bits(4), True), (TERNARY, False)):
        graph = dense(weights, Input(name="x", shape=(2,), coding=source), spiking("h", (2,)), Coding.signmag(2))
        notes = map_graph(graph, load_profile(LOIHI)).notes
        assert any("fc1: weights of several planes" in note for note in notes) == said


def test_pools_cost_one_event_per_moved_value(conv_net: EventGraph) -> None:
    mapping = map_graph(conv_net, load_profile(LOIHI))
    assert mapping.projections["pool1"]["synapses_per_event"] == 1
    assert mapping.populations["act1.pre"]["compartments"] == 2 * 600
    assert mapping.populations["act1"]["compartments"] == 2 * 150
