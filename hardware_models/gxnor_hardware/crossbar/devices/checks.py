"""Checks of arguments that several methods take."""

import math
from typing import Any

from gxnor_snn.errors import InputError

__all__ = ["check_floats", "check_time"]


def check_floats(device: str, name: str, tensor: Any) -> None:
    """A torch tensor of floats.

    Raises
    ------
    InputError
        If it is something else.
    """
    if not getattr(tensor, "is_floating_point", bool)():
        kind = getattr(tensor, "dtype", type(tensor).__name__)
        raise InputError(f"device {device!r}: {name} is {kind}; allowed is a torch tensor of floats, siemens")


def check_time(time_s: Any) -> None:
    """Seconds, 0 or more.

    Raises
    ------
    InputError
        If it is something else.
    """
    number = isinstance(time_s, int | float) and not isinstance(time_s, bool)
    if not number or not math.isfinite(time_s) or time_s < 0:
        raise InputError(f"time_s is {time_s!r:.40}; allowed are seconds after programming, 0 or more")
