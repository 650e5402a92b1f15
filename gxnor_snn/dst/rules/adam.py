"""Adam (arXiv 1412.6980)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws
from ..moments import FirstMoment, Held, Moment
from ..tiles import Tile
from .base import Rule, Settings

__all__ = ["Adam"]


class Adam(Rule):
    """dW = -lr mhat / (sqrt(vhat) + eps), mhat = m / (1 - b1^t), vhat = v / (1 - b2^t).

    Written as one factor: -lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps sqrt(1 - b2^t)).
    """

    default_betas = (0.9, 0.999)

    def __init__(self, first: type[FirstMoment], second: type[Moment]) -> None:
        self._first = first("exp_avg")
        self._second = second("exp_avg_sq")

    @property
    def moments(self) -> Sequence[Moment]:
        return self._first, self._second

    @property
    def first(self) -> FirstMoment:
        return self._first

    def write(
        self, held: Held, tile: Tile, gradient: Tensor, settings: Settings, draws: Draws, out: Tensor
    ) -> None:
        beta1, beta2 = settings.betas
        first = self._first.load(held, tile, draws.scratch)
        second = self._second.load(held, tile, draws.scratch)
        first.lerp_(gradient, 1 - beta1)
        second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        spread = math.sqrt(1 - beta2**settings.number)
        factor = -settings.lr * spread / (1 - beta1**settings.number) * settings.unit
        torch.sqrt(second, out=out).add_(settings.eps * spread)
        torch.addcdiv(draws.scratch.zero, first, out, value=factor, out=out)
        self._first.store(held, tile, first, draws)
        self._second.store(held, tile, second, draws)
