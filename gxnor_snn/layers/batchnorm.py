"""Batch normalisation by the standard deviation."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gxnor_snn.arguments import is_number
from gxnor_snn.errors import InputError

from .affine import Affine

__all__ = ["BatchNorm", "BatchNorm1d", "BatchNorm2d", "Normalisation"]


class Normalisation(Affine, ABC):
    """An `Affine` that training derives from the batch: what batch norms of every kind share.

    Parameters
    ----------
    num_features
        Channels C.
    eps
        Added to what is divided by.
    momentum
        Share of the batch in the running statistics.

    Raises
    ------
    InputError
        If there are no channels, eps is not a positive finite number, or momentum not one in (0, 1].

    Attributes
    ----------
    nonnegative
        Names of the running statistics that no training makes negative.
    """

    nonnegative: ClassVar[tuple[str, ...]] = ()
    running_mean: Tensor

    def __init__(self, num_features: int, eps: float, momentum: float) -> None:
        super().__init__(num_features)
        if not is_number(eps) or eps <= 0:
            raise InputError(f"{type(self).__name__}: eps is {eps!r}; it must be a positive finite number")
        if not is_number(momentum) or not 0 < momentum <= 1:
            raise InputError(f"{type(self).__name__}: momentum is {momentum!r}; allowed are numbers in (0, 1]")
        self.eps = eps
        self.momentum = momentum
        self.register_buffer("running_mean", torch.zeros(num_features))

    @abstractmethod
    def _normalise(self, x: Tensor) -> Tensor:
        """Normalise by the batch, update the running statistics."""

    def _train(self, x: Tensor) -> Tensor:
        if x.numel() == self.num_features:
            raise InputError(f"{type(self).__name__} in training needs more than one value per channel")
        if self.weight.dtype != torch.float32:
            raise InputError(
                f"{type(self).__name__} in training has parameters of {self.weight.dtype}; allowed is "
                "torch.float32 (mixed precision is torch.autocast, which leaves them so)"
            )
        return self._normalise(x)

    def extra_repr(self) -> str:
        """Arguments for ``print(model)``."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm(Normalisation, ABC):
    """Batch norm as everywhere: (x - mean) / sqrt(var + eps) * weight + bias.

    In eval mode a = weight / sqrt(running_var + eps) and b = bias - running_mean * a, all in float64, the root
    correctly rounded (IEEE 754).

    Parameters
    ----------
    num_features
        Channels C.
    eps, momentum
        As in `torch.nn.BatchNorm2d`; the defaults are those of GXNOR-Net's published code.
    """

    nonnegative = ("running_var",)
    running_var: Tensor

    def __init__(self, num_features: int, eps: float = 1e-4, momentum: float = 0.1) -> None:
        super().__init__(num_features, eps, momentum)
        self.register_buffer("running_var", torch.ones(num_features))

    def affine(self) -> tuple[Tensor, Tensor]:
        """(a, b) of eval mode, float64 of shape (C,): y = x * a + b."""
        variance = self.running_var.detach().double().cpu().numpy()
        # torch's vectorised root may be one ulp off, by machine; numpy's is the processor's, correctly rounded
        with np.errstate(invalid="ignore"):
            root = np.sqrt(variance + self.eps)
        a = self.weight.double() / torch.from_numpy(root).to(self.weight.device)
        product = self.running_mean.double() * a
        return a, self.bias.double() - product

    def _normalise(self, x: Tensor) -> Tensor:
        return F.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=True,
            momentum=self.momentum,
            eps=self.eps,
        )


class BatchNorm1d(BatchNorm):
    """Batch norm of (B, C) or (B, C, L); see `BatchNorm`."""

    _ndims = (2, 3)
    _form = "(B, C) or (B, C, L)"


class BatchNorm2d(BatchNorm):
    """Batch norm of (B, C, H, W); see `BatchNorm`."""

    _ndims = (4,)
    _form = "(B, C, H, W)"
