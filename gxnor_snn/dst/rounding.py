"""How the fractional part of a step becomes the probability of a jump.

Contract of a `Rounding`: `probability` maps p = |nu| / dz in [0, 1) to a probability tau(p), elementwise, with
tau(0) = 0 and tau(p) <= `slope` * p. The slope bounds which weights can jump before tau is evaluated.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from gxnor_snn.arguments import is_integer, is_number
from gxnor_snn.errors import InputError

__all__ = ["Lut", "Piecewise", "Power", "Rounding", "Tanh", "Unbiased"]

_LARGEST = 64  # of exponents: beyond, nothing but whole steps moves


class Rounding(ABC):
    """The probability of the jump to the next level; see the module for the contract."""

    @abstractmethod
    def probability(self, fraction: Tensor, m: float) -> Tensor:
        """Jump probability of p = |nu| / dz in [0, 1); same shape and dtype; `fraction` may be overwritten."""

    @abstractmethod
    def slope(self, m: float) -> float:
        """Smallest known c with tau(p) <= c p."""


@dataclass(frozen=True)
class Tanh(Rounding):
    """tau = tanh(m p) (GXNOR-Net, arXiv 1705.09283, sec. 2); c = m."""

    def probability(self, fraction: Tensor, m: float) -> Tensor:
        return fraction.mul_(m).tanh_()

    def slope(self, m: float) -> float:
        return m


@dataclass(frozen=True)
class Power(Rounding):
    """tau = tanh(m p)^exponent: small steps, which are mostly noise, jump less often against large ones; c = m.

    With the exponent k a step twice as large jumps 2^k times as often while tanh is linear, so the same share of
    wrong jumps takes a hotter learning rate: about 1 where "tanh" takes 0.1. This project's own variant.

    Parameters
    ----------
    exponent
        k, 1 to 64; 1 is `Tanh`.

    Raises
    ------
    InputError
        If `exponent` is no number from 1 to 64.
    """

    exponent: float

    def __post_init__(self) -> None:
        if not is_number(self.exponent) or not 1 <= self.exponent <= _LARGEST:
            raise InputError(f"Power: exponent is {self.exponent!r}; allowed are numbers from 1 to {_LARGEST}")

    def probability(self, fraction: Tensor, m: float) -> Tensor:
        return fraction.mul_(m).tanh_().pow_(self.exponent)

    def slope(self, m: float) -> float:
        return m


@dataclass(frozen=True)
class Unbiased(Rounding):
    """tau = p: stochastic rounding, the expected step is the step itself; c = 1. There is no m."""

    def probability(self, fraction: Tensor, m: float) -> Tensor:
        return fraction

    def slope(self, m: float) -> float:
        return 1.0


@dataclass(frozen=True)
class Lut(Rounding):
    """tau = tanh(m (i / bins)^2) for the largest i with (i / bins)^2 <= p: a table for chips; c = m.

    From the public fork of GXNOR-Net (github.com/lukmar/Gated-XNOR), there with m = 3. Steps below 1 / bins^2
    never jump.

    Parameters
    ----------
    bins
        Length of the table: 4, 8, 16, 24 or 32.

    Raises
    ------
    InputError
        If `bins` is none of these.
    """

    bins: int

    BINS = (4, 8, 16, 24, 32)

    def __post_init__(self) -> None:
        if not is_integer(self.bins) or self.bins not in self.BINS:
            raise InputError(f"Lut: bins is {self.bins!r}; allowed are {', '.join(map(str, self.BINS))}")

    def probability(self, fraction: Tensor, m: float) -> Tensor:
        breaks = torch.arange(self.bins, dtype=fraction.dtype, device=fraction.device).div_(self.bins).square_()
        which = torch.bucketize(fraction, breaks, right=True) - 1
        return breaks.mul_(m).tanh_()[which]

    def slope(self, m: float) -> float:
        return m


@dataclass(frozen=True)
class Piecewise(Rounding):
    """tau = 2 p up to p = 3/7, then p / 4 + 3/4, at most 1: tanh(3 p) by shifts and adds; c = 2. There is no m.

    From the public fork of GXNOR-Net (github.com/lukmar/Gated-XNOR).
    """

    def probability(self, fraction: Tensor, m: float) -> Tensor:
        return torch.minimum(2 * fraction, fraction.mul(0.25).add_(0.75)).clamp_(max=1)

    def slope(self, m: float) -> float:
        return 2.0
