"""The two geometries of layers with discrete weights: dense and convolutional."""

from abc import ABC

import torch.nn.functional as F
from torch import Tensor

from gxnor_snn.arguments import is_integer
from gxnor_snn.errors import InputError

from .base import DiscreteLayer

__all__ = ["Conv2dMap", "LinearMap", "pair"]


class LinearMap(DiscreteLayer, ABC):
    """y_o = sum_i x_i w_oi: (B, in_features) -> (B, out_features).

    Attributes
    ----------
    in_features, out_features
        As in `torch.nn.Linear`.
    """

    in_features: int
    out_features: int

    def _set_geometry(self, in_features: int, out_features: int) -> tuple[int, ...]:
        """Take over the sizes; return the shape of the weights."""
        self.in_features, self.out_features = in_features, out_features
        return out_features, in_features

    def check_shape(self, x: Tensor) -> None:
        """Raise `InputError` unless x is (..., in_features)."""
        if x.ndim < 2 or x.shape[-1] != self.in_features:
            raise InputError(
                f"{type(self).__name__} takes (B, {self.in_features}) (in_features), got shape {tuple(x.shape)}"
            )

    def product(self, x: Tensor, levels: Tensor) -> Tensor:
        """Return x @ levels.T."""
        return F.linear(x, levels)


class Conv2dMap(DiscreteLayer, ABC):
    """2-D cross-correlation with zero padding: (B, C, H, W) -> (B, O, H', W').

    Attributes
    ----------
    in_channels, out_channels, groups
        As in `torch.nn.Conv2d`.
    kernel_size, stride, padding, dilation
        As there, always pairs.
    """

    in_channels: int
    out_channels: int
    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int

    def _set_geometry(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int],
        padding: int | tuple[int, int],
        dilation: int | tuple[int, int],
        groups: int,
    ) -> tuple[int, ...]:
        """Take over the geometry; return the shape of the weights."""
        name = type(self).__name__
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = pair(name, "kernel_size", kernel_size, least=1)
        self.stride = pair(name, "stride", stride, least=1)
        self.padding = pair(name, "padding", padding, least=0)
        self.dilation = pair(name, "dilation", dilation, least=1)
        for size_name, size in ("in_channels", in_channels), ("out_channels", out_channels), ("groups", groups):
            if not is_integer(size, 1):
                raise InputError(f"{name}: {size_name} is {size!r}; allowed are integers of at least 1")
        if in_channels % groups or out_channels % groups:
            raise InputError(
                f"{name}: groups is {groups}; it must divide in_channels = {in_channels} "
                f"and out_channels = {out_channels}"
            )
        return out_channels, in_channels // groups, *self.kernel_size

    def check_shape(self, x: Tensor) -> None:
        """Raise `InputError` unless x is (B, in_channels, H, W) with room for one kernel."""
        name = type(self).__name__
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise InputError(
                f"{name} takes (B, {self.in_channels}, H, W) (in_channels), got shape {tuple(x.shape)}"
            )
        for size, kernel, pad, dilate in zip(
            x.shape[2:], self.kernel_size, self.padding, self.dilation, strict=True
        ):
            if size + 2 * pad < dilate * (kernel - 1) + 1:
                raise InputError(
                    f"{name}: a kernel of {self.kernel_size} (padding {self.padding}, dilation "
                    f"{self.dilation}) does not fit an input of {tuple(x.shape[2:])}"
                )

    def product(self, x: Tensor, levels: Tensor) -> Tensor:
        """Return the cross-correlation of x with levels."""
        reach = self.dilation[1] * (self.kernel_size[1] - 1) + 1
        if (x.shape[3] + 2 * self.padding[1] - reach) // self.stride[1] + 1 == 1:
            x, levels = _plain(x), _plain(levels)
        return F.conv2d(x, levels, None, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Sizes, geometry and code for ``print(model)``."""
        return (
            f"{super().extra_repr()}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, groups={self.groups}"
        )


def _plain(x: Tensor) -> Tensor:
    """The same tensor, with the strides of its shape.

    Images, and weights, of one channel may lie channels first and channels last at once. Where the strides of
    either say the latter and the output is one pixel wide, torch 2.13 on x86 returns memory that it never wrote.
    """
    return x.flatten().view(x.shape) if x.is_contiguous() else x


def pair(layer: str, name: str, value: int | tuple[int, int], *, least: int) -> tuple[int, int]:
    """Two sizes of a 2-D map out of one number or two; `InputError` names the layer and the argument."""
    sizes = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(sizes) != 2 or not all(is_integer(s, least) for s in sizes):
        raise InputError(f"{layer}: {name} is {value!r}; allowed are one or two integers >= {least}")
    return int(sizes[0]), int(sizes[1])
