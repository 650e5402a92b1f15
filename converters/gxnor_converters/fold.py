"""Folding batch norm and activation into integer thresholds, exactly.

An activation of a curve of an integer sum s is a step function of s. Its steps are found by bisection on the very
expression that the trained layer evaluates, so every rounding and every tie falls where it falls in training
code; no algebra on floats is trusted.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .curves import Curve

__all__ = ["Steps", "integer_thresholds"]

Steps = Callable[[NDArray[np.float64]], NDArray[np.int64]]


def integer_thresholds(
    curve: Curve,
    n_steps: int,
    steps_passed: Steps,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Integer thresholds of a step function of a curve of s, per channel.

    Parameters
    ----------
    curve
        Monotone per channel, in the direction that its ``increasing`` tells.
    n_steps
        Number L of steps of the activation.
    steps_passed
        Monotone: how many of the L steps each y has passed, int64 of y's shape; channels are axis 0.
    low, high
        Reachable sums per channel, int64 (C,), below 2^53 in magnitude.

    Returns
    -------
    numpy.ndarray
        int64 (C, L), sorted: a sum has passed #{k: s >= t_k} steps where increasing, else #{k: s <= t_k}. A step
        that no reachable sum passes stands at high + 1 (increasing) or low - 1 (decreasing).
    """
    step = np.arange(1, n_steps + 1)

    def passed(s: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.asarray(steps_passed(curve(s.astype(np.float64))) >= step)

    # In u = s (increasing) or u = -s (decreasing) every step is "off, then on": find the first u that is on.
    increasing = curve.increasing
    sign = np.where(increasing, 1, -1)[:, None]
    first = np.where(increasing, low, -high)[:, None].repeat(n_steps, axis=1)
    last = np.where(increasing, high, -low)[:, None].repeat(n_steps, axis=1) + 1  # beyond the end: never on
    while np.any(first < last):
        middle = first + (last - first) // 2
        on = passed(np.clip(middle * sign, low[:, None], high[:, None]))
        open_ = first < last
        last = np.where(open_ & on, middle, last)
        first = np.where(open_ & ~on, middle + 1, first)
    thresholds = np.sort(first * sign, axis=1)
    edges = np.concatenate([thresholds, thresholds - sign], axis=1)  # the first sum on, the last sum off
    curve.check(np.clip(edges, low[:, None], high[:, None]).astype(np.float64), steps_passed)
    return thresholds
