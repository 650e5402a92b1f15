"""What each function and tensor method in a forward becomes: one handler per function, in a table."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F

from gxnor_snn.errors import ConversionError, GxnorError, InputError

from .builder import Builder
from .modules import max_pool
from .specs import BatchSize, Spec, changed, combined, flattened, joined, padded, reshaped, windowed
from .tracing import BATCH
from .values import Levels, Place, Sums, Value

__all__ = ["convert_function", "function_spec"]

Convert = Callable[[Builder, Place, tuple[Any, ...], dict[str, Any]], Value]


def convert_function(
    builder: Builder, at: Place, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Value:
    """Apply the handler of a function (or of a tensor method, by its name) to values and constants.

    Raises
    ------
    ConversionError
        If there is none, or the arguments have no integer form; naming the operation and what to do.
    """
    return _function(at, target).convert(builder, at, *_ordered(args, kwargs))


def function_spec(at: Place, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    """Shape and type of what a function gives; raises as `convert_function` does."""
    function = _function(at, target)
    try:
        return function.spec(*_ordered(args, kwargs))
    except GxnorError as error:
        raise ConversionError(f"{at}: {error}") from error


def _ordered(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Operands given by name, as in ``torch.add(input=x, other=y)``, in their places."""
    named = dict(kwargs)
    first = (named.pop("input"),) if "input" in named and not args else ()
    other = (named.pop("other"),) if "other" in named and len(first + args) == 1 else ()
    return (*first, *args, *other), named


def _function(at: Place, target: Any) -> "_Function":
    function = _FUNCTIONS.get(target)
    if function is None:
        name = target if isinstance(target, str) else getattr(target, "__name__", repr(target))
        raise ConversionError(
            f"{at}: {name} has no event graph, allowed are {', '.join(_NAMES)}, and modules{_ADVICE.get(name, '')}"
        )
    return function


def _values(at: Place, args: tuple[Any, ...], what: str) -> list[Value]:
    for arg in args:
        if not isinstance(arg, Levels | Sums):
            raise ConversionError(
                f"{at}: {what} {arg!r:.60}, allowed are values of the network; put a constant into the batch norm "
                "behind"
            )
    return list(args)


def _add(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    alpha = kwargs.pop("alpha", 1)
    _no_more(at, kwargs)
    left, right = _values(at, args, "adds")
    return builder.add(at, (left, right if alpha == 1 else builder.scale(at, right, _gain(at, alpha))))


def _subtract(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    alpha = kwargs.pop("alpha", 1)
    _no_more(at, kwargs)
    left, right = _values(at, args, "subtracts")
    return builder.add(at, (left, builder.scale(at, right, -_gain(at, alpha))))


def _multiply(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    _no_more(at, kwargs)
    left, right = args
    value, gain = (right, left) if isinstance(right, Levels | Sums) else (left, right)
    (value,) = _values(at, (value,), "multiplies")
    return builder.scale(at, value, _gain(at, gain))


def _negate(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    return builder.scale(at, args[0], -1)


def _gain(at: Place, gain: Any) -> int:
    if type(gain) is not int or gain == 0:
        given = "the batch size" if isinstance(gain, BatchSize) else f"{gain!r:.60}"
        raise ConversionError(
            f"{at}: multiplies by {given}, allowed is a nonzero int: a ratio that is no whole number has no "
            "integer sum. Scale in the batch norm behind the addition"
        )
    return gain


def _concatenate(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    names = dict(zip(("tensors", "dim"), args, strict=False)) | kwargs
    values = _values(at, tuple(names["tensors"]), "joins")
    dim = names.get("dim", names.get("axis", 0))
    if dim not in (1, -len(values[0].shape)):
        raise ConversionError(f"{at}: joins along dimension {dim}, allowed is 1, the channels")
    return builder.concatenate(at, values)


def _flatten(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    names = dict(zip(("input", "start_dim", "end_dim"), args, strict=False)) | kwargs
    start, end = names.get("start_dim", 0), names.get("end_dim", -1)
    if start != 1 or end not in (-1, len(args[0].shape)):
        raise ConversionError(f"{at}: flattens dimensions {start}..{end}, allowed is 1..-1")
    return builder.flatten(at, args[0])


def _reshape(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    _no_more(at, kwargs)
    value, *sizes = args
    wanted = list(sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes)
    total = 1
    for n in value.shape:
        total *= n
    if len(wanted) == 2 and wanted in ([BATCH, -1], [BATCH, total], [-1, total]):
        return builder.flatten(at, value)
    raise ConversionError(
        f"{at}: reshapes {tuple(value.shape)} to {tuple(wanted)}, allowed is flattening: x.flatten(1), or "
        "x.view(x.shape[0], -1)"
    )


def _pad(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    names = dict(zip(("input", "pad", "mode", "value"), args, strict=False)) | kwargs
    pad = tuple(names["pad"])
    if names.get("mode", "constant") != "constant" or names.get("value") not in (None, 0) or len(pad) != 4:
        raise ConversionError(f"{at}: pads by {names.get('mode', 'constant')}, allowed are four sides of zeros")
    if min(pad) < 0:
        raise ConversionError(f"{at}: padding is {pad}, allowed are numbers of at least 0")
    left, right, top, bottom = pad
    return builder.pad(at, names["input"], (top, bottom, left, right))


def _max_pool(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    given = _pool_arguments(args, kwargs)
    if given.return_indices:
        raise ConversionError(f"{at}: return_indices is set; an event graph has no such output")
    return builder.pool(at, given.input, max_pool(at.path, given))


def _pool_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> SimpleNamespace:
    keys = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
    plain = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False, "return_indices": False}
    given = plain | dict(zip(keys, args, strict=False)) | kwargs
    given["stride"] = given["stride"] or given["kernel_size"]
    return SimpleNamespace(**given)


def _nothing(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    value: Value = args[0]
    return value


def _no_more(at: Place, kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise ConversionError(f"{at}: has arguments {', '.join(kwargs)}, allowed are none by name")


def _elementwise_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    return combined(*args)


def _changed_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    return changed(*args)


def _joined_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    names = dict(zip(("tensors", "dim"), args, strict=False)) | kwargs
    return joined(names["tensors"], names.get("dim", names.get("axis", 0)))


def _flattened_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    names = dict(zip(("input", "start_dim", "end_dim"), args, strict=False)) | kwargs
    return flattened(names["input"], names.get("start_dim", 0), names.get("end_dim", -1))


def _reshaped_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    value, *sizes = args
    return reshaped(value, list(sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes))


def _padded_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    names = dict(zip(("input", "pad"), args, strict=False)) | kwargs
    if len(names["pad"]) != 4:
        raise InputError(f"pads by {names['pad']}, allowed are four sides")
    left, right, top, bottom = names["pad"]
    return padded(names["input"], top, bottom, left, right)


def _pooled_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    given = _pool_arguments(args, kwargs)
    return windowed(given.input, given.input.shape[1], max_pool("", given).window, "max_pool2d")


def _same_spec(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
    spec: Spec = args[0]
    return spec


@dataclass(frozen=True)
class _Function:
    """How a function converts, and what it makes of shapes and types."""

    convert: Convert
    spec: Callable[[tuple[Any, ...], dict[str, Any]], Spec]


_ADD = _Function(_add, _elementwise_spec)
_SUBTRACT = _Function(_subtract, _elementwise_spec)
_MULTIPLY = _Function(_multiply, _elementwise_spec)
_NEGATE = _Function(_negate, _same_spec)
_CONCATENATE = _Function(_concatenate, _joined_spec)
_FLATTEN = _Function(_flatten, _flattened_spec)
_RESHAPE = _Function(_reshape, _reshaped_spec)
_MAX_POOL = _Function(_max_pool, _pooled_spec)

_FUNCTIONS: Mapping[Any, _Function] = {
    **dict.fromkeys((operator.add, torch.add, "add"), _ADD),
    **dict.fromkeys((operator.sub, torch.sub, "sub"), _SUBTRACT),
    **dict.fromkeys((operator.mul, torch.mul, "mul"), _MULTIPLY),
    **dict.fromkeys((operator.iadd, "add_"), replace(_ADD, spec=_changed_spec)),
    **dict.fromkeys((operator.isub, "sub_"), replace(_SUBTRACT, spec=_changed_spec)),
    **dict.fromkeys((operator.imul, "mul_"), replace(_MULTIPLY, spec=_changed_spec)),
    **dict.fromkeys((operator.neg, torch.neg, "neg"), _NEGATE),
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), _CONCATENATE),
    **dict.fromkeys((torch.flatten, "flatten"), _FLATTEN),
    **dict.fromkeys((torch.reshape, "reshape", "view"), _RESHAPE),
    **dict.fromkeys((F.max_pool2d, torch.max_pool2d), _MAX_POOL),
    F.pad: _Function(_pad, _padded_spec),
    "contiguous": _Function(_nothing, _same_spec),
}
_NAMES = ("+", "-", "* with an int", "torch.cat", "flatten", "reshape", "F.pad", "F.max_pool2d")
_ADVICE: Mapping[str, str] = {
    "dropout": "; use nn.Dropout, which is nothing in eval mode",
    "relu": "; it gives real numbers: use a DiscreteActivation",
    "truediv": "; sums are never divided: leave the factor to the batch norm behind",
    "div": "; sums are never divided: leave the factor to the batch norm behind",
    "mean": "; it divides: sum levels with a SumPool2d",
    "avg_pool2d": "; it divides: sum levels with a SumPool2d",
    "adaptive_avg_pool2d": "; it divides: sum levels with a SumPool2d",
    "linear": "; it holds float weights: use a DiscreteLinear",
    "conv2d": "; it holds float weights: use a DiscreteConv2d",
    "softmax": "; apply it to the logits, outside the network",
    "log_softmax": "; apply it to the logits, outside the network",
}
