"""The footprint of each projection of a graph."""

from typing import Any

import numpy as np

from gxnor_snn.graph import EventGraph
from gxnor_snn.graph.window import Window

from .reach import DenseReach, Reach, VectorReach
from .windows import WindowReach

__all__ = ["reach_of"]


def reach_of(graph: EventGraph, name: str, lines: int, shared: bool, by_planes: bool) -> Reach:
    """The footprint of a projection of a graph.

    With `by_planes`, weights of several planes count once per plane they need: a source whose planes are lines of
    their own meets every weight plane of a synapse as a synapse of its own, so that counted operations are exactly
    the synaptic events. Any other source takes the weight as one synapse.
    """
    projection: Any = graph.projections[name]
    shape = graph.populations[projection.source].shape
    if projection.weighted:
        synapses = projection.coding.ones(projection.weights) if by_planes else projection.weights != 0
        counts = np.asarray(synapses, np.uint8)
        if projection.kind == "dense":
            return DenseReach(counts, shape, lines)
        return WindowReach(counts, projection.window, shape, projection.groups, lines, shared)
    if len(shape) == 1:
        return VectorReach(lines, shape[0])
    window = getattr(projection, "window", None) or Window(kernel=(1, 1))
    ones = np.ones((shape[0], 1, *window.kernel), np.uint8)
    return WindowReach(ones, window, shape, shape[0], lines, shared)
