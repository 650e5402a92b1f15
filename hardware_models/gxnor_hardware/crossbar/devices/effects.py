"""The four effects of a device card, as models that a card names by the word `model`.

=============  ===========================================================================
programming    none, gaussian, lognormal
retention      none, power_law, table, log_time
reading        none, one_over_f, constant, sigma, log_conductance
faults         none, rates
=============  ===========================================================================

Contracts (all pure, on float tensors of any shape, every draw from the given generator):

programming    ``sigma(target_s, device)`` and ``draw(target_s, device, generator)``
retention      ``draw(g_s, target_s, time_s, device, generator)``: conductances `time_s` after programming
reading        ``sigma(g_s, target_s, time_s, device)``: standard deviation of one read, siemens
faults         ``rates()``: fractions (stuck on, stuck off)

"none" is a statement with a source, not a default: what a card does not give is absent, and asking for it raises.
"""

import math
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, Self

from pydantic import Field, model_validator

from gxnor_snn.errors import InputError

from .functions import MICRO, Finite, Pieces, Polynomial, Positive, Saturating, Strict

if TYPE_CHECKING:
    from torch import Generator, Tensor

__all__ = ["Effect", "Faults", "Operating", "Programming", "Reading", "Retention", "normal"]

Curve = Annotated[Polynomial | Saturating, Field(discriminator="form")]


class Operating(Protocol):
    """What a model needs to know of the device it belongs to."""

    @property
    def name(self) -> str: ...
    @property
    def g_on_s(self) -> float: ...
    @property
    def t_read_s(self) -> float: ...
    @property
    def programming(self) -> "Programming | None": ...


class Effect(Strict):
    """What every effect of a card says beside its model.

    Attributes
    ----------
    source, grade, note
        Where the model was published, how well that was read (A B C D M), and what to know.
    """

    source: str = Field(min_length=1)
    grade: Literal["A", "B", "C", "D", "M"]
    note: str = ""


def normal(like: "Tensor", generator: "Generator") -> "Tensor":
    """Standard normal numbers of the shape, type and place of `like`."""
    import torch

    return torch.randn(like.shape, generator=generator, device=like.device, dtype=like.dtype)


def _log_ratio(time_s: float, t_read_s: float) -> float:
    """Growth of 1/f noise between the length of a read and now: ``sqrt(ln((t + t_r) / (2 t_r)))``."""
    return math.sqrt(max(0.0, math.log((time_s + t_read_s) / (2 * t_read_s))))


class NoProgramming(Effect):
    """Cells take their target exactly."""

    model: Literal["none"]

    def sigma(self, target_s: "Tensor", device: Operating) -> "Tensor":
        """Zero."""
        return target_s * 0

    def draw(self, target_s: "Tensor", device: Operating, generator: "Generator") -> "Tensor":
        """The target."""
        return target_s.clone()


class GaussianProgramming(Effect):
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

    def draw(self, target_s: "Tensor", device: Operating, generator: "Generator") -> "Tensor":
        """``max(0, target + sigma(target) N(0, 1))``."""
        return (target_s + self.sigma(target_s, device) * normal(target_s, generator)).clamp(min=0)


class LognormalProgramming(Effect):
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


class NoFaults(Effect):
    """Every cell works."""

    model: Literal["none"]

    def rates(self) -> tuple[float, float]:
        """Zero, zero."""
        return 0.0, 0.0


class Rates(Effect):
    """Cells that stay where they are, whatever is programmed.

    Attributes
    ----------
    stuck_on, stuck_off
        Fractions of cells at the largest and at the smallest conductance.
    unformed
        Fraction that was never formed: no filament, so they count as stuck off.
    """

    model: Literal["rates"]
    stuck_on: float = Field(ge=0, le=1)
    stuck_off: float = Field(ge=0, le=1)
    unformed: float = Field(default=0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _fractions(self) -> Self:
        if self.stuck_on + self.stuck_off + self.unformed > 1:
            raise ValueError("stuck_on + stuck_off + unformed must not exceed 1")
        return self

    def rates(self) -> tuple[float, float]:
        """(at the largest, at the smallest conductance)."""
        return self.stuck_on, self.stuck_off + self.unformed


Programming = NoProgramming | GaussianProgramming | LognormalProgramming
Retention = NoRetention | PowerLaw | Table | LogTime
Reading = NoReading | OneOverF | ConstantReading | CurveReading | LogConductanceReading
Faults = NoFaults | Rates
