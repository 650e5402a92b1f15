"""Fewer different kernels: similar ones merged, or all put onto a codebook. This changes what they compute."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError

from .kernels import Int, group_kernels, kernels_by_channel, weights_of_kernels
from .tree import distances

__all__ = ["codebook_bits", "codebook_weights", "merged_weights"]

_CHUNK = 1 << 23


def merged_weights(weights: NDArray[Any], taps: int, groups: int = 1, *, keep: float = 0.0) -> Int:
    """Weights in which kernels became others of their input channel, or inverses of others; each in few taps.

    With `keep` = 0 representatives are chosen greedily: the kernel within `taps` taps of the most kernels not yet
    represented. Else the rarest kernels go first, each to the nearest one that stays (of equally near ones the
    most frequent), until the input channel has no more than `keep` times its M kernels: few weights change then.
    Kernels of zeros stay.

    Parameters
    ----------
    weights, groups
        Of a convolution.
    taps
        The most taps in which a kernel changes.
    keep
        Different kernels per input channel, over all its kernels, at which merging ends.

    Raises
    ------
    InputError
        If `taps` is below 1, `keep` not between 0 and 1, or the weights are no convolution's.
    """
    _check_option(taps)
    if not 0 <= keep <= 1:
        raise InputError(f"lossy sharing: keep is {keep!r}; allowed are numbers from 0 to 1")
    kernels = kernels_by_channel(weights, groups)
    found = group_kernels(kernels)
    counts = found.per_channel
    starts = np.concatenate([[0], np.cumsum(counts)])
    image = found.kernels.copy()
    step = max(1, _CHUNK // max(1, int(counts.max(initial=0))) ** 2)
    for first in range(0, len(counts), step):
        part = slice(starts[first], starts[min(first + step, len(counts))])
        if part.start == part.stop:
            continue
        block = _Block(found.kernels[part], found.channel[part], found.size[part], taps)
        if keep:
            block.drop_rarest(int(keep * kernels.shape[1]))
        else:
            block.cover()
        image[part] = block.result()
    chosen = np.where(found.label[..., None] < 0, 0, image[found.label]) * found.sign[..., None]
    return weights_of_kernels(chosen, np.asarray(weights).shape, groups)


class _Block:
    """The kernels of several input channels, side by side (channels, U, taps), being merged."""

    def __init__(self, kernels: Int, channel: Int, size: Int, taps: int) -> None:
        _, row = np.unique(channel, return_inverse=True)
        counts = np.bincount(row)
        self._row, self._place = row, np.arange(len(row)) - np.concatenate([[0], np.cumsum(counts)[:-1]])[row]
        self._kernels = np.zeros((len(counts), int(counts.max()), kernels.shape[1]), np.int64)
        self._kernels[row, self._place] = kernels
        self._size = np.zeros(self._kernels.shape[:2], np.int64)
        self._size[row, self._place] = size
        self._edits, self._sign = distances(self._kernels)
        real = self._size > 0
        self._real = real
        self._near = (self._edits <= taps) & real[:, :, None] & real[:, None, :]
        self._image = self._kernels.copy()
        self._every = np.arange(len(counts))

    def result(self) -> Int:
        """What each kernel became."""
        return np.asarray(self._image[self._row, self._place])

    def cover(self) -> None:
        """Greedy representatives, with the most kernels near them that have none."""
        open_ = self._real.copy()
        while open_.any():
            gain = (self._near @ (self._size * open_).astype(float)[..., None])[..., 0]
            at = gain.argmax(axis=1)
            covered = self._near[self._every, at] & open_
            signs = self._sign[self._every, at][..., None]
            moved = self._kernels[self._every, at][:, None] * signs
            self._image = np.where(covered[..., None], moved, self._image)
            open_ &= ~covered

    def drop_rarest(self, most: int) -> None:
        """One kernel after another, the rarest first; what others have become stays."""
        stays, left = self._real.copy(), self._real.sum(axis=1)
        taken = np.zeros_like(stays)  # by others
        order = np.argsort(np.where(self._real, self._size, np.iinfo(np.int64).max), axis=1, kind="stable")
        big = int(self._size.max()) + 1
        for rank in range(order.shape[1]):
            at = order[:, rank]
            fits = self._near[self._every, at] & stays
            fits[self._every, at] = False
            score = np.where(fits, -self._edits[self._every, at].astype(np.int64) * big + self._size, -(1 << 60))
            to = score.argmax(axis=1)
            goes = (left > most) & fits[self._every, to] & stays[self._every, at] & ~taken[self._every, at]
            rows = self._every[goes]
            signs = self._sign[rows, to[goes], at[goes]]
            self._image[rows, at[goes]] = self._kernels[rows, to[goes]] * signs[:, None]
            stays[rows, at[goes]] = False
            taken[rows, to[goes]] = True
            left[rows] -= 1


def codebook_weights(weights: NDArray[Any], size: int, groups: int = 1) -> Int:
    """Weights whose kernels are among `size` of the layer, up to the sign: its most frequent ones, and zeros.

    Raises
    ------
    InputError
        If `size` is below 1 or the weights are no convolution's.
    """
    _check_option(size)
    kernels = kernels_by_channel(weights, groups)
    together = group_kernels(kernels.reshape(1, -1, kernels.shape[2]))
    order = np.argsort(-together.size, kind="stable")
    book = together.kernels[order[:size]]
    image = together.kernels.copy()
    for rest in np.array_split(order[size:], max(1, len(order) // 512)):
        if len(rest):
            edits, sign = distances(np.concatenate([book, together.kernels[rest]])[None])
            nearest = edits[0, len(book) :, : len(book)].argmin(axis=1)
            signs = sign[0, len(book) + np.arange(len(rest)), nearest]
            image[rest] = book[nearest] * signs[:, None]
    chosen = np.where(together.label[0][:, None] < 0, 0, image[together.label[0]]) * together.sign[0][:, None]
    return weights_of_kernels(chosen.reshape(kernels.shape), np.asarray(weights).shape, groups)


def codebook_bits(size: int, taps: int, *, zeros: bool = False) -> float:
    """Bits per weight where a kernel of `taps` taps is the number of one of `size` codewords and a sign.

    Parameters
    ----------
    size, taps
        Of the codebook and of a kernel.
    zeros
        Whether the kernel of zeros is one more codeword.

    Raises
    ------
    InputError
        If a number is below 1.
    """
    _check_option(size)
    _check_option(taps)
    return float(np.ceil(np.log2(2 * size + zeros)) / taps)


def _check_option(option: int) -> None:
    if isinstance(option, bool) or not isinstance(option, int | np.integer) or option < 1:
        raise InputError(f"lossy sharing: an option is {option!r}; allowed are integers of at least 1")
