"""What happens to the levels of a network: how many are zero, and how many change."""

import torch
from torch import Tensor, nn

from gxnor_snn.layers import LatentLayer, discrete_parameters

__all__ = ["LatentFlips", "zero_fraction"]


def zero_fraction(model: nn.Module) -> float | None:
    """Share of the discrete weights that are zero, those of latent weights included; None without any."""
    zeros, total = 0, 0
    for levels in [*discrete_parameters(model), *(layer.levels for layer in _latent(model))]:
        zeros += int((levels == 0).sum())
        total += levels.numel()
    return zeros / total if total else None


class LatentFlips:
    """Counts the levels of latent weights that change from step to step; DST counts its own.

    Attributes
    ----------
    total
        Changes so far, int64 on the device of the model.
    """

    def __init__(self, model: nn.Module) -> None:
        self._layers = _latent(model)
        self.total: Tensor | int = 0
        self.begin()

    def begin(self) -> None:
        """Count from the levels that are there now."""
        self._levels: list[Tensor] = [layer.levels for layer in self._layers]

    @torch.no_grad()
    def count(self) -> None:
        """Add what has changed since the last call."""
        before, self._levels = self._levels, [layer.levels for layer in self._layers]
        for old, new in zip(before, self._levels, strict=True):
            self.total = self.total + (old != new).sum()


def _latent(model: nn.Module) -> list[LatentLayer]:
    return [module for module in model.modules() if isinstance(module, LatentLayer)]
