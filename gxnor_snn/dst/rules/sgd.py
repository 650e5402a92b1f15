"""Stochastic gradient descent with momentum."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws
from ..moments import FirstMoment, Held, Moment
from ..tiles import Tile
from .base import Rule, Settings

__all__ = ["SGD"]


class SGD(Rule):
    """dW = -lr b, b <- beta1 b + dL/dw, with the gradient taken to real weights; beta2 and eps are not used."""

    default_betas = (0.9, 0.0)

    def __init__(self, first: type[FirstMoment], second: type[Moment]) -> None:
        self._momentum = first("momentum_buffer")

    @property
    def moments(self) -> Sequence[Moment]:
        return (self._momentum,)

    @property
    def first(self) -> FirstMoment:
        return self._momentum

    def write(
        self, held: Held, tile: Tile, gradient: Tensor, settings: Settings, draws: Draws, out: Tensor
    ) -> None:
        momentum = self._momentum.load(held, tile, draws.scratch)
        momentum.mul_(settings.betas[0]).add_(gradient, alpha=1 / settings.scale)
        torch.mul(momentum, -settings.lr * settings.unit, out=out)
        self._momentum.store(held, tile, momentum, draws)
