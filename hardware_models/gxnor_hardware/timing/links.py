"""Links of a mesh and the messages that cross each: routes go along x first, then along y."""

from dataclasses import dataclass

import numpy as np

from .flows import ENTRY
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

    def crossed(self, froms: Int64, tos: Int64, messages: Int64, sites: Sites) -> Int64:
        """Messages that cross each link, (samples, links), of messages by pair of cores, (samples, pairs).

        A route takes every tile of a stretch, so that its ends are marked and all tiles between them added up.
        """
        (x, y, _), (to_x, to_y, _) = sites.at(froms), sites.at(tos)
        found = []
        for direction, (dx, dy) in enumerate(_STEPS):
            start, stop, line = (x, to_x, y) if direction < 2 else (y, to_y, to_x)
            back = dx + dy < 0
            (goes,) = np.nonzero(stop < start if back else stop > start)
            # links are named after the tile that they leave
            first, end = (stop + 1, start + 1) if back else (start, stop)
            lines, length = (self.height, self.width) if direction < 2 else (self.width, self.height)
            marks = np.zeros((lines, length + 1, len(messages)), np.int64)
            np.add.at(marks, (line[goes], first[goes]), messages[:, goes].T)
            np.subtract.at(marks, (line[goes], end[goes]), messages[:, goes].T)
            along = np.cumsum(marks, axis=1)[:, :length]
            found.append((along if direction < 2 else along.swapaxes(0, 1)).reshape(-1, len(messages)))
        return np.concatenate(found).T
