"""From the tables of a TOML card to a checked `Profile`.

The form, with the unit in the key of every constant::

    format = 1
    name = "loihi_micro_2018"
    kind = "neuromorphic"                     # neuromorphic | crossbar | digital
    model = "synapse_lists"                   # how it runs a graph: a name of `models.MODELS`
    display = "Intel Loihi, 14 nm"
    summary = "..."
    [validity]
    basis = "simulated"
    [energy.synop]                            # energy, power, time, frequency, ratio, area, count
    value_pj = 23.6
    band_pj = [23.6, 35.5]                    # optional
    scope = "marginal"                        # energy and power: marginal | aggregate
    includes = ["synapse_memory"]             # optional for marginal, needed for aggregate
    per = "event at a nonzero weight"
    source = "paper, table"
    grade = "B"                               # A B C D M
    [limits.neurons_per_core]
    value = 1024
    kind = "budget"                           # wall | budget | deadline
    source = "paper, page"
    grade = "B"
    [design.signed_neurons]
    value = "two_compartments"
    source = "..."
    grade = "D"

A limit says what exceeding it means. A *wall*: the graph cannot run there and is refused. A *budget*: more cores,
passes or chips, or a loss that the bill states, make up for it. A *deadline* is neither: it is a time, its unit in
its name (``tick_us``), within which a device that runs software has to be done; where it is missed the step takes
longer than real time, and the bill states by how much.

Everything else is refused: unknown keys, missing sources, wrong units, values outside a band, and two constants
that hold the same quantity (double charge).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field, ValidationError

from gxnor_snn.errors import ProfileError

from .consistency import check_charges, check_divisors, check_required, known
from .models import MODELS
from .profile import Constant, Fact, Profile, Validity
from .quantity import Basis, Grade, Strict, Table, Text, explain, parse_constant, shown
from .units import DIMENSIONS
from .vocabulary import Vocabulary

__all__ = ["FORMAT", "explain", "parse_constant", "parse_profile"]

FORMAT = 1


class _ValidityTable(Strict):
    basis: Basis
    node_nm: float | None = Field(default=None, gt=0, le=100_000)
    vdd_v: float | None = Field(default=None, gt=0, le=20)
    notes: list[str] = Field(default_factory=list)


_MOST = 1 << 40
"""Beyond any count of parts of a device, and far from the end of 64-bit integers."""


class _LimitTable(Strict):
    value: int = Field(gt=0, lt=_MOST)
    kind: Literal["wall", "budget", "deadline"]
    source: str = Text
    grade: Grade
    note: str = ""


class _DesignTable(Strict):
    value: int | str
    source: str = Text
    grade: Grade
    note: str = ""


class _Card(Strict):
    format: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)+$")
    kind: Literal["neuromorphic", "crossbar", "digital"]
    model: str = Text
    display: str = Text
    summary: str = Text
    aliases: list[str] = Field(default_factory=list)
    excludes: list[str] = Field(default_factory=list)
    validity: _ValidityTable
    energy: dict[str, Table] = Field(default_factory=dict)
    power: dict[str, Table] = Field(default_factory=dict)
    time: dict[str, Table] = Field(default_factory=dict)
    frequency: dict[str, Table] = Field(default_factory=dict)
    ratio: dict[str, Table] = Field(default_factory=dict)
    conductance: dict[str, Table] = Field(default_factory=dict)
    resistance: dict[str, Table] = Field(default_factory=dict)
    voltage: dict[str, Table] = Field(default_factory=dict)
    area: dict[str, Table] = Field(default_factory=dict)
    count: dict[str, Table] = Field(default_factory=dict)
    limits: dict[str, _LimitTable] = Field(default_factory=dict)
    design: dict[str, _DesignTable] = Field(default_factory=dict)


def _deadlines(where: str, limits: Mapping[str, _LimitTable]) -> None:
    """A deadline is a time, so its name ends in a unit of time."""
    units = DIMENSIONS["time"].units
    for name, table in limits.items():
        if table.kind == "deadline" and name.rpartition("_")[2] not in units:
            raise ProfileError(
                f"{where}: limits.{name} is a deadline without a unit of time in its name; allowed endings are "
                f"{', '.join('_' + unit for unit in units)}"
            )


def _design(where: str, design: Mapping[str, _DesignTable], vocabulary: Vocabulary) -> None:
    known(where, "design", design, frozenset(vocabulary.design))
    for name, table in design.items():
        words = vocabulary.design[name]
        good = table.value in words if words else isinstance(table.value, int) and 0 < table.value < _MOST
        if not good:
            allowed = ", ".join(words) or f"a positive whole number below {_MOST}"
            raise ProfileError(f"{where}: design.{name} is {shown(table.value)}; allowed is {allowed}")


def parse_profile(data: Mapping[str, Any], where: str) -> Profile:
    """Check the tables of one card and build its `Profile`.

    Parameters
    ----------
    data
        The parsed TOML.
    where
        How messages name the card.

    Raises
    ------
    ProfileError
        Naming the card, the field, what stands there and what is allowed.
    """
    try:
        card = _Card.model_validate(dict(data))
    except ValidationError as error:
        raise explain(error, where, _Card) from error
    model = MODELS.get(card.model)
    if model is None or model.kind != card.kind:
        allowed = ", ".join(name for name, m in MODELS.items() if m.kind == card.kind)
        raise ProfileError(f"{where}: model is {shown(card.model)}; a {card.kind} card allows {allowed}")
    vocabulary = model.vocabulary
    sections: dict[str, dict[str, Constant]] = {}
    for section in DIMENSIONS:
        tables: dict[str, Table] = getattr(card, section)
        known(where, section, tables, vocabulary.constants.get(section, frozenset()))
        sections[section] = {
            name: parse_constant(f"{where}: {section}.{name}", section, table, card.validity.basis)
            for name, table in tables.items()
        }
    check_charges(where, {**sections["energy"], **sections["power"]}, vocabulary)
    check_charges(where, sections["area"], vocabulary)
    check_divisors(where, sections, vocabulary)
    known(where, "limits", card.limits, vocabulary.limits)
    _deadlines(where, card.limits)
    _design(where, card.design, vocabulary)
    check_required(where, card.model, {*card.limits, *card.design}, vocabulary)
    return Profile(
        name=card.name,
        kind=card.kind,
        model=card.model,
        display=card.display,
        summary=card.summary,
        aliases=tuple(card.aliases),
        validity=Validity(
            card.validity.basis, card.validity.node_nm, card.validity.vdd_v, tuple(card.validity.notes)
        ),
        **{section: MappingProxyType(constants) for section, constants in sections.items()},
        limits=MappingProxyType(
            {n: Fact(t.value, t.kind, t.source, t.grade, t.note) for n, t in card.limits.items()}
        ),
        design=MappingProxyType(
            {n: Fact(t.value, None, t.source, t.grade, t.note) for n, t in card.design.items()}
        ),
        excludes=tuple(card.excludes),
    )
