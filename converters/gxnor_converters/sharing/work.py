"""What it takes to compute a convolution, in six ways, per output position.

Definitions, for the C * M kernels of a layer, P of them nonzero, with t nonzero taps each (arithmetic of a
reconstruction of Chang et al., DATE 2020; the paper's own formula could not be obtained):

============ ============================ ============================= =======================================
way          maps                         taps (XNOR operations)        additions
============ ============================ ============================= =======================================
dense        C M                          C M k^2                       C M (k^2 - 1) within + C M accumulations
gated        P                            sum of t                      sum of (t - 1) + P
repeats      kernels that differ          sum of t over these           sum of (t - 1) over these + P
inverses     that differ but for the sign sum of t over these           sum of (t - 1) over these + P
mst          the same                     edits of the tree             edits of the tree + P
sub_kernels  rows that differ but for     sum of t over these rows      sum of (t - 1) over these + nonzero rows
             the sign
============ ============================ ============================= =======================================

A map is one 2-D convolution of one input channel. P accumulations (one per nonzero kernel) never go away. Rows of
kernels are maps of their own, wherever in the kernel they stand: with a stride of s down the image they are
computed s times as often as outputs, and counted so. An edit is a tap corrected in a map made from another one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np

from .kernels import Int, KernelGroups, group_kernels
from .tree import spanning_tree

__all__ = ["WAYS", "Work", "work_of"]


@dataclass(frozen=True)
class Work:
    """Maps, taps and additions per output position; means over draws in a null model."""

    maps: float
    taps: float
    additions: float

    def __add__(self, other: "Work") -> "Work":
        return Work(*(a + b for a, b in zip(self.values(), other.values(), strict=True)))

    def times(self, factor: float) -> "Work":
        """Every count times a factor."""
        return Work(*(value * factor for value in self.values()))

    def values(self) -> tuple[float, ...]:
        """The counts in order."""
        return tuple(getattr(self, f.name) for f in fields(self))


def work_of(kernels: Int, size: tuple[int, int], stride: int = 1) -> Mapping[str, Work]:
    """The work of kernels (C, M, taps) of `size` (rows, columns), by way.

    Parameters
    ----------
    kernels, size
        Kernels by input channel, taps in C order.
    stride
        Of the convolution down the image; sub-kernels know it.
    """
    signed = group_kernels(kernels)
    return {way: rule(kernels, size, stride, signed) for way, rule in _RULES.items()}


def _dense(kernels: Int, size: tuple[int, int], stride: int, signed: KernelGroups) -> Work:
    count, taps = kernels.shape[0] * kernels.shape[1], kernels.shape[2]
    return Work(count, count * taps, count * taps)


def _gated(kernels: Int, size: tuple[int, int], stride: int, signed: KernelGroups) -> Work:
    taps = int(np.count_nonzero(kernels))
    return Work(int(signed.size.sum()), taps, taps)


def _shared(groups: KernelGroups) -> Work:
    maps, taps = len(groups.size), int(groups.taps.sum())
    return Work(maps, taps, taps - maps + int(groups.size.sum()))


def _repeats(kernels: Int, size: tuple[int, int], stride: int, signed: KernelGroups) -> Work:
    return _shared(group_kernels(kernels, signed=False))


def _inverses(kernels: Int, size: tuple[int, int], stride: int, signed: KernelGroups) -> Work:
    return _shared(signed)


def _mst(kernels: Int, size: tuple[int, int], stride: int, signed: KernelGroups) -> Work:
    edits = int(spanning_tree(signed).edits.sum())
    return Work(len(signed.size), edits, edits + int(signed.size.sum()))


def _sub_kernels(kernels: Int, size: tuple[int, int], stride: int, signed: KernelGroups) -> Work:
    channels, count, _ = kernels.shape
    rows = group_kernels(kernels.reshape(channels, count * size[0], size[1]))
    maps, taps = len(rows.size) * stride, int(rows.taps.sum()) * stride
    return Work(maps, taps, taps - maps + int(rows.size.sum()))


_RULES: dict[str, Callable[[Int, tuple[int, int], int, KernelGroups], Work]] = {
    "dense": _dense,
    "gated": _gated,
    "repeats": _repeats,
    "inverses": _inverses,
    "mst": _mst,
    "sub_kernels": _sub_kernels,
}

WAYS = tuple(_RULES)
"""The ways of the table above."""
