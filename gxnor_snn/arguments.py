"""Whether an argument is of the kind that a call takes: numbers, integers, names, objects.

Python hands a wrong kind on until something deep inside fails on it; these tests come first, never raise
themselves, and take a bool for no number.
"""

import math
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any, TypeGuard

from .errors import InputError

__all__ = ["check_kind", "is_integer", "is_number", "is_one_of"]


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a real number, finite as float64, numpy's among them."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond float64
        return False


def is_integer(value: object, least: int | None = None) -> TypeGuard[int]:
    """Whether it is an integer, numpy's among them, that 64 bits hold, and not below `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        return False
    return abs(int(value)) < 1 << 63 and (least is None or int(value) >= least)


def is_one_of(value: object, allowed: Collection[str]) -> bool:
    """Whether it is one of these names."""
    return isinstance(value, str) and value in allowed


def check_kind(what: str, value: object, *kinds: type[Any]) -> None:
    """Raise `InputError` unless the value is an instance of one of `kinds`.

    Parameters
    ----------
    what
        The call and the argument, as in "fit: model".
    value
        What was given.
    kinds
        Classes that are allowed.
    """
    if not isinstance(value, kinds):
        names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
        raise InputError(f"{what} is a {type(value).__name__}; allowed is {names}")
