"""Sums that read more than the first cache holds are cut into chunks; results do not change."""

from typing import Any

import numpy as np
import pytest

from gxnor_sims.native import NativeEngine, available_isas, plan_of
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, execute
from tests.conformance.compare import assert_same

from .nets import T, readout, spiking


def levels(rng: np.random.Generator, coding: Coding, *shape: int) -> np.ndarray:
    return rng.choice(coding.levels, shape).astype(np.int16)


def layer(
    kind: str, source: Coding, weight: Coding, image: tuple[int, int, int], outputs: int, **options: Any
) -> EventGraph:
    """A layer of that source and weight coding into a spiking population, which the readout sees in full."""
    rng = np.random.default_rng(1)
    if kind == "dense":
        weights = levels(rng, weight, outputs, int(np.prod(image)))
        first: Any = Dense(name="layer", source="in", target="spk", weights=weights, coding=weight)
    else:
        weights = levels(rng, weight, outputs, image[0], 3, 3)
        first = Conv2d(name="layer", source="in", target="spk", weights=weights, coding=weight, **options)
    shape = first.output_shape(image)
    scale = int(np.abs(weights).max()) * source.max_abs
    seen: Any = Identity(name="seen", source="spk", target="out")
    return EventGraph(
        [
            Input(name="in", shape=image, coding=source),
            spiking("spk", shape, [-9 * scale, 11 * scale]),
            readout(*shape),
        ],
        [first, seen],
    )


def equal_everywhere(graph: EventGraph, x: np.ndarray) -> None:
    expected = execute(graph, x, record=["spk"])
    for isa in available_isas():
        assert_same(NativeEngine(isa).run(graph, x, record=["spk"]), expected)


PM1 = Coding.pm1(1)


@pytest.mark.parametrize(
    ("source", "weight"),
    [(T, T), (PM1, T), (T, PM1), (PM1, PM1), (Coding.signmag(2), T), (T, Coding.signmag(2)), (Coding.bits(8), T)],
    ids=lambda c: f"{c.kind}{c.n_planes}",
)
@pytest.mark.parametrize("inputs", [900, 1310])  # even and odd numbers of chunks
def test_dense_layers_of_every_coding(source: Coding, weight: Coding, inputs: int) -> None:
    graph = layer("dense", source, weight, (inputs, 1, 1), 37)
    (cut, _) = plan_of(graph).program.chunks
    assert cut > 1
    equal_everywhere(graph, levels(np.random.default_rng(2), source, 70, inputs, 1, 1))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"padding": (1, 1, 1, 1)},
        {"padding": (2, 2, 2, 2), "dilation": (2, 2)},
        {"padding": (0, 2, 1, 0), "stride": (2, 2)},
    ],
)
@pytest.mark.parametrize("source", [T, PM1], ids=["ternary", "pm1"])
def test_padding_leaves_taps_out(source: Coding, options: dict[str, Any]) -> None:
    graph = layer("conv", source, T, (160, 5, 6), 20, **options)
    assert plan_of(graph).program.chunks[0] > 1
    equal_everywhere(graph, levels(np.random.default_rng(3), source, 9, 160, 5, 6))


def test_more_channels_than_counters_are_kept_for() -> None:
    graph = layer("dense", T, T, (800, 1, 1), 600)
    assert plan_of(graph).program.chunks[0] > 1
    equal_everywhere(graph, levels(np.random.default_rng(4), T, 5, 800, 1, 1))


@pytest.mark.parametrize("gain", [1, -3])
def test_several_projections_into_one_sum(gain: int) -> None:
    rng = np.random.default_rng(5)
    weights = levels(rng, T, 100, 100, 3, 3), levels(rng, T, 40, 100, 1, 1)
    graph = EventGraph(
        [Input(name="in", shape=(100, 4, 4), coding=T), spiking("spk", (100, 4, 4), [-5, 8]), readout(100, 4, 4)],
        [
            Conv2d(name="a", source="in", target="spk", weights=weights[0], coding=T, padding=(1, 1, 1, 1)),
            Conv2d(name="b", source="in", target="spk", weights=weights[1], coding=T, target_channels=(60, 100)),
            Identity(name="c", source="in", target="spk", gain=gain),
            Identity(name="seen", source="spk", target="out"),
        ],
    )
    assert plan_of(graph).program.chunks[0] > 1
    equal_everywhere(graph, levels(rng, T, 66, 100, 4, 4))


def test_sparse_weights_are_not_cut() -> None:
    rng = np.random.default_rng(6)
    weights = np.where(rng.random((50, 3000)) < 0.01, 1, 0).astype(np.int8)
    graph = EventGraph(
        [Input(name="in", shape=(3000,), coding=T), spiking("spk", (50,), [-1, 2]), readout(50)],
        [
            Dense(name="fc", source="in", target="spk", weights=weights, coding=T),
            Identity(name="s", source="spk", target="out"),
        ],
    )
    assert plan_of(graph).program.chunks == [1, 1]
    equal_everywhere(graph, levels(rng, T, 3, 3000))
