"""Tiles: the contiguous pieces in which a weight tensor is worked through, so that scratch memory stays small."""

import math
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Tile", "tile_limit", "tiles"]

_LIMIT = {"cpu": 1 << 18}  # fewer elements cost more calls, more elements fall out of a core's cache (measured)
_LIMIT_ELSEWHERE = 1 << 22  # an accelerator wants few, large kernels


@dataclass(frozen=True)
class Tile:
    """Elements start .. stop of a flattened tensor; as a matrix (first axis, the rest), rows or a part row.

    Attributes
    ----------
    number
        0, 1, ... in C order.
    start, stop
        Range in C order.
    rows, columns
        The same elements in the matrix view.
    """

    number: int
    start: int
    stop: int
    rows: slice
    columns: slice

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.stop - self.start

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


def tile_limit(device_type: str) -> int:
    """Largest number of elements of a tile on this type of device."""
    return _LIMIT.get(device_type, _LIMIT_ELSEWHERE)


@lru_cache(maxsize=1024)
def tiles(shape: tuple[int, ...], limit: int) -> tuple[Tile, ...]:
    """Cut a tensor of this shape into tiles of at most `limit` elements, in C order."""
    rows, columns = (shape[0], math.prod(shape[1:])) if shape else (1, 1)
    high, wide = max(1, limit // max(columns, 1)), min(columns, limit)  # rows and columns of a tile
    cut: list[Tile] = []
    for first in range(0, rows if wide else 0, high):
        last = min(first + high, rows)
        for left in range(0, columns, wide):
            right = min(left + wide, columns)
            start = first * columns + left
            stop = start + (last - first) * (right - left)
            cut.append(Tile(len(cut), start, stop, slice(first, last), slice(left, right)))
    return tuple(cut)
