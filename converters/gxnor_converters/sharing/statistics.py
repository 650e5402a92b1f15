"""How kernels of one layer are distributed, whatever the input channel they read."""

from dataclasses import dataclass

import numpy as np

from .kernels import Int, group_kernels, number_rows

__all__ = ["KernelStatistics", "statistics_of"]


@dataclass(frozen=True)
class KernelStatistics:
    """Frequencies of the kernels of a layer.

    Attributes
    ----------
    kernels, zero_kernels
        All kernels, and those of zeros only.
    distinct
        How often each kernel occurs, up to the sign, most frequent first, the one of zeros included: the
        rank-frequency curve.
    filters
        Different kernels, signs told apart.
    entropy_bits
        Entropy of the distribution of kernels, signs told apart, in bits per kernel. An estimate from so many
        kernels: it never exceeds log2 of their number.
    """

    kernels: int
    zero_kernels: int
    distinct: Int
    filters: int
    entropy_bits: float

    @property
    def unique_fraction(self) -> float:
        """Different kernels of the layer, signs told apart, over all its kernels."""
        return self.filters / self.kernels


def statistics_of(kernels: Int) -> KernelStatistics:
    """The statistics of kernels (C, M, taps)."""
    flat = kernels.reshape(-1, kernels.shape[2])
    _, often = np.unique(number_rows(flat), return_counts=True)
    together = group_kernels(flat[None])
    zeros = int((together.label < 0).sum())
    distinct = np.sort(np.append(together.size, zeros) if zeros else together.size)[::-1]
    share = often / often.sum()
    return KernelStatistics(
        kernels=len(flat),
        zero_kernels=zeros,
        distinct=distinct.astype(np.int64),
        filters=len(often),
        entropy_bits=float(abs((share * np.log2(share)).sum())),
    )
