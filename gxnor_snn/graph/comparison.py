"""The one comparison of event graphs: sums against thresholds, to levels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .coding import Coding
from .population import is_real

__all__ = ["levels_of"]

_MOST_IN_INT8 = 127
_HALVES_IN_FLOAT32 = 1 << 22  # below it every half-integer is a float32


def levels_of(
    sums: Any, thresholds: NDArray[np.int64], increasing: NDArray[np.bool_], coding: Coding, xp: Any
) -> Any:
    """Levels that sums stand for.

    The k-th level is sent where s >= t holds for k thresholds t of an increasing channel, s <= t for k of a
    decreasing one. On real sums the switch lies half an integer away (s >= t - 1/2, s <= t + 1/2), so that small
    noise does not flip a tie; on integers that is the same.

    Parameters
    ----------
    sums
        (B, channels, *rest), integers or floats, numpy or torch.
    thresholds, increasing
        (channels, levels - 1) and (channels,).
    coding
        Whose k-th level is sent.
    xp
        ``numpy`` or ``torch``, as the sums.

    Returns
    -------
    array
        int64 levels, of the shape of `sums`.
    """
    n_thresholds = thresholds.shape[1]

    def per_channel(values: NDArray[Any]) -> Any:
        shaped = np.ascontiguousarray(values.reshape((-1,) + (1,) * (sums.ndim - 2)))
        return shaped if xp is np else xp.as_tensor(shaped, device=sums.device)

    def wide(array: Any) -> Any:
        return array.astype(np.int64) if xp is np else array.to(xp.int64)

    narrow = max(n_thresholds, coding.hi - coding.lo, coding.max_abs) <= _MOST_IN_INT8
    index = xp.zeros_like(sums, dtype=xp.int8 if narrow else xp.int64)
    for switch in _switches(sums, thresholds, increasing, xp).T:
        passed = sums >= per_channel(switch)
        index += passed.view(xp.int8) if narrow else passed
    if not increasing.all():  # counted is what has passed a threshold upwards: the level falls with it
        dtype = np.int8 if narrow else np.int64
        index *= per_channel(np.where(increasing, 1, -1).astype(dtype))
        index += per_channel(np.where(increasing, 0, n_thresholds).astype(dtype))
    if coding.table is None:
        index *= coding.stride
        index += coding.v0
        return wide(index)
    levels = np.array(coding.levels)
    return levels[index] if xp is np else xp.as_tensor(levels, device=sums.device)[wide(index)]


def _switches(
    sums: Any, thresholds: NDArray[np.int64], increasing: NDArray[np.bool_], xp: Any
) -> NDArray[np.int64 | np.floating[Any]]:
    """The least sums past each threshold upwards, in a type that they compare with exactly.

    That is s >= t where the level rises with the sum, s > t where it falls.
    """
    rising = increasing[:, None]
    if not is_real(sums):
        return np.where(rising, thresholds, thresholds + 1)
    small = np.abs(thresholds).max(initial=0) < _HALVES_IN_FLOAT32
    dtype = np.float32 if small and sums.dtype == xp.float32 else np.float64
    halves = (thresholds + np.where(rising, -0.5, 0.5)).astype(dtype)
    return np.where(rising, halves, np.nextafter(halves, np.inf))
