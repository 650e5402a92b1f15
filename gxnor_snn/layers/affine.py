"""Layers whose eval mode is one reproducible float64 expression per channel, and the plainest of them."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from gxnor_snn.arguments import is_integer
from gxnor_snn.errors import InputError

from .untraced import untraced

__all__ = ["Affine", "ScaleBias"]


class Affine(nn.Module, ABC):
    """y = x * a + b per channel (axis 1): float64 in eval mode, as two operations.

    Two separate elementwise operations round the same on every machine, so an event graph that folds `affine` into
    integer thresholds agrees with this layer bit for bit. Training may do otherwise, in float32.

    A subclass must say `affine`, `_train` and the numbers of axes it takes (`_ndims`, in words `_form`).

    Parameters
    ----------
    num_features
        Channels C.

    Raises
    ------
    InputError
        If there are no channels.
    """

    _ndims: tuple[int, ...]
    _form: str

    def __init__(self, num_features: int) -> None:
        super().__init__()
        if not is_integer(num_features, 1):
            raise InputError(f"{type(self).__name__}: num_features is {num_features!r}; it must be at least 1")
        self.num_features = num_features
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))

    @abstractmethod
    def affine(self) -> tuple[Tensor, Tensor]:
        """(a, b) of eval mode, float64 of shape (C,): y = x * a + b."""

    @abstractmethod
    def _train(self, x: Tensor) -> Tensor:
        """The layer in training, on float32."""

    def forward(self, x: Tensor) -> Tensor:
        """Map each channel (axis 1): float32 in training, float64 in eval mode.

        Raises
        ------
        InputError
            If the shape does not fit, or a batch norm in training sees one value per channel only, or has
            parameters that are not float32.
        """
        if x.ndim not in self._ndims or x.shape[1] != self.num_features:
            raise InputError(
                f"{type(self).__name__} takes {self._form} with C = {self.num_features} (num_features), "
                f"got shape {tuple(x.shape)}"
            )
        if self.training:
            with torch.autocast(x.device.type, enabled=False):
                return self._train(x.to(torch.float32))
        return untraced(self._evaluate, x)  # generated code may round product and sum as one

    def _evaluate(self, x: Tensor) -> Tensor:
        a, b = (per_channel(v, x.ndim) for v in self.affine())
        product = x.double() * a
        return product.add_(b)

    def extra_repr(self) -> str:
        """Arguments for ``print(model)``."""
        return f"{self.num_features}"


class ScaleBias(Affine):
    """y = x * weight + bias per channel: what is left of a batch norm without statistics.

    Takes (B, C), (B, C, L) and (B, C, H, W).
    """

    _ndims = (2, 3, 4)
    _form = "(B, C), (B, C, L) or (B, C, H, W)"

    def affine(self) -> tuple[Tensor, Tensor]:
        """(weight, bias) as float64."""
        return self.weight.double(), self.bias.double()

    def _train(self, x: Tensor) -> Tensor:
        return x * per_channel(self.weight, x.ndim) + per_channel(self.bias, x.ndim)


def per_channel(values: Tensor, ndim: int) -> Tensor:
    """View (C,) so that it meets axis 1 of a tensor of `ndim` axes."""
    return values.reshape(-1, *[1] * (ndim - 2))
