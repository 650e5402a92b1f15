"""Linear and convolution layers with real weights: the twins that discrete networks are compared with."""

import math

import torch
from torch import Tensor, nn

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
    """

    def __init__(self, in_features: int, out_features: int, *, generator: torch.Generator | None = None) -> None:
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
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, bias=False)
        _draw(self.weight, generator)

    def reset_parameters(self) -> None:
        """Draw nothing: torch's own generator stays as it is."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the cross-correlation of x with the weights."""
        return super().forward(x.to(self.weight.dtype))


@torch.no_grad()
def _draw(weight: Tensor, generator: torch.Generator | None) -> None:
    if weight.is_meta:
        return
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    bound = 1 / math.sqrt(math.prod(weight.shape[1:]))
    drawn = torch.rand(weight.shape, generator=generator, device=generator.device)
    weight.copy_(drawn.mul_(2 * bound).sub_(bound))
