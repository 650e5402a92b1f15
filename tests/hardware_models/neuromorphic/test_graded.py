"""Graded events (Loihi 2), cards with events alone (Darwin3), and fan-in that is split into partial sums."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Pool2d, Relay, execute
from gxnor_snn.results import Counts

from .nets import TERNARY, readout, spiking

Edit = Callable[..., Profile]
LOIHI, LOIHI2, DARWIN3 = "loihi_micro_2018", "loihi2_intel_2021", "darwin3_nsr_2024"


def mlp(fan_in: int, hidden: int = 4, seed: int = 0, coding: Coding = TERNARY) -> EventGraph:
    rng = np.random.default_rng(seed)
    return EventGraph(
        [Input(name="x", shape=(fan_in,), coding=coding), spiking("h", (hidden,)), readout("out", (3,))],
        [
            Dense(name="fc1", source="x", target="h", coding=TERNARY, weights=rng.integers(-1, 2, (hidden, fan_in))),
            Dense(name="fc2", source="h", target="out", coding=TERNARY, weights=rng.integers(-1, 2, (3, hidden))),
        ],
    )  # fmt: skip


def counts_of(graph: EventGraph, x: Any) -> Counts:
    counts = execute(graph, x, counts="full").counts
    assert counts is not None
    return counts


# ---- graded events


def test_a_ternary_value_is_one_line_and_one_compartment(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(LOIHI2)
    mapping = map_graph(conv_net, profile)
    for static in mapping.projections.values():
        assert (static["lines_per_value"], static["synapses_per_event"], static["planes"]) == (1, 1, 1)
    sizes = {n: p.size for n, p in conv_net.populations.items() if p.has_inputs}
    assert mapping.resources["compartments"] == sum(sizes.values())
    assert not any("two compartments" in note for note in mapping.notes)
    bill = price(conv_counts, profile, mapping)
    total = conv_counts.summed()
    gates = sum(int(s.n_gated) for s in total.synapses.values()) + int(total.moves["pool1"].n_moved)
    assert next(u.count for u in bill.unpriced if u.term == "synaptic events") == pytest.approx(
        gates / conv_counts.n_samples
    )


def test_nothing_on_a_card_of_structure_has_a_price_and_everything_is_named(
    conv_net: EventGraph, conv_counts: Counts
) -> None:
    profile = load_profile(LOIHI2)
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    assert (bill.total, bill.energy_j, bill.latency, dict(bill.terms)) == (None, None, None, {})
    named = {u.term for u in bill.unpriced}
    assert named == {"synaptic events", "neuron updates", "messages", "hops", "static", "reset"}
    assert all(u.count > 0 for u in bill.unpriced)


def test_levels_beyond_one_travel_within_the_payload(edited: Edit) -> None:
    hidden = spiking("h", (2,), Coding.signmag(4))
    graph = EventGraph(
        [Input(name="x", shape=(3,), coding=Coding.bits(8)), hidden, readout("out", (1,))],
        [
            Dense(name="fc1", source="x", target="h", weights=np.ones((2, 3), np.int8), coding=TERNARY),
            Dense(name="fc2", source="h", target="out", weights=np.ones((1, 2), np.int8), coding=TERNARY),
        ],
    )
    (check,) = [c for c in map_graph(graph, load_profile(LOIHI2)).checks if c.limit == "message_bits"]
    assert (check.used, check.note) == (8, "widest payload, of population 'x'")
    with pytest.raises(PricingError, match=r"needs message_bits of 8; the wall is 7 \(widest payload"):
        map_graph(graph, edited(LOIHI2, {"limits/message_bits/value": 7}))
    with pytest.raises(PricingError, match="the wall is binary events"):
        map_graph(graph, load_profile(LOIHI))


def pooled(extra: bool) -> EventGraph:
    weights = np.ones((1, 1, 1, 1), np.int8)
    projections: list[Any] = [
        Conv2d(name="c", source="x", target="a", coding=TERNARY, weights=weights),
        Pool2d(name="pool", source="a", target="b", kernel=(2, 2), stride=(2, 2)),
        Dense(name="fc", source="b", target="out", coding=TERNARY, weights=np.ones((1, 4), np.int8)),
    ]
    if extra:
        projections.append(
            Dense(name="skip", source="a", target="out", coding=TERNARY, weights=np.ones((1, 16), np.int8))
        )
    return EventGraph(
        [
            Input(name="x", shape=(1, 4, 4), coding=TERNARY),
            spiking("a", (1, 4, 4)),
            Relay(name="b", shape=(1, 2, 2)),
            readout("out", (1,)),
        ],
        projections,
    )


def test_a_maximum_shows_in_a_sum_of_payloads_that_grow(edited: Edit) -> None:
    """-1 and K + 1 = 5 for four values: the sum tells whether any is +1 and whether all are -1."""
    for levels in np.ndindex(3, 3, 3, 3):
        values = np.array(levels) - 1
        total = int(np.where(values > 0, 5, values).sum())
        assert values.max() == (1 if total > 0 else -1 if total == -4 else 0)
    (check,) = [c for c in map_graph(pooled(False), load_profile(LOIHI2)).checks if c.limit == "message_bits"]
    assert (check.used, check.note) == (7, "widest payload, of population 'a'")
    with pytest.raises(PricingError, match=r"population 'a' feeds a max or min pool and 'skip'; the wall is one"):
        map_graph(pooled(True), load_profile(LOIHI2))


# ---- events alone


def test_a_card_with_one_constant_prices_its_events_and_names_the_rest(
    conv_net: EventGraph, conv_counts: Counts
) -> None:
    profile = load_profile(DARWIN3)
    mapping = map_graph(conv_net, profile)
    bill = price(conv_counts, profile, mapping)
    assert bill.total is None
    assert set(bill.terms) == {"synaptic events"}
    assert bill.priced_j == pytest.approx(bill.terms["synaptic events"].count * 5.47e-12)
    reasons = {u.reason.split(" has ")[1].split(":")[0] for u in bill.unpriced}
    # five cores stand in a row, so that no message goes along y
    assert reasons == {
        "no neuron_update", "no neuron_update_idle", "no message", "no hop_x", "no static power", "no reset",
    }  # fmt: skip
    status = {c.limit: c.status for c in mapping.checks}
    assert status["synapse_bits_per_core"] == status["axons_in_per_core"] == status["weight_bits"] == "unchecked"


# ---- fan-in in parts


def small(edited: Edit, card: str, axons: int, choice: str | None, **more: Any) -> Profile:
    limit = {"value": axons, "kind": "budget", "source": "test", "grade": "D"}
    changes: dict[str, Any] = {"limits/axons_in_per_core": limit, **more}
    if choice:
        changes["design/fan_in_split"] = {"value": choice, "source": "test", "grade": "D"}
    return edited(card, changes)


@given(fan_in=st.integers(41, 160), hidden=st.integers(1, 9), axons=st.integers(20, 40), seed=st.integers(0, 9))
@settings(max_examples=15, deadline=None)
def test_graded_partial_sums_hold_every_synapse_once(
    edited: Edit, fan_in: int, hidden: int, axons: int, seed: int
) -> None:
    graph = mlp(fan_in, hidden, seed)
    profile = small(edited, LOIHI2, axons, None)
    mapping = map_graph(graph, profile)
    own = mapping.populations["h"]
    parts = int(own["fan_in_parts"])
    assert parts >= -(-fan_in // axons)
    assert own["partial_messages"] == parts * hidden
    assert own["compartments"] == hidden * (1 + parts)
    assert mapping.projections["fc1"]["synapses"] == mapping.projections["fc1"]["n_w"]
    assert {c.limit: c.status for c in mapping.checks}["axons_in_per_core"] == "pass"
    assert mapping.resources["steps"] == 3
    assert any("partial sums per neuron, sent as graded events, which is exact" in note for note in mapping.notes)
    # charged: the graph's own gates, and at most one event per partial sum
    x = np.random.default_rng(seed).integers(-1, 2, (3, fan_in))
    counts = counts_of(graph, x)
    bill = price(counts, profile, mapping)
    gates = sum(int(s.n_gated) for s in counts.summed().synapses.values()) / 3
    assert next(u.count for u in bill.unpriced if u.term == "synaptic events") == pytest.approx(
        gates + parts * hidden
    )


def test_an_image_is_split_by_its_positions(edited: Edit) -> None:
    rng = np.random.default_rng(0)
    graph = EventGraph(
        [Input(name="x", shape=(3, 6, 6), coding=TERNARY), spiking("h", (5,)), readout("out", (1,))],
        [
            Dense(name="fc1", source="x", target="h", coding=TERNARY, weights=rng.integers(-1, 2, (5, 108))),
            Dense(name="fc2", source="h", target="out", coding=TERNARY, weights=rng.integers(-1, 2, (1, 5))),
        ],
    )
    mapping = map_graph(graph, small(edited, LOIHI2, 15, None))
    assert mapping.populations["h"]["fan_in_parts"] == 3
    first = mapping.projections["fc1"]
    assert first["synapses"] == first["n_w"]
    used = {c.limit: c.used for c in mapping.checks}
    assert used["axons_in_per_core"] == 15  # 12 positions per part; 5 neurons add 3 sums each


def test_a_partial_sum_beyond_the_payload_is_refused(edited: Edit) -> None:
    profile = small(edited, LOIHI2, 30, None, **{"limits/message_bits/value": 4})
    with pytest.raises(
        PricingError, match=r"message_bits of [5-9]; the wall is 4 \(partial sums of population 'h'\)"
    ):
        map_graph(mlp(80), profile)


def test_binary_spikes_carry_no_sums_and_refuse_unless_a_card_asks_for_thresholds(edited: Edit) -> None:
    graph = mlp(80, 3)
    with pytest.raises(PricingError, match=r"population 'h' needs axons_in_per_core of 80 for a single neuron"):
        map_graph(graph, small(edited, LOIHI, 50, None))
    with pytest.raises(PricingError, match="fan_in_split is 'graded_sums'; binary events carry no sums"):
        map_graph(graph, small(edited, LOIHI, 50, "graded_sums"))
    profile = small(edited, LOIHI, 50, "thresholded_sums")
    mapping = map_graph(graph, profile)
    own = mapping.populations["h"]
    assert (own["fan_in_parts"], own["partial_messages"], own["partial_compartments"]) == (2, 6, 12)
    bill = price(counts_of(graph, np.ones((1, 80), int)), profile, mapping)
    assert any("this is not exact" in warning for warning in bill.warnings)
    assert bill.total is not None
    # each of the 2 x 3 partial sums sends one message to a neuron of two compartments, at most
    gates = 2 * int(counts_of(graph, np.ones((1, 80), int)).synapses["fc1"].n_gated[0])
    gates += int(counts_of(graph, np.ones((1, 80), int)).synapses["fc2"].n_gated[0])
    term = bill.terms["synaptic events"]
    assert term.count == pytest.approx(gates + 12)
    assert term.low_j == pytest.approx(gates * 23.6e-12)


def test_what_cannot_be_split_is_refused_with_its_wall(edited: Edit) -> None:
    with pytest.raises(PricingError, match=r"needs axons_in_per_core of \d+ for a single neuron; allowed is 1,"):
        map_graph(mlp(80), small(edited, LOIHI2, 1, None))


@given(axons=st.integers(12, 40), seed=st.integers(0, 99), stop=st.integers(1, 6))
@settings(max_examples=10, deadline=None)
def test_two_layers_into_one_population_are_split_together(edited: Edit, axons: int, seed: int, stop: int) -> None:
    """The second one feeds some neurons only."""
    rng = np.random.default_rng(seed)
    graph = EventGraph(
        [
            Input(name="x", shape=(50,), coding=TERNARY),
            Input(name="y", shape=(2, 6, 5), coding=TERNARY),
            spiking("h", (6,)),
            readout("out", (2,)),
        ],
        [
            Dense(name="a", source="x", target="h", coding=TERNARY, weights=rng.integers(-1, 2, (6, 50))),
            Dense(
                name="b", source="y", target="h", coding=TERNARY, weights=rng.integers(-1, 2, (stop, 60)),
                target_channels=(0, stop),
            ),
            Dense(name="c", source="h", target="out", coding=TERNARY, weights=rng.integers(-1, 2, (2, 6))),
        ],
    )  # fmt: skip
    mapping = map_graph(graph, small(edited, LOIHI2, axons, None))
    for name in "ab":
        assert mapping.projections[name]["synapses"] == mapping.projections[name]["n_w"]
    parts = int(mapping.populations["h"]["fan_in_parts"])
    # an image has an axon per position: 50 and 30 of them, in parts of both
    assert -(-50 // parts) + -(-30 // parts) <= axons + 1
    assert {c.limit: c.status for c in mapping.checks}["axons_in_per_core"] == "pass"
