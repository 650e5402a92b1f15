"""Loihi: steps, delays, the busiest core and the barrier."""

from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_snn.graph import Dense, EventGraph, Input

from .nets import TERNARY, readout, spiking
from .test_lists import LOIHI, NS, counts_of


def test_a_batch_of_samples_that_use_different_branches_costs_their_mean() -> None:
    """Sample 1 fires only into a, sample 2 only into b: the busiest core is another one each time."""
    size = 60
    halves = np.zeros((2, size, 2 * size), np.int8)
    halves[0, :, :size] = halves[1, :, size:] = 1
    graph = EventGraph(
        [
            Input(name="x", shape=(2 * size,), coding=TERNARY),
            spiking("a", (size,)),
            spiking("b", (size,)),
            readout("out", (1,)),
        ],
        [
            *(Dense(name=f"x{n}", source="x", target=n, weights=w, coding=TERNARY) for n, w in zip("ab", halves, strict=True)),
            *(Dense(name=f"{n}o", source=n, target="out", weights=np.ones((1, size), int), coding=TERNARY) for n in "ab"),
        ],
    )  # fmt: skip
    profile = load_profile(LOIHI)
    mapping = map_graph(graph, profile)
    x = np.zeros((2, 2 * size), np.int64)
    x[0, :size] = x[1, size:] = 1
    counts = counts_of(graph, x)
    whole, summed = price(counts, profile, mapping), price(counts.summed(), profile, mapping)
    parts = [price(counts_of(graph, row[None]), profile, mapping) for row in x]
    assert whole.latency is not None
    assert summed.latency is not None
    assert whole.total is not None
    assert summed.total is not None
    times = [p.latency.time_s for p in parts if p.latency is not None]
    highs = [p.latency.high_s for p in parts if p.latency is not None]
    assert whole.latency.time_s == pytest.approx(np.mean(times))
    assert whole.energy_j == pytest.approx(np.mean([p.energy_j for p in parts if p.energy_j is not None]))
    assert summed.latency.time_s < 0.99 * whole.latency.time_s
    assert summed.latency.low_s <= whole.latency.low_s
    assert summed.latency.high_s >= np.mean(highs) * (1 - 1e-12)
    assert summed.total.low_j <= whole.total.energy_j <= summed.total.high_j


def test_delays_take_steps(dense_net: EventGraph) -> None:
    first, second = dense_net.projections.values()
    slow: Any = first
    late = Dense(name="fc1", source="input", target="hidden", weights=slow.weights, coding=TERNARY, delay=3)
    graph = EventGraph(list(dense_net.populations.values()), [late, second])
    assert map_graph(graph, load_profile(LOIHI)).resources["steps"] == 5


def skipping_net(size: int = 8) -> EventGraph:
    """x -> a -> b -> c -> out, and a -> c: what goes past b arrives a step before the rest of the sum."""
    full = np.ones((size, size), int)
    return EventGraph(
        [
            Input(name="x", shape=(size,), coding=TERNARY),
            *(spiking(n, (size,)) for n in "abc"),
            readout("out", (1,)),
        ],
        [
            *(
                Dense(name=f"{s}{t}", source=s, target=t, weights=full, coding=TERNARY)
                for s, t in ("xa", "ab", "bc", "ac")
            ),
            Dense(name="co", source="c", target="out", weights=np.ones((1, size), int), coding=TERNARY),
        ],
    )


def test_long_delays_are_waited_for_without_counting_every_step() -> None:
    late = Dense(name="fc", source="x", target="out", coding=TERNARY, weights=np.ones((3, 2), int), delay=10**9)
    graph = EventGraph([Input(name="x", shape=(2,), coding=TERNARY), readout("out", (3,))], [late])
    profile = load_profile(LOIHI)
    mapping = map_graph(graph, profile)
    waited = next(c for c in mapping.checks if c.limit == "delay_bits")
    assert (waited.status, waited.used, waited.allowed) == ("exceeded", 30, 6)
    assert any("delay_bits is 30, the card has 6" in note for note in mapping.notes)
    bill = price(counts_of(graph, np.ones((1, 2), np.int64)), profile, mapping)
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(10**9 * (3 * 5.3 + 113) * NS, rel=1e-6)


def test_events_take_time_in_the_step_they_arrive_in() -> None:
    """Both branches out of a are worked off at once, by different cores; the update of c comes when its sum is whole."""
    graph, profile = skipping_net(), load_profile(LOIHI)
    mapping = map_graph(graph, profile)
    assert {n: q["arrives"] for n, q in mapping.projections.items()} == {
        "xa": 1,
        "ab": 2,
        "bc": 3,
        "ac": 2,
        "co": 4,
    }
    assert next(c for c in mapping.checks if c.limit == "delay_bits").used == 1
    counts = counts_of(graph, np.ones((1, 8), np.int64))
    assert all(int(s.n_gated[0]) == s.n_dense[0] for s in counts.synapses.values())
    bill = price(counts, profile, mapping)
    assert bill.latency is not None
    events, active = 2 * 64 * 3.5, 16 * 8.4  # of a layer of 8 x 8, all gates open, two compartments per neuron
    last = max(16 * 5.3, 8 * 3.5 + 8.4)
    barriers = 4 * float(barrier_of(mapping))
    assert bill.latency.time_s == pytest.approx((3 * (events + active) + last) * NS + barriers)


def barrier_of(mapping: Any) -> float:
    from gxnor_hardware.neuromorphic.lists.latency import barrier

    return barrier(load_profile(LOIHI).time, mapping.resources["tiles"], mapping.resources["tiles_per_chip"]).value
