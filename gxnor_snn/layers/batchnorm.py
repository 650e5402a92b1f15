"""Batch normalisation whose eval mode is one reproducible float64 expression per channel."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gxnor_snn.errors import InputError

__all__ = ["BatchNorm", "BatchNorm1d", "BatchNorm2d"]


class BatchNorm(nn.Module):
    """Training normalises by the batch; eval mode computes y = x * a + b in float64, as two operations.

    With the running statistics, a = weight / sqrt(var + eps) and b = bias - mean * a, all in float64
    (`affine`), the root correctly rounded (IEEE 754). Two separate elementwise operations round the same on every
    machine, so an event graph that folds (a, b) into integer thresholds agrees with this layer bit for bit.

    Parameters
    ----------
    num_features
        Channels C.
    eps, momentum
        As in `torch.nn.BatchNorm2d`; the defaults are those of GXNOR-Net's published code.
    """

    running_mean: Tensor
    running_var: Tensor
    _ndims: tuple[int, ...]
    _form: str

    def __init__(self, num_features: int, eps: float = 1e-4, momentum: float = 0.1) -> None:
        super().__init__()
        if num_features < 1:
            raise InputError(f"{type(self).__name__}: num_features is {num_features}; it must be at least 1")
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def affine(self) -> tuple[Tensor, Tensor]:
        """(a, b) of eval mode, float64 of shape (C,): y = x * a + b."""
        variance = self.running_var.detach().cpu().numpy().astype(np.float64)
        # torch's vectorised root may be one ulp off, by machine; numpy's is the processor's, correctly rounded
        with np.errstate(invalid="ignore"):
            root = np.sqrt(variance + self.eps)
        a = self.weight.double() / torch.from_numpy(root).to(self.weight.device)
        product = self.running_mean.double() * a
        return a, self.bias.double() - product

    def forward(self, x: Tensor) -> Tensor:
        """Normalise per channel (axis 1): float32 in training, float64 in eval mode.

        Raises
        ------
        InputError
            If the shape does not fit, or training sees one value per channel only.
        """
        if x.ndim not in self._ndims or x.shape[1] != self.num_features:
            raise InputError(
                f"{type(self).__name__} takes {self._form} with C = {self.num_features} (num_features), "
                f"got shape {tuple(x.shape)}"
            )
        if not self.training:
            a, b = (v.reshape(-1, *[1] * (x.ndim - 2)) for v in self.affine())
            product = x.double() * a
            return product.add_(b)
        if x.numel() == self.num_features:
            raise InputError(f"{type(self).__name__} in training needs more than one value per channel")
        with torch.autocast(x.device.type, enabled=False):
            return F.batch_norm(
                x.to(torch.float32),
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                training=True,
                momentum=self.momentum,
                eps=self.eps,
            )

    def extra_repr(self) -> str:
        """Arguments for ``print(model)``."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(BatchNorm):
    """Batch norm of (B, C) or (B, C, L); see `affine` for eval mode."""

    _ndims = (2, 3)
    _form = "(B, C) or (B, C, L)"


class BatchNorm2d(BatchNorm):
    """Batch norm of (B, C, H, W); see `affine` for eval mode."""

    _ndims = (4,)
    _form = "(B, C, H, W)"
