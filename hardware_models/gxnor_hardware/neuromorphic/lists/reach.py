"""What a block of target neurons needs of one projection: input axons, synapse lists, synapses.

A block is a range of output rows, columns and channels of the target population; a vector population is one
position with a channel per neuron. An input axon stands for one source position, its
channels, signs and planes being the atoms that select a part of the axon's list (population axons).
"""

from abc import ABC, abstractmethod
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import PricingError

__all__ = [
    "Block",
    "Bytes",
    "DenseReach",
    "Heard",
    "Int64",
    "Mask",
    "Range",
    "Reach",
    "Require",
    "VectorReach",
    "between",
    "running",
]

Int64 = NDArray[np.int64]
Int32 = NDArray[np.int32]
Bytes = NDArray[np.uint8]
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


@dataclass(frozen=True)
class Heard:
    """Source neurons of which a block stores a synapse.

    Attributes
    ----------
    rows, columns
        The window of source positions in which all of them lie.
    mask
        Which ones, shape (channels, rows of the window, columns of the window).
    """

    rows: Range
    columns: Range
    mask: Mask

    @property
    def window(self) -> tuple[slice, slice, slice]:
        """The window as an index into (channels, rows, columns)."""
        return slice(None), slice(*self.rows), slice(*self.columns)


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

    @property
    def pieces(self) -> int:
        """Into how many pieces the source can be cut, each an axon or more; 0 for one that cannot."""
        return 0

    def part(self, start: int, stop: int) -> "Reach":
        """The footprint of the pieces start..stop of the source alone.

        Raises
        ------
        PricingError
            If the source cannot be cut: `pieces` is 0.
        """
        raise PricingError(f"pieces {start}..{stop} of a source were asked for; it has {self.pieces}")

    def pattern(self, axis: int, outputs: Range) -> bytes:
        """Equal for ranges of rows (axis 0) or columns (axis 1) with equal footprints."""
        return b""

    @abstractmethod
    def channels(self, block: Block) -> Mask:
        """Which source channels the block listens to, shape (channels,)."""

    def positions(self, block: Block) -> Mask:
        """Which source positions the block listens to, broadcastable to (rows, columns)."""
        return np.ones((1, 1), bool)

    @abstractmethod
    def hears(self, block: Block) -> Heard:
        """Which source neurons the block stores a synapse of.

        Axons are laid out by geometry; a neuron whose weights to the block are all zero sends nothing there.
        """


def between(sums: Int32, channels: Int64) -> Int64:
    """Sums over channel ranges from running sums over channels."""
    return np.asarray(sums[channels[:, 1]] - sums[channels[:, 0]], np.int64)


def running(values: NDArray[Any]) -> Int32:
    """Sums over 0, 1, 2 and so on of the first values."""
    sums = np.zeros((len(values) + 1, *values.shape[1:]), np.int32)  # of a large layer: half of int64
    np.cumsum(values, axis=0, out=sums[1:])
    return sums


class DenseReach(Reach):
    """Every source position has an axon to every core."""

    def __init__(self, synapses: Bytes, source_shape: tuple[int, ...], lines: int) -> None:
        super().__init__(lines)
        self._stored = (synapses > 0).reshape(len(synapses), *source_shape, *(1,) * (3 - len(source_shape)))
        self._is_vector = len(source_shape) == 1
        self._everything = np.ones(source_shape[0], bool)
        self._positions = np.ones((1, 1), bool)
        by_channel = synapses.reshape(len(synapses), source_shape[0], -1)
        self._lists = by_channel[:, :, 0] if self._is_vector else by_channel.sum(axis=1, dtype=np.int32)
        self._running = running(self._lists)

    @property
    def pieces(self) -> int:
        return int(self._lists.shape[1])

    def part(self, start: int, stop: int) -> Reach:
        found = copy(self)
        found._lists = self._lists[:, start:stop]
        found._running = running(found._lists)
        kept = np.zeros(self.pieces, bool)
        kept[start:stop] = True
        if self._is_vector:
            found._everything = kept
            kept = kept[:, None, None]
        else:
            kept = kept.reshape(1, *self._stored.shape[2:])
            found._positions = kept[0]
        found._stored = self._stored & kept
        return found

    def positions(self, block: Block) -> Mask:
        return self._positions

    def require(self, rows: Range, columns: Range, channels: Int64) -> Require:
        lists = between(self._running, channels)
        fed = channels[:, 1] > channels[:, 0]
        return Require(fed * self.pieces, lists * self.lines, np.ones((1, 1), np.int64), lists.sum(axis=1))

    def channels(self, block: Block) -> Mask:
        return self._everything

    def hears(self, block: Block) -> Heard:
        mask = np.asarray(self._stored[slice(*block.channels)].any(axis=0))
        return Heard((0, mask.shape[1]), (0, mask.shape[2]), mask)


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

    def hears(self, block: Block) -> Heard:
        return Heard((0, 1), (0, 1), self.channels(block)[:, None, None])
