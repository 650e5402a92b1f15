"""What a device card says, and copies that say otherwise."""

from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Self

from gxnor_snn.errors import InputError, ProfileError

from ...profile import Constant
from .constants import CONSTANTS, stated
from .effects import (
    Effect,
    Faults,
    NoFaults,
    NoProgramming,
    NoReading,
    NoRetention,
    Programming,
    Rates,
    Reading,
    Retention,
)

__all__ = ["EFFECTS", "Record"]

EFFECTS = ("programming", "retention", "reading", "faults")
_NONE = {"programming": NoProgramming, "retention": NoRetention, "reading": NoReading, "faults": NoFaults}


@dataclass(frozen=True)
class Record(ABC):
    """Constants and models of a device, with provenance; the base of `Device`, which documents the fields."""

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

    def with_constants(self, **values: float) -> Self:
        """Copy with other constants, stated by the caller.

        Parameters
        ----------
        **values
            Any of ``g_on_s``, ``g_off_s``, ``v_read_v``, ``t_read_s``.

        Raises
        ------
        InputError
            If a name is none of these, a value is not plausible, or the off state is not below the on state.
        """
        return replace(self, constants=MappingProxyType(stated(self.constants, values)))

    @property
    def missing(self) -> tuple[str, ...]:
        """Constants and effects that the card does not give."""
        constants = [key for key in CONSTANTS.values() if key not in self.constants]
        return (*constants, *(name for name, model in self.effects.items() if model is None))

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence per entry of the card that was written from memory (grade M)."""
        entries: dict[str, Constant | Effect | None] = {**self.constants, **self.effects}
        weak = [name for name, entry in entries.items() if entry is not None and entry.grade == "M"]
        weak += ["levels"] if self.levels_grade == "M" else []
        return tuple(f"device {self.name!r}: {name} is from memory, unverified (grade M)" for name in weak)

    @property
    def effects(self) -> dict[str, Programming | Retention | Reading | Faults | None]:
        """The four models, by the name of the effect."""
        return dict(zip(EFFECTS, (self.programming, self.retention, self.reading, self.failing), strict=True))

    def _model(self, effect: str) -> Any:
        model = self.effects[effect]
        if model is None:
            raise ProfileError(
                f"device {self.name!r}: {effect} is not on its card; give a model by replace(), or state that "
                f"there is none by assume_none({effect!r})"
            )
        return model

    def replace(
        self,
        *,
        programming: Programming | None = None,
        retention: Retention | None = None,
        reading: Reading | None = None,
        faults: Faults | None = None,
    ) -> Self:
        """Copy with other models of the effects that are given."""
        return replace(
            self,
            programming=programming or self.programming,
            retention=retention or self.retention,
            reading=reading or self.reading,
            failing=faults or self.failing,
        )

    def assume_none(self, *effects: str) -> Self:
        """Copy that is taken to have none of the effects that its card does not give.

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

    def noiseless(self, *effects: str) -> Self:
        """Copy without the named effects, whatever the card says; without any effect if none is named."""
        return self._without(self._named(effects))

    def _named(self, effects: Sequence[str]) -> Sequence[str]:
        for name in effects:
            if name not in EFFECTS:
                raise InputError(f"effect {name!r} is unknown; allowed are {', '.join(EFFECTS)}")
        return effects or EFFECTS

    def _without(self, effects: Sequence[str]) -> Self:
        return self.replace(
            **{name: _NONE[name](model="none", source="stated by the caller", grade="D") for name in effects}  # type: ignore[arg-type]
        )

    def with_faults(self, stuck_on: float, stuck_off: float, unformed: float = 0.0) -> Self:
        """Copy with fractions of cells stuck on, stuck off, and never formed.

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
        except (TypeError, ValueError) as error:
            given = f"({stuck_on!r}, {stuck_off!r}, {unformed!r})"
            raise InputError(
                f"fault rates are {given:.80}; allowed are fractions with a sum of at most 1"
            ) from error
        return self.replace(faults=rates)
