"""Cores that run software: one signed event per activation, rows of nonzero weights, a deadline."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.neuromorphic.software.fan_in import fan_in
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import ProfileError
from gxnor_snn.graph import Dense, EventGraph, Input, Pool2d
from gxnor_snn.graph import execute as run
from gxnor_snn.results import Bill, Counts

from ..conftest import TERNARY, readout, spiking
from .walk import walked

Edit = Callable[..., Profile]
SPINNAKER, PROTOTYPE = "spinnaker_tcas_2019", "spinnaker2_prototype_tcas_2019"
EVENTS, MAC = "spinnaker2_arxiv_2024", "spinnaker2_mac_arxiv_2021"
CARDS = (SPINNAKER, PROTOTYPE, EVENTS, MAC)


def priced(graph: EventGraph, counts: Counts, profile: Profile) -> Bill:
    return price(counts, profile, map_graph(graph, profile))


def dense(name: str, source: str, target: str, weights: Any, **more: Any) -> Dense:
    return Dense(name=name, source=source, target=target, coding=TERNARY, weights=np.asarray(weights), **more)


def test_events_are_those_of_a_walk_over_the_recorded_spikes(
    conv_net: EventGraph, pixels: Callable[[int], Any]
) -> None:
    images = pixels(2)
    names = [n for n, p in conv_net.populations.items() if p.has_outputs]
    trace = run(conv_net, images, record=names, counts="full")
    assert trace.counts is not None
    found = sum(
        walked(edge, trace.spikes[edge.source][sample])
        for edge in conv_net.projections.values()
        for sample in range(2)
    )
    bill = priced(conv_net, trace.counts, load_profile(SPINNAKER))
    assert bill.terms["synaptic events"].count == found / 2
    assert bill.terms["synaptic events"].energy_j == pytest.approx(found / 2 * 13.3e-9)
    fired = sum(int(np.count_nonzero(trace.spikes[n])) for n in names)
    assert {u.term: u.count for u in bill.unpriced} == {"packets": fired / 2, "static": 1.0}


def test_every_neuron_is_updated_in_every_tick(conv_net: EventGraph, conv_counts: Counts) -> None:
    bill = priced(conv_net, conv_counts, load_profile("spinnaker"))
    neurons = 6 * 100 + 6 * 25 + 8 * 9 + 4
    assert bill.terms["neuron updates"].count == neurons * 4
    assert bill.terms["neuron updates"].energy_j == pytest.approx(neurons * 4 * 26e-9)


@pytest.mark.parametrize("projection", ["conv1", "pool1", "conv2", "fc"])
def test_rows_hold_each_nonzero_weight_once_per_use(conv_net: EventGraph, projection: str) -> None:
    found = fan_in(conv_net, projection)
    assert int(found.sum()) == int(conv_net.fan_out(projection).nonzero.sum())
    assert found.shape == conv_net.populations[conv_net.projections[projection].target].shape


def test_signed_events_double_neither_neurons_nor_synapses(dense_net: EventGraph) -> None:
    mapping = map_graph(dense_net, load_profile(SPINNAKER))
    assert mapping.resources["neurons"] == 4
    assert mapping.resources["synapses"] == 5 + 2


def test_populations_are_cut_into_the_fewest_equal_slices(dense_net: EventGraph, edited: Edit) -> None:
    mapping = map_graph(dense_net, edited(SPINNAKER, {"limits/neurons_per_core/value": 2}))
    assert mapping.populations["hidden"]["cores"] == 2
    assert mapping.populations["out"]["first_core"] == 2
    assert mapping.projections["fc1"]["busiest_core_synapses"] == 3  # rows [1, -1], [0, 1]
    assert "cores" not in mapping.populations["input"]


def test_a_card_without_neurons_per_core_says_that_its_cores_are_a_least(dense_net: EventGraph) -> None:
    mapping = map_graph(dense_net, load_profile(PROTOTYPE))
    check = next(c for c in mapping.checks if c.limit == "neurons_per_core")
    assert check.status == "unchecked"
    assert mapping.resources["cores"] == 2
    assert any("no neurons per core" in note for note in mapping.notes)


def busy_net(fan_in: int, neurons: int) -> EventGraph:
    return EventGraph(
        [Input(name="input", shape=(fan_in,), coding=TERNARY), spiking("hidden", (neurons,)), readout("out", 1)],
        [
            dense("fc1", "input", "hidden", np.ones((neurons, fan_in), int)),
            dense("fc2", "hidden", "out", np.ones((1, neurons), int)),
        ],
    )


def test_a_missed_deadline_is_neither_refused_nor_free() -> None:
    graph, profile = busy_net(200, 100), load_profile(SPINNAKER)
    counts = run(graph, np.ones((3, 200), np.int64)).counts
    assert counts is not None
    mapping = map_graph(graph, profile)
    check = next(c for c in mapping.checks if c.limit == "tick_us")
    assert (check.status, check.allowed) == ("exceeded", 1000)
    assert check.used == pytest.approx(4000)
    assert "4 times the deadline" in check.note
    bill = price(counts, profile, mapping)
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(20_000 * 0.2e-6 + 1e-3)
    assert bill.latency.low_s == pytest.approx(20_000 * 0.1e-6 + 1e-3)
    assert any("'hidden' takes 4 ms, 4 times the 1 ms of real time" in w for w in bill.warnings)


def test_a_kept_deadline_is_waited_for(dense_net: EventGraph) -> None:
    counts = run(dense_net, np.ones((3, 2), np.int64)).counts
    assert counts is not None
    bill = priced(dense_net, counts, load_profile(SPINNAKER))
    assert bill.latency is not None
    assert (bill.latency.time_s, bill.latency.high_s) == (2e-3, 2e-3)
    assert not any(w.startswith("deadline") for w in bill.warnings)


def test_a_deadline_that_only_a_bad_spread_misses_is_told_as_such(edited: Edit) -> None:
    graph = busy_net(100, 100)
    profile = edited(SPINNAKER, {"limits/neurons_per_core/value": 50, "limits/tick_us/value": 500})
    image = np.zeros((1, 100), np.int64)
    image[0, :40] = 1  # 4000 events over two cores: 0.4 ms each, 0.8 ms if one core had all of them
    counts = run(graph, image).counts
    assert counts is not None
    bill = priced(graph, counts, profile)
    assert any("takes 0.4 ms, but 0.8 ms at worst, 1.6 times the 0.5 ms" in w for w in bill.warnings)


def test_latency_of_summed_counts_holds_that_of_single_samples() -> None:
    graph, profile = busy_net(200, 100), load_profile(SPINNAKER)
    images = np.zeros((4, 200), np.int64)
    images[0] = 1
    counts = run(graph, images).counts
    assert counts is not None
    each, summed = (priced(graph, c, profile).latency for c in (counts, counts.summed()))
    assert each is not None
    assert summed is not None
    assert summed.low_s <= each.time_s <= summed.high_s


def test_without_a_time_of_events_the_deadline_is_taken_as_kept(dense_net: EventGraph, edited: Edit) -> None:
    counts = run(dense_net, np.ones((1, 2), np.int64)).counts
    assert counts is not None
    bill = priced(dense_net, counts, edited(SPINNAKER, {"time": {}}))
    assert bill.latency is not None
    assert bill.latency.time_s == 2e-3
    assert any("which nothing here checks" in w for w in bill.warnings)


@pytest.mark.parametrize("name", [PROTOTYPE, EVENTS, MAC])
def test_a_card_without_a_deadline_gives_no_latency(conv_net: EventGraph, conv_counts: Counts, name: str) -> None:
    assert priced(conv_net, conv_counts, load_profile(name)).latency is None


UNPRICED = {
    SPINNAKER: {"packets", "static"},
    PROTOTYPE: {"packets", "static"},
    EVENTS: {"packets", "static", "neuron updates"},
    MAC: {"static", "neuron updates", "pools", "transfers"},
}


@pytest.mark.parametrize("name", CARDS)
def test_what_nobody_published_is_named(conv_net: EventGraph, conv_counts: Counts, name: str) -> None:
    bill = priced(conv_net, conv_counts, load_profile(name))
    assert {u.term for u in bill.unpriced} == UNPRICED[name]
    assert bill.total is None
    assert all(u.count > 0 for u in bill.unpriced)


def test_a_mac_array_saves_nothing_where_values_are_zero(
    conv_net: EventGraph, pixels: Callable[[int], Any]
) -> None:
    profile = load_profile(MAC)
    runs = [run(conv_net, images).counts for images in (pixels(2), np.zeros_like(pixels(2)))]
    terms = [priced(conv_net, counts, profile).terms["multiplications"] for counts in runs if counts is not None]
    assert terms[0].energy_j == terms[1].energy_j
    n_dense = sum(int(conv_net.fan_out(n).dense.sum()) for n, p in conv_net.projections.items() if p.weighted)
    assert terms[0].count == n_dense
    assert terms[0].energy_j < terms[0].high_j  # padding


def test_a_static_power_makes_the_bill_whole(dense_net: EventGraph, edited: Edit) -> None:
    power = {"scope": "marginal", "per": "chip", "source": "test", "grade": "M", "value_mw": 500}
    packet = {"scope": "marginal", "per": "packet", "source": "test", "grade": "M", "value_nj": 1}
    profile = edited(SPINNAKER, {"power/static": power, "energy/message": packet})
    counts = run(dense_net, np.ones((1, 2), np.int64)).counts
    assert counts is not None
    bill = priced(dense_net, counts, profile)
    assert bill.total is not None
    assert bill.terms["static"].energy_j == pytest.approx(0.5 * 2e-3)


def test_energy_never_falls_with_events(at_activity: Callable[..., Counts]) -> None:
    graph = busy_net(20, 10)
    bills = [priced(graph, at_activity(graph, g), load_profile(SPINNAKER)) for g in (0.0, 0.2, 0.4, 0.6)]
    energies = [b.priced_j for b in bills]
    assert energies == sorted(energies)
    assert energies[0] < energies[-1]


def test_pools_and_wide_weights_are_told() -> None:
    graph = EventGraph(
        [Input(name="input", shape=(1, 4, 4), coding=TERNARY), spiking("a", (1, 2, 2)), readout("out", 2)],
        [
            Pool2d(name="best", source="input", target="a", mode="max"),
            dense("fc", "a", "out", np.ones((2, 4), int), gain=1 << 20),
        ],
    )
    mapping = map_graph(graph, load_profile(SPINNAKER))
    assert any("best: a maximum" in note for note in mapping.notes)
    assert any("fc: weights need more than the 16 bits" in note for note in mapping.notes)
    assert next(c for c in mapping.checks if c.limit == "weight_bits").status == "exceeded"


def test_a_deadline_has_a_unit_of_time_in_its_name(edited: Edit) -> None:
    with pytest.raises(ProfileError, match=r"limits\.delay_ticks is a deadline without a unit of time"):
        edited(SPINNAKER, {"limits/delay_ticks/kind": "deadline"})
    assert edited(SPINNAKER, {}).deadline("tick_us") == 1e-3
    assert edited(SPINNAKER, {}).deadline("weight_bits") is None
