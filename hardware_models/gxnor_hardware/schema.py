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

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gxnor_snn.errors import ProfileError

from .consistency import check_charges, check_divisors, check_required, known
from .models import MODELS
from .profile import Constant, Fact, Profile, Validity
from .units import DIMENSIONS, to_si
from .vocabulary import Vocabulary

__all__ = ["FORMAT", "explain", "parse_constant", "parse_profile"]

FORMAT = 1

Grade = Literal["A", "B", "C", "D", "M"]
Basis = Literal["measured", "simulated", "vendor", "estimated", "derived", "unstated"]
Text = Field(min_length=1)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _ValidityTable(_Strict):
    basis: Basis
    node_nm: float | None = Field(default=None, gt=0)
    vdd_v: float | None = Field(default=None, gt=0, le=20)
    notes: list[str] = []


class _ConstantTable(_Strict):
    """A constant without its value and band, which carry their unit in the key."""

    scope: Literal["marginal", "aggregate"] | None = None
    includes: list[str] = []
    variant_of: str | None = None
    per: str = Text
    basis: Basis | None = None
    source: str = Text
    grade: Grade
    note: str = ""


_MOST = 1 << 40
"""Beyond any count of parts of a device, and far from the end of 64-bit integers."""


class _LimitTable(_Strict):
    value: int = Field(gt=0, lt=_MOST)
    kind: Literal["wall", "budget", "deadline"]
    source: str = Text
    grade: Grade
    note: str = ""


class _DesignTable(_Strict):
    value: int | str
    source: str = Text
    grade: Grade
    note: str = ""


Table = dict[str, Any]


class _Card(_Strict):
    format: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)+$")
    kind: Literal["neuromorphic", "crossbar", "digital"]
    model: str = Text
    display: str = Text
    summary: str = Text
    aliases: list[str] = []
    excludes: list[str] = []
    validity: _ValidityTable
    energy: dict[str, Table] = {}
    power: dict[str, Table] = {}
    time: dict[str, Table] = {}
    frequency: dict[str, Table] = {}
    ratio: dict[str, Table] = {}
    conductance: dict[str, Table] = {}
    resistance: dict[str, Table] = {}
    voltage: dict[str, Table] = {}
    area: dict[str, Table] = {}
    count: dict[str, Table] = {}
    limits: dict[str, _LimitTable] = {}
    design: dict[str, _DesignTable] = {}


def explain(error: ValidationError, where: str, model: type[BaseModel]) -> ProfileError:
    """The first complaint of pydantic as one line naming card, field, what stands there and what is allowed."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        allowed = ", ".join(model.model_fields) if len(first["loc"]) == 1 else "see the card format"
        return ProfileError(f"{where}: unknown key {field!r}; allowed are {allowed}")
    if first["type"] == "missing":
        return ProfileError(f"{where}: {field} is missing")
    message = first["msg"]
    return ProfileError(f"{where}: {field} is {_shown(first['input'])}; {message[:1].lower()}{message[1:]}")


def _shown(raw: Any) -> str:
    """What stands there, cut short; Python refuses to print integers of thousands of digits."""
    try:
        return f"{raw!r:.80}"
    except ValueError:
        return "a number of thousands of digits"


def _finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False


def _numbers(where: str, key: str, raw: Any, count: int) -> list[int | float]:
    values = raw if count > 1 else [raw]
    good = isinstance(values, list) and len(values) == count
    if not good or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        allowed = "a number" if count == 1 else "[low, high]"
        raise ProfileError(f"{where}.{key} is {_shown(raw)}; allowed is {allowed}")
    if not all(map(_finite, values)):
        raise ProfileError(f"{where}.{key} is {_shown(raw)}; allowed are finite numbers")
    return list(values)


def _quantity(where: str, section: str, table: Table) -> tuple[Constant, Table]:
    """Take value and band out of a constant's table, in SI."""
    dimension = DIMENSIONS[section]
    keys = {f"{word}_{unit}".rstrip("_"): (word, unit) for word in ("value", "band") for unit in dimension.units}
    allowed = ", ".join(k for k, (word, _) in keys.items() if word == "value")
    rest = dict(table)
    found: dict[str, tuple[str, str]] = {}
    for key in table:
        if key.split("_")[0] not in ("value", "band"):
            continue
        if key not in keys:
            raise ProfileError(f"{where}: {key!r} has no unit of {section}; allowed are {allowed}")
        word, unit = keys[key]
        if word in found:
            raise ProfileError(f"{where}: {found[word][0]!r} and {key!r} both stand there; allowed is one {word}")
        found[word] = (key, unit)
        rest.pop(key)
    if "value" not in found:
        raise ProfileError(f"{where}: no value; allowed are {allowed} (what nobody published is left out)")
    key, unit = found["value"]
    power = dimension.units[unit]
    value = to_si(_numbers(where, key, table[key], 1)[0], power)
    low = high = value
    if "band" in found:
        band_key, band_unit = found["band"]
        if band_unit != unit:
            raise ProfileError(f"{where}: {band_key!r} and {key!r} differ in unit; allowed is one unit")
        low, high = (to_si(v, power) for v in _numbers(where, band_key, table[band_key], 2))
        if not low <= value <= high:
            raise ProfileError(f"{where}.{band_key} is {table[band_key]}; it must hold the value {table[key]}")
    # exactly 0 is a claim that a card may make; anything else out of range is a slip of units
    for number in (low, value, high):
        if number != 0 and not dimension.least <= number <= dimension.most:
            raise ProfileError(
                f"{where}: {number:g} {dimension.symbol} is not plausible; allowed are "
                f"{dimension.least:g} to {dimension.most:g} {dimension.symbol}, or exactly 0"
            )
    bare = Constant(value, low, high, unit, None, (), None, "", "", "", "")
    return bare, rest


def parse_constant(where: str, section: str, table: Table, basis: str) -> Constant:
    """Check the table of one constant; `basis` is that of its card.

    Raises
    ------
    ProfileError
        Naming the constant, what stands there and what is allowed.
    """
    bare, rest = _quantity(where, section, table)
    try:
        checked = _ConstantTable.model_validate(rest)
    except ValidationError as error:
        raise explain(error, where, _ConstantTable) from error
    costs = section in ("energy", "power")
    if costs and checked.scope is None:
        raise ProfileError(f"{where}: scope is missing; allowed are marginal, aggregate")
    # of areas, too, one may hold another: a chip its arrays
    if not costs and (checked.scope or (checked.includes and section != "area")):
        raise ProfileError(f"{where}: scope and includes belong to energy and power, not to {section}")
    if not costs and checked.variant_of is not None:
        raise ProfileError(f"{where}: variant_of belongs to energy and power, not to {section}")
    if checked.scope == "aggregate" and not checked.includes:
        raise ProfileError(f"{where}: an aggregate must name what it includes")
    return Constant(
        value=bare.value,
        low=bare.low,
        high=bare.high,
        unit=bare.unit,
        scope=checked.scope,
        includes=tuple(checked.includes),
        variant_of=checked.variant_of,
        per=checked.per,
        basis=checked.basis or basis,
        source=checked.source,
        grade=checked.grade,
        note=checked.note,
    )


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
            raise ProfileError(f"{where}: design.{name} is {_shown(table.value)}; allowed is {allowed}")


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
        raise ProfileError(f"{where}: model is {_shown(card.model)}; a {card.kind} card allows {allowed}")
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
