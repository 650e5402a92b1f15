"""From a trained torch network to its event graph."""

from collections.abc import Callable, Iterator, Mapping
from operator import index
from typing import Any

import numpy as np
from torch import nn

from gxnor_snn.errors import ConversionError, GraphError, InputError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Pool2d
from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLinear,
    PixelEncoder,
)
from gxnor_snn.models import DiscreteNet
from gxnor_snn.spaces import DiscreteSpace, activation_levels

from .builder import Builder

__all__ = ["from_torch"]


def from_torch(
    model: nn.Module, input_shape: tuple[int, ...], input: str | tuple[Any, ...] = "auto"
) -> EventGraph:
    """Convert a trained `nn.Sequential` of discrete layers to an event graph that computes the same integers.

    Blocks of product (`DiscreteLinear`, `DiscreteConv2d`), max-pools, batch norm and `DiscreteActivation` fold
    into spiking populations with integer thresholds: with y = s a + b, level >= v iff s >= t_v (a > 0) or
    s <= t_v (a < 0), t_v found by bisection on the layer's own float64 expression. A max-pool in front of batch
    norm becomes a pool of spikes, of their minimum in channels where a < 0. The last product becomes the readout.
    Populations are named after activations, projections after products and pools.

    Parameters
    ----------
    model
        `nn.Sequential`, nested or not, of the layers above, `PixelEncoder`, `nn.MaxPool2d`, `nn.Flatten`,
        `nn.Dropout*` and `nn.Identity`. It is read as it behaves in eval mode, and not changed. Hooks, a forward
        of one's own and a layer that stands twice (but for pools and what is nothing in eval mode) are refused.
    input_shape
        Shape of one sample, without batch: (C, H, W) or (n,).
    input
        What enters: "auto" (read from a leading `PixelEncoder`), "pixels" (bytes), ("zn", n) or ("mbn", m) levels,
        or (lo, hi) for any integers of that range.

    Returns
    -------
    EventGraph
        Its reference run equals the model in eval mode, sums and levels, sample by sample.

    Raises
    ------
    ConversionError
        Naming the module's path and what to do.

    References
    ----------
    GXNOR-Net (arXiv 1705.09283), sec. 2, for the network; the thresholds are derived here.
    """
    if not isinstance(model, nn.Sequential):
        raise ConversionError(
            f"the model is a {type(model).__name__}; allowed is nn.Sequential "
            "(the networks of gxnor_snn.models are)"
        )
    layers = list(_flatten(model, ""))
    _check_repeats(layers)
    coding = _input_coding(input, layers[0][1] if layers else None)
    shape = _checked_shape(input_shape)
    try:
        builder = Builder(shape, coding)
        for position, (path, module) in enumerate(layers):
            handler = _HANDLERS.get(type(module))
            if handler is None or (handler is _encoder and position):
                allowed = ", ".join(t.__name__ for t in _HANDLERS)
                place = "; a PixelEncoder stands first" if handler is _encoder else ""
                raise ConversionError(
                    f"module {path!r} is a {type(module).__name__}, allowed are {allowed}{place}"
                )
            handler(builder, path, module)
        return builder.finish({"source": {"model": type(model).__name__}})
    except GraphError as error:
        raise ConversionError(f"the network has no event graph: {error}") from error


def _flatten(module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
    """Layers by path, in the order of the forward pass; a module that stands twice comes twice."""
    _check_plain(module, path)
    if not isinstance(module, nn.Sequential):
        if path in _TAKEN:
            raise ConversionError(
                f"module {path!r}: the name is taken by the graph's own {path}; rename the module"
            )
        yield path, module
        return
    for name, child in module._modules.items():  # named_children() leaves out what stands twice
        below = f"{path}.{name}" if path else name
        if child is None:
            raise ConversionError(f"module {below!r} is None; remove it")
        yield from _flatten(child, below)


def _check_plain(module: nn.Module, path: str) -> None:
    """Refuse what changes a forward pass unseen: hooks, and a forward of one's own."""
    where = f"module {path!r}" if path else "the model"
    if module._forward_hooks or module._forward_pre_hooks:
        raise ConversionError(f"{where} has forward hooks, which no event graph runs; remove them")
    inherited = type(module).forward in _SEQUENTIAL_FORWARDS or not isinstance(module, nn.Sequential)
    if not inherited or "forward" in vars(module):
        raise ConversionError(
            f"{where} is a {type(module).__name__} with a forward of its own, which cannot be read; "
            "allowed is that of nn.Sequential"
        )


def _check_repeats(layers: list[tuple[str, nn.Module]]) -> None:
    """Refuse a layer that stands twice, unless it holds nothing: its outputs have one path in the certificate."""
    first: dict[nn.Module, str] = {}
    for path, module in layers:
        if module in first and type(module) not in _REPEATABLE:
            raise ConversionError(
                f"modules {first[module]!r} and {path!r} are one and the same {type(module).__name__}; give each "
                "place a module of its own"
            )
        first.setdefault(module, path)


def _checked_shape(given: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return tuple(index(n) for n in given)
    except TypeError as error:
        raise ConversionError(
            f"input_shape is {given!r}, allowed are the integers of one sample's shape, (C, H, W) or (n,)"
        ) from error


def _space_coding(space: DiscreteSpace) -> Coding:
    """Z_0 is {-1, +1}, Z_1 ternary, Z_n sign and magnitude."""
    special = {0: Coding.pm1(1), 1: Coding.ternary()}
    return special.get(space.n) or Coding.signmag(space.n)


def _input_coding(given: str | tuple[Any, ...], first: nn.Module | None) -> Coding:
    if given == "auto" and not isinstance(first, PixelEncoder):
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
            case ("zn", int(n)):
                return _space_coding(DiscreteSpace(n))
            case ("mbn", int(m)):
                return Coding.pm1(m)
            case (int(lo), int(hi)) if lo <= hi:
                return Coding.sums(lo, hi)
    except (GraphError, InputError) as error:
        raise ConversionError(f"input is {given!r}: {error}") from error
    raise ConversionError(f"input is {given!r}, allowed are 'auto', 'pixels', ('zn', n), ('mbn', m) and (lo, hi)")


def _encoder(builder: Builder, path: str, module: PixelEncoder) -> None:
    if builder.coding != Coding.bits(8):
        raise ConversionError(f"module {path!r} encodes pixels, but input says otherwise; use input='auto'")


def _linear(builder: Builder, path: str, module: DiscreteLinear) -> None:
    if not builder.flat:
        raise ConversionError(
            f"module {path!r}: a DiscreteLinear reads the image {builder.source!r}; put an nn.Flatten before it"
        )
    weights = module.levels.detach().cpu().numpy()
    projection = Dense(
        name=path, source=builder.source, target="", weights=weights, coding=_space_coding(module.space)
    )
    builder.product(path, projection, module.max_input)
    builder.flat = True


def _conv(builder: Builder, path: str, module: DiscreteConv2d) -> None:
    if builder.flat:
        raise ConversionError(f"module {path!r}: a convolution cannot read flattened levels")
    rows, columns = module.padding
    projection = Conv2d(
        name=path,
        source=builder.source,
        target="",
        weights=module.levels.detach().cpu().numpy(),
        coding=_space_coding(module.space),
        stride=module.stride,
        padding=(rows, rows, columns, columns),
        dilation=module.dilation,
        groups=module.groups,
    )
    builder.product(path, projection, module.max_input)


def _pool(builder: Builder, path: str, module: nn.MaxPool2d) -> None:
    if module.return_indices:
        raise ConversionError(f"module {path!r}: return_indices is set; an event graph has no such output")
    rows, columns = _pair(module.padding)
    pool = Pool2d(
        name=path,
        source=builder.source,
        target="",
        kernel=_pair(module.kernel_size),
        stride=_pair(module.stride),
        padding=(rows, rows, columns, columns),
        dilation=_pair(module.dilation),
        ceil_mode=bool(module.ceil_mode),
    )
    builder.pool(path, pool)


def _batch_norm(builder: Builder, path: str, module: BatchNorm1d | BatchNorm2d) -> None:
    a, b = (v.detach().cpu().numpy() for v in module.affine())
    builder.affine(path, (a, b))


def _activation(builder: Builder, path: str, module: DiscreteActivation) -> None:
    coding = _space_coding(module.space)

    def steps(y: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.asarray(np.searchsorted(coding.levels, activation_levels(y, module.thresholds, module.tie)))

    builder.activation(path, coding, steps)


def _flattening(builder: Builder, path: str, module: nn.Flatten) -> None:
    if module.start_dim != 1 or module.end_dim not in (-1, 3):
        raise ConversionError(
            f"module {path!r}: flattens dimensions {module.start_dim}..{module.end_dim}, allowed is 1..-1"
        )
    builder.flatten(path)


def _nothing(builder: Builder, path: str, module: nn.Module) -> None:
    """In eval mode this module passes its input on."""


def _pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


_HANDLERS: Mapping[type[nn.Module], Callable[[Builder, str, Any], None]] = {
    PixelEncoder: _encoder,
    DiscreteLinear: _linear,
    DiscreteConv2d: _conv,
    nn.MaxPool2d: _pool,
    BatchNorm1d: _batch_norm,
    BatchNorm2d: _batch_norm,
    DiscreteActivation: _activation,
    nn.Flatten: _flattening,
    nn.Dropout: _nothing,
    nn.Dropout2d: _nothing,
    nn.Identity: _nothing,
}

_SEQUENTIAL_FORWARDS = (nn.Sequential.forward, DiscreteNet.forward)
_REPEATABLE = (nn.MaxPool2d, nn.Flatten, nn.Dropout, nn.Dropout2d, nn.Identity)
_TAKEN = ("input", "readout")
