"""Cutting populations into cores: the largest blocks that every limit of a core allows."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from gxnor_snn.errors import PricingError

from ...profile import Profile
from .memory import list_bits
from .reach import Block, Int64, Mask, Range, Reach

__all__ = [
    "CORE_LIMITS",
    "Edges",
    "Feed",
    "Grid",
    "OversizedNeuronError",
    "Partition",
    "own_channels",
    "partition",
]

CORE_LIMITS = (
    "neurons_per_core",
    "axons_in_per_core",
    "synapse_bits_per_core",
    "synapses_per_core",
    "axons_out_per_core",
)


class OversizedNeuronError(PricingError):
    """Not even a single neuron of a population fits a core."""


Grid = tuple[int, int, int]


@dataclass(frozen=True)
class Feed:
    """One projection into the population that is being cut.

    Attributes
    ----------
    reach
        Its footprint.
    target_channels
        Channels of the population it feeds; None for all.
    fan
        Compartments of a target neuron that hold each of its synapses.
    weight_bits
        Bits of its largest weight, sign included.
    indexed
        Whether its lists hold target indices.
    """

    reach: Reach
    target_channels: Range | None
    fan: int
    weight_bits: int
    indexed: bool = True

    def own(self, channels: Int64) -> Int64:
        """Channel ranges of the population in the numbering of the projection; empty where it feeds nothing."""
        return own_channels(self.target_channels, channels)


def own_channels(target_channels: Range | None, channels: Int64) -> Int64:
    """Channel ranges (ranges, 2) of a population, in the numbering of a projection into `target_channels`."""
    if target_channels is None:
        return channels
    start, stop = target_channels
    return np.clip(channels, start, stop) - start


class Edges:
    """Core-to-core edges that leave a population: who listens to which of its neurons.

    An image sends from every pixel, its channels as atoms of one axon; a vector from every neuron. Each takes
    `per_value` edges: one where its lines are atoms too.
    """

    def __init__(self, grid: Grid, is_vector: bool, per_value: int = 1) -> None:
        self._is_vector = is_vector
        self._per_value = per_value
        self._shape = grid[1], grid[2]
        self._listeners: dict[bytes, tuple[Mask, Int64]] = {}

    def add(self, channels: Mask, positions: Mask) -> None:
        """Add one listening core."""
        alike = self._listeners.setdefault(channels.tobytes(), (channels, np.zeros(self._shape, np.int64)))
        alike[1][...] += positions

    def most(self, size: Grid) -> int:
        """Largest number of edges that leave one block of the size (channels, rows, columns)."""
        found: Int64 | int = 0
        for channels, listeners in self._listeners.values():
            heard = _sums(channels.astype(np.int64), 0, size[0])
            senders = heard if self._is_vector else np.minimum(heard, 1)
            found = found + np.multiply.outer(senders, _sums(_sums(listeners, 0, size[1]), 1, size[2]))
        return int(np.max(found)) * self._per_value


def _sums(values: Int64, axis: int, step: int) -> Int64:
    """Sums over consecutive stretches of one axis."""
    return np.asarray(np.add.reduceat(values, np.arange(0, values.shape[axis], step), axis=axis))


def _ranges(extent: int, step: int) -> list[Range]:
    return [(start, min(start + step, extent)) for start in range(0, extent, step)]


@dataclass(frozen=True)
class Partition:
    """A population on cores: a regular grid of blocks.

    Attributes
    ----------
    size
        (channels, rows, columns) of a block.
    grid
        (channels, rows, columns) of the population; a vector has one row and column.
    per_neuron
        Compartments per neuron.
    used
        Largest use of every core limit over the blocks.
    """

    size: Grid
    grid: Grid
    per_neuron: int
    used: Mapping[str, int]

    @property
    def counts(self) -> Grid:
        """Blocks along (channels, rows, columns)."""
        return _counts(self.grid, self.size)

    @property
    def cores(self) -> int:
        """Cores the population takes."""
        return math.prod(self.counts)

    def blocks(self) -> Iterator[Block]:
        """Blocks in the order of their cores: rows, then columns, then channels."""
        return _blocks(self.grid, self.size)

    def core_of(self, shape: tuple[int, ...]) -> Int64:
        """Number, within the population, of the core of every neuron; `shape` is that of the grid."""
        channel, row, column = (
            np.arange(extent).reshape([-1 if axis == k else 1 for k in range(3)]) // self.size[axis]
            for axis, extent in enumerate(shape)
        )
        channels, _, columns = self.counts
        return np.asarray((row * columns + column) * channels + channel, np.int64)


def _counts(grid: Grid, size: Grid) -> Grid:
    return -(-grid[0] // size[0]), -(-grid[1] // size[1]), -(-grid[2] // size[2])


def _blocks(grid: Grid, size: Grid) -> Iterator[Block]:
    channels, rows, columns = (_ranges(extent, step) for extent, step in zip(grid, size, strict=True))
    for row, column, channel in product(rows, columns, channels):
        yield Block(row, column, channel)


def partition(
    name: str,
    grid: Grid,
    per_neuron: int,
    feeds: Sequence[Feed],
    edges: Edges,
    profile: Profile,
) -> Partition:
    """Cut one population into the fewest equal blocks that fit a core.

    Parameters
    ----------
    name
        Population, for messages.
    grid
        (channels, rows, columns).
    per_neuron
        Compartments per neuron.
    feeds
        Its incoming projections.
    edges
        Where it sends to.
    profile
        The card.

    Raises
    ------
    OversizedNeuronError
        If not even a single neuron fits a core; the wall is named.
    """

    def use(size: Grid) -> dict[str, int]:
        return _use(grid, size, per_neuron, feeds, edges, profile)

    def fits(channels: int, columns: int, rows: int) -> bool:
        return _within(profile, use((channels, rows, columns)))

    best: Grid | None = None
    fewest = math.prod(grid) + 1
    capacity = profile.number("neurons_per_core") // per_neuron
    for channels, columns in product(_sizes(grid[0]), _sizes(grid[2])):
        along = math.prod(_counts(grid, (channels, grid[1], columns)))
        most = min(grid[1], capacity // (channels * columns))
        # fewer blocks than the best so far need at least this many rows in each
        room = (fewest - 1) // along
        least = -(-grid[1] // room) if room else grid[1] + 1
        if least > most or not fits(channels, columns, least):
            continue
        rows = _largest(least, most, partial(fits, channels, columns))
        best = (channels, rows, columns)
        fewest = math.prod(_counts(grid, best))
    if best is None:
        used = use((1, 1, 1))
        over = next(limit for limit in CORE_LIMITS if not _within(profile, {limit: used[limit]}))
        raise OversizedNeuronError(
            f"card {profile.name!r}: population {name!r} needs {over} of {used[over]} for a single neuron; "
            f"allowed is {profile.limit(over)}, and fan-in cannot be split without changing the function"
        )
    return Partition(best, grid, per_neuron, use(best))


def _sizes(extent: int) -> list[int]:
    """Block sizes worth trying along an axis, largest first: the equal parts of it."""
    return sorted({-(-extent // parts) for parts in range(1, extent + 1)}, reverse=True)


def _within(profile: Profile, used: Mapping[str, int]) -> bool:
    limits = {name: profile.limit(name) for name in used}
    return all(limit is None or used[name] <= limit for name, limit in limits.items())


def _largest(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The largest size in low..high that fits, where `low` does and larger sizes need more."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _use(
    grid: Grid, size: Grid, per_neuron: int, feeds: Sequence[Feed], edges: Edges, profile: Profile
) -> dict[str, int]:
    """Largest use of every core limit over all blocks of a size."""
    channels = np.asarray(_ranges(grid[0], size[0]), np.int64)
    used = dict.fromkeys(CORE_LIMITS, 0)
    apart = profile.choice("signed_lines") == "axons"
    in_bits = profile.limit("synapse_bits_per_core") is not None
    slots = profile.number("axon_out_slots") if profile.limit("axons_out_per_core") is not None else 1
    used["axons_out_per_core"] = edges.most(size) * slots
    for rows in _distinct(0, grid[1], size[1], feeds):
        for columns in _distinct(1, grid[2], size[2], feeds):
            positions = (rows[1] - rows[0]) * (columns[1] - columns[0])
            compartments = (channels[:, 1] - channels[:, 0]) * positions * per_neuron
            axons = bits = stored = np.zeros(len(channels), np.int64)
            for feed in feeds:
                need = feed.reach.require(rows, columns, feed.own(channels))
                lengths = need.lists * feed.fan
                axons = axons + need.axons * (feed.reach.lines if apart else 1)
                stored = stored + (lengths * need.copies).sum(axis=1)
                if in_bits:
                    bits = bits + list_bits(
                        lengths, need.copies, feed.weight_bits, compartments, profile, feed.indexed
                    )
            for limit, each in zip(CORE_LIMITS, (compartments, axons, bits, stored), strict=False):
                used[limit] = max(used[limit], int(each.max()))
    return used


def _distinct(axis: int, extent: int, step: int, feeds: Sequence[Feed]) -> list[Range]:
    """One range of each footprint along rows (axis 0) or columns (axis 1): borders differ, the inside does not."""
    found = {}
    for part in _ranges(extent, step):
        found[part[1] - part[0], *(feed.reach.pattern(axis, part) for feed in feeds)] = part
    return list(found.values())
