"""A network that knows how to build itself again."""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from gxnor_snn.arguments import is_integer
from gxnor_snn.errors import InputError

__all__ = ["DiscreteNet", "NetSpec", "image_shape", "size", "sizes"]


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
        from . import FACTORIES  # the factories make networks, so they import this module

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


def image_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    """(C, H, W) as a tuple.

    Raises
    ------
    InputError
        If it is not three positive integers.
    """
    if not isinstance(shape, tuple | list) or len(shape) != 3 or not all(is_integer(s, 1) for s in shape):
        raise InputError(f"image shape is {shape!r}; allowed are three positive integers (C, H, W)")
    channels, height, width = shape
    return int(channels), int(height), int(width)


def size(what: str, given: object, *, least: int = 1) -> int:
    """A size of a network; `what` names it, as in "vgg: width".

    Raises
    ------
    InputError
        If it is no integer, or below `least`.
    """
    if not is_integer(given, least):
        raise InputError(f"{what} is {given!r}; allowed are integers of at least {least}")
    return int(given)


def sizes(what: str, given: object) -> list[int]:
    """A list of sizes of at least 1, which may be empty.

    Raises
    ------
    InputError
        If it is no list or tuple of such integers.
    """
    if not isinstance(given, tuple | list) or not all(is_integer(s, 1) for s in given):
        raise InputError(f"{what} is {given!r}; allowed is a list of integers of at least 1")
    return [int(s) for s in given]
