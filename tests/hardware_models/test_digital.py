"""TCN-CUTIE: cycles by hand, the published CIFAR-10 point, and what sparsity does and does not save."""

from collections.abc import Callable
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


PUBLISHED_CYCLES = 54e6 / 3200
"""Clock over inferences per second of the CIFAR-10 network."""


def test_the_published_cifar_point_follows_from_the_peak_efficiency(at_activity: Callable[..., Counts]) -> None:
    """2.72 uJ published; 16875 cycles of a full array at the reference activity. The 9-layer list is not public."""
    profile = load_profile(CUTIE)
    assert pytest.approx(16_875) == PUBLISHED_CYCLES
    conv = Conv2d(
        name="layer", source="x", target="out", weights=np.ones((96, 96, 3, 3), np.int8), coding=TERNARY,
        padding=(1, 1, 1, 1),
    )  # fmt: skip
    graph = EventGraph(
        [
            Input(name="x", shape=(96, 64, 64), coding=TERNARY),
            Readout(name="out", shape=(96, 64, 64), scale=np.ones(96), offset=np.zeros(96)),
        ],
        [conv],
    )
    mapping = map_graph(graph, profile)
    static = mapping.projections["layer"]
    assert (static["cycles"], static["native"]) == (4096, True)
    fan_out = graph.fan_out("layer")
    # open gates over all multipliers of all cycles, those on padding included
    bill = price(at_activity(graph, gated=4 / 9 * fan_out.padded / int(fan_out.dense.sum())), profile, mapping)
    assert bill.energy_j is not None
    energy = PUBLISHED_CYCLES / 4096 * bill.energy_j
    assert energy == pytest.approx(2.72e-6, rel=0.25)
    assert energy == pytest.approx(2.70e-6, rel=0.002)
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(4096 / 54e6)


def test_the_published_operations_and_efficiencies_fit_the_unrolled_array() -> None:
    """5.4 TOp/s on average is 1.69 GOp an inference at 60 % use, 1.61 fJ an operation."""
    profile = load_profile(CUTIE)
    multipliers = profile.number("in_channels") * profile.number("kernel") ** 2 * profile.number("out_channels")
    operations = 5.4e12 / 3200
    assert multipliers == 82_944
    assert operations == pytest.approx(1.69e9, rel=0.01)
    assert operations / (PUBLISHED_CYCLES * 2 * multipliers) == pytest.approx(0.60, abs=0.01)
    cycle = profile.energy["cycle"]
    assert PUBLISHED_CYCLES * cycle.value / operations == pytest.approx(1.61e-15, rel=0.01)
    assert 2 * multipliers / cycle.value == pytest.approx(1036e12, rel=1e-3)
    assert cycle.high * 54e6 == pytest.approx(12.2e-3, rel=1e-3)


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
    shape: tuple[int, ...], weights: tuple[int, ...], geometry: dict[str, Any], passes: int, cycles: int
) -> None:
    static = map_graph(layer(shape, weights, **geometry), load_profile(CUTIE)).projections["layer"]
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
    all_clock, all_toggle = cycles * 160.1e-12, opened / (82_944 * 4 / 9) * 160.1e-12
    assert bill.total.low_j == pytest.approx(min(all_clock, all_toggle))
    assert bill.total.high_j == pytest.approx(max(all_clock, all_toggle) * 225.9 / 160.1)
    assert bill.energy_j == pytest.approx((all_clock + all_toggle) / 2)
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


def test_limits_that_cost_passes_or_host_work_are_named(edited: Edit) -> None:
    graph = layer((96, 66, 66), (96, 96, 5, 5))
    mapping = map_graph(graph, load_profile(CUTIE))
    status = {c.limit: (c.status, c.used, c.allowed) for c in mapping.checks}
    assert status["image"] == ("exceeded", 66, 64)
    assert status["sum_bits"][0] == "exceeded"
    assert any("image is 66, the card has 64" in note for note in mapping.notes)
    assert any("adds 4 passes per output over 3844 positions" in note for note in mapping.notes)
    unknown = map_graph(graph, edited(CUTIE, {"limits/image": None}))
    assert {c.limit: c.status for c in unknown.checks}["image"] == "unchecked"
