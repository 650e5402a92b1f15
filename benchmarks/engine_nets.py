"""The nets and inputs of ``engine.py``: seeded, of a given share of zero weights."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gxnor_converters import from_torch
from gxnor_snn.data import load
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Readout, Spiking
from gxnor_snn.layers import discrete_parameters
from gxnor_snn.models import lenet, vgg
from gxnor_snn.train import load_checkpoint

TERNARY = Coding.ternary()


def ternary(shape: tuple[int, ...], zeros: float, seed: int = 0) -> NDArray[np.int8]:
    """Levels of which the share `zeros` is 0, the rest +1 and -1 alike."""
    rng = np.random.default_rng(seed)
    levels = np.array([-1, 0, 1], np.int8)
    return rng.choice(levels, size=shape, p=[(1 - zeros) / 2, zeros, (1 - zeros) / 2])


def readout(size: int) -> Readout:
    return Readout(name="out", shape=(size,), scale=np.ones(size), offset=np.zeros(size))


def spiking(shape: tuple[int, ...], fan_in: int, zeros: float) -> Spiking:
    """Thresholds at half a standard deviation of sums whose inputs are half zeros."""
    level = max(1, round(0.5 * np.sqrt(fan_in * (1 - zeros) / 2)))
    channels = shape[0]
    thresholds = np.tile([1 - level, level], (channels, 1))
    increasing = np.ones(channels, np.bool_)
    return Spiking(name="h", shape=shape, coding=TERNARY, thresholds=thresholds, increasing=increasing)


def dense_sums(zeros: float, size: int = 1024) -> EventGraph:
    """One dense layer whose sums are read out: what a matrix product gives."""
    weights = ternary((size, size), zeros)
    return EventGraph(
        [Input(name="in", shape=(size,), coding=TERNARY), readout(size)],
        [Dense(name="fc", source="in", target="out", weights=weights, coding=TERNARY)],
    )


def dense_layer(zeros: float, size: int = 1024) -> EventGraph:
    """A dense layer as it stands in a net: thresholds make ternary levels; one neuron reads them all."""
    weights = ternary((size, size), zeros)
    return EventGraph(
        [Input(name="in", shape=(size,), coding=TERNARY), spiking((size,), size, zeros), readout(1)],
        [
            Dense(name="fc", source="in", target="h", weights=weights, coding=TERNARY),
            Dense(name="last", source="h", target="out", weights=ternary((1, size), 0.5), coding=TERNARY),
        ],
    )


def conv_layer(zeros: float, channels: int = 128, image: int = 32) -> EventGraph:
    """A 3x3 convolution with thresholds; one neuron reads them all (one synapse in 1152)."""
    shape = (channels, image, image)
    weights = ternary((channels, channels, 3, 3), zeros)
    last = ternary((1, int(np.prod(shape))), 0.5)
    return EventGraph(
        [Input(name="in", shape=shape, coding=TERNARY), spiking(shape, 9 * channels, zeros), readout(1)],
        [
            Conv2d(name="conv", source="in", target="h", weights=weights, coding=TERNARY, padding=(1, 1, 1, 1)),
            Dense(name="last", source="h", target="out", weights=last, coding=TERNARY),
        ],
    )


def tiny() -> EventGraph:
    """Two inputs, one sum: a call costs what it costs for any graph."""
    weights = np.array([[1, -1]], np.int8)
    return EventGraph(
        [Input(name="in", shape=(2,), coding=TERNARY), readout(1)],
        [Dense(name="fc", source="in", target="out", weights=weights, coding=TERNARY)],
    )


def untrained(model: Any, images: NDArray[np.uint8], zeros: float) -> EventGraph:
    """A model's graph with random weights, its batch norms fitted to images so that levels are a net's."""
    with torch.no_grad():
        for number, weights in enumerate(discrete_parameters(model)):
            weights.copy_(torch.from_numpy(ternary(tuple(weights.shape), zeros, seed=number)))
        for module in model.modules():
            if hasattr(module, "momentum"):
                module.momentum = 1.0
        model.train()
        model(torch.from_numpy(images))
    return from_torch(model.eval(), model.input_shape)


def lenet_graph(zeros: float, images: NDArray[np.uint8]) -> EventGraph:
    """`lenet` with random weights."""
    return untrained(lenet(seed=0), images[:500], zeros)


def vgg_graph(zeros: float, images: NDArray[np.uint8]) -> EventGraph:
    """`vgg` of width 128 with random weights."""
    return untrained(vgg(seed=0), images[:32], zeros)


def trained_graph(checkpoint: Path) -> EventGraph:
    """The graph of a trained model."""
    model = load_checkpoint(checkpoint)
    return from_torch(model, model.input_shape)


def mnist() -> NDArray[np.uint8]:
    """The test images."""
    return load("mnist").x_test


def pixels(samples: int, shape: tuple[int, int, int] = (3, 32, 32)) -> NDArray[np.uint8]:
    """Random images."""
    return np.random.default_rng(0).integers(0, 256, (samples, *shape), np.uint8)


def nonzero_share(graph: EventGraph) -> float:
    """Share of weights that are not zero."""
    weights = [p.weights for p in graph.projections.values() if p.weighted]  # type: ignore[attr-defined]
    return sum(int(np.count_nonzero(w)) for w in weights) / sum(w.size for w in weights)
