"""Retention: what time makes of conductances.

Contract: ``draw(g_s, target_s, time_s, device, generator)``, the conductances `time_s` after programming, given
those that programming left and their targets.
"""

import math
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from gxnor_snn.errors import InputError

from ..functions import MICRO, Finite, Pieces, Polynomial, Positive, Strict
from .base import Curve, Effect, Operating, normal

if TYPE_CHECKING:
    from torch import Generator, Tensor

__all__ = ["LogTime", "NoRetention", "PowerLaw", "Retention", "Table", "TableEntry"]


class NoRetention(Effect):
    """Conductances stay as they were programmed."""

    model: Literal["none"]

    def draw(
        self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating, generator: "Generator"
    ) -> "Tensor":
        """The programmed conductances."""
        return g_s.clone()


class PowerLaw(Effect):
    r"""Drift :math:`G(t) = G \left(\frac{t + t_0}{t_0}\right)^{-\nu}` with one exponent per cell.

    :math:`\nu = |\mathrm{mean}(g) + \mathrm{sd}(g) N(0, 1)|` at the target's relative conductance g.

    Attributes
    ----------
    t0_s
        First read after programming, of which the programmed conductance is told.
    nu_mean, nu_sd
        Mean and standard deviation over g.
    """

    model: Literal["power_law"]
    t0_s: Positive
    nu_mean: Pieces
    nu_sd: Pieces

    def draw(
        self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating, generator: "Generator"
    ) -> "Tensor":
        """Conductances `time_s` after the first read."""
        g = target_s / device.g_on_s
        nu = (self.nu_mean.of(g) + self.nu_sd.of(g) * normal(g_s, generator)).abs()
        return g_s * (nu * -math.log1p(time_s / self.t0_s)).exp()


class TableEntry(Strict):
    """Deviations from the target at one time.

    Attributes
    ----------
    time_s
        Time after programming.
    curve
        Standard deviation of the whole deviation from target, over target conductance (plus shift).
    shift
        Mean deviation over target conductance; none if the source gives none.
    """

    time_s: float = Field(ge=0, le=1e10)
    curve: Curve
    shift: Polynomial | None = None


class Table(Effect):
    """Deviations from the target, published at a few times; the first is the state that programming leaves.

    What is added later is the growth of the variance since the first time,
    ``sigma(t)^2 - sigma(first)^2``, so that the whole deviation has the published standard deviation. A cell that
    programming left at the cut at zero keeps the negative deviation it was cut from.

    Attributes
    ----------
    at
        The times, ascending.
    between
        How standard deviation and shift run between two times: straight over "time" or over "log_time".
    """

    model: Literal["table"]
    at: tuple[TableEntry, ...] = Field(min_length=2, max_length=64, strict=False)
    between: Literal["time", "log_time"]

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        times = [entry.time_s for entry in self.at]
        if times != sorted(set(times)):
            raise ValueError("times must ascend")
        if self.between == "log_time" and times[0] == 0:
            raise ValueError("log_time needs a first time above 0")
        return self

    def _moments(self, target_s: "Tensor", time_s: float, g_on_s: float) -> "tuple[Tensor, Tensor]":
        """(shift, standard deviation) in siemens, between the entries around a time."""
        after = next(k for k, entry in enumerate(self.at) if time_s <= entry.time_s)
        low, high = self.at[max(after - 1, 0)], self.at[after]
        place: float = 1.0
        if low is not high:
            ends = [low.time_s, time_s, high.time_s]
            a, t, b = map(math.log, ends) if self.between == "log_time" else ends
            place = (t - a) / (b - a)
        shifts, sigmas = [], []
        for entry in (low, high):
            shift = target_s * 0 if entry.shift is None else entry.shift.of(target_s, g_on_s)
            shifts.append(shift)
            sigmas.append(entry.curve.of((target_s + shift).clamp(min=0), g_on_s).clamp(min=0))
        return shifts[0].lerp(shifts[1], place), sigmas[0].lerp(sigmas[1], place)

    def draw(
        self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating, generator: "Generator"
    ) -> "Tensor":
        """Conductances at a time up to the last of the table; up to the first they are as programmed."""
        if time_s > self.at[-1].time_s:
            raise InputError(
                f"device {device.name!r}: time_s is {time_s:g}; its source gives deviations up to "
                f"{self.at[-1].time_s:g} s"
            )
        if time_s <= self.at[0].time_s:
            return g_s.clone()
        _, first = self._moments(target_s, self.at[0].time_s, device.g_on_s)
        shift, now = self._moments(target_s, time_s, device.g_on_s)
        added = (now.square() - first.square()).clamp(min=0).sqrt()
        return (_uncut(g_s, target_s, first, generator) + shift + added * normal(g_s, generator)).clamp(min=0)


def _uncut(g_s: "Tensor", target_s: "Tensor", sigma_s: "Tensor", generator: "Generator") -> "Tensor":
    """Conductances before the cut at zero: those found at zero drawn from the tail that was cut off."""
    import torch

    u = torch.rand(g_s.shape, generator=generator, device=g_s.device, dtype=torch.float64)
    spread = sigma_s.double().clamp(min=1e-30)
    tail = torch.special.ndtr(-target_s.double() / spread)
    below = target_s.double() + spread * torch.special.ndtri((u * tail).clamp(min=1e-300))
    return torch.where((g_s > 0) | (sigma_s <= 0), g_s, below.clamp(max=0).to(g_s.dtype))


class LogTime(Effect):
    r"""Mean and spread that grow with the logarithm of time, the same for every conductance.

    :math:`G(t) = G + m \ln t + (s_1 \ln t + s_0) N(0, 1)`, t in seconds.

    Attributes
    ----------
    first_s
        The earliest time the fit is used at; before it, down to but not at 0, nothing is published.
    mean_us, spread_us, spread_offset_us
        m, s_1 and s_0, microsiemens.
    """

    model: Literal["log_time"]
    first_s: Positive
    mean_us: Finite
    spread_us: Finite
    spread_offset_us: Finite

    def draw(
        self, g_s: "Tensor", target_s: "Tensor", time_s: float, device: Operating, generator: "Generator"
    ) -> "Tensor":
        """Conductances `time_s` after programming; at 0 as programmed."""
        if time_s == 0:
            return g_s.clone()
        if time_s < self.first_s:
            raise InputError(
                f"device {device.name!r}: time_s is {time_s:g}; allowed is 0 or at least {self.first_s:g} s"
            )
        spread = max(0.0, self.spread_us * math.log(time_s) + self.spread_offset_us) * MICRO
        mean = self.mean_us * math.log(time_s) * MICRO
        return (g_s + mean + spread * normal(g_s, generator)).clamp(min=0)


Retention = NoRetention | PowerLaw | Table | LogTime
