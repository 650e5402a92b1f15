"""Convolutions and pools of every geometry, on every instruction set."""

import itertools

import numpy as np
import pytest

from gxnor_sims.native import NativeEngine, available_isas
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Pool2d, Relay, Spiking, execute
from tests.conformance.compare import assert_same

from .nets import T, conv, readout, ternary
from .test_engine import on_every_isa

KERNELS = [(1, 1), (2, 3), (3, 3), (5, 5), (1, 7)]
STRIDES = [(1, 1), (2, 1), (3, 2)]
PADDINGS = [(0, 0, 0, 0), (1, 1, 1, 1), (2, 0, 1, 3), (6, 5, 4, 7)]


@pytest.mark.parametrize(("kernel", "stride", "padding"), [*itertools.product(KERNELS, STRIDES, PADDINGS)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 3)])
def test_convolutions(
    kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int, int, int], dilation: tuple[int, int]
) -> None:
    """Windows inside, across and wholly beyond the edges; some kernels are larger than the image."""
    height, width = 6, 9
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if reach[0] > height + sum(padding[:2]) or reach[1] > width + sum(padding[2:]):
        dilation = (1, 1)
    rng = np.random.default_rng(sum(kernel) + 10 * sum(stride) + 100 * sum(padding))
    graph = conv(
        ternary(rng, 4, 3, *kernel), (3, height, width), stride=stride, padding=padding, dilation=dilation
    )
    on_every_isa(graph, ternary(rng, 3, 3, height, width))


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_groups(groups: int) -> None:
    rng = np.random.default_rng(groups)
    graph = conv(ternary(rng, 12, 6 // groups, 3, 3), (6, 5, 5), groups=groups, padding=(1, 1, 1, 1))
    on_every_isa(graph, ternary(rng, 66, 6, 5, 5))


def test_rows_longer_than_a_tile_of_columns() -> None:
    rng = np.random.default_rng(8)
    graph = conv(ternary(rng, 2, 2, 3, 3), (2, 4, 75), padding=(1, 1, 1, 1))
    on_every_isa(graph, ternary(rng, 3, 2, 4, 75))


def test_windows_larger_than_the_cache_budget_of_a_tile() -> None:
    rng = np.random.default_rng(9)
    graph = conv(ternary(rng, 2, 900, 3, 3), (900, 3, 5), padding=(1, 1, 1, 1))
    on_every_isa(graph, ternary(rng, 2, 900, 3, 5))


@pytest.mark.parametrize("mode", ["max", "min", ("min", "max", "max", "min")])
@pytest.mark.parametrize(
    "coding",
    [
        Coding.ternary(),
        Coding.ternary(lo=0),
        Coding.pm1(2),
        Coding.signmag(3),
        Coding.signmag(4, table=(-8, -3, 0, 1, 8)),
        Coding.bits(8),
    ],
)
@pytest.mark.parametrize(
    "options",
    [
        {"kernel": (2, 2)},
        {"kernel": (3, 2), "stride": (2, 1), "padding": (1, 0, 1, 0)},
        {"kernel": (2, 2), "ceil_mode": True, "dilation": (2, 1)},
    ],
)
def test_maximum_and_minimum_pools(mode: str | tuple[str, ...], coding: Coding, options: dict) -> None:
    pool = Pool2d(name="pool", source="in", target="relay", mode=mode, **options)
    shape = pool.output_shape((4, 5, 7))
    size = int(np.prod(shape))
    rng = np.random.default_rng(size)
    graph = EventGraph(
        [Input(name="in", shape=(4, 5, 7), coding=coding), Relay(name="relay", shape=shape), readout(2)],
        [pool, Dense(name="fc", source="relay", target="out", weights=ternary(rng, 2, size), coding=T)],
    )
    on_every_isa(graph, rng.choice(coding.levels, (5, 4, 5, 7)))


def test_a_maximum_of_sums_of_three_values() -> None:
    """Three evenly spaced levels have one form, whether they come from thresholds or from a sum."""
    rng = np.random.default_rng(4)
    graph = EventGraph(
        [
            Input(name="in", shape=(2, 4, 4), coding=T),
            Relay(name="sum", shape=(2, 4, 4), kind="sum", lo=-1, hi=1),
            Relay(name="relay", shape=(2, 2, 2)),
            readout(3),
        ],
        [
            Pool2d(name="one", source="in", target="sum", mode="sum", kernel=(1, 1)),
            Pool2d(name="pool", source="sum", target="relay"),
            Dense(name="fc", source="relay", target="out", weights=ternary(rng, 3, 8), coding=T),
        ],
    )
    on_every_isa(graph, ternary(rng, 70, 2, 4, 4))


def test_a_level_that_padding_never_has() -> None:
    """Padding is silent even where the coding has no zero: only taps inside the image count."""
    coding = Coding.signmag(3, table=(3, 4, 5))
    from gxnor_snn.graph import Conv2d

    layer = Conv2d(
        name="c", source="in", target="s", weights=np.ones((1, 1, 3, 3), int), coding=T, padding=(1, 1, 1, 1)
    )
    hidden = Spiking(
        name="s", shape=(1, 4, 4), coding=T, thresholds=np.array([[16, 36]]), increasing=np.array([True])
    )
    graph = EventGraph(
        [Input(name="in", shape=(1, 4, 4), coding=coding), hidden, readout(1)],
        [layer, Dense(name="d", source="s", target="out", weights=np.ones((1, 16), int), coding=T)],
    )
    x = np.full((1, 1, 4, 4), 4)
    expected = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
    for isa, form in itertools.product(available_isas(), ("samples", "neurons")):
        trace = NativeEngine(isa, form).run(graph, x, record="all")
        np.testing.assert_array_equal(trace.spikes["s"][0, 0], expected)
        assert_same(execute(graph, x, record="all"), trace)
