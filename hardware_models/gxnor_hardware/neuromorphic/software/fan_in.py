"""How many stored synapses every neuron has: what a core's share of the events follows."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph

__all__ = ["fan_in"]

Int64 = NDArray[np.int64]


def _dense(projection: Any, source: tuple[int, ...]) -> Int64:
    return np.asarray((projection.weights != 0).sum(axis=1), np.int64)


def _convolved(projection: Any, source: tuple[int, ...]) -> Int64:
    per_tap = (projection.weights != 0).sum(axis=1, dtype=np.int64)
    found = np.zeros(projection.output_shape(source), np.int64)
    for tap in projection.window.taps(source[1], source[2]):
        rows, columns = tap.outputs
        found[:, rows, columns] += per_tap[:, tap.row, tap.column, None, None]
    return found


def _pooled(projection: Any, source: tuple[int, ...]) -> Int64:
    summing = replace(projection, mode="sum")
    return np.asarray(summing.apply(np.ones((1, *source), np.int64), None, np)[0], np.int64)


def _same(projection: Any, source: tuple[int, ...]) -> Int64:
    return np.ones(source, np.int64)


_BY_KIND: Mapping[str, Callable[[Any, tuple[int, ...]], Int64]] = {
    "dense": _dense,
    "conv2d": _convolved,
    "pool2d": _pooled,
    "identity": _same,
}


def fan_in(graph: EventGraph, name: str) -> Int64:
    """Stored synapses per target neuron of one projection, int64 of the target's shape.

    Synapse rows hold nonzero weights only; a pool or an identity is a row of one entry per moved value. Padding
    makes no synapse. The sum over all neurons is the sum of `EventGraph.fan_out(name).nonzero`.
    """
    projection = graph.projections[name]
    own = _BY_KIND[projection.kind](projection, graph.populations[projection.source].shape)
    target = graph.populations[projection.target]
    found = np.zeros(target.shape, np.int64)
    start, stop = projection.target_channels or (0, target.shape[0])
    found[start:stop] = own
    return found
