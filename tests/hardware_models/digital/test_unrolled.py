"""TCN-CUTIE: cycles by hand, the published CIFAR-10 point, and what sparsity does and does not save."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Pool2d, Readout, Spiking, execute
from gxnor_snn.results import Counts

Edit = Callable[..., Profile]
CUTIE = "cutie_arxiv_2022"
TERNARY = Coding.ternary()


def layer(
    shape: tuple[int, ...], weights: tuple[int, ...], coding: Coding = TERNARY, **geometry: Any
) -> EventGraph:
    """One convolution (or dense layer) with a dense readout behind it."""
    own = np.ones(weights, np.int8)
    first: Any
    if len(weights) == 4:
        first = Conv2d(name="layer", source="x", target="h", weights=own, coding=TERNARY, **geometry)
    else:
        first = Dense(name="layer", source="x", target="h", weights=own, coding=TERNARY)
    out = first.output_shape(shape)
    hidden = Spiking(
        name="h",
        shape=out,
        coding=TERNARY,
        thresholds=np.tile([0, 1], (out[0], 1)),
        increasing=np.ones(out[0], bool),
    )
    last = Dense(
        name="fc", source="h", target="out", weights=np.ones((1, int(np.prod(out))), np.int8), coding=TERNARY
    )
    return EventGraph(
        [
            Input(name="x", shape=shape, coding=coding),
            hidden,
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [first, last],
    )


UNCHECKED_SUMS: dict[str, Any] = {"limits/sum_bits": None}
"""Layers of ones are about geometry, not about sums."""


def full_cycles(outputs: int) -> EventGraph:
    """One layer of 4096 cycles: 96 input channels, and as many multipliers in use as `outputs` of 96 channels."""
    return EventGraph(
        [
            Input(name="x", shape=(96, 64, 64), coding=TERNARY),
            Readout(name="out", shape=(outputs, 64, 64), scale=np.ones(outputs), offset=np.zeros(outputs)),
        ],
        [
            Conv2d(
                name="layer", source="x", target="out", weights=np.ones((outputs, 96, 3, 3), np.int8), coding=TERNARY,
                padding=(1, 1, 1, 1),
            )
        ],
    )  # fmt: skip


def efficiency(profile: Profile, outputs: int, at_activity: Callable[..., Counts]) -> Any:
    """Operations of a bill's layer, padding included, and the bill, at 4/9 open gates."""
    graph = full_cycles(outputs)
    mapping = map_graph(graph, profile)
    fan_out = graph.fan_out("layer")
    assert mapping.projections["layer"]["cycles"] == 4096
    counts = at_activity(graph, gated=4 / 9 * fan_out.padded / int(fan_out.dense.sum()))
    return 2 * int(fan_out.padded), price(counts, profile, mapping)


def test_a_net_that_uses_the_array_like_the_published_one_meets_its_average(
    edited: Edit, at_activity: Callable[..., Counts]
) -> None:
    """Calibration, through mapping and prices: 60 % use costs 1.61 fJ an operation and 8.7 mW (CIFAR-10)."""
    operations, bill = efficiency(edited(CUTIE, UNCHECKED_SUMS), 58, at_activity)
    assert operations / (4096 * 165_888) == pytest.approx(0.60, abs=0.01)
    assert bill.energy_j / operations == pytest.approx(1.61e-15, rel=0.01)
    assert bill.energy_j / bill.latency.time_s == pytest.approx(2.72e-6 * 3200, rel=0.01)


def test_the_published_peak_is_predicted_within_the_band(edited: Edit, at_activity: Callable[..., Counts]) -> None:
    """1036 TOp/s/W of a full array went into no constant: it is met where nothing follows toggling."""
    operations, bill = efficiency(edited(CUTIE, UNCHECKED_SUMS), 96, at_activity)
    assert operations / bill.total.high_j < 1036e12 < operations / bill.total.low_j
    assert operations / bill.energy_j == pytest.approx(772e12, rel=0.01)
    unshared = edited(CUTIE, {**UNCHECKED_SUMS, "ratio/toggle_share/value": 0.0})
    operations, bill = efficiency(unshared, 96, at_activity)
    assert operations / bill.energy_j == pytest.approx(1036e12, rel=0.01)


def test_the_band_of_a_ratio_widens_the_total(edited: Edit, at_activity: Callable[..., Counts]) -> None:
    narrow = {"ratio/reference_activity/band": [0.2, 0.3], **UNCHECKED_SUMS}
    wide = {"ratio/reference_activity/band": [0.1, 0.6], **UNCHECKED_SUMS}
    (_, one), (_, other) = (efficiency(edited(CUTIE, changes), 96, at_activity) for changes in (narrow, wide))
    assert other.total.high_j == pytest.approx(2 * one.total.high_j)
    assert other.terms["toggling"].high_j == pytest.approx(2 * one.terms["toggling"].high_j)


@pytest.mark.parametrize(
    ("shape", "weights", "geometry", "passes", "cycles"),
    [
        ((96, 8, 8), (96, 96, 3, 3), {}, 1, 36),
        ((3, 8, 8), (16, 3, 3, 3), {}, 1, 36),
        ((97, 8, 8), (96, 97, 3, 3), {}, 2, 72),
        ((96, 8, 8), (97, 96, 3, 3), {}, 2, 72),
        ((200, 8, 8), (200, 200, 3, 3), {}, 9, 324),
        ((16, 9, 9), (16, 16, 5, 5), {}, 4, 100),
        ((16, 9, 9), (16, 16, 1, 1), {}, 1, 81),
        ((16, 9, 9), (16, 16, 3, 3), {"dilation": (2, 2)}, 4, 100),
        ((16, 9, 9), (16, 16, 3, 3), {"stride": (2, 2)}, 1, 18),
        ((96, 9, 9), (96, 1, 3, 3), {"groups": 96}, 1, 49),
        ((192, 9, 9), (192, 96, 3, 3), {"groups": 2}, 2, 98),
        ((864,), (96, 864), {}, 1, 18),
        ((865,), (97, 865), {}, 4, 72),
    ],
)
def test_passes_and_cycles_of_a_layer(
    shape: tuple[int, ...],
    weights: tuple[int, ...],
    geometry: dict[str, Any],
    passes: int,
    cycles: int,
    edited: Edit,
) -> None:
    static = map_graph(layer(shape, weights, **geometry), edited(CUTIE, UNCHECKED_SUMS)).projections["layer"]
    assert (static["passes"], static["cycles"]) == (passes, cycles)
    assert static["native"] == (static["passes_summed"] == 1)


def test_bit_planes_run_one_after_another_and_their_sums_are_not_the_accelerators(
    conv_net: EventGraph, conv_counts: Counts
) -> None:
    profile = load_profile(CUTIE)
    mapping = map_graph(conv_net, profile)
    cycles = {n: mapping.projections[n]["cycles"] for n in ("conv1", "conv2", "fc")}
    assert cycles == {"conv1": 5 * 100, "conv2": 18, "fc": 18}
    assert mapping.resources["adds_outside"] == 4 * 600
    bill = price(conv_counts, profile, mapping)
    assert any("2400 additions of weighted bit planes" in text for text in bill.excluded)
    assert any("'conv1' reads 5 bit planes" in text for text in bill.warnings)


def test_cycles_stay_and_toggling_shrinks(conv_net: EventGraph, pixels: Any) -> None:
    profile = load_profile(CUTIE)
    mapping = map_graph(conv_net, profile)
    bills = []
    for x in (pixels(2), pixels(2) * 0):
        counts = execute(conv_net, x).counts
        assert counts is not None
        bills.append(price(counts, profile, mapping))
    busy, silent = bills
    assert busy.terms["clocking"] == silent.terms["clocking"]
    assert busy.latency == silent.latency
    assert silent.terms["toggling"].energy_j < busy.terms["toggling"].energy_j


def test_the_unknown_split_is_in_the_band_of_the_total(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(CUTIE)
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    assert bill.total is not None
    cycles, opened = bill.terms["clocking"].count, bill.terms["toggling"].count
    toggles = opened / 82_944
    assert bill.total.low_j == pytest.approx(160.9e-12 * min(cycles, toggles / 0.6028))
    assert bill.total.high_j == pytest.approx(225.9e-12 * max(cycles, toggles / 0.1507))
    assert bill.energy_j == pytest.approx(161.2e-12 * (cycles + toggles / 0.2679) / 2)
    assert bill.weakest_grade == "D"


def test_a_card_without_the_split_has_no_total(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = edited(CUTIE, {"ratio/toggle_share": None})
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    assert bill.total is None
    assert "toggle_share" in bill.unpriced[0].reason


def wall(graph: EventGraph, message: str) -> None:
    with pytest.raises(PricingError, match=message):
        map_graph(graph, load_profile(CUTIE))


def test_what_the_output_unit_cannot_do_is_a_wall() -> None:
    def net(coding: Coding, weight: Coding, extra: list[Any]) -> EventGraph:
        hidden = Spiking(
            name="h", shape=(2, 2, 2), coding=coding, thresholds=np.tile(np.arange(coding.n_thresholds), (2, 1)),
            increasing=np.ones(2, bool),
        )  # fmt: skip
        conv = Conv2d(name="conv", source="x", target="h", weights=np.ones((2, 2, 1, 1), np.int8), coding=weight)
        last = Dense(name="fc", source="h", target="out", weights=np.ones((1, 8), np.int8), coding=TERNARY)
        out = Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1))
        return EventGraph([Input(name="x", shape=(2, 2, 2), coding=TERNARY), hidden, out], [conv, last, *extra])

    wall(
        net(Coding.signmag(2), TERNARY, []), r"population 'h' has levels -2\.\.2; the wall is ternary activations"
    )
    wall(
        net(TERNARY, Coding.signmag(2), []), r"projection 'conv' has weights -2\.\.2; the wall is ternary weights"
    )
    wall(
        net(TERNARY, TERNARY, [Identity(name="skip", source="x", target="h")]), "identity 'skip' adds to the sums"
    )
    pool = Pool2d(name="pool", source="x", target="h", mode="sum", kernel=(1, 1))
    wall(net(TERNARY, TERNARY, [pool]), "pool2d 'pool' adds to the sums")


def test_sums_that_could_wrap_around_are_named(edited: Edit) -> None:
    wide = layer((96, 3, 3), (8, 96, 3, 3))
    mapping = map_graph(wide, load_profile(CUTIE))
    assert {c.limit: (c.status, c.used) for c in mapping.checks}["sum_bits"] == ("exceeded", 11)
    assert any("sum_bits is 11, the card has 10" in note and "wraps around" in note for note in mapping.notes)
    with pytest.raises(PricingError, match=r"needs sum_bits of 11; the wall is 10 \(the largest sum"):
        map_graph(wide, edited(CUTIE, {"limits/sum_bits/kind": "wall"}))
    fits = layer((56, 3, 3), (8, 56, 3, 3))
    assert {c.limit: c.used for c in map_graph(fits, load_profile(CUTIE)).checks}["sum_bits"] == 10
    # the planes of pixels run one by one: each plane's own sum counts
    pixels = layer((56, 3, 3), (8, 56, 3, 3), Coding.bits(8))
    assert {c.limit: c.used for c in map_graph(pixels, load_profile(CUTIE)).checks}["sum_bits"] == 10


def test_bit_planes_share_their_weights(edited: Edit) -> None:
    mapping = map_graph(layer((3, 8, 8), (16, 3, 3, 3), Coding.bits(8)), edited(CUTIE, UNCHECKED_SUMS))
    (check,) = [c for c in mapping.checks if c.limit == "layers"]
    assert (mapping.resources["passes"], check.used, check.status) == (9, 2, "pass")


def test_gains_and_layers_that_add_up_are_walls() -> None:
    graph = layer((4, 4, 4), (4, 4, 1, 1))
    conv, last = graph.projections.values()
    populations = list(graph.populations.values())
    for gain in (2, -1):
        changed: Any = replace(conv, gain=gain)
        wall(EventGraph(populations, [changed, last]), f"'layer' has gain {gain}; the wall is the datapath")
    wall(
        EventGraph(populations, [conv, replace(conv, name="twin"), last]),
        "'layer' and 'twin' add to the same sums of 'h'; the wall is the output unit",
    )


def test_static_power_without_a_clock_is_unpriced(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    def power(milliwatt: float) -> dict[str, Any]:
        return {"value_mw": milliwatt, "scope": "marginal", "per": "chip", "source": "a data sheet", "grade": "A"}

    included = [n for n in load_profile(CUTIE).energy["cycle"].includes if n != "static"]
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"power/static": power(1.0), "frequency/clock": None}, ["static"]),
        ({"power/static": power(0.0), "frequency/clock": None}, []),
        ({}, ["static"]),
        ({"power/static": power(1.0)}, []),
    ]
    for changes, missing in cases:
        profile = edited(CUTIE, {"energy/cycle/includes": included, **changes})
        bill = price(conv_counts, profile, map_graph(conv_net, profile))
        assert [u.term for u in bill.unpriced] == missing
        assert (bill.total is None) == bool(missing)
    # grade A by itself, but the time it is charged over has grade C
    assert bill.latency is not None
    assert (bill.terms["static"].grade, bill.latency.grade) == ("C", "C")


def test_limits_that_cost_passes_or_host_work_are_named(edited: Edit) -> None:
    graph = layer((96, 66, 66), (96, 96, 5, 5))
    mapping = map_graph(graph, load_profile(CUTIE))
    status = {c.limit: (c.status, c.used, c.allowed) for c in mapping.checks}
    assert status["image"] == ("exceeded", 66, 64)
    assert status["sum_bits"][0] == "exceeded"
    assert any("image is 66, the card has 64" in note for note in mapping.notes)
    assert any("adds 4 passes per output over 3844 positions" in note for note in mapping.notes)
    unknown = map_graph(graph, edited(CUTIE, {"limits/image": None, **UNCHECKED_SUMS}))
    assert {c.limit: c.status for c in unknown.checks}["image"] == "unchecked"
