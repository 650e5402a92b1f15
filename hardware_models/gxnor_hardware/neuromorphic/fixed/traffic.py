"""Where cores stand, who listens to whom, and what a firing value causes on its way: cores, hops, chip borders."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ...profile import Profile
from .partition import Partition
from .slots import Slot
from .windows import Feed, Grid, Int64

__all__ = ["Mesh", "Traffic", "listening", "path", "traffic"]


class Mesh:
    """Cores numbered row by row over the mesh of a chip, chips in a row; packets go along x, then along y."""

    def __init__(self, profile: Profile, cores: int) -> None:
        # places are looked up: dividing the numbers of millions of neurons' cores takes longer
        self.chip, core = np.divmod(np.arange(cores), profile.number("cores_per_chip"))
        width = profile.number("cores_x")
        self.y, self.x = np.divmod(core, width)
        self.x = self.x + self.chip * width

    def hops(self, one: Int64, other: Int64) -> Int64:
        """|dx| + |dy| between cores; x counts across chips."""
        return np.asarray(np.abs(self.x[one] - self.x[other]) + np.abs(self.y[one] - self.y[other]))


@dataclass(frozen=True)
class Traffic:
    """What one firing value of every source neuron causes, each (channels, rows, columns) of the source.

    Attributes
    ----------
    cores
        Cores that listen.
    hops
        Mesh hops, summed over them.
    crossings
        Chip borders on the way: each once, as copies for cores beyond it are made there.
    """

    cores: Int64
    hops: Int64
    crossings: Int64


def listening(feed: Feed, size: Grid) -> Int64:
    """How many blocks listen to every source value; each has it on one core."""
    channels, rows, columns = (feed.reads(axis, size[axis]).sum(axis=0) for axis in range(3))
    return np.asarray(channels[:, None, None] * rows[:, None] * columns, np.int64)


@dataclass(frozen=True)
class _Reader:
    """One reader of every source index of an axis: its block (-1 for none), the index's rank there, its size."""

    block: Int64
    rank: Int64
    count: Int64


def _readers(feed: Feed, axis: int, step: int) -> Iterator[_Reader]:
    reads = feed.reads(axis, step)
    rank = np.cumsum(reads, axis=1) - 1
    order = np.cumsum(reads, axis=0)
    count = reads.sum(axis=1)
    for turn in range(1, int(order.max(initial=0)) + 1):
        mine = reads & (order == turn)
        block = np.where(mine.any(axis=0), mine.argmax(axis=0), -1)
        yield _Reader(block, rank[block, np.arange(reads.shape[1])], count[block])


def traffic(feed: Feed, target: Partition, slot: Slot, first: int, source_cores: Int64, mesh: Mesh) -> Traffic:
    """Static traffic of one projection.

    Parameters
    ----------
    feed, target, slot
        The projection, the partition of its target, and where the feed's values lie among its row groups.
    first
        First core of the target.
    source_cores
        Core of every source neuron, broadcastable to its grid; 0, where the mesh is entered, for inputs.
    mesh
        The mesh.
    """
    nch, _, ncol = target.counts
    hops = np.zeros(feed.source, np.int64)
    here = np.broadcast_to(mesh.chip[source_cores], feed.source)
    lowest, highest = here.copy(), here.copy()
    axes = [list(_readers(feed, axis, target.size[axis])) for axis in range(3)]
    for channel, row, column in product(*axes):
        block = (row.block[:, None] * ncol + column.block) * nch + channel.block[:, None, None]
        number = (channel.rank[:, None, None] * row.count[:, None] + row.rank[:, None]) * column.count
        cores = first + block * target.groups + slot.group_of(number + column.rank)
        there = (channel.block >= 0)[:, None, None] & (row.block >= 0)[:, None] & (column.block >= 0)
        cores = np.where(there, cores, source_cores)
        hops += mesh.hops(source_cores, cores)
        np.minimum(lowest, mesh.chip[cores], out=lowest)
        np.maximum(highest, mesh.chip[cores], out=highest)
    return Traffic(listening(feed, target.size), hops, highest - lowest)


def path(target: Partition, first: int, mesh: Mesh) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(hops, chip borders) of every partial sum of a population to the core that adds it, level after level."""
    hops, crossings = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    block = target.block_of().reshape(-1, 1)
    at = first + block + np.arange(target.groups)
    start = first + target.block_cores
    for level in target.levels:
        sums = np.arange(target.neurons)[:, None] * level.sums + np.arange(level.groups) // level.per_sum
        to = start + sums // level.per_core
        hops.append(mesh.hops(at, to).reshape(-1))
        crossings.append(np.abs(mesh.chip[at] - mesh.chip[to]).reshape(-1))
        start += -(-target.neurons * level.sums // level.per_core)
        at = to[:, :: level.per_sum]
    return np.concatenate(hops), np.concatenate(crossings)
