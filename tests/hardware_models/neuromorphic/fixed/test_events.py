"""Synaptic events against walks over recorded spikes: open gates, copies, planes, rows."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.neuromorphic.fixed import power_w
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    EventGraph,
    Input,
)

from ..nets import TERNARY, spiking
from ..walk import walked
from .nets import BINARY, ODIN, PJ, TRUENORTH, Edit, block_reads, dense, layer, nets, ran, readout


@settings(max_examples=15, deadline=None)
@given(graph=nets(), seed=st.integers(0, 99))
def test_truenorth_pays_open_gates_and_copies(edited: Edit, graph: EventGraph, seed: int) -> None:
    profile = edited(TRUENORTH, {"limits/axons_per_core/value": 256, "limits/neurons_per_core/value": 24})
    mapping = map_graph(graph, profile)
    if any(q.get("row_groups", 1) != 1 for q in mapping.populations.values()):
        return
    coding = graph.coding("x")
    x = coding.levels[
        np.random.default_rng(seed).integers(0, len(coding.levels), (2, *graph.populations["x"].shape))
    ]
    counts, spikes = ran(graph, x)
    fan = {"conv": 2, "pool": 1, "fc": 2, "some": 2, "last": 1}
    expected = np.mean(
        [sum(fan[n] * walked(e, spikes[e.source][s]) for n, e in graph.projections.items() if e.kind != "identity")
         + sum(int((spikes[e.source][s] != 0).sum()) for e in graph.projections.values() if e.kind == "identity")
         for s in range(2)]
    )  # fmt: skip
    term = price(counts, profile, mapping).terms["synaptic events"]
    copies = []
    for name in ("a", "b", "c"):
        reads = {e.name: block_reads(graph, mapping, e.name) for e in graph.outgoing(name)}
        axons = [
            sum(
                int(mapping.projections[n]["axons_per_value"]) // 2 * sum(v in block for block in found)
                for n, found in reads.items()
            )
            for v in range(graph.populations[name].size)
        ]
        each = [0 if a <= 1 else sum(_levels(a, 24)) for a in axons]
        copies.append(np.mean([sum(np.asarray(each) * (spikes[name][s].ravel() != 0)) for s in range(2)]))
    assert term.low_j <= (expected + sum(copies)) * 2.39 * PJ * (1 + 1e-9)
    assert term.high_j >= (expected + sum(copies)) * 2.21 * PJ * (1 - 1e-9)
    extra = sum(
        float(q["splitter_events_value"]) * np.mean([(spikes[n][s] != 0).sum() for s in range(2)])
        for n, q in mapping.populations.items()
        if n in spikes
    )
    assert term.count == pytest.approx(expected + extra)
    assert mapping.populations["c"]["splitter_events_low"] == mapping.populations["c"]["splitter_events_high"]


def _levels(axons: int, width: int) -> list[int]:
    return [] if axons <= 1 else [axons, *_levels(-(-axons // width), width)]


def _units(wanted: list[int], types: int) -> dict[int, int]:
    """Axons per magnitude with the best choice of so many units among the magnitudes, by counting coins."""
    best: dict[int, int] = {}
    for units in itertools.combinations(wanted, min(types, len(wanted))):
        fewest = [0] + [10**6] * max(wanted)
        for total in range(1, len(fewest)):
            fewest[total] = min((fewest[total - u] + 1 for u in units if u <= total), default=10**6)
        found = {m: fewest[m] for m in wanted}
        if not best or sum(found.values()) < sum(best.values()):
            best = found
    return best


@settings(max_examples=30, deadline=None)
@given(
    planes=st.integers(1, 6),
    weight_planes=st.integers(1, 3),
    gain=st.integers(1, 3),
    seed=st.integers(0, 99),
    one_sign=st.booleans(),
)
def test_truenorth_events_of_planes_are_in_the_band(
    planes: int, weight_planes: int, gain: int, seed: int, one_sign: bool
) -> None:
    """Every open pair of planes runs over as many axons as units make up its magnitude."""
    rng = np.random.default_rng(seed)
    coding, weights = Coding.bits(planes), Coding.signmag(weight_planes)
    w = rng.integers(0 if one_sign else -weights.hi, weights.hi + 1, (3, 2))
    w[0, 0] = weights.hi
    graph = EventGraph(
        [Input(name="x", shape=(2,), coding=coding), readout("out", 3)],
        [dense("fc", "x", "out", w, weights, gain=gain)],
    )
    profile = load_profile(TRUENORTH)
    wanted = sorted({gain << (k + j) for k in range(planes) for j in range(weight_planes)})
    signs = 1 + bool((w < 0).any())
    units = _units(wanted, 4 // signs)
    axons = signs * sum(units[gain << (k + j)] for k in range(planes) for j in range(weight_planes))
    if axons > 256:
        with pytest.raises(PricingError, match="axons_per_core"):
            map_graph(graph, profile)
        return
    mapping = map_graph(graph, profile)
    assert mapping.projections["fc"]["axons_per_value"] == axons
    if mapping.populations["out"]["row_groups"] != 1:
        return
    x = rng.integers(0, coding.hi + 1, (3, 2))
    counts, _ = ran(graph, x)
    a_bits, w_bits = ([np.abs(p) for p in c.plane_values(v)] for c, v in ((coding, x), (weights, w)))
    events = sum(
        units[gain << (k + j)] * int((a @ b.T).sum()) / 3
        for k, a in enumerate(a_bits)
        for j, b in enumerate(w_bits)
    )
    term = price(counts, profile, mapping).terms["synaptic events"]
    assert term.low_j <= events * 2.21 * PJ * (1 + 1e-9)
    assert term.high_j >= events * 2.39 * PJ * (1 - 1e-9)
    if set(units.values()) == {1}:
        assert term.count == pytest.approx(events)


@pytest.mark.parametrize("coding", [TERNARY, BINARY, Coding.bits(3)])
def test_odin_pays_256_operations_per_row_and_spike(coding: Coding) -> None:
    profile = load_profile(ODIN)
    graph = layer(7, 6, coding)
    mapping = map_graph(graph, profile)
    x = coding.levels[np.random.default_rng(3).integers(0, len(coding.levels), (5, 7))]
    counts, spikes = ran(graph, x)
    # a line drives an excitatory and an inhibitory row, twice for pixels: planes 1, 2, 4 fit three bits
    planes = np.sum([np.abs(plane) for plane in coding.plane_values(x)])
    rows = 2 * int(planes) + 2 * int((spikes["h"] != 0).sum())
    bill = price(counts, profile, mapping)
    sops = 256 * rows / 5
    assert bill.terms["synaptic events"].count == pytest.approx(sops)
    assert bill.terms["synaptic events"].energy_j == pytest.approx(sops * 8.43 * PJ)
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(sops * 2 / 75e6)
    assert bill.terms["clock"].count == pytest.approx(2 * sops)
    assert bill.terms["static"].energy_j == pytest.approx(27.3e-6 * sops * 2 / 75e6)
    assert set(bill.terms) == {"synaptic events", "clock", "static"}
    assert bill.energy_j == pytest.approx(
        power_w(profile, {"synop": 37.5e6, "clock": 75e6}).value * sops * 2 / 75e6
    )


def test_odin_weights_of_zero_save_nothing() -> None:
    profile, bills = load_profile(ODIN), []
    for weights in (np.zeros((4, 6), int), np.tile([1, -1], (4, 3))):
        graph = EventGraph(
            [Input(name="x", shape=(6,), coding=TERNARY), readout("out", 4)], [dense("fc", "x", "out", weights)]
        )
        counts, _ = ran(graph, np.array([[1, 0, 1, 0, 1, 0]]))
        bills.append(price(counts, profile, map_graph(graph, profile)))
    silent, busy = bills
    # without a negative weight a value drives one row per line
    assert (silent.terms["synaptic events"].count, busy.terms["synaptic events"].count) == (256 * 3, 256 * 6)


def test_odin_pixels_of_many_planes_are_in_the_band() -> None:
    """Planes 8, 16 of five-bit pixels take 2 and 3 rows of 3-bit synapses, each for either sign of weight."""
    profile, rng = load_profile(ODIN), np.random.default_rng(5)
    graph = EventGraph(
        [Input(name="x", shape=(9,), coding=Coding.bits(5)), readout("out", 4)],
        [dense("fc", "x", "out", np.tile([1, -1, 0], (4, 3)))],
    )
    mapping = map_graph(graph, profile)
    assert mapping.projections["fc"]["axons_per_value"] == 2 * (1 + 1 + 1 + 2 + 3)
    x = rng.integers(0, 32, (4, 9))
    counts, _ = ran(graph, x)
    rows = sum(2 * n * int(((x >> k) & 1).sum()) / 4 for k, n in enumerate((1, 1, 1, 2, 3)))
    term = price(counts, profile, mapping).terms["synaptic events"]
    assert term.low_j <= 256 * rows * 8.43 * PJ <= term.high_j
    assert term.low_j < term.energy_j < term.high_j


def test_odin_prices_pixels_of_which_no_window_reads_one() -> None:
    """Without a synapse that a pixel drives, its planes are between one and all; never a number that is none."""
    graph = EventGraph(
        [Input(name="x", shape=(1, 1, 1), coding=Coding.bits(3)), spiking("h", (1, 1, 1)), readout("out", 1)],
        [
            Conv2d(name="conv", source="x", target="h", coding=TERNARY, weights=np.ones((1, 1, 1, 1), int),
                   padding=(1, 0, 0, 0), stride=(2, 1)),
            dense("last", "h", "out", [[1]]),
        ],
    )  # fmt: skip
    assert int(graph.fan_out("conv").dense.sum()) == 0
    profile = load_profile(ODIN)
    counts, _ = ran(graph, np.full((2, 1, 1, 1), 7))
    bill = price(counts, profile, map_graph(graph, profile))
    # a row of either effect, as the neuron for -1 has the weight negated; h is silent
    assert bill.terms["synaptic events"].count == 512
    assert bill.terms["synaptic events"].high_j == pytest.approx(3 * 512 * 8.43 * PJ)


def test_lines_are_exact_behind_one_dense_reader() -> None:
    """Three bits of pixels, read by a convolution and by a dense layer too."""
    graph = EventGraph(
        [Input(name="x", shape=(1, 2, 2), coding=Coding.bits(3)), spiking("h", (1, 1, 1)), readout("out", 1)],
        [
            Conv2d(name="conv", source="x", target="h", coding=TERNARY, weights=np.ones((1, 1, 2, 2), int)),
            dense("past", "x", "out", [[1, 1, 1, 1]]),
            dense("last", "h", "out", [[1]]),
        ],
    )
    profile = load_profile(ODIN)
    x = np.array([[[[7, 1], [0, 4]]]])
    counts, spikes = ran(graph, x)
    rows = 2 * 5 + int((spikes["h"] != 0).sum())
    term = price(counts, profile, map_graph(graph, profile)).terms["synaptic events"]
    assert term.count == 256 * rows
    assert term.low_j == term.high_j
