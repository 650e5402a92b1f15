"""Batch normalisation by the mean magnitude: no squares, no roots."""

import math
from abc import ABC

import torch
from torch import Tensor

from .affine import per_channel
from .batchnorm import Normalisation

__all__ = ["L1BatchNorm", "L1BatchNorm1d", "L1BatchNorm2d"]

_GAUSSIAN = math.sqrt(math.pi / 2)


class L1BatchNorm(Normalisation, ABC):
    """L1 batch norm (arXiv 1802.09769): (x - mean) / (spread + eps) * weight + bias.

    spread = sqrt(pi / 2) mean |x - mean|, the standard deviation where x is Gaussian. Eval mode takes the running
    mean and spread: a = weight / (running_spread + eps), b = bias - running_mean * a, in float64.

    Parameters
    ----------
    num_features
        Channels C.
    eps, momentum
        As in `BatchNorm1d`.
    """

    nonnegative = ("running_spread",)
    running_spread: Tensor

    def __init__(self, num_features: int, eps: float = 1e-4, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        self.register_buffer("running_spread", torch.ones(num_features))

    def affine(self) -> tuple[Tensor, Tensor]:
        """(a, b) of eval mode, float64 of shape (C,): y = x * a + b."""
        a = self.weight.double() / (self.running_spread.double() + self.eps)
        product = self.running_mean.double() * a
        return a, self.bias.double() - product

    def _normalise(self, x: Tensor) -> Tensor:
        others = [axis for axis in range(x.ndim) if axis != 1]
        mean = x.mean(others)
        centred = x - per_channel(mean, x.ndim)
        spread = centred.abs().mean(others) * _GAUSSIAN
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_spread.lerp_(spread, self.momentum)
        scale = self.weight / (spread + self.eps)
        return centred * per_channel(scale, x.ndim) + per_channel(self.bias, x.ndim)


class L1BatchNorm1d(L1BatchNorm):
    """L1 batch norm of (B, C) or (B, C, L); see `L1BatchNorm`."""

    _ndims = (2, 3)
    _form = "(B, C) or (B, C, L)"


class L1BatchNorm2d(L1BatchNorm):
    """L1 batch norm of (B, C, H, W); see `L1BatchNorm`."""

    _ndims = (4,)
    _form = "(B, C, H, W)"
