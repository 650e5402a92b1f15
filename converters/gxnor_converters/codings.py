"""Codings of what the torch layers compute with: weights, activations, inputs."""

from collections.abc import Callable, Mapping
from typing import Any

from gxnor_snn.errors import ConversionError, GraphError, InputError
from gxnor_snn.graph import Coding
from gxnor_snn.spaces import DiscreteSpace

__all__ = ["Code", "coding_of", "input_coding"]

Code = tuple[str, int]


def _zn(n: int) -> Coding:
    """Z_0 is {-1, +1}, Z_1 ternary, Z_n sign and magnitude."""
    special = {0: Coding.pm1(1), 1: Coding.ternary()}
    return special.get(DiscreteSpace(n).n) or Coding.signmag(n)


def _log(n: int) -> Coding:
    """Zero and the powers of two 1 .. 2^(n-1) of both signs."""
    powers = [1 << j for j in range(n)]
    return Coding.ternary() if n == 1 else Coding.signmag(n, table=(*(-p for p in reversed(powers)), 0, *powers))


_CODES: Mapping[str, Callable[[int], Coding]] = {
    "zn": _zn,
    "mbn": Coding.pm1,
    "hrelu": lambda m: Coding.pm1(m, lo=1),
    "log": _log,
}


def coding_of(code: Code) -> Coding:
    """The graph's coding for the code ("zn" | "mbn" | "hrelu" | "log", n) of a layer.

    Raises
    ------
    ConversionError
        If the name is unknown.
    GraphError, InputError
        If n is out of range.
    """
    name, n = code
    if name not in _CODES:
        raise ConversionError(f"code {name!r} is unknown, allowed are {', '.join(_CODES)}")
    return _CODES[name](n)


def input_coding(given: str | tuple[Any, ...], encoded: bool) -> Coding:
    """The coding of what enters the network.

    Parameters
    ----------
    given
        "auto", "pixels", a code, or (lo, hi).
    encoded
        Whether a `PixelEncoder` stands in the network, which settles "auto".

    Raises
    ------
    ConversionError
        If it is none of these.
    """
    if given == "auto" and not encoded:
        raise ConversionError(
            "input is 'auto', but the network does not begin with a PixelEncoder; say input='pixels', "
            "('zn', n), ('mbn', m) or (lo, hi)"
        )
    try:
        match given:
            case "pixels" | "auto":
                return Coding.bits(8)
            case (_, bool()) | (bool(), _):
                pass
            case (str(name), int(n)) if name in _CODES:
                return _CODES[name](n)
            case (int(lo), int(hi)) if lo <= hi:
                return Coding.sums(lo, hi)
    except (GraphError, InputError) as error:
        raise ConversionError(f"input is {given!r}: {error}") from error
    raise ConversionError(
        f"input is {given!r}, allowed are 'auto', 'pixels', ('zn', n), ('mbn', m), ('log', n), ('hrelu', m) and "
        "(lo, hi)"
    )
