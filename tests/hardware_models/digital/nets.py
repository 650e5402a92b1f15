"""Networks of the published comparisons, by their layers, and counts of them at uniform ternary values."""

from typing import Any

import numpy as np

from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Pool2d, Readout, Relay, Spiking
from gxnor_snn.results import Counts, MoveCounts, PopulationCounts, SynapseCounts

TERNARY = Coding.ternary()
Layer = tuple[str, tuple[int, ...]]

MNIST: list[Layer] = [
    ("5valid", (32, 24, 24)), ("pool", (32, 12, 12)), ("5valid", (64, 8, 8)), ("pool", (64, 4, 4)),
    ("dense", (512,)), ("dense", (10,)),
]  # fmt: skip
CIFAR: list[Layer] = [
    ("3same", (128, 32, 32)), ("3same", (128, 32, 32)), ("pool", (128, 16, 16)),
    ("3same", (256, 16, 16)), ("3same", (256, 16, 16)), ("pool", (256, 8, 8)),
    ("3same", (512, 8, 8)), ("3same", (512, 8, 8)), ("pool", (512, 4, 4)),
    ("dense", (1024,)), ("dense", (10,)),
]  # fmt: skip


def network(
    layers: list[Layer], shape: tuple[int, ...], inputs: Coding = TERNARY, values: Coding = TERNARY
) -> EventGraph:
    """A chain of layers whose weights are all the highest of `values`, which codes weights and activations."""
    populations: list[Any] = [Input(name="x", shape=shape, coding=inputs)]
    projections: list[Any] = []
    for index, (kind, out) in enumerate(layers):
        source, name = populations[-1], f"layer{index}"
        if kind == "pool":
            populations.append(Relay(name=name, shape=out))
            projections.append(Pool2d(name=f"p{index}", source=source.name, target=name))
            continue
        if index == len(layers) - 1:
            populations.append(Readout(name=name, shape=out, scale=np.ones(out[0]), offset=np.zeros(out[0])))
        else:
            thresholds = np.tile(np.arange(values.n_thresholds), (out[0], 1))
            rising = np.ones(out[0], bool)
            populations.append(
                Spiking(name=name, shape=out, coding=values, thresholds=thresholds, increasing=rising)
            )
        ends: dict[str, Any] = {"name": f"p{index}", "source": source.name, "target": name, "coding": values}
        if kind == "dense":
            projections.append(Dense(weights=np.full((out[0], source.size), values.hi, np.int8), **ends))
            continue
        kernel = int(kind[0])
        weights = np.full((out[0], source.shape[0], kernel, kernel), values.hi, np.int8)
        pad = (kernel // 2,) * 4 if kind.endswith("same") else (0,) * 4
        projections.append(Conv2d(weights=weights, padding=pad, **ends))
    return EventGraph(populations, projections)


def uniform(graph: EventGraph, gated: float = 4 / 9) -> Counts:
    """Counts of one sample with a share `gated` of open gates, without running it."""
    projections: dict[str, Any] = {}
    for name, projection in graph.projections.items():
        fan_out = graph.fan_out(name)
        dense = int(fan_out.dense.sum())
        if not projection.weighted:
            projections[name] = MoveCounts(np.asarray(round(dense * gated**0.5)))
            continue
        driven, opened = round(dense * gated**0.5), round(dense * gated)
        values = (dense, driven, int(fan_out.nonzero.sum()), opened, fan_out.padded, driven, opened)
        projections[name] = SynapseCounts(*(np.asarray(v, np.int64) for v in values))
    populations = {
        name: PopulationCounts(p.size, p.is_internal, np.asarray(p.size // 3), np.asarray(p.size // 3))
        for name, p in graph.populations.items()
    }
    return Counts(1, projections, populations)
