"""Nets of layers that layer engines hold, and their cards."""

from dataclasses import replace
from typing import Any

import numpy as np

from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Pool2d, Relay

from ..conftest import TERNARY, readout, spiking

SPECK, SNE = "speck_natcommun_2024", "sne_date_2022"


def ternary(*shape: int) -> Any:
    return np.random.default_rng(shape).integers(-1, 2, shape)


def source(*shape: int, coding: Coding = TERNARY) -> Input:
    return Input(name="input", shape=shape, coding=coding)


def conv(name: str, start: str, end: str, weights: Any, pad: int = 0, **more: Any) -> Conv2d:
    return Conv2d(
        name=name,
        source=start,
        target=end,
        coding=TERNARY,
        padding=(pad,) * 4,
        weights=np.asarray(weights),
        **more,
    )


def dense(name: str, start: str, end: str, weights: Any, **more: Any) -> Dense:
    return Dense(name=name, source=start, target=end, coding=TERNARY, weights=np.asarray(weights), **more)


def pooled_net(mode: Any = "sum", kernel: int = 2, **more: Any) -> EventGraph:
    """Conv -> pool -> conv -> dense; the pool is what the tests vary."""
    side, area = 8 // kernel, kernel * kernel
    relay = Relay(name="p", shape=(4, side, side), kind="sum", lo=-area, hi=area)
    if mode != "sum":
        relay = Relay(name="p", shape=(4, side, side))
    return EventGraph(
        [source(2, 8, 8), spiking("a", (4, 8, 8)), relay, spiking("b", (6, side, side)), readout("out", 5)],
        [
            conv("c1", "input", "a", ternary(4, 2, 3, 3), 1),
            Pool2d(name="pool", source="a", target="p", mode=mode, kernel=(kernel, kernel), **more),
            conv("c2", "p", "b", ternary(6, 4, 3, 3), 1),
            dense("fc", "b", "out", ternary(5, 6 * side * side)),
        ],
    )


def chain(layers: int, size: int = 4) -> EventGraph:
    """Dense layers one after another, the last one a readout."""
    names = ["input", *(f"h{k}" for k in range(layers - 1)), "out"]
    return EventGraph(
        [source(size), *(spiking(n, (size,)) for n in names[1:-1]), readout("out", size)],
        [dense(f"fc{k}", names[k], names[k + 1], ternary(size, size)) for k in range(layers)],
    )


def one_conv(outputs: int, inputs: int, kernel: int, size: int, **more: Any) -> EventGraph:
    edge = conv("c", "input", "a", np.ones((outputs, inputs, kernel, kernel), int), **more)
    shape = edge.output_shape((inputs, size, size))
    return EventGraph([source(inputs, size, size), replace(readout("a", outputs), shape=shape)], [edge])


def ended(population: Any, edge: Any) -> EventGraph:
    """Two inputs, one population, one readout."""
    return EventGraph([source(2), population, readout("out", 1)], [edge, dense("end", "a", "out", [[1, 1]])])
