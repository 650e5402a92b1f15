"""Small graphs for the native engine's tests."""

import itertools
from typing import Any

import numpy as np

from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Readout, Spiking

T = Coding.ternary()


def ternary(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.integers(-1, 2, shape).astype(np.int8)


def readout(channels: int, *image: int) -> Readout:
    return Readout(name="out", shape=(channels, *image), scale=np.ones(channels), offset=np.zeros(channels))


def spiking(name: str, shape: tuple[int, ...], thresholds: Any, coding: Coding = T, up: bool = True) -> Spiking:
    per_channel = np.broadcast_to(np.asarray(thresholds, np.int64), (shape[0], coding.n_thresholds))
    return Spiking(name=name, shape=shape, coding=coding, thresholds=per_channel, increasing=np.full(shape[0], up))


def dense(weights: np.ndarray, source: Coding = T, weight: Coding = T, **options: Any) -> EventGraph:
    """One dense layer from the input to the readout."""
    return EventGraph(
        [Input(name="in", shape=(weights.shape[1],), coding=source), readout(weights.shape[0])],
        [Dense(name="fc", source="in", target="out", weights=weights, coding=weight, **options)],
    )


def conv(weights: np.ndarray, image: tuple[int, int, int], **options: Any) -> EventGraph:
    """One convolution from the input to a spiking population, which the readout sees place by place."""
    layer = Conv2d(name="conv", source="in", target="spk", weights=weights, coding=T, **options)
    shape = layer.output_shape(image)
    one = np.ones((1, shape[0], 1, 1), np.int8)
    return EventGraph(
        [
            Input(name="in", shape=image, coding=T),
            spiking("spk", shape, [-1, 2]),
            readout(1, *shape[1:]),
        ],
        [layer, Conv2d(name="sum", source="spk", target="out", weights=one, coding=T)],
    )


def deep(depth: int = 2, width: int = 70, inputs: int = 90, seed: int = 0) -> EventGraph:
    """A ternary multilayer net."""
    rng = np.random.default_rng(seed)
    sizes = [inputs, *[width] * depth]
    names = ["in", *[f"h{i}" for i in range(depth)]]
    layers = [
        Dense(name=f"fc{i}", source=names[i], target=names[i + 1], weights=ternary(rng, b, a), coding=T)
        for i, (a, b) in enumerate(itertools.pairwise(sizes))
    ]
    last = Dense(name="fc", source=names[-1], target="out", weights=ternary(rng, 10, sizes[-1]), coding=T)
    hidden = [spiking(name, (width,), [-3, 4], up=bool(i % 2)) for i, name in enumerate(names[1:])]
    return EventGraph([Input(name="in", shape=(inputs,), coding=T), *hidden, readout(10)], [*layers, last])
