"""Checks of arguments that several functions take."""

from typing import Any

from gxnor_snn.arguments import is_integer, is_number
from gxnor_snn.errors import InputError

__all__ = ["check_floats", "check_ohm", "check_shape", "check_time"]


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
    if not is_number(time_s) or time_s < 0:
        raise InputError(f"time_s is {time_s!r:.40}; allowed are seconds after programming, 0 or more")


def check_ohm(name: str, ohm: Any) -> None:
    """A wire resistance, 0 or more.

    Raises
    ------
    InputError
        If it is something else.
    """
    if not is_number(ohm) or ohm < 0:
        raise InputError(f"{name} is {ohm!r:.40}; allowed are 0 or more ohm")


def check_shape(shape: Any) -> tuple[int, ...]:
    """The shape of an array of cells.

    Raises
    ------
    InputError
        If it is not a sequence of whole numbers of 0 and more.
    """
    sizes = tuple(shape) if isinstance(shape, tuple | list) else None
    if sizes is None or not all(is_integer(n, 0) for n in sizes):
        raise InputError(f"shape is {shape!r:.40}; allowed are whole numbers of 0 and more")
    return sizes
