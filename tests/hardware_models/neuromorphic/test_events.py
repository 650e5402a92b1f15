"""Charged events against a walk over recorded spikes, synapse by synapse; and energies that never fall with events."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import Bill, Counts, Mapping

from .nets import core_of, listeners, slots, small_nets, tile

Edit = Callable[..., Profile]
LOIHI, REFIT, LOIHI2, DARWIN3 = "loihi_micro_2018", "loihi_sanafe_2025", "loihi2_intel_2021", "darwin3_nsr_2024"
CARDS = (LOIHI, REFIT, LOIHI2, DARWIN3)


def walk(graph: EventGraph, mapping: Mapping, x: Any, graded: bool) -> dict[str, int]:
    """Events of one sample: every nonzero value, every plane of it, every synapse it has, every compartment there."""
    trace = execute(graph, x, record="all")
    levels = {**{n: x[0] for n, p in graph.populations.items() if not p.has_inputs}}
    levels |= {n: s[0] for n, s in trace.spikes.items()}
    found = {"synapses": 0, "messages": 0, "hops": 0, "spikes": 0}
    place = slots(mapping)
    for name, projection in graph.projections.items():
        coding = graph.coding(projection.source)
        level = np.asarray(levels[projection.source]).reshape(-1)
        fired = (level != 0).astype(int) if graded else coding.ones(level)
        by_planes = coding.n_planes > 1 and not graded
        for neuron in np.flatnonzero(fired):
            each = synapses(graph, name, int(neuron), by_planes)
            found["synapses"] += int(fired[neuron]) * each * compartments(graph, name, graded)
            cores = listeners(graph, mapping, name, int(neuron))
            found["messages"] += int(fired[neuron]) * len(cores)
            if "tiles" in mapping.resources:
                at = (
                    tile(place[owner(graph, mapping, projection.source, int(neuron))])
                    if has_cores(mapping, projection.source)
                    else (0, 0)
                )
                steps = sum(abs(tile(place[c])[0] - at[0]) + abs(tile(place[c])[1] - at[1]) for c in cores)
                found["hops"] += int(fired[neuron]) * steps
    for name, population in graph.populations.items():
        if population.has_inputs and population.has_outputs:
            found["spikes"] += int(np.count_nonzero(levels[name]))
    return found


def compartments(graph: EventGraph, name: str, graded: bool) -> int:
    """A signed neuron is two compartments on a chip of binary spikes; readouts and pooled levels are fed once."""
    target = graph.populations[graph.projections[name].target]
    if graded or not target.has_outputs or graph.projections[name].kind in ("pool2d", "identity"):
        return 1
    coding = graph.coding(target.name)
    return 2 if coding.lo < 0 < coding.hi else 1


def has_cores(mapping: Mapping, population: str) -> bool:
    return "cores" in mapping.populations[population]


def owner(graph: EventGraph, mapping: Mapping, population: str, neuron: int) -> int:
    place = np.unravel_index(neuron, graph.populations[population].shape)
    return core_of(graph, mapping, population, tuple(int(i) for i in place))


def synapses(graph: EventGraph, name: str, neuron: int, by_planes: bool) -> int:
    """Stored synapses of one source neuron; a weight of several planes is one per plane where planes are lines."""
    projection: Any = graph.projections[name]
    shape = graph.populations[projection.source].shape
    one_hot = np.zeros((1, *shape))
    one_hot.reshape(-1)[neuron] = 1
    if projection.weighted:
        stored = projection.coding.ones(projection.weights) if by_planes else projection.weights != 0
        return int(projection.product(one_hot, np.asarray(stored, float), np).sum())
    if projection.kind == "pool2d":
        return sum(int(one_hot[0][(..., *tap.inputs)].sum()) for tap in projection.window.taps(*shape[1:]))
    return 1


def bill_of(graph: EventGraph, profile: Profile, x: Any) -> tuple[Mapping, Bill]:
    mapping = map_graph(graph, profile)
    counts = execute(graph, x, counts="full").counts
    assert counts is not None
    return mapping, price(counts, profile, mapping)


def amounts(bill: Bill) -> dict[str, float]:
    """Charged or unpriced counts by term."""
    return {n: t.count for n, t in bill.terms.items()} | {
        u.term: u.count for u in reversed(bill.unpriced) if u.term not in bill.terms
    }


@given(graph=small_nets(), seed=st.integers(0, 99), card=st.sampled_from(CARDS))
@settings(max_examples=30, deadline=None)
def test_charged_events_are_those_of_a_walk_over_recorded_spikes(
    edited: Edit, graph: EventGraph, seed: int, card: str
) -> None:
    changes = {"limits/neurons_per_core/value": 24}
    if card == DARWIN3:
        changes |= {
            "design/tiles_x/value": 8,
            "design/tiles_y/value": 4,
            "design/cores_per_tile/value": 4,
            "limits/cores_per_chip/value": 128,
        }
    profile = edited(card, changes)
    coding = graph.coding("x")
    rng = np.random.default_rng(seed)
    shape = graph.populations["x"].shape
    x = rng.integers(coding.lo, coding.hi + 1, (1, *shape)) * (rng.random((1, *shape)) < 0.5)
    if coding.kind == "pm1":
        x = np.where(x > 0, 1, -1)
    mapping, bill = bill_of(graph, profile, x)
    if int(mapping.resources["chips"]) > 1:
        return
    found, charged = walk(graph, mapping, x, graded=card == LOIHI2), amounts(bill)
    assert charged["synaptic events"] == pytest.approx(found["synapses"])
    if card == REFIT:
        assert charged["spikes"] == found["spikes"]
        assert bill.terms["spikes"].energy_j == pytest.approx(found["spikes"] * 69.3e-12)
        assert bill.terms["messages"].low_j <= found["messages"] * 111e-12 * (1 + 1e-9)
        assert found["messages"] * 111e-12 <= bill.terms["messages"].high_j * (1 + 1e-9)
    if card in (LOIHI, REFIT):
        hops = bill.terms["hops"]
        assert hops.low_j <= found["hops"] * 4.2e-12 * (1 + 1e-9)
        assert hops.high_j >= found["hops"] * 3.0e-12 * (1 - 1e-9)


@pytest.mark.parametrize("card", [LOIHI, REFIT, DARWIN3])
@given(less=st.floats(0, 1), more=st.floats(0, 1))
@settings(max_examples=10, deadline=None)
def test_energy_never_falls_with_open_gates(
    dense_net: EventGraph, at_activity: Callable[..., Counts], card: str, less: float, more: float
) -> None:
    less, more = sorted((less, more))
    profile = load_profile(card)
    mapping = map_graph(dense_net, profile)
    bills = [price(at_activity(dense_net, gated=g, driven=1.0), profile, mapping) for g in (less, more)]
    assert bills[0].priced_j <= bills[1].priced_j * (1 + 1e-12)
    assert bills[0].terms["synaptic events"].energy_j <= bills[1].terms["synaptic events"].energy_j
