"""The spaces Z_N of equidistant values in which weights and activations live."""

import math
import sys
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gxnor_snn.arguments import check_kind, is_integer, is_number
from gxnor_snn.errors import InputError

__all__ = ["DiscreteSpace", "check_half_range", "check_space", "midpoints"]

_MAX_N = 8


def check_space(n: int, half_range: float) -> None:
    """Raise `InputError` unless Z_n with that half-range exists."""
    if not is_integer(n) or not 0 <= n <= _MAX_N:
        raise InputError(f"n is {n!r}; allowed are the integers 0 to {_MAX_N}")
    check_half_range(half_range)


def check_half_range(half_range: float) -> None:
    """Raise `InputError` unless it is a positive number whose parts and double are so too."""
    if not is_number(half_range) or not (half_range / (1 << _MAX_N) > 0 and 2 * half_range < math.inf):
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
            If x holds a NaN, or something else that is no real number.
        """
        try:
            given = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"DiscreteSpace.level_of takes real numbers, got a {type(x).__name__}: {error}"
            ) from error
        if np.isnan(given).any():
            raise InputError("DiscreteSpace.level_of got NaN; it takes real numbers")
        above = midpoints(self.n, self.half_range)
        thresholds = [*(-t for t in reversed(above)), *above] or [0.0]
        return np.asarray(self.levels[np.searchsorted(thresholds, given, side="right")])

    def project(self, x: ArrayLike) -> NDArray[np.float64]:
        """The grid value nearest to each real x (float64, same shape); ties as in `level_of`."""
        return self.level_of(x) * np.float64(self.scale)

    def random(self, shape: int | tuple[int, ...], generator: np.random.Generator) -> NDArray[np.int64]:
        """Integer levels of the given shape, each level equally likely, drawn from `generator`.

        Raises
        ------
        InputError
            If the shape is not one size or a tuple of sizes, or the generator not numpy's.
        """
        sizes = shape if isinstance(shape, tuple) else (shape,)
        if not all(is_integer(size, 0) and size <= sys.maxsize for size in sizes):
            raise InputError(f"DiscreteSpace.random: shape is {shape!r}; allowed are integers >= 0")
        check_kind("DiscreteSpace.random: generator", generator, np.random.Generator)
        return self.levels[generator.integers(self.levels.size, size=shape)]
