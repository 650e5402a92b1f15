"""A hardware card in memory: constants in SI units, each with its provenance."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from types import MappingProxyType
from typing import Any

from gxnor_snn.errors import ProfileError

from .units import DIMENSIONS, to_si

__all__ = ["Constant", "Fact", "Profile", "Validity"]


@dataclass(frozen=True)
class Constant:
    """A physical constant of a device.

    Attributes
    ----------
    value, low, high
        SI value and its band; without a published band all three are equal.
    unit
        The unit suffix it was written in, for printing.
    scope
        "marginal" (the cost of one more event) or "aggregate" (a total divided by a rate, which already
        holds what `includes` names). None for times, frequencies and ratios.
    includes
        Other quantities of the card's vocabulary that this one already holds.
    variant_of
        The constant this one is another operating condition of; an event is charged one of the two.
    per
        The event or part it is per.
    basis
        measured, simulated, vendor, estimated, derived, or unstated where the source does not tell.
    source, grade, note
        Where it was published, how well that was read, and what to know.
    """

    value: float
    low: float
    high: float
    unit: str
    scope: str | None
    includes: tuple[str, ...]
    variant_of: str | None
    per: str
    basis: str
    source: str
    grade: str
    note: str = ""


@dataclass(frozen=True)
class Fact:
    """A structural number or choice of a device, with its provenance.

    Attributes
    ----------
    value
        A positive whole number, or one of the words the vocabulary allows.
    kind
        For limits: "wall" (what exceeds it cannot run), "budget" (more cores, passes or chips, or a loss that
        the bill states, make up for it) or "deadline" (a time; a step that misses it takes longer than real time).
        None for design choices.
    source, grade, note
        As in `Constant`.
    """

    value: int | str
    kind: str | None
    source: str
    grade: str
    note: str = ""


@dataclass(frozen=True)
class Validity:
    """The operating point a card holds at."""

    basis: str
    node_nm: float | None = None
    vdd_v: float | None = None
    notes: tuple[str, ...] = ()


def _empty() -> Mapping[str, Constant]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Profile:
    """One hardware card.

    Attributes
    ----------
    name, kind, model, display, aliases, summary
        Identity; `kind` is neuromorphic, crossbar or digital, `model` how it runs a graph.
    validity
        The operating point.
    energy, power, time, frequency, ratio, area, count
        `Constant` by name, SI. What nobody published is absent.
    limits, design
        `Fact` by name. An absent limit is unchecked, never passed.
    excludes
        What lies outside the boundary of the source.
    """

    name: str
    kind: str
    model: str
    display: str
    summary: str
    validity: Validity
    aliases: tuple[str, ...] = ()
    energy: Mapping[str, Constant] = field(default_factory=_empty)
    power: Mapping[str, Constant] = field(default_factory=_empty)
    time: Mapping[str, Constant] = field(default_factory=_empty)
    frequency: Mapping[str, Constant] = field(default_factory=_empty)
    ratio: Mapping[str, Constant] = field(default_factory=_empty)
    conductance: Mapping[str, Constant] = field(default_factory=_empty)
    resistance: Mapping[str, Constant] = field(default_factory=_empty)
    voltage: Mapping[str, Constant] = field(default_factory=_empty)
    area: Mapping[str, Constant] = field(default_factory=_empty)
    count: Mapping[str, Constant] = field(default_factory=_empty)
    limits: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))
    design: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))
    excludes: tuple[str, ...] = ()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the card's content: equal for cards that say the same, whatever file they come from."""

        def plain(thing: Any) -> Any:
            return dict(thing) if isinstance(thing, Mapping) else vars(thing)

        # not vars(self): this very property is cached there
        content = {f.name: getattr(self, f.name) for f in fields(self)}
        return hashlib.sha256(json.dumps(content, default=plain, sort_keys=True).encode()).hexdigest()

    @property
    def charged(self) -> Mapping[str, Constant]:
        """All constants that put energy on a bill: energies and powers."""
        return {**self.energy, **self.power}

    @property
    def included(self) -> Mapping[str, str]:
        """Quantity -> name of the constant that already holds it."""
        return {part: name for name, constant in self.charged.items() for part in constant.includes}

    def limit(self, name: str) -> int | None:
        """Value of a limit, or None where the card has none."""
        fact = self.limits.get(name)
        return None if fact is None else int(fact.value)

    def deadline(self, name: str) -> float | None:
        """Seconds of a limit of kind deadline, or None where the card has none."""
        fact = self.limits.get(name)
        if fact is None or fact.kind != "deadline":
            return None
        return to_si(int(fact.value), DIMENSIONS["time"].units[name.rpartition("_")[2]])

    def number(self, name: str) -> int:
        """A structural number that mapping cannot do without, from `limits` or `design`.

        Raises
        ------
        ProfileError
            If the card does not give it.
        """
        fact = self.limits.get(name) or self.design.get(name)
        if fact is None or isinstance(fact.value, str):
            raise ProfileError(f"card {self.name!r}: {name} is missing; mapping needs this whole number")
        return fact.value

    def choice(self, name: str) -> str:
        """A design choice that mapping cannot do without.

        Raises
        ------
        ProfileError
            If the card does not give it.
        """
        fact = self.design.get(name)
        if fact is None or not isinstance(fact.value, str):
            raise ProfileError(f"card {self.name!r}: design.{name} is missing; mapping needs this choice")
        return fact.value
