"""A memory device: its conductances, and how they are programmed, drift, are read and fail."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from gxnor_snn.errors import InputError, ProfileError

from ...profile import Constant
from .effects import (
    Effect,
    Faults,
    GaussianProgramming,
    NoFaults,
    NoProgramming,
    NoReading,
    NoRetention,
    Programming,
    Rates,
    Reading,
    Retention,
)

if TYPE_CHECKING:
    from torch import BoolTensor, Generator, Tensor

__all__ = ["EFFECTS", "Device"]

EFFECTS = ("programming", "retention", "reading", "faults")
_NONE = {"programming": NoProgramming, "retention": NoRetention, "reading": NoReading, "faults": NoFaults}
_CONSTANTS = {
    "g_on_s": ("conductance.on", "us", -6),
    "g_off_s": ("conductance.off", "us", -6),
    "v_read_v": ("voltage.read", "v", 0),
    "t_read_s": ("time.read", "ns", -9),
}


@dataclass(frozen=True)
class Device:
    """One memory device, after its card.

    Conductances are float tensors in siemens, of any shape (many draws over leading dimensions). Every method is
    pure and draws from the given generator only. What the source does not give is absent: the method that needs
    it raises `ProfileError` naming it, until the caller states it (`with_constants`, `with_faults`, `replace`) or
    states that there is none (`assume_none`).

    Attributes
    ----------
    name, display, summary
        Identity.
    constants
        ``conductance.on``, ``conductance.off``, ``voltage.read``, ``time.read``: SI value, band, source, grade.
    programming, retention, reading, failing
        The models of `effects`; None where the source gives none.
    levels
        Conductance states a cell is programmed to; None where the source names no number.
    levels_grade, levels_source
        Provenance of `levels`.
    notes, excludes
        What to know, and what lies outside the source.
    """

    name: str
    display: str
    summary: str
    constants: Mapping[str, Constant]
    programming: Programming | None = None
    retention: Retention | None = None
    reading: Reading | None = None
    failing: Faults | None = None
    levels: int | None = None
    levels_source: str = ""
    levels_grade: str = ""
    notes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    @classmethod
    def ideal(
        cls,
        g_on_s: float = 1e-4,
        g_off_s: float = 0.0,
        v_read_v: float = 0.2,
        t_read_s: float = 1e-8,
        *,
        name: str = "ideal",
    ) -> "Device":
        """A device without any noise, drift or fault.

        Parameters
        ----------
        g_on_s, g_off_s, v_read_v, t_read_s
            Siemens, volt, seconds.
        name
            How messages name it.

        Raises
        ------
        InputError
            If a value is not plausible.
        """
        bare = cls(name, "Ideal device", "Takes every target exactly, for ever.", MappingProxyType({}))
        stated = bare.with_constants(g_on_s=g_on_s, g_off_s=g_off_s, v_read_v=v_read_v, t_read_s=t_read_s)
        return stated.noiseless()

    # constants -------------------------------------------------------------------------------------------------

    def _constant(self, key: str) -> float:
        constant = self.constants.get(key)
        if constant is None:
            given = ", ".join(self.constants) or "nothing"
            raise ProfileError(
                f"device {self.name!r}: {key} is not on its card (given: {given}); state it by with_constants()"
            )
        return constant.value

    @property
    def g_on_s(self) -> float:
        """Largest conductance, siemens."""
        return self._constant("conductance.on")

    @property
    def g_off_s(self) -> float:
        """Smallest conductance, siemens."""
        return self._constant("conductance.off")

    @property
    def v_read_v(self) -> float:
        """Read voltage, volt."""
        return self._constant("voltage.read")

    @property
    def t_read_s(self) -> float:
        """Length of a read, seconds."""
        return self._constant("time.read")

    def with_constants(self, **values: float) -> "Device":
        """This device with other constants, stated by the caller.

        Parameters
        ----------
        **values
            Any of ``g_on_s``, ``g_off_s``, ``v_read_v``, ``t_read_s``.

        Raises
        ------
        InputError
            If a name is none of these, a value is not plausible, or the off state is not below the on state.
        """
        constants = dict(self.constants)
        for name, value in values.items():
            if name not in _CONSTANTS:
                raise InputError(f"constant {name!r} is unknown; allowed are {', '.join(_CONSTANTS)}")
            key, unit, _ = _CONSTANTS[name]
            least, most = _PLAUSIBLE[key.partition(".")[0]]
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not (least <= value <= most or (value == 0 and key == "conductance.off")):
                raise InputError(f"{name} is {value!r:.40}; allowed are {least:g} to {most:g}")
            x = float(value)
            constants[key] = Constant(
                x, x, x, unit, None, (), None, "cell", "estimated", "stated by the caller", "D"
            )
        changed = replace(self, constants=MappingProxyType(constants))
        if {"conductance.on", "conductance.off"} <= set(constants) and changed.g_off_s >= changed.g_on_s:
            raise InputError(f"g_off_s is {changed.g_off_s:g}; allowed is below g_on_s = {changed.g_on_s:g}")
        return changed

    # effects ---------------------------------------------------------------------------------------------------

    @property
    def missing(self) -> tuple[str, ...]:
        """Constants and effects that the card does not give."""
        constants = [key for key, _, _ in _CONSTANTS.values() if key not in self.constants]
        models = {"programming": self.programming, "retention": self.retention, "reading": self.reading}
        effects = [name for name, model in {**models, "faults": self.failing}.items() if model is None]
        return (*constants, *effects)

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence per entry of the card that was written from memory (grade M)."""
        entries: dict[str, Constant | Effect | None] = {**self.constants, **self._effects()}
        weak = [name for name, entry in entries.items() if entry is not None and entry.grade == "M"]
        weak += ["levels"] if self.levels_grade == "M" else []
        return tuple(f"device {self.name!r}: {name} is from memory, unverified (grade M)" for name in weak)

    def _effects(self) -> dict[str, Effect | None]:
        return dict(zip(EFFECTS, (self.programming, self.retention, self.reading, self.failing), strict=True))

    def _model(self, effect: str) -> Any:
        model = self._effects()[effect]
        if model is None:
            raise ProfileError(
                f"device {self.name!r}: {effect} is not on its card; give a model by replace(), or state that there "
                f"is none by assume_none({effect!r})"
            )
        return model

    def replace(
        self,
        *,
        programming: Programming | None = None,
        retention: Retention | None = None,
        reading: Reading | None = None,
        faults: Faults | None = None,
    ) -> "Device":
        """This device with other models of the effects that are given."""
        return replace(
            self,
            programming=programming or self.programming,
            retention=retention or self.retention,
            reading=reading or self.reading,
            failing=faults or self.failing,
        )

    def assume_none(self, *effects: str) -> "Device":
        """This device, taken to have none of the effects that its card does not give.

        What the card gives stays as it is.

        Parameters
        ----------
        *effects
            Any of ``programming``, ``retention``, ``reading``, ``faults``; none stands for all.

        Raises
        ------
        InputError
            If a name is none of these.
        """
        absent = [name for name in self._named(effects) if name in self.missing]
        return self._without(absent)

    def noiseless(self, *effects: str) -> "Device":
        """This device without the named effects, whatever its card says; without any if none is named."""
        return self._without(self._named(effects))

    def _named(self, effects: Sequence[str]) -> Sequence[str]:
        for name in effects:
            if name not in EFFECTS:
                raise InputError(f"effect {name!r} is unknown; allowed are {', '.join(EFFECTS)}")
        return effects or EFFECTS

    def _without(self, effects: Sequence[str]) -> "Device":
        return self.replace(
            **{name: _NONE[name](model="none", source="stated by the caller", grade="D") for name in effects}  # type: ignore[arg-type]
        )

    def with_faults(self, stuck_on: float, stuck_off: float, unformed: float = 0.0) -> "Device":
        """This device with fractions of cells stuck on, stuck off, and never formed.

        Raises
        ------
        InputError
            If they are no fractions, or exceed 1 together.
        """
        try:
            rates = Rates(
                model="rates",
                source="stated by the caller",
                grade="D",
                stuck_on=float(stuck_on),
                stuck_off=float(stuck_off),
                unformed=float(unformed),
            )
        except ValueError as error:
            given = f"({stuck_on!r}, {stuck_off!r}, {unformed!r})"
            raise InputError(
                f"fault rates are {given:.80}; allowed are fractions with a sum of at most 1"
            ) from error
        return self.replace(faults=rates)

    # what happens to conductances --------------------------------------------------------------------------------

    def program(self, target_s: "Tensor", generator: "Generator") -> "Tensor":
        """Conductances after programming.

        Parameters
        ----------
        target_s
            Wanted conductances, siemens, 0 to `g_on_s`, any shape.
        generator
            Source of the draws, on the tensor's device.

        Raises
        ------
        ProfileError
            If the card gives no programming model.
        InputError
            If `target_s` is not a float tensor within range.
        """
        model = self._model("programming")
        self._check("target_s", target_s)
        most = self.g_on_s * (1 + 1e-5)
        if target_s.numel() and not bool(((target_s >= 0) & (target_s <= most)).all()):
            raise InputError(
                f"device {self.name!r}: target_s holds values outside 0 to g_on_s = {self.g_on_s:g} S; "
                "conductances are in siemens"
            )
        drawn: Tensor = model.draw(target_s, self, generator)
        return drawn

    def programming_sigma(self, target_s: "Tensor") -> "Tensor":
        """Standard deviation of programming in siemens, before the cut at zero conductance.

        Raises
        ------
        ProfileError
            If the card gives no programming model.
        """
        self._check("target_s", target_s)
        sigma: Tensor = self._model("programming").sigma(target_s, self)
        return sigma

    def programming_sigma_band(self, target_s: "Tensor") -> "tuple[Tensor, Tensor]":
        """(low, high) of `programming_sigma`, where the card holds two fits of the same data; else both equal it."""
        sigma = self.programming_sigma(target_s)
        band = self.programming.band if type(self.programming) is GaussianProgramming else None
        other = sigma if band is None else band.of(target_s, self.g_on_s).clamp(min=0)
        return sigma.minimum(other), sigma.maximum(other)

    def drift(
        self, g_s: "Tensor", time_s: float, generator: "Generator", target_s: "Tensor | None" = None
    ) -> "Tensor":
        """Conductances `time_s` after programming.

        Parameters
        ----------
        g_s
            Conductances as programmed, siemens.
        time_s
            Seconds after programming.
        generator
            Source of the draws.
        target_s
            What they were programmed to, of the same shape: the fits are over the target. None takes `g_s` for it.

        Raises
        ------
        ProfileError
            If the card gives no retention model and `time_s` is not 0.
        InputError
            If a tensor is not of floats, or the time not covered by the source.
        """
        self._check("g_s", g_s)
        self._check_time(time_s)
        if time_s == 0 and self.retention is None:
            return g_s.clone()
        model = self._model("retention")
        drifted: Tensor = model.draw(g_s, self._target(g_s, target_s), float(time_s), self, generator)
        return drifted

    def read_noise(self, g_s: "Tensor", time_s: float, target_s: "Tensor | None" = None) -> "Tensor":
        """Standard deviation per cell of one read, siemens.

        Parameters
        ----------
        g_s
            Conductances that are read, siemens.
        time_s
            Seconds after programming.
        target_s
            What they were programmed to: some fits are over the target. None takes `g_s` for it.

        Raises
        ------
        ProfileError
            If the card gives no read noise.
        InputError
            As for `drift`.
        """
        model = self._model("reading")
        self._check("g_s", g_s)
        self._check_time(time_s)
        sigma: Tensor = model.sigma(g_s, self._target(g_s, target_s), float(time_s), self)
        return sigma

    def faults(self, shape: Sequence[int], generator: "Generator") -> "tuple[BoolTensor, BoolTensor]":
        """Which cells are stuck: (at `g_on_s`, at `g_off_s`), never both.

        Parameters
        ----------
        shape
            Shape of the array of cells.
        generator
            Source of the draws; the masks lie on its device.

        Raises
        ------
        ProfileError
            If the card gives no fault model.
        """
        import torch

        on, off = self._model("faults").rates()
        u = torch.rand(tuple(shape), generator=generator, device=generator.device)
        return u < on, (u >= on) & (u < on + off)  # type: ignore[return-value]

    def stick(self, g_s: "Tensor", stuck_on: "Tensor", stuck_off: "Tensor") -> "Tensor":
        """Conductances with the stuck cells put where they are stuck."""
        return g_s.masked_fill(stuck_on, self.g_on_s).masked_fill(stuck_off, self.g_off_s)

    def _target(self, g_s: "Tensor", target_s: "Tensor | None") -> "Tensor":
        if target_s is None:
            return g_s.clamp(min=0, max=self.g_on_s)
        self._check("target_s", target_s)
        if target_s.shape != g_s.shape:
            raise InputError(
                f"target_s has shape {tuple(target_s.shape)}; allowed is that of g_s, {tuple(g_s.shape)}"
            )
        return target_s

    def _check(self, name: str, tensor: "Tensor") -> None:
        if not getattr(tensor, "is_floating_point", bool)():
            kind = getattr(tensor, "dtype", type(tensor).__name__)
            raise InputError(
                f"device {self.name!r}: {name} is {kind}; allowed is a torch tensor of floats, siemens"
            )

    def _check_time(self, time_s: float) -> None:
        number = isinstance(time_s, int | float) and not isinstance(time_s, bool)
        if not number or not math.isfinite(time_s) or time_s < 0:
            raise InputError(f"time_s is {time_s!r:.40}; allowed are seconds after programming, 0 or more")


_PLAUSIBLE = {"conductance": (1e-13, 1.0), "voltage": (1e-3, 100.0), "time": (1e-12, 100.0)}
