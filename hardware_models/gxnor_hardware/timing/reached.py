"""Which neurons receive at least one event."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph

from .footprint import Int64

__all__ = ["open_gates"]


def open_gates(graph: EventGraph, name: str, levels: Mapping[str, Int64]) -> NDArray[np.float64]:
    """Open gates (for pools and identities nonzero values) of every neuron of a population, (samples, neurons).

    Parameters
    ----------
    graph, name
        The population.
    levels
        Levels of its sources, (samples, neurons).
    """
    shape = graph.populations[name].shape
    samples = len(next(iter(levels.values())))
    total = np.zeros((samples, *shape))
    for edge in graph.incoming(name):
        active = (levels[edge.source] != 0).astype(np.float64)
        active = active.reshape(samples, *graph.populations[edge.source].shape)
        start, stop = edge.target_channels or (0, shape[0])
        total[:, start:stop] += _counted(edge, active, graph)
    return total.reshape(samples, -1)


def _counted(edge: Any, active: NDArray[np.float64], graph: EventGraph) -> NDArray[np.float64]:
    if edge.weighted:
        return np.asarray(edge.product(active, (edge.weights != 0).astype(np.float64), np))
    summing = replace(edge, mode="sum") if edge.kind == "pool2d" else edge
    return np.asarray(summing.apply(active, graph.coding(edge.source), np))
