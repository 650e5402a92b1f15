"""The spaces Z_N of equidistant values in which weights and activations live."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gxnor_snn.errors import InputError

__all__ = ["DiscreteSpace", "check_space", "midpoints"]

_MAX_N = 8


def check_space(n: int, half_range: float) -> None:
    """Raise `InputError` unless Z_n with that half-range exists."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 0 <= n <= _MAX_N:
        raise InputError(f"n is {n!r}; allowed are the integers 0 to {_MAX_N}")
    if not (math.isfinite(half_range) and half_range > 0):
        raise InputError(f"half_range is {half_range!r}; it must be a positive finite number")


def midpoints(n: int, half_range: float) -> tuple[float, ...]:
    """The positive points halfway between two values of Z_n: t_k = (k - 1/2) H / 2^(n-1); none for n = 0."""
    count = (1 << n) >> 1
    return tuple((k + 0.5) * half_range / count for k in range(count))


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
        check_space(self.n, self.half_range)

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
        above = midpoints(self.n, self.half_range)
        thresholds = [*(-t for t in reversed(above)), *above] or [0.0]
        return np.asarray(self.levels[np.searchsorted(thresholds, given, side="right")])

    def project(self, x: ArrayLike) -> NDArray[np.float64]:
        """The grid value nearest to each real x (float64, same shape); ties as in `level_of`."""
        return self.level_of(x) * np.float64(self.scale)

    def random(self, shape: int | tuple[int, ...], generator: np.random.Generator) -> NDArray[np.int64]:
        """Integer levels of the given shape, each level equally likely, drawn from `generator`."""
        return self.levels[generator.integers(self.levels.size, size=shape)]
