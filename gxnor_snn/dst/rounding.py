"""How the fractional part of a step becomes the probability of a jump.

Contract of a `Rounding`: `probability` maps p = |nu| / dz in [0, 1) to a probability tau(p), elementwise, with
tau(0) = 0 and tau(p) <= `slope` * p. The slope bounds which weights can jump before tau is evaluated.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor

__all__ = ["Rounding", "Tanh"]


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
