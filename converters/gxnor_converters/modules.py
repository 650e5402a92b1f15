"""What each torch module becomes: one handler per class, in a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gxnor_snn.errors import ConversionError, InputError
from gxnor_snn.graph import Conv2d, Dense, Pool2d
from gxnor_snn.graph.window import Window
from gxnor_snn.layers import (
    Affine,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLayer,
    DiscreteLinear,
    LatentConv2d,
    LatentLinear,
    PixelEncoder,
    SumPool2d,
)
from gxnor_snn.layers.maps import Conv2dMap, LinearMap

from .builder import Builder
from .codings import coding_of
from .curves import Stock, Straight
from .specs import Spec, flattened, padded, windowed
from .values import Place, Value

__all__ = ["RECORDED", "Handler", "convert_module", "handler_of", "known_layers", "max_pool"]


@dataclass(frozen=True)
class Handler:
    """How one class of modules converts.

    Attributes
    ----------
    convert
        What the module makes of a value.
    shape
        What it makes of the shape and type of a tensor.
    """

    convert: Callable[[Builder, Place, Any, Value], Value]
    shape: Callable[[Any, Spec], Spec]


def handler_of(module: nn.Module) -> Handler | None:
    """The handler of a module: that of its class, or of every `Affine` that evaluates as such."""
    found = _HANDLERS.get(type(module))
    if found is None and type(module).forward is Affine.forward:
        return _AFFINE
    return found


def convert_module(builder: Builder, at: Place, module: nn.Module, value: Value) -> Value:
    """Apply the handler of the module's class.

    Raises
    ------
    ConversionError
        If there is none: naming the module's path, and what to do.
    """
    handler = handler_of(module)
    if handler is None:
        raise ConversionError(f"{at} is a {type(module).__name__}, allowed are {', '.join(known_layers())}")
    return handler.convert(builder, at, module, value)


def known_layers() -> list[str]:
    """Names of the classes that convert."""
    return [*(t.__name__ for t in _HANDLERS), Affine.__name__]


def _encoder(builder: Builder, at: Place, module: PixelEncoder, value: Value) -> Value:
    if value is not builder.input:
        raise ConversionError(f"{at} is a PixelEncoder; a PixelEncoder stands first")
    if builder.input.parts[0].coding.kind != "bits":
        raise ConversionError(f"{at} encodes pixels, but input says otherwise; use input='auto'")
    if builder.input.raw is not None:
        raise ConversionError(
            f"{at} passes pixels on as they are, and `normalize` says that they were shifted and scaled; give "
            "one of them up"
        )
    return replace(builder.input)


def _weights(module: DiscreteLayer) -> NDArray[Any]:
    return np.asarray(module.levels.detach().cpu().numpy())


def _check_input(at: Place, module: DiscreteLayer, value: Value) -> None:
    raw = getattr(value, "raw", None)
    if raw is not None and not module.real_input:
        raise ConversionError(
            f"{at} takes whole levels, not what `normalize` gives; build it with real_input=True"
        )
    if module.real_input and raw is None:
        raise ConversionError(
            f"{at} takes real inputs (real_input=True), which have no integer levels; put a DiscreteActivation in "
            "front and build it with real_input=False"
        )


def _linear_shape(module: LinearMap, x: Spec) -> Spec:
    module.check_shape(x)  # type: ignore[arg-type]  # of a tensor it reads the shape alone
    return x.shaped(*x.shape[:-1], module.out_features).of(module.sum_dtype)


def _linear(builder: Builder, at: Place, module: Any, value: Value) -> Value:
    _check_input(at, module, value)
    levels = builder.levels(at, value)
    if not levels.flat:
        raise ConversionError(
            f"{at}: a {type(module).__name__} reads the image {levels.names}; put an nn.Flatten before it"
        )
    projection = Dense(name=at.path, source="", target="", weights=_weights(module), coding=coding_of(module.code))
    return builder.product(at, levels, projection, module.max_input)


def _conv_shape(module: Conv2dMap, x: Spec) -> Spec:
    module.check_shape(x)  # type: ignore[arg-type]
    rows, columns = module.padding
    window = Window(module.kernel_size, module.stride, (rows, rows, columns, columns), module.dilation)
    return windowed(x, module.out_channels, window, type(module).__name__).of(module.sum_dtype)


def _conv(builder: Builder, at: Place, module: Any, value: Value) -> Value:
    _check_input(at, module, value)
    levels = builder.levels(at, value)
    if levels.flat:
        raise ConversionError(f"{at}: a convolution cannot read flattened levels")
    rows, columns = module.padding
    projection = Conv2d(
        name=at.path,
        source="",
        target="",
        weights=_weights(module),
        coding=coding_of(module.code),
        stride=module.stride,
        padding=_outer(levels.pad, (rows, rows, columns, columns)),
        dilation=module.dilation,
        groups=module.groups,
    )
    return builder.product(at, levels, projection, module.max_input)


def _outer(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, int, int, int]:
    top, bottom, left, right = (a + b for a, b in zip(one, other, strict=True))
    return top, bottom, left, right


def _max_pool_shape(module: nn.MaxPool2d, x: Spec) -> Spec:
    pool = max_pool("", module)
    return windowed(x, x.shape[1], pool.window, "MaxPool2d")


def max_pool(name: str, module: Any) -> Pool2d:
    """The pool of a module, or of anything with the attributes of one."""
    rows, columns = _pair(module.padding)
    return Pool2d(
        name=name,
        source="",
        target="",
        kernel=_pair(module.kernel_size),
        stride=_pair(module.stride),
        padding=(rows, rows, columns, columns),
        dilation=_pair(module.dilation),
        ceil_mode=bool(module.ceil_mode),
    )


def _max_pool(builder: Builder, at: Place, module: nn.MaxPool2d, value: Value) -> Value:
    if module.return_indices:
        raise ConversionError(f"{at}: return_indices is set; an event graph has no such output")
    return builder.pool(at, value, max_pool(at.path, module))


def _sum_pool_of(name: str, module: SumPool2d) -> Pool2d:
    rows, columns = module.padding
    return Pool2d(
        name=name,
        source="",
        target="",
        mode="sum",
        kernel=module.kernel_size,
        stride=module.stride,
        padding=(rows, rows, columns, columns),
    )


def _sum_pool(builder: Builder, at: Place, module: SumPool2d, value: Value) -> Value:
    return builder.sum_pool(at, value, _sum_pool_of(at.path, module))


def _sum_pool_shape(module: SumPool2d, x: Spec) -> Spec:
    return windowed(x, x.shape[1], _sum_pool_of("", module).window, "SumPool2d").of(torch.float64)


def _affine(builder: Builder, at: Place, module: Any, value: Value) -> Value:
    a, b = (v.detach().cpu().numpy() for v in module.affine())
    return builder.affine(at, value, Straight.checked(str(at), a, b))


def _stock(builder: Builder, at: Place, module: Any, value: Value) -> Value:
    sums = builder.sums(at, value)
    return builder.affine(at, sums, Stock(str(at), module, sums.shape))


def _activation(builder: Builder, at: Place, module: Any, value: Value) -> Value:
    coding = coding_of(module.code)

    def steps(y: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.asarray(np.searchsorted(coding.levels, module.levels_of(y, channel_axis=0)))

    return builder.activation(at, value, coding, steps)


def _flatten(builder: Builder, at: Place, module: nn.Flatten, value: Value) -> Value:
    if module.start_dim != 1 or module.end_dim not in (-1, 3):
        raise ConversionError(f"{at}: flattens dimensions {module.start_dim}..{module.end_dim}, allowed is 1..-1")
    return builder.flatten(at, value)


def _zero_pad(builder: Builder, at: Place, module: nn.ZeroPad2d, value: Value) -> Value:
    left, right, top, bottom = module.padding
    if min(left, right, top, bottom) < 0:
        raise ConversionError(f"{at}: padding is {module.padding}, allowed are numbers of at least 0")
    return builder.pad(at, value, (top, bottom, left, right))


def _nothing(builder: Builder, at: Place, module: nn.Module, value: Value) -> Value:
    """In eval mode this module passes its input on."""
    return value


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _same(module: nn.Module, x: Spec) -> Spec:
    return x


def _in_float64(module: nn.Module, x: Spec) -> Spec:
    return x.of(torch.float64)


def _as_float32(module: nn.Module, x: Spec) -> Spec:
    return x.of(torch.float32)


def _in_float32(module: nn.Module, x: Spec) -> Spec:
    if x.dtype != torch.float32:
        raise InputError(
            "its input reaches sums beyond 2^24, which torch computes in float64; use gxnor_snn.layers.BatchNorm2d"
        )
    return x


def _flatten_shape(module: nn.Flatten, x: Spec) -> Spec:
    return flattened(x, module.start_dim, module.end_dim)


def _pad_shape(module: nn.ZeroPad2d, x: Spec) -> Spec:
    left, right, top, bottom = module.padding
    return padded(x, top, bottom, left, right)


def _pixels(module: PixelEncoder, x: Spec) -> Spec:
    if x.ndim != 4:
        raise InputError(f"takes images (C, H, W), got {tuple(x.shape[1:])}")
    return x.of(torch.float32)


RECORDED: tuple[type[nn.Module], ...] = (DiscreteLayer, DiscreteActivation, SumPool2d)
"""What the certificate compares, layer by layer."""

_AFFINE = Handler(_affine, _in_float64)

_HANDLERS: Mapping[type[nn.Module], Handler] = {
    PixelEncoder: Handler(_encoder, _pixels),
    DiscreteLinear: Handler(_linear, _linear_shape),
    DiscreteConv2d: Handler(_conv, _conv_shape),
    LatentLinear: Handler(_linear, _linear_shape),
    LatentConv2d: Handler(_conv, _conv_shape),
    DiscreteActivation: Handler(_activation, _as_float32),
    nn.BatchNorm1d: Handler(_stock, _in_float32),
    nn.BatchNorm2d: Handler(_stock, _in_float32),
    nn.MaxPool2d: Handler(_max_pool, _max_pool_shape),
    SumPool2d: Handler(_sum_pool, _sum_pool_shape),
    nn.Flatten: Handler(_flatten, _flatten_shape),
    nn.ZeroPad2d: Handler(_zero_pad, _pad_shape),
    nn.Dropout: Handler(_nothing, _same),
    nn.Dropout2d: Handler(_nothing, _same),
    nn.Identity: Handler(_nothing, _same),
}
