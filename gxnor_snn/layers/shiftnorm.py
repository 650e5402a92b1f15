"""Batch normalisation whose multiplications are shifts."""

import math
from abc import ABC

import torch
from torch import Tensor

from .affine import per_channel
from .batchnorm import Normalisation

__all__ = ["ShiftBatchNorm", "ShiftBatchNorm1d", "ShiftBatchNorm2d", "ap2"]


def ap2(values: Tensor) -> Tensor:
    """AP2(z) = sign(z) 2^round(log2 |z|), the power of two nearest in exponent, and AP2(0) = 0.

    BNN (arXiv 1602.02830), alg. 3 and 4.
    Exact: no logarithm and no power is computed.
    """
    mantissa = torch.frexp(values).mantissa.abs()  # |values| = mantissa 2^e, mantissa in [1/2, 1)
    # sqrt(1/2) as float64 is above the irrational number, so what reaches it rounds up
    down = mantissa.double() < math.sqrt(0.5)
    return torch.where(values == 0, values, values / torch.where(down, 2 * mantissa, mantissa))


class ShiftBatchNorm(Normalisation, ABC):
    """Shift-based batch norm (BNN, arXiv 1602.02830, alg. 3): every factor is a power of two.

    With c = x - mean and AP2 of `ap2`,

        var = mean(c AP2(c)),  y = AP2(weight) AP2(1 / sqrt(var + eps)) c + bias.

    Backward takes AP2 for the identity; the gradient of var is 2 AP2(c) / N, as the published Torch code has it.
    The running statistics are the mean and 1 / sqrt(var + eps). Eval mode: a = AP2(weight) AP2(running_inverse), a
    power of two, and b = bias - running_mean * a.

    Parameters
    ----------
    num_features
        Channels C.
    eps, momentum
        As in `BatchNorm1d`; the defaults are those of the published code.
    """

    nonnegative = ("running_inverse",)
    running_inverse: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.125) -> None:
        super().__init__(num_features, eps, momentum)
        self.register_buffer("running_inverse", torch.ones(num_features))

    def affine(self) -> tuple[Tensor, Tensor]:
        """(a, b) of eval mode, float64 of shape (C,): y = x * a + b."""
        a = _through(self.weight.double()) * ap2(self.running_inverse.double())
        product = self.running_mean.double() * a
        return a, self.bias.double() - product

    def _normalise(self, x: Tensor) -> Tensor:
        others = [axis for axis in range(x.ndim) if axis != 1]
        mean = x.mean(others)
        centred = x - per_channel(mean, x.ndim)
        steep = 2 * centred - centred.detach()  # the value of `centred`, twice its gradient
        var = (steep * ap2(centred.detach())).mean(others)
        inverse = (var + self.eps).rsqrt()
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_inverse.lerp_(inverse, self.momentum)
        scale = _through(self.weight) * _through(inverse)
        return centred * per_channel(scale, x.ndim) + per_channel(self.bias, x.ndim)


def _through(values: Tensor) -> Tensor:
    """AP2 forward, the identity backward."""
    return values + (ap2(values.detach()) - values.detach())


class ShiftBatchNorm1d(ShiftBatchNorm):
    """Shift-based batch norm of (B, C) or (B, C, L); see `ShiftBatchNorm`."""

    _ndims = (2, 3)
    _form = "(B, C) or (B, C, L)"


class ShiftBatchNorm2d(ShiftBatchNorm):
    """Shift-based batch norm of (B, C, H, W); see `ShiftBatchNorm`."""

    _ndims = (4,)
    _form = "(B, C, H, W)"
