"""Software cores: what happens in which tick, and the core that is waited for."""

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input
from gxnor_snn.graph import execute as run

from ..conftest import TERNARY, readout, spiking
from .test_software import SPINNAKER, Edit, dense, priced


def test_events_arrive_one_tick_after_their_source() -> None:
    graph = EventGraph(
        [
            Input(name="input", shape=(2, 3, 3), coding=Coding.bits(8)),
            spiking("a", (2, 3, 3)),
            spiking("b", (2, 3, 3)),
            readout("out", 1),
        ],
        [
            Conv2d(name="c", source="input", target="a", coding=TERNARY, weights=np.ones((2, 2, 1, 1), int)),
            Identity(name="i", source="a", target="b", delay=2),
            dense("late", "b", "out", np.ones((1, 18), int)),
            dense("early", "a", "out", np.ones((1, 18), int)),
        ],
    )
    mapping = map_graph(graph, load_profile(SPINNAKER))
    assert {n: q["arrives"] for n, q in mapping.projections.items()} == {"c": 1, "i": 4, "late": 5, "early": 2}
    assert mapping.resources["steps"] == 5


def test_neurons_are_updated_in_ticks_in_which_nothing_reaches_them(edited: Edit) -> None:
    """100 neurons of 20 us settle in tick 1; in ticks 2 and 3 their core works as long."""
    graph = EventGraph(
        [
            Input(name="input", shape=(4,), coding=TERNARY),
            spiking("wide", (100,)),
            spiking("narrow", (2,)),
            readout("out", 1),
        ],
        [
            dense("fc1", "input", "wide", np.ones((100, 4), int)),
            dense("fc2", "wide", "narrow", np.ones((2, 100), int)),
            dense("fc3", "narrow", "out", np.ones((1, 2), int)),
        ],
    )
    update = {"value_us": 20.0, "per": "neuron", "source": "test", "grade": "D"}
    profile = edited(SPINNAKER, {"time/neuron_update": update, "time/synop/band_us": None})
    counts = run(graph, np.zeros((2, 4), np.int64)).counts
    assert counts is not None
    bill = priced(graph, counts, profile)
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(3 * 100 * 20e-6)
    assert sum("tick" in w and "2 times the 1 ms" in w for w in bill.warnings) == 3


def test_long_delays_are_waited_for_without_counting_every_tick(edited: Edit) -> None:
    late = Dense(
        name="fc", source="input", target="out", coding=TERNARY, weights=np.ones((3, 2), int), delay=10**9
    )
    graph = EventGraph([Input(name="input", shape=(2,), coding=TERNARY), readout("out", 3)], [late])
    counts = run(graph, np.ones((1, 2), np.int64)).counts
    assert counts is not None
    update = {"value_us": 500.0, "per": "neuron", "source": "test", "grade": "D"}
    for times, tick in (({}, 1e-3), ({"time/neuron_update": update}, 1.5e-3)):
        bill = priced(graph, counts, edited(SPINNAKER, times))
        assert bill.latency is not None
        assert bill.latency.time_s == pytest.approx((10**9 + 1) * tick, rel=1e-6)
        assert any("ticks without events" in w for w in bill.warnings) == bool(times)
        assert any("delay_ticks is 1e+09, the card has 16" in w for w in bill.warnings)


def test_summed_counts_hold_samples_that_work_different_cores(edited: Edit) -> None:
    """Sample 1 reaches only a, sample 2 only b, in the same tick: the mean of maxima is twice the maximum of means."""
    graph = EventGraph(
        [
            Input(name="input", shape=(2,), coding=TERNARY),
            spiking("a", (50,), 1),
            spiking("b", (50,), 1),
            readout("out", 1),
        ],
        [
            dense("xa", "input", "a", np.tile([1, 0], (50, 1))),
            dense("xb", "input", "b", np.tile([0, 1], (50, 1))),
            dense("ao", "a", "out", np.zeros((1, 50), int)),
            dense("bo", "b", "out", np.zeros((1, 50), int)),
        ],
    )
    profile = edited(SPINNAKER, {"limits/tick_us/value": 1, "time/synop/band_us": None})
    counts = run(graph, np.eye(2, dtype=np.int64)).counts
    assert counts is not None
    each, summed = (priced(graph, c, profile).latency for c in (counts, counts.summed()))
    assert each is not None
    assert summed is not None
    assert each.time_s == pytest.approx(50 * 0.2e-6 + 1e-6)
    assert summed.time_s < each.time_s
    assert summed.low_s <= each.low_s
    assert each.high_s <= summed.high_s


def test_the_core_with_the_most_events_need_not_be_the_fullest(edited: Edit) -> None:
    """Five neurons as 3 + 2: the one open gate may stand beside two updates, where three take as long."""
    weights = np.zeros((5, 1), int)
    weights[4] = 1
    graph = EventGraph(
        [Input(name="input", shape=(1,), coding=TERNARY), readout("out", 5)],
        [dense("fc", "input", "out", weights)],
    )
    times = {"time/neuron_update": {"value_us": 10.0, "per": "neuron", "source": "test", "grade": "D"}}
    sizes = {"limits/neurons_per_core/value": 3, "limits/tick_us/value": 1, "time/synop/band_us": None}
    counts = run(graph, np.ones((1, 1), np.int64)).counts
    assert counts is not None
    latency = priced(graph, counts, edited(SPINNAKER, times | sizes)).latency
    assert latency is not None
    assert (latency.low_s, latency.time_s) == pytest.approx((30e-6, 30.2e-6))
