"""Networks of discrete layers: `mlp` and `lenet`, as sequences of named children.

Every block is linear map, max-pool (where there is one), batch norm, activation; the last block is a linear
map and a batch norm (GXNOR-Net's published networks). Nothing between them holds a float weight.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLinear,
    PixelEncoder,
)
from gxnor_snn.layers.activation import Window
from gxnor_snn.spaces import DiscreteSpace, Tie

__all__ = ["FACTORIES", "DiscreteNet", "NetSpec", "lenet", "mlp"]


@dataclass(frozen=True)
class NetSpec:
    """How to build a network again: the name of its factory and JSON-able keyword arguments."""

    factory: str
    kwargs: Mapping[str, Any]

    def build(self) -> "DiscreteNet":
        """Call the factory.

        Raises
        ------
        InputError
            If the factory or a keyword is unknown, or a value is not what the factory takes.
        """
        if self.factory not in FACTORIES:
            raise InputError(f"model {self.factory!r} is unknown; allowed are {', '.join(FACTORIES)}")
        try:
            return FACTORIES[self.factory](**self.kwargs)
        except TypeError as error:
            raise InputError(f"model {self.factory!r} does not take these arguments: {error}") from error


class DiscreteNet(nn.Sequential):
    """A sequence of named children: uint8 pixels (B, C, H, W) or (B, H, W) in, logits (B, classes) out.

    Logits are float32 in training and float64 in eval mode.

    Attributes
    ----------
    spec
        What rebuilds the network (without its trained state).
    input_shape
        (C, H, W) of one image.
    """

    def __init__(
        self, children: Mapping[str, nn.Module], spec: NetSpec, input_shape: tuple[int, int, int]
    ) -> None:
        super().__init__(OrderedDict(children))
        self.spec = spec
        self.input_shape = input_shape

    def forward(self, pixels: Tensor) -> Tensor:
        """Compute the logits.

        Raises
        ------
        InputError
            If the images have another number of pixels or are not uint8.
        """
        if math.prod(pixels.shape[1:]) != math.prod(self.input_shape):
            raise InputError(
                f"{self.spec.factory} takes images of shape {self.input_shape}, "
                f"got a batch of shape {tuple(pixels.shape)}"
            )
        logits: Tensor = super().forward(pixels)  # type: ignore[no-untyped-call]
        return logits


@dataclass(frozen=True)
class _Parts:
    """Makes the layers of one network: one generator and one set of spaces for all of them."""

    weights: DiscreteSpace
    n2: int
    r: float
    a: float
    window: Window
    tie: Tie | None
    half_range: float
    generator: torch.Generator

    def activation(self) -> DiscreteActivation:
        return DiscreteActivation(self.n2, self.r, self.a, self.window, self.tie, self.half_range)

    def max_input(self, layer: int) -> int:
        """The largest |level| that layer 1, 2, ... receives: pixels first, then activations."""
        return PixelEncoder.max_level if layer == 1 else DiscreteSpace(self.n2).max_level

    def linear(self, layer: int, size_in: int, size_out: int) -> DiscreteLinear:
        return DiscreteLinear(
            size_in,
            size_out,
            self.weights,
            generator=self.generator,
            max_input=self.max_input(layer),
        )


def _parts(arguments: Mapping[str, Any]) -> _Parts:
    return _Parts(
        weights=DiscreteSpace(arguments["n1"]),
        n2=arguments["n2"],
        r=arguments["r"],
        a=arguments["a"],
        window=arguments["window"],
        tie=arguments["tie"],
        half_range=arguments["half_range"],
        generator=torch.Generator().manual_seed(arguments["seed"]),
    )


def mlp(
    in_features: int | Sequence[int],
    hidden: Sequence[int],
    classes: int,
    *,
    n1: int = 1,
    n2: int = 1,
    r: float = 0.5,
    a: float = 0.5,
    window: Window = "rect",
    tie: Tie | None = None,
    half_range: float = 1.0,
    seed: int = 0,
) -> DiscreteNet:
    """Perceptron with children encoder, flatten, fc1, bn1, act1, ..., fcK, bnK.

    Parameters
    ----------
    in_features
        Pixels of one image, or its shape (C, H, W). A number stands for the shape (1, 1, number).
    hidden
        Sizes of the hidden layers.
    classes
        Size of the last layer.
    n1, n2
        Exponents of the spaces of weights (0 to 7) and activations (0 to 8).
    r, a, window, tie, half_range
        Of every `DiscreteActivation`.
    seed
        Seeds the first weights.

    Raises
    ------
    InputError
        If a size or exponent is out of range.
    """
    given = dict(locals())
    input_shape = _image_shape((1, 1, in_features) if isinstance(in_features, int) else in_features)
    sizes = [math.prod(input_shape), *hidden, classes]
    spec = NetSpec("mlp", {**given, "in_features": list(input_shape), "hidden": list(hidden)})
    parts = _parts(spec.kwargs)
    children: dict[str, nn.Module] = {"encoder": PixelEncoder(), "flatten": nn.Flatten()}
    for i in range(1, len(sizes)):
        children[f"fc{i}"] = parts.linear(i, sizes[i - 1], sizes[i])
        children[f"bn{i}"] = BatchNorm1d(sizes[i])
        if i < len(sizes) - 1:
            children[f"act{i}"] = parts.activation()
    return DiscreteNet(children, spec, input_shape)


def lenet(
    in_shape: Sequence[int] = (1, 28, 28),
    classes: int = 10,
    *,
    channels: Sequence[int] = (32, 64),
    hidden: int = 512,
    kernel: int = 5,
    padding: int = 0,
    n1: int = 1,
    n2: int = 1,
    r: float = 0.5,
    a: float = 0.5,
    window: Window = "rect",
    tie: Tie | None = None,
    half_range: float = 1.0,
    seed: int = 0,
) -> DiscreteNet:
    """32C5-MP2-64C5-MP2-512FC, the MNIST network of GXNOR-Net, with sizes as keywords.

    Children: encoder, conv1, pool1, bn1, act1, conv2, pool2, bn2, act2, flatten, fc1, bn3, act3, fc2, bn4 (for
    two convolutions).

    Parameters
    ----------
    in_shape
        (C, H, W) of one image.
    classes
        Size of the last layer.
    channels
        Output channels of each convolution; a 2x2 max-pool follows each.
    hidden
        Size of the dense layer.
    kernel, padding
        Of each convolution.
    n1, n2, r, a, window, tie, half_range, seed
        As in `mlp`.

    Raises
    ------
    InputError
        If a size or exponent is out of range, or the image is too small for the convolutions.
    """
    given = dict(locals())
    input_shape = _image_shape(in_shape)
    spec = NetSpec("lenet", {**given, "in_shape": list(input_shape), "channels": list(channels)})
    parts = _parts(spec.kwargs)
    children: dict[str, nn.Module] = {"encoder": PixelEncoder()}
    depth, height, width = input_shape
    for i, out in enumerate(channels, start=1):
        children[f"conv{i}"] = DiscreteConv2d(
            depth,
            out,
            kernel,
            padding=padding,
            space=parts.weights,
            generator=parts.generator,
            max_input=parts.max_input(i),
        )
        children[f"pool{i}"] = nn.MaxPool2d(2)
        children[f"bn{i}"] = BatchNorm2d(out)
        children[f"act{i}"] = parts.activation()
        depth, height, width = out, *((s + 2 * padding - kernel + 1) // 2 for s in (height, width))
        if min(height, width) < 1:
            raise InputError(
                f"lenet: an image of shape {input_shape} is too small for {len(channels)} convolutions of "
                f"kernel {kernel} and padding {padding}, each followed by a 2x2 pool"
            )
    k = len(channels)
    features = depth * height * width
    children["flatten"] = nn.Flatten()
    children["fc1"] = parts.linear(k + 1, features, hidden)
    children[f"bn{k + 1}"] = BatchNorm1d(hidden)
    children[f"act{k + 1}"] = parts.activation()
    children["fc2"] = parts.linear(k + 2, hidden, classes)
    children[f"bn{k + 2}"] = BatchNorm1d(classes)
    return DiscreteNet(children, spec, input_shape)


def _image_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    if len(shape) != 3 or not all(isinstance(s, int) and s > 0 for s in shape):
        raise InputError(f"image shape is {tuple(shape)}; allowed are three positive integers (C, H, W)")
    channels, height, width = shape
    return channels, height, width


FACTORIES: Mapping[str, Callable[..., DiscreteNet]] = {"mlp": mlp, "lenet": lenet}
