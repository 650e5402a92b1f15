"""Minimum spanning trees over kernels: each map of results from another one, corrected on the taps that differ.

Vertices are the kernels of one input channel (one of each group) and the kernel of zeros, which is the root; an
edge costs the taps in which one kernel differs from the other or from its inverse, whichever is fewer. A child's
map is +-(parent's map) + corrections. Exact for any integer weights. Difference reuse over minimum spanning trees
is that of MST-compression (arXiv 2308.13735), here within one input channel.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError

from .kernels import Int, KernelGroups

__all__ = ["KernelTree", "distances", "spanning_tree"]

_CHUNK = 1 << 23  # entries of a block of distances


@dataclass(frozen=True)
class KernelTree:
    """Where each group's map comes from.

    Attributes
    ----------
    parent
        (G,): the group whose map is corrected; -1 where the map is computed from nothing.
    sign
        (G,): +1 or -1, of the parent's map; +1 for children of the root.
    edits
        (G,): taps of ``kernels - sign * kernels[parent]`` that are not zero.
    depth
        (G,): edges from the root, at least 1.
    """

    parent: Int
    sign: Int
    edits: Int
    depth: Int


def spanning_tree(groups: KernelGroups, depth: int | None = None) -> KernelTree:
    """The tree of each input channel.

    Without a limit it is a minimum spanning tree (Prim; among equal edges, the one nearest to the root). With one,
    vertices at that depth take no children: the tree is the one Prim's rule finds then, no longer minimal.

    Parameters
    ----------
    groups
        From `group_kernels`.
    depth
        Largest depth, or None.

    Raises
    ------
    InputError
        If depth is below 1.
    """
    if depth is not None and (type(depth) is not int or depth < 1):
        raise InputError(f"spanning_tree: depth is {depth!r}; allowed are None and integers of at least 1")
    n_groups = len(groups.kernels)
    tree = KernelTree(*(np.zeros(n_groups, np.int64) for _ in range(4)))
    tree.parent[:] = -1
    counts = groups.per_channel
    starts = np.concatenate([[0], np.cumsum(counts)])
    widest = int(counts.max(initial=0))
    if not widest:
        return tree
    step = max(1, _CHUNK // widest**2)
    for first in range(0, len(counts), step):
        channels = np.arange(first, min(first + step, len(counts)))
        _grow(groups, tree, starts[channels], counts[channels], depth or n_groups)
    return tree


def _grow(groups: KernelGroups, tree: KernelTree, starts: Int, counts: Int, limit: int) -> None:
    """Prim's rule in several channels at once; writes into `tree`."""
    width = int(counts.max())
    place = starts[:, None] + np.arange(width)
    real = np.arange(width) < counts[:, None]
    place = np.where(real, place, 0)
    kernels = np.where(real[..., None], groups.kernels[place], 0)
    edits, sign = distances(kernels)
    big = np.int64(width + 2)  # above every depth: fewer edits first, then the smaller depth
    key = np.count_nonzero(kernels, axis=2) * big
    parent = np.full(key.shape, -1, np.int64)
    depth = np.ones(key.shape, np.int64)
    open_ = real.copy()
    rows = np.arange(len(counts))
    never = np.iinfo(np.int64).max
    for _ in range(width):
        at = np.where(open_, key, never).argmin(axis=1)
        live = open_[rows, at]
        open_[rows, at] = False
        here = depth[rows, at]
        offered = edits[rows, at].astype(np.int64) * big + here[:, None]
        better = (offered < key) & open_ & (live & (here < limit))[:, None]
        key = np.where(better, offered, key)
        parent = np.where(better, at[:, None], parent)
        depth = np.where(better, here[:, None] + 1, depth)
    signs = np.where(parent < 0, 1, sign[rows[:, None], np.maximum(parent, 0), np.arange(width)])
    tree.parent[place[real]] = np.where(parent < 0, -1, starts[:, None] + parent)[real]
    tree.sign[place[real]] = signs[real]
    tree.edits[place[real]] = (key // big)[real]
    tree.depth[place[real]] = depth[real]


def distances(kernels: Int) -> tuple[NDArray[np.int16], NDArray[np.int8]]:
    """Taps in which kernels (n, U, taps) differ, up to the sign that makes them fewer; and that sign."""
    values = np.unique(np.concatenate([kernels.reshape(-1), -kernels.reshape(-1)]))
    same = np.zeros((len(kernels), kernels.shape[1], kernels.shape[1]), np.float32)
    opposite = np.zeros_like(same)
    for value in values:
        here = (kernels == value).astype(np.float32)
        there = (kernels == -value).astype(np.float32).transpose(0, 2, 1)
        same += here @ here.transpose(0, 2, 1)
        opposite += here @ there
    edits = kernels.shape[2] - np.maximum(same, opposite)
    return edits.astype(np.int16), np.where(same >= opposite, 1, -1).astype(np.int8)
