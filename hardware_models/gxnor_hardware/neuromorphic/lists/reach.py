"""What a block of target neurons needs of one projection: input axons, synapse lists, synapses.

A block is a range of output rows, columns and channels of the target population; a vector population is one
position with a channel per neuron. An input axon stands for one source position, its
channels, signs and planes being the atoms that select a part of the axon's list (population axons).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph
from gxnor_snn.graph.window import Window

__all__ = ["Block", "Int64", "Mask", "Range", "Reach", "Require", "reach_of"]

Int64 = NDArray[np.int64]
Mask = NDArray[np.bool_]


Range = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """Target neurons of one core: rows, columns and channels, each [start, stop)."""

    rows: Range
    columns: Range
    channels: Range


@dataclass(frozen=True)
class Require:
    """What one projection takes of the cores that share rows and columns, one per channel range.

    Attributes
    ----------
    axons
        Input axons, shape (ranges,).
    lists, copies
        Lengths of the synapse lists that are stored and how often each is, broadcastable to (ranges, lists).
    synapses
        Synapses that the core's neurons have, shared lists counted once per neuron, shape (ranges,).
    """

    axons: Int64
    lists: Int64
    copies: Int64
    synapses: Int64


class Reach(ABC):
    """The static footprint of one projection.

    Attributes
    ----------
    lines
        Lines per source value: signs times planes.
    """

    def __init__(self, lines: int) -> None:
        self.lines = lines

    @abstractmethod
    def require(self, rows: Range, columns: Range, channels: Int64) -> Require:
        """Footprint of blocks; `channels` holds their [start, stop), shape (ranges, 2), empty ones included."""

    def pattern(self, axis: int, outputs: Range) -> bytes:
        """Equal for ranges of rows (axis 0) or columns (axis 1) with equal footprints."""
        return b""

    @abstractmethod
    def channels(self, block: Block) -> Mask:
        """Which source channels the block listens to, shape (channels,)."""

    def positions(self, block: Block) -> Mask:
        """Which source positions the block listens to, broadcastable to (rows, columns)."""
        return np.ones((1, 1), bool)

    def hears(self, block: Block) -> Mask:
        """Which source neurons the block stores a synapse of, broadcastable to (channels, rows, columns).

        Axons are laid out by geometry; a neuron whose weights to the block are all zero sends nothing there.
        """
        return self.channels(block)[:, None, None] & self.positions(block)[None]


def _between(running: Int64, channels: Int64) -> Int64:
    """Sums over channel ranges from running sums over channels."""
    return np.asarray(running[channels[:, 1]] - running[channels[:, 0]])


def _running(values: Int64) -> Int64:
    return np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])


class DenseReach(Reach):
    """Every source position has an axon to every core."""

    def __init__(self, synapses: Int64, source_shape: tuple[int, ...], lines: int) -> None:
        super().__init__(lines)
        self._stored = (synapses > 0).reshape(len(synapses), *source_shape, *(1,) * (3 - len(source_shape)))
        self._everything = np.ones(source_shape[0], bool)
        by_channel = synapses.reshape(len(synapses), source_shape[0], -1)
        self._running = _running(by_channel.sum(axis=1) if len(source_shape) == 3 else by_channel[:, :, 0])

    def require(self, rows: Range, columns: Range, channels: Int64) -> Require:
        lists = _between(self._running, channels)
        fed = channels[:, 1] > channels[:, 0]
        return Require(fed * lists.shape[1], lists * self.lines, np.ones((1, 1), np.int64), lists.sum(axis=1))

    def channels(self, block: Block) -> Mask:
        return self._everything

    def hears(self, block: Block) -> Mask:
        return np.asarray(self._stored[slice(*block.channels)].any(axis=0))


@dataclass(frozen=True)
class _Kinds:
    """The distinct patterns of taps along one axis, how many positions have each, and which have any."""

    patterns: Int64
    copies: Int64
    read: Mask


def _kinds(taps: Mask) -> _Kinds:
    read = np.asarray(taps.any(axis=1))
    patterns, copies = np.unique(taps[read], axis=0, return_counts=True)
    return _Kinds(patterns.astype(np.int64), copies.astype(np.int64), read)


class WindowReach(Reach):
    """A kernel slides over the source.

    Parameters
    ----------
    synapses
        Synapses by output channel, input channel of its group, and tap, int64 (outputs, inputs, rows, columns).
    window
        Geometry of the kernel.
    source_shape
        (channels, rows, columns).
    groups
        Channel groups: an output channel listens to the source channels of its group.
    lines
        As in `Reach`.
    shared
        Whether positions with the same pattern of taps share one list.
    """

    def __init__(
        self, synapses: Int64, window: Window, source_shape: tuple[int, ...], groups: int, lines: int, shared: bool
    ) -> None:
        super().__init__(lines)
        self._shared = shared
        self._stored = synapses > 0
        self._running = _running(synapses.sum(axis=1))
        self._window = window
        self._size = source_shape[1], source_shape[2]
        self._source_group = np.arange(source_shape[0]) * groups // source_shape[0]
        self._outputs_per_group = len(synapses) // groups
        self._kinds: dict[tuple[int, Range], _Kinds] = {}

    def _taps(self, axis: int, outputs: Range) -> Mask:
        """For every source index of one axis, which taps read it from the outputs of the range."""
        window, size = self._window, self._size[axis]
        taps = np.zeros((size, window.kernel[axis]), bool)
        output = np.arange(*outputs)
        for tap in range(window.kernel[axis]):
            read = output * window.stride[axis] + tap * window.dilation[axis] - window.padding[2 * axis]
            taps[read[(read >= 0) & (read < size)], tap] = True
        return taps

    def _patterns(self, axis: int, outputs: Range) -> _Kinds:
        if (axis, outputs) not in self._kinds:
            self._kinds[axis, outputs] = _kinds(self._taps(axis, outputs))
        return self._kinds[axis, outputs]

    def pattern(self, axis: int, outputs: Range) -> bytes:
        kinds = self._patterns(axis, outputs)
        return kinds.patterns.tobytes() + kinds.copies.tobytes()

    def require(self, rows: Range, columns: Range, channels: Int64) -> Require:
        by_row, by_column = self._patterns(0, rows), self._patterns(1, columns)
        per_tap = _between(self._running, channels)
        lists = (by_row.patterns @ per_tap @ by_column.patterns.T).reshape(len(channels), -1)
        positions = np.multiply.outer(by_row.copies, by_column.copies).reshape(1, -1)
        fed = channels[:, 1] > channels[:, 0]
        return Require(
            fed * int(positions.sum()),
            lists * self.lines,
            np.ones_like(positions) if self._shared else positions,
            (lists * positions).sum(axis=1),
        )

    def channels(self, block: Block) -> Mask:
        first, last = (c // self._outputs_per_group for c in (block.channels[0], block.channels[1] - 1))
        return np.asarray((self._source_group >= first) & (self._source_group <= last))

    def hears(self, block: Block) -> Mask:
        rows, columns = self._taps(0, block.rows), self._taps(1, block.columns)
        inputs = self._stored.shape[1]
        found = np.zeros((len(self._source_group), *self._size), bool)
        for group in range(block.channels[0] // self._outputs_per_group, self._source_group[-1] + 1):
            start, stop = np.clip(block.channels, *self._outputs_per_group * np.array([group, group + 1]))
            if start >= stop:
                break
            taps = self._stored[start:stop].any(axis=0).astype(np.int64)
            found[group * inputs : (group + 1) * inputs] = (rows.astype(np.int64) @ taps @ columns.T) > 0
        return found

    def positions(self, block: Block) -> Mask:
        rows, columns = self._patterns(0, block.rows), self._patterns(1, block.columns)
        return rows.read[:, None] & columns.read[None, :]


class VectorReach(Reach):
    """Neuron to neuron, for vectors."""

    def __init__(self, lines: int, size: int) -> None:
        super().__init__(lines)
        self._size = size

    def require(self, rows: Range, columns: Range, channels: Int64) -> Require:
        count = channels[:, 1] - channels[:, 0]
        return Require(count, np.full((1, 1), self.lines), count[:, None], count)

    def channels(self, block: Block) -> Mask:
        index = np.arange(self._size)
        return (index >= block.channels[0]) & (index < block.channels[1])


def reach_of(graph: EventGraph, name: str, lines: int, shared: bool) -> Reach:
    """The footprint of a projection of a graph; weights of several planes count once per plane they need.

    A source of several planes meets every weight plane of a synapse as a synapse of its own, so that counted
    operations are exactly the synaptic events; a source of one plane takes the weight as one synapse.
    """
    projection: Any = graph.projections[name]
    shape = graph.populations[projection.source].shape
    if projection.weighted:
        many = graph.coding(projection.source).n_planes > 1
        synapses = projection.coding.ones(projection.weights) if many else projection.weights != 0
        counts = np.asarray(synapses, np.int64)
        if projection.kind == "dense":
            return DenseReach(counts, shape, lines)
        return WindowReach(counts, projection.window, shape, projection.groups, lines, shared)
    if len(shape) == 1:
        return VectorReach(lines, shape[0])
    window = getattr(projection, "window", None) or Window(kernel=(1, 1))
    ones = np.ones((shape[0], 1, *window.kernel), np.int64)
    return WindowReach(ones, window, shape, shape[0], lines, shared)
