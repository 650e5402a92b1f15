"""Links of a mesh and the messages that cross each: routes go along x first, then along y."""

from dataclasses import dataclass

import numpy as np

from .flows import ENTRY, Table, table
from .footprint import Int64

__all__ = ["Links", "Sites"]

_STEPS = ((1, 0), (-1, 0), (0, 1), (0, -1))  # east, west, north, south


@dataclass(frozen=True)
class Sites:
    """Where cores stand: tile (x, y) and chip; x counts tiles across chips. Inputs enter at tile (0, 0)."""

    x: Int64
    y: Int64
    chip: Int64

    def at(self, cores: Int64) -> tuple[Int64, Int64, Int64]:
        """(x, y, chip) of cores, `ENTRY` included."""
        inside = cores != ENTRY
        return (
            np.where(inside, self.x[cores], 0),
            np.where(inside, self.y[cores], 0),
            np.where(inside, self.chip[cores], 0),
        )


@dataclass(frozen=True)
class Links:
    """The directed links between neighbouring tiles of a mesh.

    Attributes
    ----------
    width, height
        Tiles along x and y, all chips together.
    """

    width: int
    height: int

    @classmethod
    def of(cls, sites: Sites) -> "Links":
        """The links of the smallest mesh that holds all cores and the entry."""
        return cls(int(sites.x.max(initial=0)) + 1, int(sites.y.max(initial=0)) + 1)

    def __len__(self) -> int:
        return len(_STEPS) * self.width * self.height

    @property
    def horizontal(self) -> int:
        """Links along x come first; how many these are."""
        return 2 * self.width * self.height

    def ends(self, link: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Tiles (x, y) that a link leads from and to."""
        direction, tile = divmod(link, self.width * self.height)
        y, x = divmod(tile, self.width)
        return (x, y), (x + _STEPS[direction][0], y + _STEPS[direction][1])

    def name(self, link: int) -> str:
        """A link in words."""
        start, stop = self.ends(link)
        return f"({start[0]}, {start[1]}) -> ({stop[0]}, {stop[1]})"

    def routes(self, froms: Int64, tos: Int64, sites: Sites) -> Table:
        """Which links each pair of cores uses, (pairs, links)."""
        (x, y, _), (to_x, to_y, _) = sites.at(froms), sites.at(tos)
        tiles = self.width * self.height
        pairs, links = [], []
        for direction, (start, stop) in enumerate(((x, to_x), (x, to_x), (y, to_y), (y, to_y))):
            sign = 1 - 2 * (direction % 2)
            length = np.maximum(sign * (stop - start), 0)
            pair = np.repeat(np.arange(len(froms)), length)
            along = start[pair] + sign * (np.arange(len(pair)) - np.repeat(np.cumsum(length) - length, length))
            tile = y[pair] * self.width + along if direction < 2 else along * self.width + to_x[pair]
            pairs.append(pair)
            links.append(direction * tiles + tile)
        rows = np.concatenate(pairs)
        return table(rows, np.concatenate(links), np.ones(len(rows), np.int64), (len(froms), len(self)))
