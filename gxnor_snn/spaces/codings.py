"""The other codings: odd integers in [-1, 1] (MBN), their positive half, and powers of two; and what all share."""

import math
from collections.abc import Callable
from typing import Literal, get_args

from gxnor_snn.arguments import is_integer, is_one_of
from gxnor_snn.errors import InputError

from .space import DiscreteSpace, check_half_range
from .steps import Step, StepFunction
from .zn import Tie, rounding_steps

__all__ = ["Code", "Coding", "code_levels", "code_unit", "hrelu_steps", "log_steps", "mbn_steps", "nearest_steps"]

Coding = Literal["zn", "mbn", "hrelu", "log"]
Code = tuple[Coding, int]
"""A coding and its exponent: what fixes a set of integer levels."""

_MAX = 8
_LEAST = {"mbn": 1, "hrelu": 2, "log": 1}


def code_levels(code: Code) -> tuple[int, ...]:
    """The integer levels of a code, rising.

    =========== ============================================= ==========================
    code        levels                                        real value of level 1
    =========== ============================================= ==========================
    ("zn", n)   -2^(n-1) .. 2^(n-1); -1 and 1 for n = 0       H / 2^(n-1); H for n = 0
    ("mbn", m)  the odd integers -(2^m - 1) .. 2^m - 1        H / (2^m - 1)
    ("hrelu", m) the odd integers 1 .. 2^m - 1                H / (2^m - 1)
    ("log", n)  0 and +-2^j, j = 0 .. n - 1                   H / 2^(n-1)
    =========== ============================================= ==========================

    Raises
    ------
    InputError
        If the coding is unknown or its exponent out of range: 0 to 8 for "zn", 1 to 8 for "mbn" and "log",
        2 to 8 for "hrelu", which would be constant at 1.
    """
    if not isinstance(code, tuple | list) or len(code) != 2:
        raise InputError(f"code is {code!r}; allowed is a pair (coding, n), as in ('zn', 1)")
    coding, n = code
    if not is_one_of(coding, get_args(Coding)):
        raise InputError(f"coding is {coding!r}; allowed are {', '.join(map(repr, get_args(Coding)))}")
    if coding == "zn":
        return tuple(int(level) for level in DiscreteSpace(n).levels)
    if not is_integer(n, _LEAST[coding]) or n > _MAX:
        raise InputError(f"n is {n!r}; allowed for coding {coding!r} are the integers {_LEAST[coding]} to {_MAX}")
    if coding == "log":
        powers = tuple(1 << j for j in range(n))
        return (*(-p for p in reversed(powers)), 0, *powers)
    top = (1 << n) - 1
    return tuple(range(-top if coding == "mbn" else 1, top + 1, 2))


def code_unit(code: Code) -> int:
    """The level that stands for the real value H: the largest one."""
    return code_levels(code)[-1]


def mbn_steps(m: int, half_range: float = 1.0, tie: Tie = "even") -> StepFunction:
    """The M-bit quantiser q_m on [-H, H] behind HTanh: the nearest odd level of ("mbn", m).

    q_m(x) = 2 (round((2^m - 1) (x + 1) / 2) / (2^m - 1) - 1/2), x in units of H (the {-1, +1} decomposition, arXiv
    1905.13389). Its thresholds are 2 i H / (2^m - 1), i = 1 - 2^(m-1) .. 2^(m-1) - 1, rounded to float64.

    Parameters
    ----------
    m
        Bits, 1 to 8.
    half_range
        H.
    tie
        "even": the code whose index round(...) is even, as half-even rounding has it; q_1(0) = -1 then.
        "up": the higher level; with m = 1 that is the sign of BNN.

    Raises
    ------
    InputError
        If an argument is not one of these.
    """
    levels = code_levels(("mbn", m))
    check_half_range(half_range)
    if not is_one_of(tie, ("even", "up")):
        raise InputError(f"tie is {tie!r} with the {{-1, +1}} code; allowed are 'even' and 'up'")
    centres = range(levels[0] + 1, levels[-1], 2)  # the even integers between the levels
    # the code above centre c has the index (c + 2^m) / 2
    closed = (tie == "up" or (c + (1 << m)) // 2 % 2 == 0 for c in centres)
    return StepFunction(
        levels, tuple(Step(c * half_range / levels[-1], up) for c, up in zip(centres, closed, strict=True))
    )


def hrelu_steps(m: int, half_range: float = 1.0, tie: Tie = "even") -> StepFunction:
    """`mbn_steps` behind HReLU, which clips to [0, H]: only the positive levels are left, 1 for all x <= 0.

    Raises
    ------
    InputError
        If m is below 2, where one level would be left, or as in `mbn_steps`.
    """
    levels = code_levels(("hrelu", m))
    return StepFunction(levels, mbn_steps(m, half_range, tie).steps[1 - len(levels) :])


def log_steps(n: int, half_range: float = 1.0) -> StepFunction:
    """Powers of two: AP2(x), the power nearest in exponent, clipped to [-H, H] (QNN, arXiv 1609.07061).

    AP2(x) = sign(x) 2^round(log2 |x|), in units of H; what it rounds to less than the smallest level
    2^-(n-1) becomes 0. Thresholds are +-2^(j - 1/2) H / 2^(n-1), j = 0 .. n - 1. For H = 1 they are irrational and
    stand at the next float64 away from 0, which has passed; so there are no ties.

    Raises
    ------
    InputError
        If n is not 1 to 8, or H is not a positive finite number.
    """
    levels = code_levels(("log", n))
    check_half_range(half_range)
    above = [math.ldexp(math.sqrt(0.5), j + 1 - n) * half_range for j in range(n)]
    steps = (*(Step(-t, False) for t in reversed(above)), *(Step(t, True) for t in above))
    return StepFunction(levels, steps)


def nearest_steps(code: Code, half_range: float = 1.0) -> StepFunction:
    """The quantiser of a code for weights in [-H, H]: `rounding_steps`, `mbn_steps` or `log_steps`.

    Raises
    ------
    InputError
        If the coding is none of "zn", "mbn" and "log", or as in these.
    """
    code_levels(code)
    coding, n = code
    if coding not in _NEAREST:
        raise InputError(f"weights of coding {coding!r}; allowed are {', '.join(map(repr, _NEAREST))}")
    return _NEAREST[coding](n, half_range)


_NEAREST: dict[str, Callable[[int, float], StepFunction]] = {
    "zn": rounding_steps,
    "mbn": mbn_steps,
    "log": log_steps,
}
