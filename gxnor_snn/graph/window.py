"""Sliding-window geometry shared by Conv2d and Pool2d: output sizes, padding, and strided slices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError

__all__ = ["Window", "pad"]

_MAX_EXTENT = 1 << 20  # of any stride, padding, kernel or dilation: keeps every product far below 2^63


def pad(array: Any, padding: tuple[int, int, int, int], value: int, xp: Any) -> Any:
    """Pad the last two axes of (B, C, H, W) by (top, bottom, left, right) with `value`."""
    top, bottom, left, right = padding
    if not any(padding):
        return array
    if xp is np:
        return np.pad(array, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)
    return xp.nn.functional.pad(array, (left, right, top, bottom), value=value)


@dataclass(frozen=True)
class Window:
    """A kernel that slides over the last two axes.

    Attributes
    ----------
    kernel, stride, dilation
        (rows, columns), each at least 1.
    padding
        (top, bottom, left, right), each at least 0.
    ceil_mode
        Round the output size up, as torch's pooling does: a last window may hang over the bottom or right
        edge, but it must start inside the input or the top or left padding.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    ceil_mode: bool = False

    def check(self, where: str) -> None:
        """Raise `GraphError` naming `where` unless every number is in its range."""
        for label, values, least, length in (
            ("kernel", self.kernel, 1, 2),
            ("stride", self.stride, 1, 2),
            ("padding", self.padding, 0, 4),
            ("dilation", self.dilation, 1, 2),
        ):
            good = len(values) == length and all(
                isinstance(v, int) and not isinstance(v, bool) and least <= v <= _MAX_EXTENT for v in values
            )
            if not good:
                raise GraphError(
                    f"{where}: {label} is {values!r}, allowed are {length} integers {least}..{_MAX_EXTENT}"
                )

    def _sides(self, axis: int) -> tuple[int, int]:
        return self.padding[2 * axis], self.padding[2 * axis + 1]

    def _reach(self, axis: int) -> int:
        return self.dilation[axis] * (self.kernel[axis] - 1) + 1

    def _output_size(self, size: int, axis: int) -> int:
        before, after = self._sides(axis)
        room = size + before + after - self._reach(axis)
        stride = self.stride[axis]
        count = (room + (stride - 1 if self.ceil_mode else 0)) // stride + 1
        if self.ceil_mode and (count - 1) * stride >= size + before:
            count -= 1
        return max(count, 0)

    def output_size(self, height: int, width: int, where: str) -> tuple[int, int]:
        """Rows and columns of the output.

        Raises
        ------
        GraphError
            If the kernel does not fit into the padded input.
        """
        size = self._output_size(height, 0), self._output_size(width, 1)
        if min(size) < 1:
            raise GraphError(
                f"{where}: kernel {self.kernel} with dilation {self.dilation} does not fit into the "
                f"{height}x{width} input padded by {self.padding}"
            )
        return size

    def full_padding(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Padding including what `ceil_mode` lets the last windows hang over."""
        sides: list[int] = []
        for axis, size in enumerate((height, width)):
            before, after = self._sides(axis)
            span = (self._output_size(size, axis) - 1) * self.stride[axis] + self._reach(axis)
            sides += [before, max(after, span - size - before)]
        return sides[0], sides[1], sides[2], sides[3]

    def taps(self, height: int, width: int) -> Iterator[tuple[int, int, slice, slice]]:
        """Yield (row, column, rows, columns) per kernel tap; the slices read the padded input."""
        out_h, out_w = self._output_size(height, 0), self._output_size(width, 1)
        for row in range(self.kernel[0]):
            for column in range(self.kernel[1]):
                yield (
                    row,
                    column,
                    self._slice(row, 0, out_h),
                    self._slice(column, 1, out_w),
                )

    def _slice(self, tap: int, axis: int, count: int) -> slice:
        start = tap * self.dilation[axis]
        return slice(start, start + (count - 1) * self.stride[axis] + 1, self.stride[axis])

    def taps_in_range(self, size: int, axis: int) -> NDArray[np.int64]:
        """For every output index of one axis, how many kernel taps lie inside the input."""
        before, _ = self._sides(axis)
        starts = np.arange(self._output_size(size, axis), dtype=np.int64) * self.stride[axis] - before
        taps = np.arange(self.kernel[axis], dtype=np.int64) * self.dilation[axis]
        position = starts[:, None] + taps[None, :]
        return np.asarray(((position >= 0) & (position < size)).sum(axis=1), np.int64)

    def scatter(self, per_tap: NDArray[np.int64], channels: int, height: int, width: int) -> NDArray[np.int64]:
        """Add up, per source position, `per_tap[channel, row, column]` over the taps that read it.

        The result has shape (channels, height, width); padding drops out.
        """
        padding = self.full_padding(height, width)
        total = np.zeros((channels, height + padding[0] + padding[1], width + padding[2] + padding[3]), np.int64)
        for row, column, rows, columns in self.taps(height, width):
            total[:, rows, columns] += per_tap[:, row, column, None, None]
        return total[:, padding[0] : padding[0] + height, padding[2] : padding[2] + width]
