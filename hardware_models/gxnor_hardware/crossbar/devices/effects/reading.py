"""Reading: what one read adds to conductances.

Contract: ``sigma(g_s, target_s, time_s, device)``, the standard deviation per cell of one read `time_s` after
programming, siemens.
"""

import math
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ..functions import MICRO, Pieces, Positive
from .base import Curve, Effect, Operating

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ConstantReading", "CurveReading", "LogConductanceReading", "NoReading", "OneOverF", "Reading"]


def _log_ratio(time_s: float, t_read_s: float) -> float:
    """Growth of 1/f noise between the length of a read and now: ``sqrt(ln((t + t_r) / (2 t_r)))``."""
    return math.sqrt(max(0.0, math.log((time_s + t_read_s) / (2 * t_read_s))))


class NoReading(Effect):
    """Reads add nothing."""

    model: Literal["none"]

    def sigma(self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating) -> "Tensor":
        """Zero."""
        return g_s * 0


class OneOverF(Effect):
    r"""1/f noise since programming: :math:`\sigma / G = q(g) \sqrt{\ln((t + t_0 + t_r) / (2 t_r))}`.

    Attributes
    ----------
    t0_s
        First read after programming.
    q
        Strength over the target's relative conductance.
    """

    model: Literal["one_over_f"]
    t0_s: float = Field(ge=0)
    q: Pieces

    def sigma(self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating) -> "Tensor":
        """Standard deviation in siemens."""
        growth = _log_ratio(time_s + self.t0_s, device.t_read_s)
        return g_s.abs() * self.q.of(target_s / device.g_on_s) * growth


class ConstantReading(Effect):
    """The same noise on every cell.

    Attributes
    ----------
    fraction
        Of the largest conductance.
    """

    model: Literal["constant"]
    fraction: float = Field(ge=0, le=1)

    def sigma(self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating) -> "Tensor":
        """Standard deviation in siemens."""
        return (g_s * 0) + self.fraction * device.g_on_s


class CurveReading(Effect):
    """Noise over the conductance that is read.

    Attributes
    ----------
    curve
        Standard deviation over conductance.
    """

    model: Literal["sigma"]
    curve: Curve

    def sigma(self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating) -> "Tensor":
        """Standard deviation in siemens."""
        return self.curve.of(g_s, device.g_on_s).clamp(min=0)


class LogConductanceReading(Effect):
    r"""1/f noise over the logarithm of the conductance.

    :math:`\sigma = K \log_{10}(G / 1 \mu S) \sqrt{\ln((t + t_r) / (2 t_r))}` microsiemens, never below zero.

    Attributes
    ----------
    strength_us
        K.
    first_s
        Reads before this time are taken as reads at it.
    """

    model: Literal["log_conductance"]
    strength_us: Positive
    first_s: Positive

    def sigma(self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating) -> "Tensor":
        """Standard deviation in siemens."""
        growth = _log_ratio(max(time_s, self.first_s), device.t_read_s)
        return (g_s / MICRO).clamp(min=1).log10() * (self.strength_us * MICRO * growth)


Reading = NoReading | OneOverF | ConstantReading | CurveReading | LogConductanceReading
