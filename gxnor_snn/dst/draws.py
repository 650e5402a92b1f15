"""Random draws of one parameter: they depend on its own stream only, never on the order of the parameters.

Every weight has a draw U in [0, 1) at every step, but it moves only where U lies below a bound that is small for
most weights. `candidates` finds these weights without drawing, or comparing, a whole number for each.
"""

import math

import numpy as np
import torch
from torch import Tensor

from .tiles import tile_limit

__all__ = ["Draws", "Scratch", "candidates", "seeded_stream"]

_BYTE = 128.0
"""Seven bits of a draw are compared at first, hence whole multiples of 1/128."""
_SEVEN_BITS = 0x7F7F7F7F7F7F7F7F
_WORD = 8
_SPARSE = 1 / 16
"""Up to this bound the skips cost less than a byte per weight (measured)."""


def seeded_stream(seed: int, index: int, device: torch.device) -> torch.Generator:
    """Generator of the parameter with this index: its seed mixes both numbers (SplitMix64, Steele et al. 2014)."""
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return torch.Generator(device).manual_seed(z ^ (z >> 31))


class Scratch:
    """Work space for one tile on one device; nothing in it lives from tile to tile."""

    def __init__(self, device: torch.device) -> None:
        limit = tile_limit(device.type)
        self.zero = torch.zeros((), device=device)
        self.update = torch.empty(limit, device=device)
        self.clipped = torch.empty(limit, device=device)
        self.words = torch.empty(limit // _WORD, dtype=torch.int64, device=device)
        self.reach = torch.empty(limit, dtype=torch.int8, device=device)
        self.open = torch.empty(limit, dtype=torch.bool, device=device)


class Draws:
    """Draws from one generator."""

    def __init__(self, stream: torch.Generator, scratch: Scratch) -> None:
        self.stream = stream
        self.scratch = scratch

    def words(self, number: int) -> Tensor:
        """64 random bits each, in scratch memory; valid until the next call."""
        return self.scratch.words[:number].random_(-(2**63), None, generator=self.stream)

    def uniform(self, number: int) -> Tensor:
        """Uniform draws from [0, 1), float64."""
        return torch.rand(number, dtype=torch.float64, generator=self.stream, device=self.stream.device)

    def skips(self, number: int, log_miss: float, end: int) -> Tensor:
        """Rising positions of the first successes of independent trials that miss with probability e^log_miss.

        Positions beyond `end` may be moved, but not to below it.
        """
        gaps = self.uniform(number).neg_().log1p_().div_(log_miss).clamp_(max=end)
        return gaps.to(torch.int64).add_(1).cumsum_(0).sub_(1)


def candidates(bound: Tensor, peak: float, draws: Draws) -> tuple[Tensor, Tensor]:
    """Where the draw U of an element lies below |bound|, and U there.

    Parameters
    ----------
    bound
        Any sign, float32 (n,); may exceed 1.
    peak
        The largest |bound|; finite.

    Returns
    -------
    index : torch.Tensor
        Rising int64 positions (k,) of the elements with U < |bound|.
    uniform : torch.Tensor
        U there, float64 (k,): uniform over [0, |bound|), to within 2^-53.
    """
    if not peak:
        return torch.empty(0, dtype=torch.int64, device=bound.device), draws.uniform(0)
    index, uniform = _by_skips(bound, peak, draws) if peak <= _SPARSE else _by_bytes(bound, peak, draws)
    inside = _positions(uniform < bound.index_select(0, index).abs_())
    return index.index_select(0, inside), uniform.index_select(0, inside)


def _by_skips(bound: Tensor, peak: float, draws: Draws) -> tuple[Tensor, Tensor]:
    """Elements with U < peak: independent trials, so the gaps between them are geometric (Devroye 1986, X.2)."""
    n, log_miss = bound.numel(), math.log1p(-peak)
    batch = int(n * peak + 8 * math.sqrt(n * peak)) + 16
    index = draws.skips(batch, log_miss, n)
    while int(index[-1]) < n:  # eight standard deviations short
        index = torch.cat([index, draws.skips(batch, log_miss, n).add_(index[-1] + 1)])
    index = index[: int(torch.searchsorted(index, n))]
    return index, draws.uniform(index.numel()).mul_(peak)


def _by_bytes(bound: Tensor, peak: float, draws: Draws) -> tuple[Tensor, Tensor]:
    """Elements whose first seven bits of U do not rule out U < |bound|; only they draw the other bits."""
    n, scratch = bound.numel(), draws.scratch
    coarse = draws.words(-(-n // _WORD)).bitwise_and_(_SEVEN_BITS).view(torch.int8)[:n]
    scaled = torch.mul(bound, _BYTE, out=scratch.clipped[:n])
    if peak * _BYTE >= _BYTE:
        scaled.clamp_(1 - _BYTE, _BYTE - 1)
    reach = scratch.reach[:n].copy_(scaled).abs_()
    index = _positions(torch.le(coarse, reach, out=scratch.open[:n]))
    return index, draws.uniform(index.numel()).add_(coarse.index_select(0, index)).mul_(1 / _BYTE)


def _positions(is_true: Tensor) -> Tensor:
    """Positions of the true elements; numpy finds them three times as fast as torch on a CPU."""
    if is_true.device.type == "cpu":
        return torch.from_numpy(np.flatnonzero(is_true.numpy()))
    return is_true.nonzero().view(-1)
