"""What chance alone shares: kernels of the same shape, drawn at random.

Without it a figure of sharing says little: of 256 random binary 3x3 kernels that read one channel, 37 % repeat
another one or its inverse.
"""

import numpy as np

from gxnor_snn.errors import InputError

from .kernels import Int
from .work import Work, work_of

__all__ = ["NULLS", "distinct_fraction", "null_kernels", "null_work"]

NULLS = ("uniform", "shuffled")
"""The null models: every level equally probable; the layer's own weights in random order."""


def distinct_fraction(count: int, states: int) -> float:
    """Expected share of distinct ones among `count` uniform draws from `states`: S (1 - (1 - 1/S)^M) / M.

    Binary kernels of k x k taps have 2^(k^2) states, half as many up to the sign; ternary ones 3^(k^2), and
    (3^(k^2) + 1) / 2 up to the sign, for which the formula is an approximation.

    Raises
    ------
    InputError
        If a number is below 1.
    """
    if count < 1 or states < 1:
        raise InputError(f"distinct_fraction: {count} draws from {states} states; both must be at least 1")
    return float(-states * np.expm1(count * np.log1p(-1.0 / states)) / count) if states > 1 else 1.0 / count


def null_kernels(kernels: Int, levels: Int, null: str, channels: int, rng: np.random.Generator) -> Int:
    """Random kernels like `kernels` (C, M, taps), for `channels` input channels.

    Raises
    ------
    InputError
        If `null` is not one of `NULLS`.
    """
    shape = (channels, *kernels.shape[1:])
    if null == "uniform":
        return rng.choice(levels, size=shape)
    if null == "shuffled":
        return rng.permutation(kernels.reshape(-1))[: int(np.prod(shape))].reshape(shape)
    raise InputError(f"null model {null!r} is unknown; allowed are {', '.join(NULLS)}")


def null_work(
    kernels: Int,
    size: tuple[int, int],
    stride: int,
    levels: Int,
    null: str,
    rng: np.random.Generator,
    most_channels: int,
) -> dict[str, Work]:
    """The work of random kernels, by way, scaled from at most `most_channels` input channels to all.

    Channels are independent in both models, so a few of them tell the mean.
    """
    channels = min(len(kernels), most_channels)
    drawn = null_kernels(kernels, levels, null, channels, rng)
    factor = len(kernels) / channels
    return {way: work.times(factor) for way, work in work_of(drawn, size, stride).items()}
