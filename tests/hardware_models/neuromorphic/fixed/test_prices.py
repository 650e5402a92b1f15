"""Bills of fixed synapse arrays: aggregates, static power, chips, hops, partial sums, rates."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.neuromorphic.fixed import power_w
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import (
    EventGraph,
    Input,
)
from gxnor_snn.results import Counts

from ..nets import TERNARY
from .nets import BRAINSCALES, CARDS, ODIN, PJ, TIANJIC, TRUENORTH, Edit, dense, layer, ran, readout


def test_chips_beyond_the_border_need_a_price(edited: Edit, at_activity: Callable[..., Counts]) -> None:
    """A net on several chips: priced per border and line on TrueNorth, without a total on Tianjic."""
    graph = layer(40, 300)
    for card, chips in ((TRUENORTH, 2), (TIANJIC, 2)):
        profile = edited(card, {"limits/cores_per_chip/value": chips, "design/cores_x/value": chips})
        mapping = map_graph(graph, profile)
        bill = price(at_activity(graph), profile, mapping)
        assert int(mapping.resources["chips"]) > 1
        if card == TRUENORTH:
            assert bill.terms["chip links"].energy_j == pytest.approx(bill.terms["chip links"].count * 832 * PJ)
            seconds = 1e-3 * int(mapping.resources["steps"])
            assert bill.terms["static"].energy_j == pytest.approx(
                64.43e-3 * seconds * int(mapping.resources["chips"])
            )
        else:
            assert bill.total is None
            assert [u.term for u in bill.unpriced] == ["chip links"]


def test_an_aggregate_is_the_whole_bill_of_tianjic() -> None:
    profile = load_profile(TIANJIC)
    graph = layer(30, 8)
    mapping = map_graph(graph, profile)
    counts, _ = ran(graph, np.random.default_rng(0).integers(-1, 2, (4, 30)))
    bill = price(counts, profile, mapping)
    total = counts.summed().synapses
    driven = sum(int(total[n].n_x) for n in ("fc", "last")) / 4
    opened = sum(int(total[n].n_gated) for n in ("fc", "last")) / 4
    assert set(bill.terms) == {"synaptic events"}
    assert bill.energy_j == pytest.approx(driven * 1.54 * PJ)
    assert bill.total is not None
    assert bill.total.low_j == pytest.approx(opened * 1.54 * PJ)
    assert bill.weakest_grade == "M"  # that events carry signed values is from memory
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(2 * 5050 / 300e6)
    assert any("unverified (grade M)" in warning for warning in bill.warnings)


def test_brainscales_has_power_but_no_time() -> None:
    profile = load_profile(BRAINSCALES)
    graph = layer(30, 8)
    counts, _ = ran(graph, np.ones((1, 30), int))
    bill = price(counts, profile, map_graph(graph, profile))
    assert bill.total is None
    assert [u.term for u in bill.unpriced] == ["static"]
    assert any("analogue" in warning for warning in bill.warnings)


def test_static_power_runs_over_every_tick_and_chip() -> None:
    profile = load_profile(TRUENORTH)
    graph = layer(30, 8)
    bill = price(ran(graph, np.ones((1, 30), int))[0], profile, mapping := map_graph(graph, profile))
    assert mapping.resources["steps"] == 3  # two layers, and a splitter between them
    assert bill.terms["static"].energy_j == pytest.approx(64.43e-3 * 3e-3)
    assert set(bill.terms) == {"synaptic events", "chip links", "static"}
    assert bill.terms["chip links"].energy_j == 0
    # the splitter's step and copies rest on a limit that is from memory; without a hidden layer there are none
    assert (bill.weakest_grade, bill.latency and bill.latency.grade) == ("M", "M")
    shallow = EventGraph(
        [Input(name="x", shape=(4,), coding=TERNARY), readout("out", 2)],
        [dense("fc", "x", "out", np.eye(2, 4, dtype=int))],
    )
    counts, _ = ran(shallow, np.ones((1, 4), int))
    assert price(counts, profile, map_graph(shallow, profile)).weakest_grade == "D"
    assert bill.area is not None
    assert bill.area.area_m2 == pytest.approx(4.3e-4)


def test_more_open_gates_cost_more_and_never_less(at_activity: Callable[..., Counts]) -> None:
    graph = layer(40, 20)
    for card in (TRUENORTH, TIANJIC):
        profile = load_profile(card)
        mapping = map_graph(graph, profile)
        bills = [
            price(at_activity(graph, gated=g, driven=max(g, 0.3)), profile, mapping) for g in (0, 0.1, 0.4, 0.8)
        ]
        energies = [bill.total for bill in bills]
        for less, more in itertools.pairwise(energies):
            assert less is not None
            assert more is not None
            assert less.energy_j <= more.energy_j
            assert less.high_j <= more.high_j
            assert less.low_j <= more.low_j


def test_partial_sums_are_in_the_band(at_activity: Callable[..., Counts]) -> None:
    graph, profile = layer(100, 6), load_profile(TRUENORTH)
    mapping = map_graph(graph, profile)
    bill = price(at_activity(graph), profile, mapping)
    # open gates, and two copies of each of the 4 hidden neurons that fire
    gates = 2 * round(4 / 9 * 600) + round(4 / 9 * 12) + 2 * 4
    static = mapping.populations["h"]
    assert static["partial_sum_events"] == 6 * 2 * 2
    term = bill.terms["synaptic events"]
    assert term.low_j == pytest.approx(gates * 2.21 * PJ)
    assert term.high_j == pytest.approx((gates + 24) * 2.39 * PJ)
    assert term.count == pytest.approx(gates + 24 * 4 / 6)


def test_hops_are_charged_only_where_the_event_does_not_hold_them(edited: Edit) -> None:
    hop = {
        "value_pj": 2.3,
        "scope": "marginal",
        "per": "hop",
        "source": "Merolla et al. 2014, SM S5",
        "grade": "B",
    }
    with pytest.raises(Exception, match=r"hop.*double charge"):
        edited(TRUENORTH, {"energy/hop": hop})
    alone = edited(TRUENORTH, {"energy/hop": hop, "energy/synop/includes": ["neuron_update", "synapse_memory"]})
    graph = layer(64, 300)
    counts, spikes = ran(graph, np.random.default_rng(1).integers(-1, 2, (3, 64)))
    mapping = map_graph(graph, alone)
    term = price(counts, alone, mapping).terms["hops"]
    inputs, hidden = (float((spikes[n] != 0).sum()) / 3 for n in ("x", "h"))
    expected = 2 * inputs * float(mapping.projections["fc"]["hops_value"])
    expected += 2 * hidden * float(mapping.projections["last"]["hops_value"])
    partial = float(mapping.populations["out"]["partial_sum_hops"])
    assert term.count == pytest.approx(expected + partial)
    assert term.low_j <= term.energy_j <= term.high_j


def test_rates_without_a_name_or_a_price_are_refused(edited: Edit) -> None:
    profile = load_profile(TRUENORTH)
    with pytest.raises(PricingError, match="rate 'spikes' is 1; allowed are synop"):
        power_w(profile, {"spikes": 1})
    bad: Any
    for bad in (-1, float("nan"), float("inf"), "1", None):
        with pytest.raises(PricingError, match="rate 'synop' is "):
            power_w(profile, {"synop": bad})
        with pytest.raises(PricingError, match="rate 'chips' is "):
            power_w(profile, {}, chips=bad)
    with pytest.raises(PricingError, match="'loihi_micro_2018' is of model 'synapse_lists'; allowed is"):
        power_w(load_profile("loihi"), {"synop": 1e6})
    with pytest.raises(PricingError, match="no clock: no published value"):
        power_w(profile, {"clock": 1e6})
    assert power_w(load_profile(TIANJIC), {"synop": 649e9, "hop": 1e9}).value == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("card", CARDS)
def test_every_card_prices_or_refuses_the_shared_nets(
    card: str, conv_net: EventGraph, conv_counts: Counts, dense_net: EventGraph
) -> None:
    profile = load_profile(card)
    counts, _ = ran(dense_net, np.array([[1, -1], [0, 1]]))
    bill = price(counts, profile, map_graph(dense_net, profile))
    assert bill.terms or bill.unpriced
    try:
        mapping = map_graph(conv_net, profile)
    except PricingError as refused:
        assert card == ODIN
        assert "neurons_per_core" in str(refused)  # noqa: PT017
        return
    found = price(conv_counts, profile, mapping)
    assert found.total is None or found.total.low_j <= found.total.energy_j <= found.total.high_j
