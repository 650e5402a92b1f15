"""Projections as explicit synapses: one (source neuron, target neuron, weight) triple per nonzero weight.

The geometry is worked out here from strides and paddings alone, not from the windows of the graph, so that Brian2
stays a referee that shares nothing with the walk it judges.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph, Projection

__all__ = ["Synapses", "count_synapses", "synapses_of"]

Int32 = NDArray[np.int32]


@dataclass(frozen=True)
class Synapses:
    """The synapses of one projection, sorted by source; indices are flat, in C order of the populations' shapes.

    Attributes
    ----------
    source, target
        Neurons inside the two populations, int32 (n,).
    weight
        Without gain: the weight's level, +1 for what is summed or the larger wins, -1 where the smaller wins.
    """

    source: Int32
    target: Int32
    weight: Int32

    def __len__(self) -> int:
        return len(self.source)


def synapses_of(graph: EventGraph, name: str) -> Synapses:
    """Every synapse of a projection whose weight is not zero; every in-range pair of a pool or identity."""
    projection = graph.projections[name]
    source_shape = graph.populations[projection.source].shape
    target_shape = graph.populations[projection.target].shape
    source, target, weight = _EXPAND[projection.kind](projection, source_shape, target_shape)
    start = (projection.target_channels or (0, 0))[0] * int(np.prod(target_shape[1:], dtype=np.int64))
    return Synapses(
        source.astype(np.int32, copy=False),
        (target + start).astype(np.int32, copy=False),
        weight.astype(np.int32, copy=False),
    )


def count_synapses(graph: EventGraph) -> int:
    """How many synapses the whole graph has, without making one."""
    return sum(
        int((graph.fan_out(n).nonzero if p.weighted else graph.fan_out(n).dense).sum())
        for n, p in graph.projections.items()
    )


Triples = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


def _dense(projection: Any, source: tuple[int, ...], target: tuple[int, ...]) -> Triples:
    weights = projection.weights.T
    inputs, outputs = np.nonzero(weights)
    return inputs, outputs, weights[inputs, outputs]


def _identity(projection: Projection, source: tuple[int, ...], target: tuple[int, ...]) -> Triples:
    places = np.arange(int(np.prod(source, dtype=np.int64)))
    return places, places, np.ones(len(places), np.int32)


def _conv2d(projection: Any, source: tuple[int, ...], target: tuple[int, ...]) -> Triples:
    outputs, per_group = projection.weights.shape[:2]

    def at_tap(row: int, column: int) -> Triples:
        kernel = projection.weights[:, :, row, column]
        to, place = np.nonzero(kernel)
        return to // (outputs // projection.groups) * per_group + place, to, kernel[to, place]

    return _slide(projection, projection.weights.shape[2:], source, target, at_tap)


def _pool2d(projection: Any, source: tuple[int, ...], target: tuple[int, ...]) -> Triples:
    channels = np.arange(source[0])
    smaller_wins = projection.minimum(source[0]) if projection.selects else np.zeros(source[0], bool)
    pairs = channels, channels, np.where(smaller_wins, -1, 1)
    return _slide(projection, projection.kernel, source, target, lambda row, column: pairs)


def _slide(
    projection: Any,
    kernel: tuple[int, int],
    source: tuple[int, ...],
    target: tuple[int, ...],
    at_tap: Callable[[int, int], Triples],
) -> Triples:
    """Put the channel pairs of every kernel tap at every place where the tap reads inside the source."""
    _, height, width = source
    rows, columns = target[1:]
    stride = projection.stride or projection.kernel  # a pool's stride is its kernel unless given
    top, _, left, _ = projection.padding
    parts: list[Triples] = []
    for row in range(kernel[0]):
        out_y, in_y = _along(rows, stride[0], row * projection.dilation[0] - top, height)
        for column in range(kernel[1]):
            out_x, in_x = _along(columns, stride[1], column * projection.dilation[1] - left, width)
            froms, tos, weights = at_tap(row, column)
            if not len(froms) or not len(out_y) or not len(out_x):
                continue
            inputs = np.add.outer(in_y * width, in_x).reshape(-1).astype(np.int32)
            outs = np.add.outer(out_y * columns, out_x).reshape(-1).astype(np.int32)
            parts.append(
                (
                    np.add.outer((froms * (height * width)).astype(np.int32), inputs).reshape(-1),
                    np.add.outer((tos * (rows * columns)).astype(np.int32), outs).reshape(-1),
                    np.repeat(weights.astype(np.int32), len(inputs)),
                )
            )
    if not parts:
        empty = np.zeros(0, np.int32)
        return empty, empty, empty
    froms, tos, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(froms, kind="stable")  # a spike then reads its synapses side by side
    return froms[order], tos[order], weights[order]


def _along(outputs: int, stride: int, offset: int, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Output indices of one axis whose input index output * stride + offset is inside, and those input indices."""
    out = np.arange(outputs)
    inside = out * stride + offset
    kept = (inside >= 0) & (inside < size)
    return out[kept], inside[kept]


_EXPAND: dict[str, Callable[[Any, tuple[int, ...], tuple[int, ...]], Triples]] = {
    "dense": _dense,
    "conv2d": _conv2d,
    "pool2d": _pool2d,
    "identity": _identity,
}
