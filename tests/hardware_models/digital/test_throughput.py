"""Accelerators with one energy per operation: which operation, how many, and what they cannot run."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Readout,
    Relay,
    Spiking,
    execute,
)
from gxnor_snn.results import Counts

from .nets import CIFAR, MNIST, TERNARY, network, uniform

Edit = Callable[..., Profile]
CHEWBACCA, XNE, BRAINTTA = "chewbaccann_iscas_2021", "xne_tcad_2018", "braintta_arxiv_2022"
BINARY = Coding.pm1(1)


def layers(graph: EventGraph, card: str) -> dict[str, tuple[Any, ...]]:
    keys = ("word", "values_per_input", "values_per_weight", "thresholds")
    found = map_graph(graph, load_profile(card)).projections
    return {n: tuple(q[k] for k in keys) for n, q in found.items() if "operations" in q}


def test_a_binary_net_is_one_product_per_synapse_and_two_operations() -> None:
    graph = network([("dense", (8,)), ("dense", (3,))], (16,), inputs=BINARY, values=BINARY)
    for card in (CHEWBACCA, XNE, BRAINTTA):
        assert set(layers(graph, card).values()) == {("binary", 1, 1, 1)}
        profile = load_profile(card)
        bill = price(uniform(graph), profile, map_graph(graph, profile))
        synapses = 16 * 8 + 8 * 3
        assert bill.terms["binary operations"].count == 2 * synapses
        assert bill.energy_j == pytest.approx(2 * synapses * profile.energy["operation_binary"].value)


def test_a_ternary_net_costs_two_values_each_and_a_sum_per_threshold() -> None:
    graph = network([("dense", (8,)), ("dense", (3,))], (16,))
    assert layers(graph, XNE) == {"p0": ("binary", 2, 2, 2), "p1": ("binary", 2, 2, 1)}
    resources = map_graph(graph, load_profile(XNE)).resources
    assert resources["operations_binary"] == 2 * (8 * 128 + 4 * 24)
    assert resources["operations_low_binary"] == 2 * (4 * 128 + 4 * 24)


def test_every_layer_runs_at_the_cheapest_precision_that_holds_it() -> None:
    pixels = network(MNIST, (1, 28, 28), inputs=Coding.bits(8))
    assert layers(pixels, BRAINTTA)["p0"] == ("int8", 1, 1, 1)
    assert {layers(pixels, BRAINTTA)[n] for n in ("p2", "p4", "p5")} == {("ternary", 1, 1, 1)}
    profile = load_profile(BRAINTTA)
    bill = price(uniform(pixels), profile, map_graph(pixels, profile))
    assert bill.terms["int8 operations"].energy_j == pytest.approx(2 * 460_800 * 405e-15)
    assert bill.terms["ternary operations"].energy_j == pytest.approx(2 * (4_267_008 - 460_800) * 67e-15)
    assert bill.latency is not None
    expected = 2 * 460_800 / 77e9 + 2 * (4_267_008 - 460_800) / 307e9
    assert bill.latency.time_s == pytest.approx(expected, rel=1e-3)


def test_without_an_int8_operation_pixels_run_bit_by_bit(edited: Edit) -> None:
    graph = network([("dense", (8,)), ("dense", (3,))], (16,), inputs=Coding.bits(8))
    assert layers(graph, XNE)["p0"] == ("binary", 8, 2, 1)
    mapping = map_graph(graph, load_profile(XNE))
    assert mapping.resources["work_outside"] == 7 * 8
    bill = price(uniform(graph), load_profile(XNE), mapping)
    assert any("'p0' reads 'x' in 8 bits" in w and "outside" in w for w in bill.warnings)
    assert any(text.startswith("56 additions") for text in bill.excluded)
    ternary = edited(BRAINTTA, {"energy/operation_int8": None})
    static = map_graph(graph, ternary).projections["p0"]
    assert (static["word"], static["values_per_input"]) == ("ternary", 8)


def test_padding_is_computed_and_takes_a_zero() -> None:
    shape, same = (2, 4, 4), [("3same", (3, 4, 4)), ("dense", (2,))]
    ternary, binary = network(same, shape), network(same, shape, BINARY, BINARY)
    assert layers(binary, XNE)["p0"] == ("binary", 2, 1, 1)  # no zero in {-1, +1}
    for graph, products in ((ternary, 8), (binary, 2)):
        static = map_graph(graph, load_profile(XNE)).projections["p0"]
        taps, dense = 3 * 16 * 18, int(graph.fan_out("p0").dense.sum())
        assert static["operations"] == 2 * products * taps
        assert dense < taps
        assert static["operations_low"] == static["operations"] // static["thresholds"] * dense // taps


def test_zeros_cost_what_anything_else_costs(conv_net: EventGraph, pixels: Any) -> None:
    for card in (CHEWBACCA, XNE, BRAINTTA):
        profile = load_profile(card)
        mapping = map_graph(conv_net, profile)
        counts = [execute(conv_net, x).counts for x in (pixels(2), pixels(2) * 0)]
        busy, silent = [price(c, profile, mapping) for c in counts if c is not None]
        assert busy.terms == silent.terms
        assert busy.total == silent.total


def test_levels_of_many_thresholds_cost_one_product_each() -> None:
    graph = network([("dense", (8,)), ("dense", (3,))], (16,), values=Coding.signmag(2))
    assert layers(graph, XNE) == {"p0": ("binary", 2, 4, 4), "p1": ("binary", 4, 4, 1)}
    # eight binary products cost 280 fJ, sixteen more than one of 8 bits
    assert layers(graph, BRAINTTA) == {"p0": ("binary", 2, 4, 1), "p1": ("int8", 1, 1, 1)}


def joined_net(relay: bool = False, gain: int = 1) -> EventGraph:
    """Two layers that meet in one threshold, or a sum of four values that feeds a layer."""
    thresholds = {"thresholds": np.tile([0, 1], (4, 1)), "increasing": np.ones(4, bool)}
    h = Spiking(name="h", shape=(4, 2, 2), coding=TERNARY, **thresholds)
    middle: list[Any] = [h]
    edges: list[Any] = [
        Conv2d(name="a", source="x", target="h", weights=np.ones((4, 4, 1, 1), np.int8), coding=TERNARY),
        Identity(name="skip", source="x", target="h", gain=gain),
    ]
    last = "h"
    if relay:
        middle.append(Relay(name="sum", shape=(4, 1, 1), kind="sum", lo=-4, hi=4))
        edges.append(Pool2d(name="pool", source="h", target="sum", mode="sum"))
        last = "sum"
    size = 4 if relay else 16
    edges.append(Dense(name="fc", source=last, target="out", weights=np.ones((2, size), np.int8), coding=TERNARY))
    out = Readout(name="out", shape=(2,), scale=np.ones(2), offset=np.zeros(2))
    return EventGraph([Input(name="x", shape=(4, 2, 2), coding=TERNARY), *middle, out], edges)


def test_joined_and_scaled_sums_are_outside_and_leave_the_chip_once() -> None:
    assert layers(joined_net(), XNE)["a"] == ("binary", 2, 2, 1)
    assert map_graph(joined_net(), load_profile(XNE)).resources["work_outside"] == 16
    assert map_graph(joined_net(gain=3), load_profile(XNE)).resources["work_outside"] == 32


def test_sums_that_no_threshold_cuts_cannot_be_written_in_one_bit() -> None:
    with pytest.raises(
        PricingError, match=r"xne_tcad_2018.*'fc' reads levels -4\.\.4 of 'sum', a relay.*the wall is"
    ):
        map_graph(joined_net(relay=True), load_profile(XNE))
    assert layers(joined_net(relay=True), BRAINTTA)["fc"] == ("int8", 1, 1, 1)


def test_levels_that_meet_in_a_relay_are_written_as_the_strictest_of_them() -> None:
    """Pixels alone run bit by bit; beside levels of thresholds, which come as a thermometer, they cannot."""

    def net(*sources: str) -> EventGraph:
        sides = {"x": Input(name="x", shape=(1, 2, 2), coding=Coding.pm1(2))}
        thresholds = {"thresholds": np.zeros((1, 3), int), "increasing": np.ones(1, bool)}
        sides["h"] = Spiking(name="h", shape=(1, 2, 2), coding=Coding.pm1(2), **thresholds)  # type: ignore[assignment]
        relay = Relay(name="r", shape=(len(sources), 2, 2))
        edges: list[Any] = [
            Conv2d(name="a", source="x", target="h", weights=np.ones((1, 1, 1, 1), np.int8), coding=TERNARY)
        ]
        for k, source in enumerate(sources):
            edges.append(Identity(name=f"i{k}", source=source, target="r", target_channels=(k, k + 1)))
        weights = np.ones((2, 4 * len(sources)), np.int8)
        edges += [
            Dense(name="fc", source="r", target="out", weights=weights, coding=TERNARY),
            Dense(name="also", source="h", target="out", weights=weights[:, :4], coding=TERNARY),
        ]
        out = Readout(name="out", shape=(2,), scale=np.ones(2), offset=np.zeros(2))
        return EventGraph([*sides.values(), relay, out], edges)

    assert layers(net("x"), XNE)["fc"] == ("binary", 2, 2, 1)
    assert layers(net("h"), XNE)["fc"] == ("binary", 3, 2, 1)
    assert layers(net("x", "h"), XNE)["fc"] == layers(net("h", "x"), XNE)["fc"] == ("binary", 3, 2, 1)


def test_operands_beyond_every_operation_are_a_wall(edited: Edit) -> None:
    graph = network([("dense", (8,)), ("dense", (3,))], (16,), inputs=Coding.signmag(12))
    only = edited(BRAINTTA, {f"{s}/operation_{w}": None for s in ("energy", "time") for w in ("ternary", "int8")})
    assert map_graph(graph, only).projections["p0"]["values_per_input"] == 13
    ternary = edited(BRAINTTA, {"energy/operation_int8": None})
    heavy = network([("dense", (8,)), ("dense", (3,))], (16,), values=Coding.signmag(2))
    assert map_graph(heavy, ternary).projections["p0"]["word"] == "binary"
    with pytest.raises(PricingError, match="allowed are none, as no energy per operation was published"):
        map_graph(graph, edited(XNE, {"energy/operation_binary": None}))


def test_a_kernel_beyond_the_window_is_a_wall() -> None:
    graph = network([("9valid", (4, 4, 4)), ("dense", (2,))], (2, 12, 12))
    with pytest.raises(PricingError, match=r"chewbaccann.* the graph needs kernel of 9; the wall is 7"):
        map_graph(graph, load_profile(CHEWBACCA))
    assert {c.limit: c.status for c in map_graph(graph, load_profile(XNE)).checks} == {"kernel": "unchecked"}


def test_a_graph_of_pools_has_nothing_to_run() -> None:
    graph = EventGraph(
        [Input(name="x", shape=(1, 2, 2), coding=TERNARY), Readout(name="o", shape=(1, 1, 1), scale=np.ones(1), offset=np.zeros(1))],
        [Pool2d(name="pool", source="x", target="o", mode="sum")],
    )  # fmt: skip
    for card in (XNE, "horowitz_int8_isscc_2014"):
        with pytest.raises(PricingError, match="no Dense or Conv2d projection to run"):
            map_graph(graph, load_profile(card))


def test_static_power_beside_the_energy_needs_a_latency(edited: Edit) -> None:
    graph = network([("dense", (8,)), ("dense", (3,))], (16,), BINARY, BINARY)
    power = {"value_mw": 1.0, "scope": "marginal", "per": "chip", "source": "s", "grade": "A"}
    parts = {"power/static": power, "energy/operation_binary/includes": ["datapath"]}
    counts: Counts = uniform(graph)
    for card, missing in ((CHEWBACCA, []), (XNE, ["static"])):
        profile = edited(card, parts)
        bill = price(counts, profile, map_graph(graph, profile))
        assert [u.term for u in bill.unpriced] == missing
    assert network(CIFAR, (3, 32, 32)).fan_out("p0").padded == 27 * 128 * 1024
