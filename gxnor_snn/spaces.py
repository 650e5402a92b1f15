"""Discrete spaces Z_N, and the one function that evaluates a discrete activation.

Every discrete value is an integer *level* times one positive real *scale* (GXNOR-Net, arXiv 1705.09283).
"""

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InputError

__all__ = ["DiscreteSpace", "Tie", "activation_levels", "activation_thresholds", "comparison_bounds"]

Tie = Literal["strict", "fire", "up", "even"]

_MAX_N = 8


def _check_space(n: int, half_range: float) -> None:
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 0 <= n <= _MAX_N:
        raise InputError(f"n is {n!r}; allowed are the integers 0 to {_MAX_N}")
    if not (math.isfinite(half_range) and half_range > 0):
        raise InputError(f"half_range is {half_range!r}; it must be a positive finite number")


@dataclass(frozen=True)
class DiscreteSpace:
    """The space Z_N = {H (k / 2^(N-1) - 1) : k = 0 .. 2^N} of 2^N + 1 equidistant values (GXNOR-Net).

    N = 1 is ternary {-H, 0, H}. N = 0 is the special binary case {-H, H}.

    Attributes
    ----------
    n
        The exponent N, 0 to 8.
    half_range
        The half-range H > 0: the values fill [-H, H].

    Raises
    ------
    InputError
        If `n` or `half_range` is outside these bounds.
    """

    n: int
    half_range: float = 1.0

    def __post_init__(self) -> None:
        _check_space(self.n, self.half_range)

    @property
    def max_level(self) -> int:
        """The largest integer level, 2^(N-1); 1 for N = 0."""
        return 1 << max(self.n - 1, 0)

    @property
    def level_step(self) -> int:
        """Distance of neighbouring levels: 1, but 2 for N = 0, which has no zero."""
        return 1 if self.n else 2

    @cached_property
    def levels(self) -> NDArray[np.int64]:
        """All integer levels in rising order; a read-only array."""
        levels = np.arange(-self.max_level, self.max_level + 1, self.level_step, dtype=np.int64)
        levels.flags.writeable = False
        return levels

    @property
    def scale(self) -> float:
        """The real value of one integer level: H / 2^(N-1); H for N = 0."""
        return self.half_range / self.max_level

    @property
    def step(self) -> float:
        """The real distance dz of neighbouring values: H / 2^(N-1); 2 H for N = 0."""
        return self.level_step * self.scale

    def level_of(self, x: ArrayLike) -> NDArray[np.int64]:
        """Integer level of the grid value nearest to each real x.

        x beyond [-H, H] goes to the end level; halfway between two values the upper one wins.

        Raises
        ------
        InputError
            If x holds a NaN.
        """
        given = np.asarray(x, dtype=np.float64)
        if np.isnan(given).any():
            raise InputError("DiscreteSpace.level_of got NaN; it takes real numbers")
        if self.n == 0:
            return np.where(given >= 0, np.int64(1), np.int64(-1))
        level = np.clip(given, -self.half_range, self.half_range) / self.step
        below = np.floor(level)
        return np.asarray(below + (level - below >= 0.5), dtype=np.int64)

    def project(self, x: ArrayLike) -> NDArray[np.float64]:
        """The grid value nearest to each real x (float64, same shape); ties as in `level_of`."""
        return self.level_of(x) * np.float64(self.scale)

    def random(self, shape: int | tuple[int, ...], generator: np.random.Generator) -> NDArray[np.int64]:
        """Integer levels of the given shape, each level equally likely, drawn from `generator`."""
        return self.levels[generator.integers(self.levels.size, size=shape)]


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
    _check_space(n, half_range)
    if not (math.isfinite(r) and r >= 0):
        raise InputError(f"r is {r!r}; the zero window needs a finite number >= 0")
    if n == 0:
        return ()
    count = 1 << (n - 1)
    thresholds = tuple(r + k * (half_range - r) / count for k in range(count))
    if any(low >= high for low, high in itertools.pairwise(thresholds)):
        raise InputError(f"r is {r!r} with n = {n}; several levels need r < half_range = {half_range!r}")
    return thresholds


def activation_levels(x: Any, thresholds: tuple[float, ...], tie: Tie = "strict") -> Any:
    """Integer levels of a discrete activation: #{k : x beyond t_k} - #{k : x beyond -t_k}.

    The one definition used by layers, converters and tests. It is written with operators only, so `x` may be
    a numpy array or a torch tensor; exactness is promised for float64.

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
        Real numbers, any shape.
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
    check_tie(thresholds, tie)
    if not thresholds:
        return (x >= 0) * 2 - 1
    levels: Any = 0
    for k, t in enumerate(thresholds, start=1):
        above_fires, below_fires = _fires(tie, k)
        above = x >= t if above_fires else x > t
        below = x <= -t if below_fires else x < -t
        levels = levels + above * 1 - below * 1  # `* 1` makes numbers of truth values
    return levels


def _fires(tie: Tie, k: int) -> tuple[bool, bool]:
    """Whether x beyond the k-th threshold includes x on it: on the positive and on the negative side."""
    fires = tie == "fire" or (tie == "even" and k % 2 == 0)
    return fires or tie == "up", fires


def comparison_bounds(
    thresholds: tuple[float, ...], tie: Tie, dtype: type[np.floating[Any]]
) -> tuple[tuple[float, float], ...]:
    """Bounds (u_k, d_k) that decide ties and rounding beforehand, for x of one float type.

    For every x of `dtype`, x is beyond t_k on the positive side iff x > u_k, and beyond -t_k on the negative
    side iff x < -d_k. Both are numbers of `dtype`: the largest one not above t_k, or below t_k where the tie
    fires. So comparisons in float32 give the very levels that `activation_levels` gives for the same x in float64.
    """
    check_tie(thresholds, tie)

    def bound(t: float, fires: bool) -> float:
        near = dtype(t)
        too_high = float(near) >= t if fires else float(near) > t
        return float(np.nextafter(near, dtype(-np.inf))) if too_high else float(near)

    sides = ((t, _fires(tie, k)) for k, t in enumerate(thresholds, start=1))
    return tuple((bound(t, above), bound(t, below)) for t, (above, below) in sides)


def check_tie(thresholds: tuple[float, ...], tie: str) -> None:
    """Raise `InputError` unless `tie` is a rule that these thresholds allow (see `activation_levels`)."""
    if tie not in get_args(Tie):
        raise InputError(f"tie is {tie!r}; allowed are {', '.join(map(repr, get_args(Tie)))}")
    if not thresholds and tie != "up":
        raise InputError(f"tie is {tie!r} with n = 0; the sign has the tie rule 'up' only: sign(0) = +1")
