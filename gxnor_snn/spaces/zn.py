"""Activations and rounding in Z_N: thresholds, tie rules, and the step functions made of them."""

import itertools
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.arguments import is_number, is_one_of
from gxnor_snn.errors import InputError

from .space import check_space, midpoints
from .steps import Step, StepFunction

__all__ = [
    "Tie",
    "activation_levels",
    "activation_thresholds",
    "check_tie",
    "rounding_steps",
    "symmetric_steps",
    "window_slopes",
    "window_thresholds",
]

Tie = Literal["strict", "fire", "up", "even"]


def activation_thresholds(n: int, r: float, half_range: float = 1.0) -> tuple[float, ...]:
    """Positive thresholds t_k = r + (k - 1) (H - r) / 2^(n-1), k = 1 .. 2^(n-1), of an activation in Z_n.

    For n = 0 there are none: the activation is the sign.

    Parameters
    ----------
    n
        Exponent of the activation's space, 0 to 8.
    r
        Half-width of the zero window (GXNOR-Net), in the units of the activation's input.
    half_range
        H, in the same units.

    Raises
    ------
    InputError
        If r is negative or not finite, or if n > 1 and r >= H, where the thresholds would not rise.
    """
    check_space(n, half_range)
    if not is_number(r) or r < 0:
        raise InputError(f"r is {r!r}; the zero window needs a finite number >= 0")
    thresholds = tuple(float(t) for t in window_thresholds(n, np.float64(r), half_range))
    if any(low >= high for low, high in itertools.pairwise(thresholds)):
        raise InputError(f"r is {r!r} with n = {n}; several levels need r < half_range = {half_range!r}")
    return thresholds


def window_thresholds(n: int, r: Any, half_range: float) -> tuple[Any, ...]:
    """The formula of `activation_thresholds` in float64, for one r or an array of one per channel."""
    count = (1 << n) >> 1
    return tuple(r + k * (half_range - r) / count for k in range(count))


def window_slopes(n: int) -> tuple[float, ...]:
    """The derivative of each threshold of `activation_thresholds` by r: 1 - (k - 1) / 2^(n-1)."""
    count = (1 << n) >> 1
    return tuple(1 - k / count for k in range(count))


def symmetric_steps(thresholds: Sequence[float | NDArray[np.float64]], tie: Tie) -> StepFunction:
    """The step function #{k : x beyond t_k} - #{k : x beyond -t_k} of `activation_levels`.

    Raises
    ------
    InputError
        If `tie` is unknown, or is not "up" without thresholds.
    """
    check_tie(thresholds, tie)
    if not thresholds:
        return StepFunction((-1, 1), (Step(0.0, True),))
    # with a zero window of width 0 the level at 0 is 0 by every rule but "up"
    fires = [
        bool(np.any(t)) and (tie == "fire" or (tie == "even" and k % 2 == 0)) for k, t in enumerate(thresholds, 1)
    ]
    below = [Step(-t, not fire) for t, fire in zip(thresholds, fires, strict=True)]
    above = [Step(t, fire or tie == "up") for t, fire in zip(thresholds, fires, strict=True)]
    return StepFunction(tuple(range(-len(above), len(above) + 1)), (*reversed(below), *above))


def activation_levels(x: Any, thresholds: tuple[float, ...], tie: Tie = "strict") -> Any:
    """Integer levels of a discrete activation: #{k : x beyond t_k} - #{k : x beyond -t_k}.

    What "beyond" means where x equals a threshold:

    ========= ============================ ============================ ===========================
    tie       positive side                negative side                at a tie
    ========= ============================ ============================ ===========================
    "strict"  x > t_k                      x < -t_k                     the level nearer to zero
    "fire"    x >= t_k                     x <= -t_k                    the level farther from zero
    "up"      x >= t_k                     x < -t_k                     the higher level
    "even"    as "fire" for even k, as     the same, mirrored           the even one of k - 1 and k
              "strict" for odd k
    ========= ============================ ============================ ===========================

    Parameters
    ----------
    x
        Real numbers (numpy array or torch tensor), any shape; exactness is promised for float64.
    thresholds
        Of `activation_thresholds`. Empty stands for n = 0, the sign; its only tie rule is "up".
    tie
        The tie rule.

    Returns
    -------
    numpy.ndarray or torch.Tensor
        int64 levels of the shape of `x`.

    Raises
    ------
    InputError
        If `tie` is unknown, or is not "up" without thresholds.
    """
    return symmetric_steps(thresholds, tie).levels_of(x)


def rounding_steps(n: int, half_range: float = 1.0) -> StepFunction:
    """Rounding to the nearest value of Z_n, as `DiscreteSpace.level_of` does: halfway, the upper value wins.

    Thresholds are t_k = (k - 1/2) H / 2^(n-1); the sign for n = 0.
    """
    check_space(n, half_range)
    return symmetric_steps(midpoints(n, half_range), "up")


def check_tie(thresholds: Sequence[object], tie: str) -> None:
    """Raise `InputError` unless `tie` is a rule that these thresholds allow (see `activation_levels`)."""
    if not is_one_of(tie, get_args(Tie)):
        raise InputError(f"tie is {tie!r}; allowed are {', '.join(map(repr, get_args(Tie)))}")
    if not thresholds and tie != "up":
        raise InputError(f"tie is {tie!r} with n = 0; the sign has the tie rule 'up' only: sign(0) = +1")
