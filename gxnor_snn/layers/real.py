"""Linear and convolution layers with real weights: the twins that discrete networks are compared with."""

import math

import torch
from torch import Tensor, nn

from gxnor_snn.arguments import is_integer
from gxnor_snn.errors import InputError

from .maps import pair
from .noise import generator_or_new

__all__ = ["FloatConv2d", "FloatLinear"]


class FloatLinear(nn.Linear):
    """`torch.nn.Linear` without bias, drawn from a given generator: uniformly from [-1, 1) / sqrt(fan_in).

    It takes any float type, since our batch norms give float64 in eval mode, and computes in that of its weights.

    Parameters
    ----------
    in_features, out_features
        Sizes.
    generator
        Draws the first weights; without one they differ from run to run.

    Raises
    ------
    InputError
        If a size is no integer in its range, or the generator is none.
    """

    def __init__(self, in_features: int, out_features: int, *, generator: torch.Generator | None = None) -> None:
        _check_sizes("FloatLinear", in_features=in_features, out_features=out_features)
        super().__init__(in_features, out_features, bias=False)
        _draw(self.weight, generator)

    def reset_parameters(self) -> None:
        """Draw nothing: torch's own generator stays as it is."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x @ weight.T."""
        return super().forward(x.to(self.weight.dtype))


class FloatConv2d(nn.Conv2d):
    """`torch.nn.Conv2d` without bias, drawn and computed as in `FloatLinear`.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding
        As in `torch.nn.Conv2d`.
    generator
        Draws the first weights; without one they differ from run to run.

    Raises
    ------
    InputError
        If a size is no integer in its range, or the generator is none.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        _check_sizes("FloatConv2d", in_channels=in_channels, out_channels=out_channels)
        kernel_size = pair("FloatConv2d", "kernel_size", kernel_size, least=1)
        stride = pair("FloatConv2d", "stride", stride, least=1)
        padding = pair("FloatConv2d", "padding", padding, least=0)
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=False)
        _draw(self.weight, generator)

    def reset_parameters(self) -> None:
        """Draw nothing: torch's own generator stays as it is."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the cross-correlation of x with the weights."""
        return super().forward(x.to(self.weight.dtype))


def _check_sizes(layer: str, **sizes: int) -> None:
    for name, size in sizes.items():
        if not is_integer(size, 1):
            raise InputError(f"{layer}: {name} is {size!r}; allowed are integers of at least 1")


@torch.no_grad()
def _draw(weight: Tensor, generator: torch.Generator | None) -> None:
    if weight.is_meta:
        return
    generator = generator_or_new(generator)
    bound = 1 / math.sqrt(math.prod(weight.shape[1:]))
    drawn = torch.rand(weight.shape, generator=generator, device=generator.device)
    weight.copy_(drawn.mul_(2 * bound).sub_(bound))
