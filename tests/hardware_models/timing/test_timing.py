"""Timing against walks over single synapses, the engine's counts and the bill's bounds."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price, timing
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Dense, EventGraph, Input, execute

from ..neuromorphic.nets import TERNARY, readout, small_nets, spiking
from .bounds import check_bill
from .brute import synapses
from .runs import deep, ran

LISTS = ("loihi", "loihi_sanafe", "loihi2_intel_2021", "darwin3_nsr_2024")
ARRAYS = ("truenorth", "tianjic", "odin", "brainscales2")
SOFTWARE = ("spinnaker", "spinnaker2_prototype_tcas_2019", "spinnaker2_mac_arxiv_2021")


@given(small_nets(), st.integers(0, 99), st.sampled_from([*LISTS, *SOFTWARE, "truenorth", "tianjic"]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_core_has_the_events_of_its_neurons(graph: EventGraph, seed: int, card: str) -> None:
    profile, trace = load_profile(card), ran(graph, seed)
    try:
        mapping = map_graph(graph, profile)
    except PricingError:
        return  # a wall of the card, which other tests look at
    found = timing(graph, trace, mapping, profile)
    if any(int(q.get("row_groups", 1)) > 1 or "fan_in_parts" in q for q in mapping.populations.values()):
        return  # a neuron's synapses on several cores: see below
    expected = np.zeros_like(found.events)
    heard = np.zeros_like(found.events)
    settled = {n: int(q.get("stage", 0)) for n, q in mapping.populations.items()}
    for name, edge in graph.projections.items():
        static, coding = mapping.projections[name], graph.coding(edge.source)
        levels = trace.spikes[edge.source].reshape(3, -1).astype(np.int64)
        by_planes = static["event"] == "n_xnor"
        dense = edge.weighted and ("mac" in card or card == "tianjic")
        each = synapses(graph, name, zero_weights=dense, planes=by_planes)
        active = coding.ones(levels) if by_planes else (levels != 0) | ("mac" in card and edge.weighted)
        lines = coding.ones(levels) if card == "truenorth" else active
        home = _home(graph, mapping, edge.target)
        step = settled[edge.source] + edge.delay
        fan = int(static.get("synapses_per_event", 1))
        at = np.eye(len(found.cores), dtype=np.int64)[home]
        expected[:, step] += (active.astype(np.int64) @ each.astype(np.int64) @ at) * fan
        listens = synapses(graph, name, zero_weights=card in ("truenorth", "tianjic") or dense) @ at > 0
        heard[:, step] += lines.astype(np.int64) @ listens
    if not (card == "truenorth" and any(q["copies_high"] != 1 for q in mapping.projections.values())):
        assert np.array_equal(found.events.sum(axis=1), expected.sum(axis=1))
    if card not in ("truenorth", "tianjic"):  # whose splitters take steps of their own
        assert np.array_equal(found.events, expected)
    if card not in ("truenorth", "tianjic"):  # which listen to where geometry leads
        assert np.array_equal(found.messages_in, heard)


def _home(graph: EventGraph, mapping: Any, name: str) -> np.ndarray:
    """Core of every neuron, from the quantities that a mapping shows."""
    static, shape = mapping.populations[name], (*graph.populations[name].shape, 1, 1)[:3]
    number = np.arange(np.prod(shape))
    if "neurons_per_core" in static:
        return np.asarray(static["first_core"] + number // static["neurons_per_core"])
    channel, row, column = np.unravel_index(number, shape)
    size = [int(static[f"block_{axis}"]) for axis in ("channels", "rows", "columns")]
    counts = [-(-extent // step) for extent, step in zip(shape, size, strict=True)]
    block = (row // size[1] * counts[2] + column // size[2]) * counts[0] + channel // size[0]
    return np.asarray(static["first_core"] + block)


@given(small_nets(), st.integers(0, 99), st.sampled_from([*LISTS, *ARRAYS, *SOFTWARE]))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_bounds_of_the_bill_hold_what_the_trace_shows(graph: EventGraph, seed: int, card: str) -> None:
    profile, trace = load_profile(card), ran(graph, seed)
    try:
        mapping = map_graph(graph, profile)
    except PricingError:
        return
    check_bill(timing(graph, trace, mapping, profile), price(trace.counts, profile, mapping))


@pytest.mark.parametrize("card", ["loihi", "truenorth", "spinnaker", "tianjic"])
def test_a_whole_net_adds_up(conv_net: EventGraph, pixels: Callable[[int], Any], card: str) -> None:
    profile = load_profile(card)
    trace = execute(conv_net, pixels(4), record="all", counts="full")
    mapping = map_graph(conv_net, profile)
    found = timing(conv_net, trace, mapping, profile)
    check_bill(found, price(trace.counts, profile, mapping))
    exact = all(q.get("copies_high", 1) == 1 for q in mapping.projections.values())
    word = "driven" if card == "tianjic" else "event"
    counted = sum(
        getattr(trace.counts.projections[n], str(q[word])) * int(q.get("synapses_per_event", 1))
        for n, q in mapping.projections.items()
    )
    assert np.array_equal(found.events.sum(axis=(1, 2)), counted) or not exact
    assert (found.events.sum(axis=(1, 2)) >= counted).all()
    restored = pickle.loads(pickle.dumps(found))
    assert np.array_equal(restored.priced_j, found.priced_j)


def test_delays_move_events_to_later_steps() -> None:
    profile = load_profile("loihi_sanafe")
    events = []
    for delay in (0, 3):
        graph = deep(delay)
        trace = ran(graph, 1)
        found = timing(graph, trace, map_graph(graph, profile), profile)
        events.append(found.events.sum(axis=2))
    now, later = events
    assert now.shape == (3, 2)
    assert later.shape == (3, 5)
    assert np.array_equal(later[:, [3, 4]], now)
    assert not later[:, :3].any()
    by_events = replace(found, core_s=None).bounding_cores()
    assert by_events[:3] == (None, None, None)
    assert by_events[3:] == ("h[0]", "y[0]")


def skipping(delay: int, seed: int) -> EventGraph:
    """Two layers, and a way past the first of them."""
    rng = np.random.default_rng(seed)

    def dense(name: str, source: str, target: str, size: tuple[int, int], delay: int = 0) -> Dense:
        weights = rng.integers(-1, 2, size)
        return Dense(name=name, source=source, target=target, coding=TERNARY, weights=weights, delay=delay)

    return EventGraph(
        [
            Input(name="x", shape=(30,), coding=TERNARY),
            spiking("a", (20,)),
            spiking("b", (25,)),
            readout("y", (3,)),
        ],
        [
            dense("one", "x", "a", (20, 30)),
            dense("two", "a", "b", (25, 20), delay),
            dense("past", "x", "b", (25, 30)),
            dense("out", "b", "y", (3, 25)),
            dense("late", "a", "y", (3, 20), 2),
        ],
    )


@pytest.mark.parametrize("card", ["loihi", "loihi_sanafe", "truenorth", "spinnaker", "odin"])
@pytest.mark.parametrize("delay", [0, 2])
def test_bounds_hold_for_skips_and_delays(card: str, delay: int, edited: Callable[..., Any]) -> None:
    profile = load_profile(card)
    if card == "spinnaker":  # a deadline that is missed, so that the busiest core shows
        profile = edited(profile.name, {"limits/tick_us": None, "limits/tick_ns": {
            "value": 1, "kind": "deadline", "source": "test", "grade": "A"}})  # fmt: skip
    for seed in range(3):
        graph = skipping(delay, seed)
        trace = ran(graph, seed)
        try:
            mapping = map_graph(graph, profile)
        except PricingError:
            assert card in ("odin", "truenorth")
            continue
        check_bill(timing(graph, trace, mapping, profile), price(trace.counts, profile, mapping))


def test_bounds_hold_for_partial_sums_of_lists(edited: Callable[..., Any]) -> None:
    fact = {"value": "thresholded_sums", "source": "test", "grade": "A"}
    profile = edited("loihi_sanafe_2025", {"design/fan_in_split": fact, "limits/axons_in_per_core/value": 12})
    for seed in range(3):
        graph = deep()
        trace = ran(graph, seed)
        mapping = map_graph(graph, profile)
        assert int(mapping.populations["h"]["fan_in_parts"]) > 1
        found = timing(graph, trace, mapping, profile)
        check_bill(found, price(trace.counts, profile, mapping))
        assert any("partial sums of 'h'" in note for note in found.notes)
        partial = sum(int(q.get("partial_messages", 0)) * int(q["compartments_per_neuron"])
                      for q in mapping.populations.values() if "cores" in q)  # fmt: skip
        counted = sum(
            getattr(trace.counts.projections[n], str(q["event"])) * int(q["synapses_per_event"])
            for n, q in mapping.projections.items()
        )
        assert np.array_equal(found.events.sum(axis=(1, 2)), counted + partial)


def test_split_fan_in_keeps_every_event() -> None:
    # 400 ternary inputs: more than the 256 lines of a core, so that row groups share the fan-in
    graph = deep(size=400)
    trace = ran(graph, 2)
    for card in ("truenorth", "tianjic"):
        profile = load_profile(card)
        mapping = map_graph(graph, profile)
        assert int(mapping.populations["h"]["row_groups"]) > 1
        found = timing(graph, trace, mapping, profile)
        label = "n_gated" if card == "truenorth" else "n_x"
        for step, name in ((0, "one"),):
            counts = getattr(trace.counts.projections[name], label)
            fan = int(mapping.projections[name]["synapses_per_event"])
            assert np.array_equal(found.events[:, step].sum(axis=1), counts * fan)
        cores = found.events[:, 0].sum(axis=0)
        assert (cores > 0).sum() > 1
        assert any("estimated" in note for note in found.notes)


def test_series_and_busiest_parts(conv_net: EventGraph, pixels: Callable[[int], Any]) -> None:
    profile = load_profile("loihi_sanafe")
    mapping = map_graph(conv_net, profile)
    found = timing(conv_net, execute(conv_net, pixels(4), record="all"), mapping, profile)
    edges, terms = found.series(1)
    assert edges[-1] == pytest.approx(found.latency_s[1])
    assert sum(t.sum() for t in terms.values()) == pytest.approx(found.energy_j[1])
    mean_edges, _ = found.series()
    assert mean_edges[-1] == pytest.approx(found.latency_s.mean())
    assert found.busiest_core == found.cores[int(found.core_s.sum(axis=(0, 1)).argmax())]
    assert len(found.bounding_cores()) == found.steps
    assert (found.latency_with_messages_s >= found.latency_s).all()
    assert found.links == tuple(found.links)
    assert found.link_load.shape[2] == len(found.links)
    with pytest.raises(PricingError, match=r"sample is 4; allowed are 0\.\.3"):
        found.series(4)
