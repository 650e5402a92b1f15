"""How many synapses of a projection lead from every source neuron into a box of target neurons."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph
from gxnor_snn.graph.window import Window

__all__ = ["Box", "Footprint", "Int64", "Range", "boxes_of_slice", "footprint_of"]

Int64 = NDArray[np.int64]
Range = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """Target neurons: channels (in the numbering of the projection), rows and columns, each [start, stop).

    A vector is an image of one row and one column.
    """

    channels: Range
    rows: Range = (0, 1)
    columns: Range = (0, 1)

    def within(self, target_channels: Range | None) -> "Box | None":
        """The part that a projection into `target_channels` feeds, in its numbering; None for nothing."""
        if target_channels is None:
            return self
        first, last = target_channels
        start, stop = max(self.channels[0], first) - first, min(self.channels[1], last) - first
        return Box((start, stop), self.rows, self.columns) if start < stop else None


def boxes_of_slice(start: int, stop: int, shape: tuple[int, ...]) -> list[Box]:
    """The boxes that make up neurons start..stop of a population in C order."""
    if len(shape) == 1:
        return [Box((start, stop))]
    rows, columns = shape[1:]
    found = []
    while start < stop:
        channel, rest = divmod(start, rows * columns)
        row, column = divmod(rest, columns)
        if rest == 0 and stop - start >= rows * columns:
            last = stop // (rows * columns)
            found.append(Box((channel, last), (0, rows), (0, columns)))
            start = last * rows * columns
        elif column == 0 and stop - start >= columns:
            last = min(rows, row + (stop - start) // columns)
            found.append(Box((channel, channel + 1), (row, last), (0, columns)))
            start += (last - row) * columns
        else:
            last = min(columns, column + stop - start)
            found.append(Box((channel, channel + 1), (row, row + 1), (column, last)))
            start += last - column
    return found


class Footprint(ABC):
    """Counts of synapses into boxes of target neurons."""

    @abstractmethod
    def counts(self, box: Box) -> tuple[Int64, Int64]:
        """(source neurons in C order, what their synapses into the box add up to), zeros left out."""


class _Dense(Footprint):
    def __init__(self, values: Int64) -> None:
        flat = values.reshape(len(values), -1)
        self._running = np.concatenate([np.zeros_like(flat[:1]), np.cumsum(flat, axis=0)])

    def counts(self, box: Box) -> tuple[Int64, Int64]:
        found = self._running[box.channels[1]] - self._running[box.channels[0]]
        (where,) = np.nonzero(found)
        return where, found[where]


class _Sliding(Footprint):
    """A kernel slides over the source: the sum over outputs separates into rows, columns and channels."""

    def __init__(self, values: Int64, window: Window, shape: tuple[int, ...], groups: int) -> None:
        self._values = values
        self._window = window
        self._shape = (*shape, 1, 1)[:3]
        self._groups = groups
        self._kernels: dict[Range, NDArray[np.float64]] = {}
        self._taps: dict[tuple[int, Range], tuple[int, NDArray[np.float64]]] = {}

    def _kernel(self, channels: Range) -> NDArray[np.float64]:
        """Sum over target channels by source channel and tap."""
        if channels not in self._kernels:
            inputs, each = self._values.shape[1], len(self._values) // self._groups
            found = np.zeros((self._shape[0], *self._window.kernel))
            for group in range(channels[0] // each, -(-channels[1] // each)):
                chosen = self._values[max(channels[0], group * each) : min(channels[1], (group + 1) * each)]
                found[group * inputs : (group + 1) * inputs] = chosen.sum(axis=0)
            self._kernels[channels] = found
        return self._kernels[channels]

    def _reads(self, axis: int, outputs: Range) -> tuple[int, NDArray[np.float64]]:
        """(first source index, which taps read each from there on) of a range of outputs along one axis."""
        if (axis, outputs) not in self._taps:
            window, size = self._window, self._shape[axis + 1]
            found = np.zeros((size, window.kernel[axis]))
            output = np.arange(*outputs)
            for tap in range(window.kernel[axis]):
                read = output * window.stride[axis] + tap * window.dilation[axis] - window.padding[2 * axis]
                found[read[(read >= 0) & (read < size)], tap] = 1
            (used,) = np.nonzero(found.any(axis=1))
            first, last = (int(used[0]), int(used[-1]) + 1) if len(used) else (0, 0)
            self._taps[axis, outputs] = first, found[first:last]
        return self._taps[axis, outputs]

    def counts(self, box: Box) -> tuple[Int64, Int64]:
        (top, down), (left, along) = self._reads(0, box.rows), self._reads(1, box.columns)
        found = down @ self._kernel(box.channels) @ along.T
        channel, row, column = np.nonzero(found)
        _, rows, columns = self._shape
        index = (channel * rows + row + top) * columns + column + left
        return index, found[channel, row, column].astype(np.int64)


def footprint_of(graph: EventGraph, name: str, values: Int64 | None = None) -> Footprint:
    """The footprint of a projection.

    Parameters
    ----------
    graph, name
        The projection.
    values
        What a synapse counts, in the shape of the weights; None for one each, zero weights too. Pools and
        identities have no weights: a pair in range counts the one number given, or 1.
    """
    projection: Any = graph.projections[name]
    shape = graph.populations[projection.source].shape
    if projection.weighted:
        counted = np.ones(projection.weights.shape, np.int64) if values is None else values.astype(np.int64)
        if projection.kind == "dense":
            return _Dense(counted)
        return _Sliding(counted, projection.window, shape, projection.groups)
    window = getattr(projection, "window", None) or Window(kernel=(1, 1))
    one = 1 if values is None else int(values)
    return _Sliding(np.full((shape[0], 1, *window.kernel), one, np.int64), window, shape, shape[0])
