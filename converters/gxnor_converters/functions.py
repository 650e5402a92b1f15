"""What each function and tensor method in a forward becomes: one handler per function, in a table."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F

from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import Pool2d

from .builder import Builder
from .tracing import BATCH
from .values import Levels, Place, Sums, Value

__all__ = ["convert_function"]

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
    handler = _HANDLERS.get(target)
    if handler is None:
        name = target if isinstance(target, str) else getattr(target, "__name__", repr(target))
        advice = _ADVICE.get(name, "")
        raise ConversionError(
            f"{at}: {name} has no event graph, allowed are {', '.join(_NAMES)}, and modules{advice}"
        )
    return handler(builder, at, args, kwargs)


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
        raise ConversionError(
            f"{at}: multiplies by {gain!r:.60}, allowed is a nonzero int: a ratio that is no whole number has no "
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
    keys = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
    given = dict(zip(keys, args, strict=False)) | kwargs
    if given.get("return_indices"):
        raise ConversionError(f"{at}: return_indices is set; an event graph has no such output")
    kernel = _pair(given["kernel_size"])
    rows, columns = _pair(given.get("padding") or 0)
    pool = Pool2d(
        name=at.path,
        source="",
        target="",
        kernel=kernel,
        stride=_pair(given.get("stride") or kernel),
        padding=(rows, rows, columns, columns),
        dilation=_pair(given.get("dilation") or 1),
        ceil_mode=bool(given.get("ceil_mode")),
    )
    return builder.pool(at, given["input"], pool)


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _nothing(builder: Builder, at: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Value:
    value: Value = args[0]
    return value


def _no_more(at: Place, kwargs: dict[str, Any]) -> None:
    if kwargs:
        raise ConversionError(f"{at}: has arguments {', '.join(kwargs)}, allowed are none by name")


_HANDLERS: Mapping[Any, Convert] = {
    **dict.fromkeys((operator.add, operator.iadd, torch.add, "add", "add_"), _add),
    **dict.fromkeys((operator.sub, operator.isub, torch.sub, "sub", "sub_"), _subtract),
    **dict.fromkeys((operator.mul, operator.imul, torch.mul, "mul", "mul_"), _multiply),
    **dict.fromkeys((operator.neg, torch.neg, "neg"), _negate),
    **dict.fromkeys((torch.cat, torch.concat, torch.concatenate), _concatenate),
    **dict.fromkeys((torch.flatten, "flatten"), _flatten),
    **dict.fromkeys((torch.reshape, "reshape", "view"), _reshape),
    **dict.fromkeys((F.max_pool2d, torch.max_pool2d), _max_pool),
    F.pad: _pad,
    "contiguous": _nothing,
}
_NAMES = ("+", "-", "* with an int", "torch.cat", "flatten", "reshape", "F.pad", "F.max_pool2d")
_ADVICE: Mapping[str, str] = {
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
