"""Which source values a block of target neurons reads: per axis, so that blocks of any size count quickly."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph
from gxnor_snn.graph.window import Window

__all__ = ["Feed", "Grid", "Int64", "Mask", "feed_of", "grid_of", "ranges"]

Grid = tuple[int, int, int]
Int64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
Range = tuple[int, int]


def grid_of(shape: tuple[int, ...]) -> Grid:
    """(channels, rows, columns); a vector has one row and one column."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)


def ranges(extent: int, step: int) -> list[Range]:
    """Stretches of at most `step` that cover an axis."""
    return [(start, min(start + step, extent)) for start in range(0, extent, step)]


@dataclass(frozen=True, eq=False)
class Feed:
    """The geometry of one projection.

    Attributes
    ----------
    name
        The projection.
    target, source
        Grids of the two populations.
    window
        The window over rows and columns; None where every target neuron reads every position.
    groups
        Channel groups of the window's op; every target channel reads the source channels of its group.
    first, stop
        Channels of the target that it feeds.
    """

    name: str
    target: Grid
    source: Grid
    window: Window | None
    groups: int
    first: int
    stop: int
    _seen: dict[Range, Mask] = field(default_factory=dict, repr=False)

    def reads(self, axis: int, step: int) -> Mask:
        """For blocks of `step` along an axis, which source indices each reads: (blocks, source extent)."""
        if (axis, step) not in self._seen:
            self._seen[axis, step] = self._read(axis, step)
        return self._seen[axis, step]

    def most(self, axis: int, step: int) -> int:
        """Largest number of source indices that a block of `step` reads along one axis."""
        return int(self.reads(axis, step).sum(axis=1).max())

    def values(self, size: Grid) -> int:
        """Largest number of source values that a block of the size reads."""
        return self.most(0, size[0]) * self.most(1, size[1]) * self.most(2, size[2])

    def _read(self, axis: int, step: int) -> Mask:
        blocks = ranges(self.target[axis], step)
        found = np.zeros((len(blocks), self.source[axis]), bool)
        for at, (start, stop) in enumerate(blocks):
            if axis == 0:
                start, stop = max(start, self.first) - self.first, min(stop, self.stop) - self.first
                if start < stop:
                    outputs, inputs = (self.stop - self.first) // self.groups, self.source[0] // self.groups
                    found[at, start // outputs * inputs : ((stop - 1) // outputs + 1) * inputs] = True
            elif self.window is None:
                found[at] = True
            else:
                window, output = self.window, np.arange(start, stop)
                for tap in range(window.kernel[axis - 1]):
                    read = output * window.stride[axis - 1] + tap * window.dilation[axis - 1]
                    read = read - window.padding[2 * (axis - 1)]
                    found[at, read[(read >= 0) & (read < self.source[axis])]] = True
        return found


def feed_of(graph: EventGraph, name: str) -> Feed:
    """The geometry of a projection of a graph."""
    projection: Any = graph.projections[name]
    source, target = (grid_of(graph.populations[n].shape) for n in (projection.source, projection.target))
    first, stop = projection.target_channels or (0, target[0])
    if projection.kind == "dense":
        return Feed(name, target, source, None, 1, first, stop)
    window = getattr(projection, "window", None) or Window(kernel=(1, 1))
    groups = projection.groups if projection.weighted else source[0]
    return Feed(name, target, source, window, groups, first, stop)
