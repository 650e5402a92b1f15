"""Linear and convolution layers whose weights are integer levels."""

import math
from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace

from .parameter import DiscreteParameter
from .product import exact_dtype, exact_product

__all__ = ["DiscreteConv2d", "DiscreteLayer", "DiscreteLinear"]


class DiscreteLayer(nn.Module, ABC):
    """What `DiscreteLinear` and `DiscreteConv2d` share: integer levels in, integer sums out, no bias.

    In training the product runs in float32 on a float copy of the levels made for the pass, whose gradient
    goes to ``levels.grad``. In eval mode every output is the exact integer sum; it has no gradient.
    Autocast never reaches the product.

    Attributes
    ----------
    levels
        The weights: int8 levels of `space`.
    space
        Their space.
    max_input
        The largest |level| the input may have.
    """

    levels: DiscreteParameter

    def __init__(
        self,
        shape: tuple[int, ...],
        space: DiscreteSpace,
        generator: torch.Generator | None,
        max_input: int,
    ) -> None:
        super().__init__()
        if min(shape) < 1:
            raise InputError(f"{type(self).__name__}: weight shape is {shape}; every size must be at least 1")
        if max_input < 1:
            raise InputError(f"{type(self).__name__}: max_input is {max_input}; it must be at least 1")
        self.space = space
        self.max_input = max_input
        fan_in = math.prod(shape[1:])
        self._exact_dtype = exact_dtype(max_input * fan_in * space.max_level)
        self.levels = DiscreteParameter.drawn(shape, space, generator)

    @abstractmethod
    def product(self, x: Tensor, levels: Tensor) -> Tensor:
        """The linear map of the layer on float tensors."""

    @abstractmethod
    def check_shape(self, x: Tensor) -> None:
        """Raise `InputError` if `x` does not have the shape the layer takes."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to integer levels in a float tensor.

        Raises
        ------
        InputError
            If the shape does not fit or, in eval mode, x is not of integers within ``max_input``.
        """
        self.check_shape(x)
        if self.training:
            with torch.autocast(x.device.type, enabled=False):
                return self.product(x.to(torch.float32), self.levels.leaf())
        if not (x.round() == x).all() or not (x.abs() <= self.max_input).all():
            raise InputError(
                f"{type(self).__name__}: the input must hold integer levels of magnitude up to "
                f"{self.max_input} (max_input); got other values"
            )
        return exact_product(self.product, x, self.levels.detach(), self._exact_dtype)

    def extra_repr(self) -> str:
        """Sizes and space for ``print(model)``."""
        return f"{tuple(self.levels.shape)}, n={self.space.n}, half_range={self.space.half_range}"


class DiscreteLinear(DiscreteLayer):
    """y_o = sum_i x_i w_oi with discrete w: (B, in_features) -> (B, out_features), no bias.

    Parameters
    ----------
    in_features, out_features
        Sizes.
    space
        Space of the weights, n <= 7; ternary unless given.
    generator
        Draws the first weights, uniformly over the levels; without one they differ from run to run.
    max_input
        The largest |level| of the input (255 for pixels); decides the float type that keeps sums exact.

    Raises
    ------
    InputError
        If a size or `max_input` is below 1, n > 7, or sums could reach 2^53.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        space: DiscreteSpace = DiscreteSpace(1),  # noqa: B008 - frozen
        *,
        generator: torch.Generator | None = None,
        max_input: int = 255,
    ) -> None:
        self.in_features = in_features
        self.out_features = out_features
        super().__init__((out_features, in_features), space, generator, max_input)

    def check_shape(self, x: Tensor) -> None:
        """Raise `InputError` unless x is (..., in_features)."""
        if x.ndim < 2 or x.shape[-1] != self.in_features:
            raise InputError(
                f"DiscreteLinear takes (B, {self.in_features}) (in_features), got shape {tuple(x.shape)}"
            )

    def product(self, x: Tensor, levels: Tensor) -> Tensor:
        """Return x @ levels.T."""
        return F.linear(x, levels)


class DiscreteConv2d(DiscreteLayer):
    """2-D cross-correlation with discrete weights, zero padding, no bias: (B, C, H, W) -> (B, O, H', W').

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups
        As in `torch.nn.Conv2d`; the attributes of these names hold pairs (except channels and groups).
    space, generator, max_input
        As in `DiscreteLinear`.

    Raises
    ------
    InputError
        If a size is out of range, channels do not divide into groups, n > 7, or sums could reach 2^53.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        space: DiscreteSpace = DiscreteSpace(1),  # noqa: B008 - frozen
        *,
        generator: torch.Generator | None = None,
        max_input: int = 255,
    ) -> None:
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = _pair("kernel_size", kernel_size, least=1)
        self.stride = _pair("stride", stride, least=1)
        self.padding = _pair("padding", padding, least=0)
        self.dilation = _pair("dilation", dilation, least=1)
        self.groups = groups
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise InputError(
                f"DiscreteConv2d: groups is {groups}; it must divide in_channels = {in_channels} "
                f"and out_channels = {out_channels}"
            )
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        super().__init__(shape, space, generator, max_input)

    def check_shape(self, x: Tensor) -> None:
        """Raise `InputError` unless x is (B, in_channels, H, W) with room for one kernel."""
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise InputError(
                f"DiscreteConv2d takes (B, {self.in_channels}, H, W) (in_channels), got shape {tuple(x.shape)}"
            )
        for size, kernel, pad, dilate in zip(
            x.shape[2:], self.kernel_size, self.padding, self.dilation, strict=True
        ):
            if size + 2 * pad < dilate * (kernel - 1) + 1:
                raise InputError(
                    f"DiscreteConv2d: a kernel of {self.kernel_size} (padding {self.padding}, dilation "
                    f"{self.dilation}) does not fit an input of {tuple(x.shape[2:])}"
                )

    def product(self, x: Tensor, levels: Tensor) -> Tensor:
        """Return the cross-correlation of x with levels."""
        return F.conv2d(x, levels, None, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Sizes, geometry and space for ``print(model)``."""
        return (
            f"{super().extra_repr()}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, groups={self.groups}"
        )


def _pair(name: str, value: int | tuple[int, int], *, least: int) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or not all(isinstance(v, int) and v >= least for v in pair):
        raise InputError(f"DiscreteConv2d: {name} is {value!r}; allowed are one or two integers >= {least}")
    return pair
