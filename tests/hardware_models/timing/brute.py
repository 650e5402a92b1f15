"""Synapses of small graphs one by one, found without footprints, flows or counts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph

__all__ = ["synapses"]


def synapses(graph: EventGraph, name: str, zero_weights: bool = False, planes: bool = False) -> NDArray[Any]:
    """Synapses (or planes of their weights) between every source and target neuron, (sources, targets)."""
    edge: Any = graph.projections[name]
    source, target = graph.populations[edge.source], graph.populations[edge.target]
    hot = np.eye(source.size).reshape(source.size, *source.shape)
    if edge.weighted:
        counted = edge.coding.ones(edge.weights) if planes else (edge.weights != 0) | zero_weights
        found = edge.product(hot, np.asarray(counted, float), np)
    elif edge.kind == "pool2d":
        found = np.zeros((source.size, *edge.output_shape(source.shape)))
        for tap in edge.window.taps(*source.shape[1:]):
            rows, columns = tap.outputs
            found[:, :, rows, columns] += hot[:, :, tap.inputs[0], tap.inputs[1]]
    else:
        found = hot
    whole = np.zeros((source.size, *target.shape))
    start, stop = edge.target_channels or (0, target.shape[0])
    whole[:, start:stop] = found
    return whole.reshape(source.size, -1)
