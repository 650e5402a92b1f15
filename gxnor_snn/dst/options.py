"""What DST can be told by name, and which values its settings allow."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from gxnor_snn.arguments import is_number
from gxnor_snn.errors import InputError

from .moments import BFloat16, Factored, FirstMoment, Float32, Logarithmic8, Moment, SquareRoot7, SquareRoot8
from .rounding import Lut, Piecewise, Power, Rounding, Tanh, Unbiased
from .rules import SGD, Adam, AdaMaxShift, Rule
from .sources import Lfsr, Source, Stream

__all__ = ["check_settings", "make_rounding", "make_rule", "make_source"]

_Named = TypeVar("_Named")

_LARGEST = 1e6
"""Of the settings that multiply updates: far beyond any use, and their products stay within float32."""

_NOTHING = 1e-12
"""A learning rate this small is 0: what schedules that end there leave of rounding."""

_FIRST: Mapping[str, type[FirstMoment]] = {
    "float32": Float32,
    "bfloat16": BFloat16,
    "int8": SquareRoot8,
    "int7": SquareRoot7,
}
_MAXIMUM: Mapping[str, type[Moment]] = {"float32": Float32, "bfloat16": BFloat16, "int8": Logarithmic8}
_MEAN_SQUARE: Mapping[str, type[Moment]] = {**_MAXIMUM, "factored": Factored}

_RULES: Mapping[str, type[Adam] | type[AdaMaxShift] | type[SGD]] = {
    "adam": Adam,
    "adamax_shift": AdaMaxShift,
    "sgd": SGD,
}
_SECOND: Mapping[str, Mapping[str, type[Moment]]] = {
    "adam": _MEAN_SQUARE,
    "adamax_shift": _MAXIMUM,
    "sgd": {**_MEAN_SQUARE, "int7": SquareRoot7},  # has none: whatever is named is not used
}
_ROUNDINGS: Mapping[str, Rounding] = {
    "tanh": Tanh(),
    **{f"power{k}": Power(float(k)) for k in (2, 3, 4)},
    "unbiased": Unbiased(),
    "piecewise": Piecewise(),
    **{f"lut{bins}": Lut(bins) for bins in Lut.BINS},
}
_SOURCES: Mapping[str, Source] = {"generator": Stream(), **{f"lfsr{bits}": Lfsr(bits) for bits in Lfsr.BITS}}


def make_rule(rule: str, moments: str | Sequence[str]) -> Rule:
    """The step rule of this name, its moments stored as said: one name for both, or a pair.

    Raises
    ------
    InputError
        If a name is unknown or the rule cannot store a moment in this form.
    """
    kind = _named("rule", rule, _RULES)
    if isinstance(moments, str):
        pair = ("float32", "factored") if moments == "factored" else (moments, moments)
    elif isinstance(moments, tuple | list) and len(moments) == 2:
        pair = (moments[0], moments[1])
    else:
        raise InputError(f"DST: moments is {moments!r}; allowed are one name or a pair (first, second)")
    return kind(
        _named("the first of moments", pair[0], _FIRST),
        _named(f"the second of moments (rule {rule!r})", pair[1], _SECOND[rule]),
    )


def make_rounding(rounding: str) -> Rounding:
    """The rounding of this name.

    Raises
    ------
    InputError
        If the name is unknown.
    """
    return _named("rounding", rounding, _ROUNDINGS)


def make_source(source: str) -> Source:
    """The source of draws of this name.

    Raises
    ------
    InputError
        If the name is unknown.
    """
    return _named("source", source, _SOURCES)


def check_settings(group: Mapping[str, Any], *, idle: bool = False) -> None:
    """Check the settings of a parameter group; `idle` says that lr may be 0, where schedules end.

    Raises
    ------
    InputError
        If one is out of range.
    """
    for name in ("lr", "m", "eps"):
        value = group[name]
        if idle and name == "lr" and is_number(value) and abs(value) <= _NOTHING:
            continue
        if not is_number(value) or not 0 < value <= _LARGEST:
            raise InputError(
                f"DST: {name} is {value!r}; it must be a positive finite number, at most {_LARGEST:g}"
            )
    betas = group["betas"]
    if not isinstance(betas, tuple | list) or len(betas) != 2 or not all(map(_is_memory, betas)):
        raise InputError(f"DST: betas is {betas!r}; allowed are two numbers in [0, 1)")
    zero_bias = group["zero_bias"]
    if not is_number(zero_bias) or not 0 <= zero_bias <= _LARGEST:
        raise InputError(f"DST: zero_bias is {zero_bias!r}; it must be a finite number >= 0, at most {_LARGEST:g}")
    for p in group["params"]:
        if zero_bias and p.space.n == 0:
            raise InputError(
                f"DST: zero_bias is {zero_bias!r} for a parameter of shape {tuple(p.shape)} of the space n = 0, "
                "which has no zero; allowed is 0"
            )


def _is_memory(beta: object) -> bool:
    return is_number(beta) and 0 <= beta < 1


def _named(what: str, name: str, table: Mapping[str, _Named]) -> _Named:
    if not isinstance(name, str) or name not in table:
        raise InputError(f"DST: {what} is {name!r}; allowed are {', '.join(table)}")
    return table[name]
