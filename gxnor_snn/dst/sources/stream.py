"""Draws from the parameter's random stream."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws
from ..moments import Held
from ..tiles import Tile
from .base import Source, positions

__all__ = ["Stream"]

_SEVEN_BITS = 0x7F7F7F7F7F7F7F7F
_WORD = 8
_FEW = 2000
"""So many are looked at one by one sooner than sifted again."""
_SPARSE = 1 / 16
"""Up to this bound the skips cost less than a byte per weight (measured)."""


class Stream(Source):
    """U of torch's generator: given that it lies below the bound, uniform to within 2^-53."""

    unit = 128.0  # seven bits of a draw are compared at first

    def create(self, like: Tensor, tiles: Sequence[Tile], draws: Draws) -> dict[str, Tensor]:
        """Nothing: the stream is all."""
        return {}

    def candidates(
        self, held: Held, tile: Tile, bound: Tensor, peak: float, draws: Draws
    ) -> tuple[Tensor, Tensor]:
        if not peak:
            return torch.empty(0, dtype=torch.int64, device=bound.device), draws.uniform(0)
        few = peak <= _SPARSE * self.unit
        index, uniform = _by_skips(bound, peak / self.unit, draws) if few else _by_bytes(bound, peak, draws)
        if index.numel() < _FEW:
            return index, uniform
        inside = positions(uniform < bound.index_select(0, index).abs_().mul_(1 / self.unit))
        return index.index_select(0, inside), uniform.index_select(0, inside)


def _by_skips(bound: Tensor, peak: float, draws: Draws) -> tuple[Tensor, Tensor]:
    """Elements with U < peak: independent trials, so the gaps between them are geometric (Devroye 1986, X.2)."""
    n, log_miss = bound.numel(), math.log1p(-peak)
    batch = int(n * peak + 8 * math.sqrt(n * peak)) + 16
    index = _successes(batch, log_miss, n, draws)
    while (found := int(torch.searchsorted(index, n))) == index.numel():  # eight standard deviations short
        index = torch.cat([index, _successes(batch, log_miss, n, draws).add_(index[-1] + 1)])
    return index[:found], draws.uniform(found).mul_(peak)


def _successes(number: int, log_miss: float, end: int, draws: Draws) -> Tensor:
    """Rising positions of the first successes of independent trials that miss with probability e^log_miss.

    A gap that no int64 holds is shortened, but still leads beyond `end`.
    """
    gaps = draws.uniform(number).neg_().log1p_().div_(log_miss)
    if log_miss > -1e-9:
        gaps.clamp_(max=end)
    return gaps.to(torch.int64).add_(1).cumsum_(0).sub_(1)


def _by_bytes(bound: Tensor, peak: float, draws: Draws) -> tuple[Tensor, Tensor]:
    """Elements whose first seven bits do not rule out U < |bound| / 128; only they draw the other bits."""
    n, scratch = bound.numel(), draws.scratch
    coarse = draws.words(-(-n // _WORD)).bitwise_and_(_SEVEN_BITS).view(torch.int8)[:n]
    if peak >= 128:
        bound = torch.clamp(bound, -127, 127, out=scratch.get("work", n))
    reach = scratch.get("reach", n, torch.int8).copy_(bound).abs_()
    index = positions(torch.le(coarse, reach, out=scratch.get("open", n, torch.bool)))
    return index, draws.uniform(index.numel()).add_(coarse.index_select(0, index)).mul_(1 / 128)
