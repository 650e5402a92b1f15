"""From a trained torch network to its event graph."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite
from operator import index
from typing import Any

import torch
from torch import fx, nn

from gxnor_snn.errors import ConversionError, GraphError, InputError
from gxnor_snn.graph import EventGraph
from gxnor_snn.layers import PixelEncoder

from .advice import refusal
from .builder import Builder
from .codings import input_coding
from .curves import Normalisation
from .functions import convert_function, function_spec
from .modules import convert_module, handler_of, known_layers
from .outputs import named_outputs
from .specs import Spec
from .tracing import Trace, trace
from .values import Place, Value

__all__ = ["from_torch"]

_TAKEN = ("input", "readout")


def from_torch(
    model: nn.Module,
    input_shape: tuple[int, ...],
    input: str | tuple[Any, ...] = "auto",
    normalize: tuple[Any, Any] | None = None,
) -> EventGraph:
    """Convert a trained network of discrete layers to an event graph that computes the same integers.

    The forward pass is traced by `torch.fx`. Products (`DiscreteLinear`, `DiscreteConv2d` and their latent-weight
    kin), max- and sum-pools, residual additions with whole gains, concatenations, one batch norm and a
    `DiscreteActivation` fold into a spiking population with integer thresholds: with y = s a + b, level >= v iff
    s >= t_v (a > 0) or s <= t_v (a < 0), t_v found by bisection on the layer's own expression. A max-pool in front
    of batch norm becomes a pool of spikes, of their minimum in channels where a < 0. What the network gives back
    (a tensor, or a tuple or dict of them) becomes readouts. Populations are named after activations, projections
    after products and pools.

    Parameters
    ----------
    model
        Any module that `torch.fx` can trace, of our layers and what `gxnor_converters.modules` and ``functions``
        list. It is read as it behaves in eval mode, and not changed. Hooks and a layer that stands twice (but for
        pools and what is nothing in eval mode) are refused.
    input_shape
        Shape of one sample, without batch: (C, H, W) or (n,).
    input
        What enters: "auto" (read from a leading `PixelEncoder`), "pixels" (bytes), ("zn", n), ("mbn", m),
        ("log", n) or ("hrelu", m) levels, or (lo, hi) for any integers of that range.
    normalize
        (mean, std) where the network was trained on x = (p / 255 - mean) / std of pixels p, as torchvision's
        ``Normalize`` gives it: a number or one number per channel each, the same std for all channels. It folds
        into the thresholds behind the first layer, which must not be padded. Sums of x are those of exact
        arithmetic, rounded to float64 once.

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
    if not isinstance(model, nn.Module):
        raise ConversionError(f"the model is a {type(model).__name__}, allowed is an nn.Module")
    single = handler_of(model) is not None or type(model).__module__.startswith("torch.nn.modules")
    if single and not isinstance(model, nn.Sequential):
        raise ConversionError(
            f"the model is a {type(model).__name__}; allowed is nn.Sequential, or a module of one's own with such "
            "layers"
        )
    shape = _checked_shape(input_shape)
    raw = None if normalize is None else _normalisation(normalize, shape)
    pixels = any(isinstance(m, PixelEncoder) for m in model.modules())
    coding = input_coding("pixels" if raw is not None and input == "auto" else input, pixels)
    if raw is not None and coding.kind != "bits":
        raise ConversionError(f"normalize is given with input {input!r}; it turns pixels: say 'pixels'")
    try:
        builder = Builder(shape, coding, raw)
        dtype = torch.uint8 if pixels else torch.float32
        _Walk(builder, trace(model, shape, dtype, _Known())).run()
        source: dict[str, object] = {"model": type(model).__name__}
        if normalize is not None:
            source["normalize"] = [[float(m) for m in raw.mean], float(raw.std)] if raw else None
        return builder.finish(source)
    except GraphError as error:
        raise ConversionError(f"the network has no event graph: {error}") from error


class _Known:
    """What tracing needs to know of the handlers' tables."""

    def leaf(self, module: nn.Module) -> Callable[[Any, Spec], Spec] | None:
        handler = handler_of(module)
        return None if handler is None else handler.shape

    def refusal(self, path: str, module: nn.Module) -> ConversionError | None:
        known = isinstance(module, nn.Sequential) or handler_of(module) is not None
        return None if known else refusal(Place(path), module, known_layers())

    def function(self, path: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
        return function_spec(Place(path, "operation"), target, args, kwargs)


class _Walk:
    """Gives every node of a trace its value."""

    def __init__(self, builder: Builder, traced: Trace) -> None:
        self._builder = builder
        self._traced = traced
        self._values: dict[fx.Node, Any] = {}

    def run(self) -> None:
        """Walk to the output, and let it leave the graph."""
        nodes = self._traced.nodes
        self._values[nodes[0]] = self._builder.input
        for node in nodes[1:]:
            if node.op == "output":
                self._read_out(fx.node.map_arg(node.args[0], lambda n: self._values[n]))
            else:
                at = Place(self._traced.path(node), "module" if node.op == "call_module" else "operation")
                try:
                    value = self._convert(node)
                except InputError as error:  # of a layer whose parameters are damaged
                    raise ConversionError(f"{at}: {error}") from error
                self._builder.check_exact(at, value, node.meta["value"].dtype == torch.float32)
                self._values[node] = self._builder.share(at, value) if self._traced.uses(node) > 1 else value

    def _convert(self, node: fx.Node) -> Value:
        path = self._traced.path(node)
        args: Any = fx.node.map_arg(node.args, lambda n: self._values[n])
        kwargs: Any = fx.node.map_arg(node.kwargs, lambda n: self._values[n])
        if node.op != "call_module":
            return convert_function(self._builder, Place(path, "operation"), node.target, args, dict(kwargs))
        if path in _TAKEN:
            raise ConversionError(
                f"module {path!r}: the name is taken by the graph's own {path}; rename the module"
            )
        if len(args) != 1 or kwargs:
            raise ConversionError(
                f"module {path!r}: takes {len(args) + len(kwargs)} arguments, allowed is one tensor"
            )
        return convert_module(self._builder, Place(path), self._traced.module(node), args[0])

    def _read_out(self, output: Any) -> None:
        for name, value in named_outputs(output).items():
            self._builder.readout(name, value)


def _checked_shape(given: tuple[int, ...]) -> tuple[int, ...]:
    try:
        shape = tuple(index(n) for n in given)
    except TypeError as error:
        shape = ()
        cause: Exception | None = error
    else:
        cause = None
    if len(shape) not in (1, 3) or min(shape) < 1:
        raise ConversionError(
            f"input_shape is {given!r}, allowed are the positive integers of one sample's shape, (C, H, W) or (n,)"
        ) from cause
    return shape


def _normalisation(given: Any, shape: tuple[int, ...]) -> Normalisation:
    """Mean and std as exact fractions."""
    try:
        mean, std = (tuple(_fraction(v) for v in (part if _listed(part) else (part,))) for part in given)
    except (TypeError, ValueError) as error:
        raise ConversionError(
            f"normalize is {given!r:.80}, allowed is (mean, std), each a finite number or one per channel"
        ) from error
    if len(mean) not in (1, shape[0]) or len(std) not in (1, shape[0]) or min(std) <= 0:
        raise ConversionError(
            f"normalize is {given!r:.80}, allowed are one number or {shape[0]} for the channels, and std > 0"
        )
    if len(set(std)) > 1:
        raise ConversionError(
            f"normalize: std is {[float(s) for s in std]}; channels of different scales have no common sum. "
            "Train with one std for all channels"
        )
    return Normalisation(mean, std[0])


def _listed(part: Any) -> bool:
    return isinstance(part, Sequence) or getattr(part, "ndim", 0) == 1


def _fraction(value: Any) -> Fraction:
    number = float(value)
    if not isfinite(number):
        raise ValueError(f"{number} is not finite")
    return Fraction(number)
