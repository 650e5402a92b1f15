"""The 2-D kernels of a convolution, input channel by input channel, grouped where one is another or its inverse.

A convolution of M outputs and C input channels holds C * M kernels of k x k taps (in a grouped one, M is the
number of outputs that read one channel). Within one input channel, kernels that are equal, or equal but for the
sign, give the same map of results, or its inverse: it is computed once (Chang et al., DATE 2020; arXiv 1602.02830,
sec. on repeated kernels).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError

__all__ = [
    "KernelGroups",
    "check_weights",
    "group_kernels",
    "kernels_by_channel",
    "number_rows",
    "weights_of_kernels",
]

Int = NDArray[np.int64]


def check_weights(weights: NDArray[np.generic], groups: int = 1) -> NDArray[np.int64]:
    """Convolution weights (outputs, inputs / groups, rows, columns) as int64.

    Raises
    ------
    InputError
        If they are not integers of four dimensions, or the groups do not divide the outputs.
    """
    array = np.asarray(weights)
    if array.dtype.kind not in "iu" or array.ndim != 4 or 0 in array.shape:
        raise InputError(
            f"convolution weights are {array.dtype} of shape {array.shape}; allowed are integers "
            "(outputs, inputs / groups, rows, columns)"
        )
    if type(groups) is not int or groups < 1 or len(array) % groups:
        raise InputError(f"groups is {groups!r}; allowed is a divisor of the {len(array)} outputs")
    return array.astype(np.int64)


def kernels_by_channel(weights: NDArray[np.generic], groups: int = 1) -> Int:
    """Kernels (C, M, taps): those that read each input channel, M = outputs / groups, taps in C order.

    Raises
    ------
    InputError
        As `check_weights`.
    """
    array = check_weights(weights, groups)
    outputs, per_group, rows, columns = array.shape
    split = array.reshape(groups, outputs // groups, per_group, rows * columns)
    return np.ascontiguousarray(split.transpose(0, 2, 1, 3)).reshape(groups * per_group, outputs // groups, -1)


def weights_of_kernels(kernels: Int, shape: tuple[int, ...], groups: int = 1) -> Int:
    """The inverse of `kernels_by_channel`: weights of `shape` from kernels (C, M, taps)."""
    split = kernels.reshape(groups, shape[1], shape[0] // groups, -1).transpose(0, 2, 1, 3)
    weights: Int = np.ascontiguousarray(split).reshape(shape)
    return weights


@dataclass(frozen=True)
class KernelGroups:
    """Groups of equal kernels, each within one input channel; kernels of zeros are in none.

    Attributes
    ----------
    kernels
        (G, taps): one kernel of each group; with `signed` groups its first nonzero tap is positive.
    channel
        (G,): the input channel, rising.
    size
        (G,): kernels in the group.
    label
        (C, M): the group of each kernel, -1 for one of zeros.
    sign
        (C, M): +1 or -1 such that kernel = sign * kernels[label]; 0 for one of zeros.
    """

    kernels: Int
    channel: Int
    size: Int
    label: Int
    sign: Int

    @property
    def taps(self) -> Int:
        """(G,): nonzero taps of each group's kernel."""
        return np.asarray(np.count_nonzero(self.kernels, axis=1), np.int64)

    @property
    def per_channel(self) -> Int:
        """(C,): groups of each input channel, U_c."""
        return np.bincount(self.channel, minlength=len(self.label)).astype(np.int64)


def group_kernels(kernels: Int, *, signed: bool = True) -> KernelGroups:
    """Group the kernels (C, M, taps) of each input channel.

    Parameters
    ----------
    kernels
        See `kernels_by_channel`.
    signed
        Put a kernel and its inverse (all signs flipped) into one group.
    """
    channels, count, taps = kernels.shape
    flat = kernels.reshape(-1, taps)
    nonzero = flat.any(axis=1)
    sign = np.zeros(len(flat), np.int64)
    if signed:
        first = np.argmax(flat != 0, axis=1)
        sign[nonzero] = np.sign(flat[np.arange(len(flat)), first])[nonzero]
    else:
        sign[nonzero] = 1
    places = np.flatnonzero(nonzero)
    canonical = flat[places] * sign[places, None]
    keys = number_rows(np.concatenate([(places // count)[:, None], canonical], axis=1))
    _, first_place, inverse, size = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    label = np.full(len(flat), -1, np.int64)
    label[places] = inverse.reshape(-1)
    return KernelGroups(
        kernels=canonical[first_place],
        channel=places[first_place] // count,
        size=size.astype(np.int64),
        label=label.reshape(channels, count),
        sign=sign.reshape(channels, count),
    )


def number_rows(rows: Int) -> Int:
    """Numbers that are equal where rows of integers are, and ordered by the first column before all others."""
    keys = np.zeros(len(rows), np.int64)
    most = 1
    for column in rows.T:
        low = int(column.min(initial=0))
        base = int(column.max(initial=0)) - low + 1
        if most * base >= 1 << 62:  # number the rows so far, which never are more than there are rows
            keys = np.unique(keys, return_inverse=True)[1].reshape(-1).astype(np.int64)
            most = len(rows)
        keys = keys * base + (column - low)
        most *= base
    return keys
