"""Programming: where conductances land when a target is written.

Contract: ``sigma(target_s, device)``, the standard deviation before conductances are cut at zero,
``other_sigma(target_s, device)``, what another fit of the same data says (else the same), and
``draw(target_s, device, generator)``, the conductances.
"""

import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from .base import Curve, Effect, Operating, normal

if TYPE_CHECKING:
    from torch import Generator, Tensor

__all__ = ["GaussianProgramming", "LognormalProgramming", "NoProgramming", "Programming"]


class _Programming(Effect, ABC):
    @abstractmethod
    def sigma(self, target_s: "Tensor", device: Operating) -> "Tensor":
        """Standard deviation in siemens, before the cut at zero."""

    @abstractmethod
    def draw(self, target_s: "Tensor", device: Operating, generator: "Generator") -> "Tensor":
        """Conductances."""

    def other_sigma(self, target_s: "Tensor", device: Operating) -> "Tensor":
        """Standard deviation by another fit of the same data; the same where there is none."""
        return self.sigma(target_s, device)


class NoProgramming(_Programming):
    """Cells take their target exactly."""

    model: Literal["none"]

    def sigma(self, target_s: "Tensor", device: Operating) -> "Tensor":
        """Zero."""
        return target_s * 0

    def draw(self, target_s: "Tensor", device: Operating, generator: "Generator") -> "Tensor":
        """The target."""
        return target_s.clone()


class GaussianProgramming(_Programming):
    """Normal deviations from the target, then no conductance below zero.

    Attributes
    ----------
    curve
        Standard deviation over target conductance.
    band
        Another fit of the same data, if there is one: the truth is taken to lie between the two.
    """

    model: Literal["gaussian"]
    curve: Curve
    band: Curve | None = None

    def sigma(self, target_s: "Tensor", device: Operating) -> "Tensor":
        """Standard deviation in siemens, before the cut at zero."""
        return self.curve.of(target_s, device.g_on_s).clamp(min=0)

    def other_sigma(self, target_s: "Tensor", device: Operating) -> "Tensor":
        """Standard deviation by `band`."""
        return (self.band or self.curve).of(target_s, device.g_on_s).clamp(min=0)

    def draw(self, target_s: "Tensor", device: Operating, generator: "Generator") -> "Tensor":
        """``max(0, target + sigma(target) N(0, 1))``."""
        return (target_s + self.sigma(target_s, device) * normal(target_s, generator)).clamp(min=0)


class LognormalProgramming(_Programming):
    r"""A factor around the target: :math:`G = G_t e^{s N(0, 1)}`.

    Attributes
    ----------
    sigma_ln
        s.
    """

    model: Literal["lognormal"]
    sigma_ln: float = Field(ge=0, le=3)

    def sigma(self, target_s: "Tensor", device: Operating) -> "Tensor":
        r"""Standard deviation in siemens: :math:`G_t e^{s^2/2} \sqrt{e^{s^2} - 1}`."""
        square = self.sigma_ln**2
        return target_s * (math.exp(square / 2) * math.sqrt(math.expm1(square)))

    def draw(self, target_s: "Tensor", device: Operating, generator: "Generator") -> "Tensor":
        """``target exp(s N(0, 1))``."""
        return target_s * (normal(target_s, generator) * self.sigma_ln).exp()


Programming = NoProgramming | GaussianProgramming | LognormalProgramming
