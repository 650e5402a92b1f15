"""Shift-based AdaMax (BNN, arXiv 1602.02830, alg. 4)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from gxnor_snn.layers.shiftnorm import ap2

from ..draws import Draws
from ..moments import FirstMoment, Held, Moment
from ..tiles import Tile
from .base import Rule, Settings

__all__ = ["AdaMaxShift"]

_TINY = torch.finfo(torch.float32).tiny


class AdaMaxShift(Rule):
    """dW = -AP2(lr / (1 - b1^t)) m AP2(1 / v), m the running mean, v <- max(b2 v, |g|).

    AP2 is the nearest power of two, so that a chip shifts where it would multiply. The defaults are the paper's:
    lr = 2^-10, b1 = 1 - 2^-3, b2 = 1 - 2^-10. There is no eps.
    """

    default_lr = 2.0**-10
    default_betas = (1 - 2.0**-3, 1 - 2.0**-10)

    def __init__(self, first: type[FirstMoment], second: type[Moment]) -> None:
        self._first = first("exp_avg")
        self._second = second("exp_inf")

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
        torch.maximum(second.mul_(beta2), gradient.abs(), out=second)
        rate = settings.lr / (1 - beta1**settings.number)
        factor = -math.exp2(round(math.log2(rate))) * settings.unit if rate else 0.0
        torch.mul(first, ap2(second.clamp(min=_TINY).reciprocal_()), out=out).mul_(factor)
        self._first.store(held, tile, first, draws)
        self._second.store(held, tile, second, draws)
