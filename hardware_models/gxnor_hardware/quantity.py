"""Constants of cards, with their unit in the key, from TOML tables to SI; and complaints in one line."""

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gxnor_snn.errors import ProfileError

from .profile import Constant
from .units import DIMENSIONS, to_si

__all__ = ["Basis", "Grade", "Strict", "Table", "Text", "explain", "parse_constant", "shown"]

Grade = Literal["A", "B", "C", "D", "M"]
Basis = Literal["measured", "simulated", "vendor", "estimated", "derived", "unstated"]
Text = Field(min_length=1)


class Strict(BaseModel):
    """A frozen table of a card: no unknown key, no silent conversion; whole numbers may stand for real ones."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Table = dict[str, Any]


class _ConstantTable(Strict):
    """A constant without its value and band, which carry their unit in the key."""

    scope: Literal["marginal", "aggregate"] | None = None
    includes: list[str] = Field(default_factory=list)
    variant_of: str | None = None
    per: str = Text
    basis: Basis | None = None
    source: str = Text
    grade: Grade
    note: str = ""


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
    return ProfileError(f"{where}: {field} is {shown(first['input'])}; {message[:1].lower()}{message[1:]}")


def shown(raw: Any) -> str:
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
        raise ProfileError(f"{where}.{key} is {shown(raw)}; allowed is {allowed}")
    if not all(map(_finite, values)):
        raise ProfileError(f"{where}.{key} is {shown(raw)}; allowed are finite numbers")
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
