"""Tiles: the contiguous pieces in which a weight tensor is worked through, so that scratch memory stays small."""

import math
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Tile", "tile_limit", "tiles"]

_LIMIT = {"cpu": 1 << 18}  # a float32 tile and its neighbours stay in a core's cache
_LIMIT_ELSEWHERE = 1 << 22  # an accelerator wants few, large kernels


@dataclass(frozen=True)
class Tile:
    """Elements start .. stop of a flattened tensor; as a matrix (first axis, the rest), rows or a part row.

    Attributes
    ----------
    start, stop
        Range in C order.
    rows, columns
        The same elements in the matrix view.
    """

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
    cut: list[Tile] = []
    if columns <= limit:
        many = limit // max(columns, 1)
        for first in range(0, rows, many):
            last = min(first + many, rows)
            cut.append(Tile(first * columns, last * columns, slice(first, last), slice(0, columns)))
        return tuple(cut)
    for row in range(rows):
        for first in range(0, columns, limit):
            last = min(first + limit, columns)
            begin = row * columns
            cut.append(Tile(begin + first, begin + last, slice(row, row + 1), slice(first, last)))
    return tuple(cut)
