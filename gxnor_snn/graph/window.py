"""Sliding-window geometry shared by Conv2d and Pool2d: output sizes and strided slices, without any padding."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .region import Shape, Span

__all__ = ["Tap", "Window", "flat_index", "image", "zeros_like"]

_MAX_EXTENT = 1 << 20  # of any stride, padding, kernel or dilation: keeps every product far below 2^63


def image(shape: Shape, where: str) -> tuple[int, int, int]:
    """Channels, height and width of an image; raises `GraphError` naming `where` for any other shape."""
    if len(shape) != 3:
        raise GraphError(f"{where}: the source has shape {shape}, allowed is (channels, height, width)")
    return shape[0], shape[1], shape[2]


def flat_index(at: tuple[NDArray[Any], ...], shape: Shape) -> NDArray[np.int64]:
    """The flat indices, in C order, of an open mesh of indices (see `numpy.ix_`)."""
    return np.asarray(np.ravel_multi_index(np.broadcast_arrays(*at), shape), np.int64).reshape(-1)


def zeros_like(array: Any, shape: Shape, xp: Any) -> Any:
    """A new array of zeros in the dtype (and on the device) of `array`."""
    return np.zeros(shape, array.dtype) if xp is np else array.new_zeros(shape)


@dataclass(frozen=True)
class Tap:
    """One kernel tap: which outputs read inside the input through it, and what they read.

    Attributes
    ----------
    row, column
        Place in the kernel.
    outputs, inputs
        Slices (rows, columns) of equal sizes.
    """

    row: int
    column: int
    outputs: tuple[slice, slice]
    inputs: tuple[slice, slice]


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
        """Raise `GraphError` naming `where` unless every number is an integer in its range."""
        for label, least, length in (("kernel", 1, 2), ("stride", 1, 2), ("padding", 0, 4), ("dilation", 1, 2)):
            values = getattr(self, label)
            good = isinstance(values, tuple) and len(values) == length
            if not good or not all(type(v) is int and least <= v <= _MAX_EXTENT for v in values):
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

    def _hull(self, outputs: Span, axis: int) -> Span:
        """Input positions from the first tap to the last of these outputs; they may lie in padding."""
        stride, before = self.stride[axis], self._sides(axis)[0]
        return outputs[0] * stride - before, (outputs[1] - 1) * stride - before + self._reach(axis)

    def grow(self, outputs: Span, size: int, axis: int) -> Span:
        """Outputs of one axis, grown until their windows touch the input; all of them where none does."""
        count = self._output_size(size, axis)
        first, last = outputs
        while first > 0 and self._hull((first, last), axis)[0] >= size:
            first -= 1
        while last < count and self._hull((first, last), axis)[1] <= 0:
            last += 1
        start, stop = self._hull((first, last), axis)
        return (first, last) if start < size and stop > 0 else (0, count)

    def reads(self, outputs: Span, size: int, axis: int) -> Span:
        """Input positions that these outputs read; all of them where the outputs are all there are."""
        if outputs == (0, self._output_size(size, axis)):
            return 0, size
        start, stop = self._hull(outputs, axis)
        return max(start, 0), min(stop, size)

    def crop(self, boxes: tuple[Span, ...], height: int, width: int) -> tuple[int, int, int, int]:
        """The padding with which the inputs that `boxes` of outputs read give these outputs, without ceil mode."""
        sides: list[int] = []
        for axis, (outputs, size) in enumerate(zip(boxes, (height, width), strict=True)):
            start, stop = self._hull(outputs, axis)
            first, last = self.reads(outputs, size, axis)
            sides += [first - start, max(stop - last, 0)]
        return sides[0], sides[1], sides[2], sides[3]

    def taps(self, height: int, width: int) -> Iterator[Tap]:
        """Yield the taps that read inside the input at least once; padding never needs to exist."""
        along_rows = list(self._along(height, 0))
        along_columns = list(self._along(width, 1))
        for row, out_rows, in_rows in along_rows:
            for column, out_columns, in_columns in along_columns:
                yield Tap(row, column, (out_rows, out_columns), (in_rows, in_columns))

    def _along(self, size: int, axis: int) -> Iterator[tuple[int, slice, slice]]:
        """Per tap of one axis: the outputs whose position output * stride + tap * dilation - before is inside."""
        stride, dilation, before = self.stride[axis], self.dilation[axis], self._sides(axis)[0]
        count = self._output_size(size, axis)
        for tap in range(self.kernel[axis]):
            offset = tap * dilation - before
            first = max(0, -(offset // stride))
            last = min(count - 1, (size - 1 - offset) // stride)
            if first <= last:
                start = first * stride + offset
                stop = last * stride + offset + 1
                yield tap, slice(first, last + 1), slice(start, stop, stride)

    def taps_in_range(self, size: int, axis: int) -> NDArray[np.int64]:
        """For every output index of one axis, how many kernel taps lie inside the input."""
        starts = (
            np.arange(self._output_size(size, axis), dtype=np.int64) * self.stride[axis] - self._sides(axis)[0]
        )
        first = np.maximum(0, -(starts // self.dilation[axis]))
        last = np.minimum(self.kernel[axis] - 1, (size - 1 - starts) // self.dilation[axis])
        return np.asarray(np.maximum(last - first + 1, 0), np.int64)

    def seen(self, output: int, size: int, axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The kernel taps of one output that lie inside the input, and the input positions they read."""
        taps = np.arange(self.kernel[axis], dtype=np.int64)
        positions = output * self.stride[axis] - self._sides(axis)[0] + taps * self.dilation[axis]
        inside = (positions >= 0) & (positions < size)
        return taps[inside], positions[inside]

    def readers(self, size: int, axis: int) -> NDArray[np.int64]:
        """For every input index of one axis, how many (output, tap) pairs read it."""
        total = np.zeros(size, np.int64)
        for _, _, inputs in self._along(size, axis):
            total[inputs] += 1
        return total

    def scatter(self, per_tap: NDArray[np.int64], channels: int, height: int, width: int) -> NDArray[np.int64]:
        """Add up, per source position, `per_tap[channel, row, column]` over the taps that read it.

        The result has shape (channels, height, width).
        """
        total = np.zeros((channels, height, width), np.int64)
        for tap in self.taps(height, width):
            rows, columns = tap.inputs
            total[:, rows, columns] += per_tap[:, tap.row, tap.column, None, None]
        return total
