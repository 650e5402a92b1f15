"""From the tables of a device card to a checked `Device`.

The form; constants are written as on hardware cards, with the unit in the key::

    format = 1
    name = "rram_wan2022"
    display = "RRAM of NeuRRAM"
    summary = "..."
    basis = "measured"                        # measured | simulated | vendor | estimated | derived
    notes = ["..."]
    [conductance.on]                          # on, off
    value_us = 40.0
    band_us = [39.26, 40.0]
    per = "cell"
    source = "..."
    grade = "A"
    [voltage.read]
    [time.read]
    [levels]
    value = 2
    source = "..."
    grade = "D"
    [programming]                             # and retention, reading, faults: a model of `effects`
    model = "gaussian"
    source = "..."
    grade = "A"
    curve = { form = "polynomial", reference_us = 40.0, coefficients = [0.348, 16.03] }

What the source does not give is left out. Everything else is refused: unknown keys, missing sources, wrong units,
implausible values, an off state that is not below the on state.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from gxnor_snn.errors import ProfileError

from ...schema import explain, parse_constant
from .device import Device
from .effects import Faults, Programming, Reading, Retention
from .functions import Strict

__all__ = ["parse_device"]

_NAMES = {"conductance": ("on", "off"), "voltage": ("read",), "time": ("read",)}
_Text = Field(min_length=1)
_Table = dict[str, Any]


class _Levels(Strict):
    value: int = Field(ge=2, le=1 << 16)
    source: str = _Text
    grade: Literal["A", "B", "C", "D", "M"]
    note: str = ""


class _DeviceCard(Strict):
    format: Literal[1]
    name: str = Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)+$")
    display: str = _Text
    summary: str = _Text
    basis: Literal["measured", "simulated", "vendor", "estimated", "derived"]
    notes: tuple[str, ...] = Field(default=(), strict=False)
    excludes: tuple[str, ...] = Field(default=(), strict=False)
    conductance: dict[str, _Table] = Field(default_factory=dict)
    voltage: dict[str, _Table] = Field(default_factory=dict)
    time: dict[str, _Table] = Field(default_factory=dict)
    levels: _Levels | None = None
    programming: Annotated[Programming, Field(discriminator="model")] | None = None
    retention: Annotated[Retention, Field(discriminator="model")] | None = None
    reading: Annotated[Reading, Field(discriminator="model")] | None = None
    faults: Annotated[Faults, Field(discriminator="model")] | None = None


def parse_device(data: Mapping[str, Any], where: str) -> Device:
    """Check the tables of one device card and build its `Device`.

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
        card = _DeviceCard.model_validate(dict(data))
    except ValidationError as error:
        raise explain(error, where, _DeviceCard) from error
    constants = {}
    for section, names in _NAMES.items():
        tables: dict[str, _Table] = getattr(card, section)
        for name, table in tables.items():
            if name not in names:
                raise ProfileError(f"{where}: unknown {section}.{name}; allowed are {', '.join(names)}")
            key = f"{section}.{name}"
            constants[key] = parse_constant(f"{where}: {key}", section, table, card.basis)
    on, off = constants.get("conductance.on"), constants.get("conductance.off")
    if on is not None and off is not None and off.value >= on.value:
        raise ProfileError(
            f"{where}: conductance.off is {off.value:g} S; allowed is below conductance.on {on.value:g}"
        )
    for key, constant in constants.items():
        if constant.value == 0 and key != "conductance.off":
            raise ProfileError(f"{where}: {key} is 0; allowed is a positive value")
    levels = card.levels
    return Device(
        name=card.name,
        display=card.display,
        summary=card.summary,
        constants=MappingProxyType(constants),
        programming=card.programming,
        retention=card.retention,
        reading=card.reading,
        failing=card.faults,
        levels=levels.value if levels else None,
        levels_source=levels.source if levels else "",
        levels_grade=levels.grade if levels else "",
        notes=tuple(card.notes),
        excludes=tuple(card.excludes),
    )
