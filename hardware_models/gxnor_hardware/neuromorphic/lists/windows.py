"""What a block of target neurons needs of a projection whose kernel slides over an image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph.window import Window

from .reach import Block, Bytes, Heard, Int64, Mask, Range, Reach, Require, between, running

__all__ = ["WindowReach"]


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
        Synapses by output channel, input channel of its group, and tap, uint8 (outputs, inputs, rows, columns).
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
        self, synapses: Bytes, window: Window, source_shape: tuple[int, ...], groups: int, lines: int, shared: bool
    ) -> None:
        super().__init__(lines)
        self._shared = shared
        self._stored = synapses > 0
        self._running = running(synapses.sum(axis=1, dtype=np.int32))
        self._window = window
        self._size = source_shape[1], source_shape[2]
        self._source_group = np.arange(source_shape[0]) * groups // source_shape[0]
        self._outputs_per_group = len(synapses) // groups
        self._taps_of: dict[tuple[int, Range], Mask] = {}
        self._kinds: dict[tuple[int, Range], _Kinds] = {}
        self._kernels: dict[tuple[int, int], NDArray[np.float32]] = {}

    def _taps(self, axis: int, outputs: Range) -> Mask:
        if (axis, outputs) not in self._taps_of:
            self._taps_of[axis, outputs] = self._read_taps(axis, outputs)
        return self._taps_of[axis, outputs]

    def _read_taps(self, axis: int, outputs: Range) -> Mask:
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
        per_tap = between(self._running, channels)
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

    def _kernel(self, start: int, stop: int) -> NDArray[np.float32]:
        """Which taps of every source channel the output channels store, (source channels, rows, columns)."""
        if (start, stop) not in self._kernels:
            inputs, each = self._stored.shape[1], self._outputs_per_group
            kernel = np.zeros((len(self._source_group), *self._stored.shape[2:]), np.float32)
            for group in range(start // each, -(-stop // each)):
                outputs = self._stored[max(start, group * each) : min(stop, (group + 1) * each)]
                kernel[group * inputs : (group + 1) * inputs] = outputs.any(axis=0)
            self._kernels[start, stop] = kernel
        return self._kernels[start, stop]

    def hears(self, block: Block) -> Heard:
        taps = [self._taps(axis, outputs) for axis, outputs in enumerate((block.rows, block.columns))]
        rows, columns = (_extent(np.asarray(t.any(axis=1))) for t in taps)
        down, along = taps[0][slice(*rows)].astype(np.float32), taps[1][slice(*columns)].astype(np.float32)
        return Heard(rows, columns, (down @ self._kernel(*block.channels) @ along.T) > 0)

    def positions(self, block: Block) -> Mask:
        rows, columns = self._patterns(0, block.rows), self._patterns(1, block.columns)
        return rows.read[:, None] & columns.read[None, :]


def _extent(read: Mask) -> Range:
    """From the first to the last index that is read."""
    (where,) = np.nonzero(read)
    return (int(where[0]), int(where[-1]) + 1) if len(where) else (0, 0)
