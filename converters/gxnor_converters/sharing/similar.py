"""Fewer different kernels: similar ones merged, or all put onto a codebook. This changes what they compute."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError

from .kernels import Int, group_kernels, kernels_by_channel, weights_of_kernels
from .tree import distances

__all__ = ["codebook_bits", "codebook_weights", "merged_weights"]

_CHUNK = 1 << 23


def merged_weights(weights: NDArray[Any], taps: int, groups: int = 1) -> Int:
    """Weights in which each kernel is one of few representatives of its input channel, or its inverse.

    Representatives are chosen greedily: the kernel within `taps` taps of the most kernels not yet represented.
    Kernels of zeros stay.

    Raises
    ------
    InputError
        If `taps` is below 1 or the weights are no convolution's.
    """
    _check_option(taps)
    kernels = kernels_by_channel(weights, groups)
    found = group_kernels(kernels)
    counts = found.per_channel
    starts = np.concatenate([[0], np.cumsum(counts)])
    image = found.kernels.copy()
    step = max(1, _CHUNK // max(1, int(counts.max(initial=0))) ** 2)
    for first in range(0, len(counts), step):
        part = slice(starts[first], starts[min(first + step, len(counts))])
        image[part] = _represented(found.kernels[part], found.channel[part], found.size[part], taps)
    chosen = np.where(found.label[..., None] < 0, 0, image[found.label]) * found.sign[..., None]
    return weights_of_kernels(chosen, np.asarray(weights).shape, groups)


def _represented(kernels: Int, channel: Int, size: Int, taps: int) -> Int:
    """The representative of each kernel, with the sign that is nearer; kernels of several channels at once."""
    if not len(kernels):
        return kernels
    _, row = np.unique(channel, return_inverse=True)
    counts = np.bincount(row)
    place = np.arange(len(row)) - np.concatenate([[0], np.cumsum(counts)[:-1]])[row]
    padded = np.zeros((len(counts), int(counts.max()), kernels.shape[1]), np.int64)
    padded[row, place] = kernels
    weight = np.zeros(padded.shape[:2])
    weight[row, place] = size
    edits, sign = distances(padded)
    real = weight > 0
    near = (edits <= taps) & real[:, :, None] & real[:, None, :]
    open_ = real.copy()
    image = padded.copy()
    every = np.arange(len(counts))
    while open_.any():
        gain = (near @ (weight * open_)[..., None])[..., 0]
        at = gain.argmax(axis=1)
        covered = near[every, at] & open_
        signs = sign[every, at][..., None]
        image = np.where(covered[..., None], padded[every, at][:, None] * signs, image)
        open_ &= ~covered
    return np.asarray(image[row, place])


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
