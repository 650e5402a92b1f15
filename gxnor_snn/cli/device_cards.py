"""Memory devices in `gxnor profiles`: the list, and one card in full."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gxnor_hardware.crossbar.devices import Device

    from .screen import Screen

__all__ = ["is_device_file", "list_devices", "show_device"]

_DEVICE_WORDS = {"basis", "levels", "programming", "retention", "reading", "faults"}
_HARDWARE_WORDS = {"kind", "model", "validity", "energy", "power", "limits", "design"}
_SI = {"conductance": "S", "voltage": "V", "time": "s"}


def is_device_file(text: str) -> bool:
    """Whether a file says of a memory device what no hardware card says; damaged files are left to the reader."""
    from gxnor_hardware.toml_file import read_toml
    from gxnor_snn.errors import ProfileError

    try:
        data, _ = read_toml(Path(text), "card")
    except ProfileError:
        return False
    return _DEVICE_WORDS & data.keys() != set() and not _HARDWARE_WORDS & data.keys()


def list_devices(screen: "Screen") -> None:
    """A table of the shipped device cards."""
    from gxnor_hardware.crossbar.devices import devices, load_device

    rows = []
    for device in map(load_device, devices()):
        values = (_value(device, "conductance.on"), _value(device, "conductance.off"))
        models = [model.model if model else "-" for model in device.effects.values()]
        rows.append((device.name, *values, ", ".join(models)))
    columns = ("name", "on", "off", "programming, retention, reading, faults")
    screen.table("Memory devices (- is not on the card)", columns, rows, left=(0, 3))


def show_device(screen: "Screen", device: "Device") -> None:
    """Everything on one device card, with sources."""
    rows = [("name", device.name), ("kind", "memory device"), ("about", device.summary)]
    rows += [("note", note) for note in device.notes]
    rows += [("outside its boundary", part) for part in device.excludes]
    rows += [("not on the card", ", ".join(device.missing))] if device.missing else []
    rows += [("warning", text) for text in device.warnings]
    screen.pairs(device.display, rows)
    entries = [(key, _value(device, key), _band(device, key), c.grade) for key, c in device.constants.items()]
    entries += [("levels", str(device.levels), "", device.levels_grade)] if device.levels else []
    screen.table("Constants", ("constant", "value", "band", "grade"), entries, left=(0, 3))
    given = {name: model for name, model in device.effects.items() if model is not None}
    facts = [
        (name, json.dumps(model.model_dump(exclude={"source", "grade", "note"}, exclude_none=True)), model.grade)
        for name, model in given.items()
    ]
    screen.table("Models", ("effect", "model", "grade"), facts, left=(0, 1, 2))
    sources = [(key, f"per {c.per}. {c.source}", c.note) for key, c in device.constants.items()]
    sources += [("levels", device.levels_source, "")] if device.levels else []
    sources += [(name, model.source, model.note) for name, model in given.items()]
    screen.pairs("Sources", [(name, f"{source}. {note}" if note else source) for name, source, note in sources])


def _value(device: "Device", key: str) -> str:
    from gxnor_snn.plots.units import engineering

    constant = device.constants.get(key)
    return "-" if constant is None else engineering(constant.value, _SI[key.partition(".")[0]])


def _band(device: "Device", key: str) -> str:
    from gxnor_snn.plots.units import engineering

    constant, unit = device.constants[key], _SI[key.partition(".")[0]]
    if constant.low == constant.high:
        return ""
    return f"{engineering(constant.low, unit)} to {engineering(constant.high, unit)}"
