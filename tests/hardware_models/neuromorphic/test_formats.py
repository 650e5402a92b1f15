"""The refit card: one format per projection, one constant per event, and the parts of an update."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.neuromorphic.lists.memory import list_bits
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import ProfileError
from gxnor_snn.graph import Dense, EventGraph, Input, execute
from gxnor_snn.results import Counts

from .nets import TERNARY, readout, spiking

Edit = Callable[..., Profile]
REFIT, LOIHI = "loihi_sanafe_2025", "loihi_micro_2018"
PJ, NS = 1e-12, 1e-9


def full_net() -> EventGraph:
    """The dense net with no zero weight in its first layer."""
    return EventGraph(
        [Input(name="input", shape=(2,), coding=TERNARY), spiking("hidden", (3,)), readout("out", (1,))],
        [
            Dense(
                name="fc1", source="input", target="hidden", coding=TERNARY,
                weights=np.array([[1, -1], [-1, 1], [1, 1]]),
            ),
            Dense(name="fc2", source="hidden", target="out", coding=TERNARY, weights=np.array([[1, 0, -1]])),
        ],
    )  # fmt: skip


def counts_of(graph: EventGraph, x: Any) -> Counts:
    counts = execute(graph, x, counts="full").counts
    assert counts is not None
    return counts


def test_windows_are_stored_as_convolutions_full_weights_as_rows_and_the_rest_as_lists(
    edited: Edit, conv_net: EventGraph
) -> None:
    stored = {n: p["storage"] for n, p in map_graph(conv_net, load_profile(REFIT)).projections.items()}
    assert stored == {"conv1": "conv", "pool1": "conv", "conv2": "conv", "fc": "sparse"}
    unrolled = map_graph(conv_net, edited(REFIT, {"design/conv_weights/value": "unrolled"})).projections
    assert {p["storage"] for p in unrolled.values()} == {"sparse"}
    stored = {n: p["storage"] for n, p in map_graph(full_net(), load_profile(REFIT)).projections.items()}
    assert stored == {"fc1": "dense", "fc2": "sparse"}
    lists = edited(REFIT, {"design/dense_weights/value": "lists"})
    assert {p["storage"] for p in map_graph(full_net(), lists).projections.values()} == {"sparse"}


def test_every_event_is_charged_the_constant_of_its_one_format(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(REFIT)
    term = price(conv_counts, profile, map_graph(conv_net, profile)).terms["synaptic events"]
    total, samples = conv_counts.summed(), conv_counts.n_samples
    conv = 2 * int(total.synapses["conv1"].n_xnor) + 2 * int(total.synapses["conv2"].n_gated)
    conv += int(total.moves["pool1"].n_moved)
    sparse = int(total.synapses["fc"].n_gated)
    assert term.count == pytest.approx((conv + sparse) / samples)
    assert term.energy_j == pytest.approx((conv * 24.0 + sparse * 33.6) * PJ / samples)


def test_the_full_net_is_priced_as_worked_out_by_hand() -> None:
    """x = (1, -1) gives sums (2, -2, 0), and with ties at 0 and 1 levels (1, -1, 0)."""
    graph, profile = full_net(), load_profile(REFIT)
    mapping = map_graph(graph, profile)
    trace = execute(graph, np.array([[1, -1]]), record="all")
    fired = int(np.count_nonzero(trace.spikes["hidden"]))
    counts = counts_of(graph, np.array([[1, -1]]))
    bill = price(counts, profile, mapping)
    gates = 2 * 6, int(counts.synapses["fc2"].n_gated[0])
    energies = {n: t.energy_j / PJ for n, t in bill.terms.items()}
    assert energies["synaptic events"] == pytest.approx(gates[0] * 35.5 + gates[1] * 33.6)
    assert energies["neuron accesses"] == pytest.approx(7 * 2 * 51.2)
    assert bill.terms["neuron updates"].count == 6 + min(1, gates[1])
    assert energies["neuron updates"] == pytest.approx((6 + min(1, gates[1])) * 21.6)
    assert energies["spikes"] == pytest.approx(fired * 69.3)
    assert energies["messages"] == pytest.approx((2 + fired * 2 / 3) * 111.0)
    assert bill.total is not None
    # step 1: six compartments are accessed and updated, their spikes and dense events take time; step 2: the idle ones
    first = 6 * (6.0 + 3.7) + gates[0] * 3.8 + fired * 30.0
    second = max(6 * 6.0, 1 * (6.0 + 3.7) + gates[1] * 4.7)
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx((first + second + 2 * 600) * NS)


@pytest.mark.parametrize(
    "changes",
    [
        {"energy/synop": "whole"},
        {"energy/neuron_update": "whole"},
        {"energy/message": "whole"},
        {"energy/soma_access/includes": ["neuron_update"]},
        {"energy/axon_out/includes": ["synop"]},
        {"energy/soma_update/includes": ["spike_out"]},
    ],
)
def test_the_whole_and_its_cases_never_stand_on_one_card(edited: Edit, changes: dict[str, Any]) -> None:
    table = {"value_pj": 20.0, "scope": "marginal", "per": "event", "source": "paper", "grade": "B"}
    with pytest.raises(ProfileError, match="double charge"):
        edited(REFIT, {key: table if value == "whole" else value for key, value in changes.items()})


def test_a_format_without_a_constant_is_unpriced_by_name(
    edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    profile = edited(REFIT, {"energy/synop_sparse": None, "energy/spike_out": None})
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    assert bill.total is None
    assert [(u.term, u.reason.split(" has no ")[1].split(":")[0]) for u in bill.unpriced] == [
        ("synaptic events", "synop_sparse"),
        ("spikes", "spike_out"),
    ]
    profile = edited(REFIT, {"time/synop_sparse": None})
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    assert bill.latency is None
    assert [u.term for u in bill.unpriced] == ["static"]


def test_what_a_constant_includes_is_paid_whatever_its_format(
    edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    gone = dict.fromkeys(f"energy/synop_{f}" for f in ("conv", "sparse", "dense"))
    profile = edited(REFIT, {**gone, "energy/axon_out/includes": ["synop"]})
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    assert bill.total is not None
    assert "synaptic events" not in bill.terms


def test_rows_need_no_indices(edited: Edit) -> None:
    lengths, copies, compartments = np.array([[3, 64, 65]]), np.ones((1, 3), int), np.array([1024])
    bits = list_bits(lengths, copies, 2, compartments, load_profile(REFIT), indexed=False)
    # 3 x 2 + 10 and 64 x 2 + 10 bits in words of 64, and a list of 65 in pieces of 64 and 1
    assert bits.tolist() == [64 + 192 + (192 + 64)]


def test_the_barrier_lies_between_its_published_points() -> None:
    from gxnor_hardware.neuromorphic.lists.latency import barrier

    times = load_profile(REFIT).time
    found = [barrier(times, tiles, 32).value for tiles in (1, 2, 3, 4, 29, 31, 32)]
    assert found == pytest.approx([0.6e-6, 1.0e-6, 1.2e-6, 1.4e-6, 1.8e-6, 1.8e-6, 1.8e-6])
    assert barrier(load_profile(LOIHI).time, 32, 32).value == 465e-9
