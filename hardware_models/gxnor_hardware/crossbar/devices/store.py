"""The shipped device cards, and cards of the user's own."""

import os
from functools import cache
from pathlib import Path

from gxnor_snn.errors import ProfileError

from ...toml_file import read_toml
from .card import parse_device
from .device import Device

__all__ = ["devices", "load_device"]

_FOLDER = Path(__file__).parent / "presets"


def devices() -> tuple[str, ...]:
    """Names of the shipped device cards, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_device(name_or_path: str | os.PathLike[str]) -> Device:
    """Load a device card.

    Parameters
    ----------
    name_or_path
        Name of a shipped card (see `devices`), or the path of a TOML file of the same form.

    Raises
    ------
    ProfileError
        If no such card exists (the message lists the known ones) or the card is damaged (the message names file,
        field, what stands there and what is allowed).
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise ProfileError(f"device card is {name_or_path!r:.80}; allowed is a name or the path of a .toml file")
    text = os.fspath(name_or_path)
    if text.endswith(".toml") or os.sep in text:
        return _read(Path(text))
    if text not in devices():
        known = ", ".join(devices())
        raise ProfileError(f"device card {text!r} is unknown; known are {known}, or give the path of a .toml file")
    return _shipped(text)


@cache
def _shipped(name: str) -> Device:
    """A shipped card; devices are immutable, so one reading serves all callers."""
    device = _read(_FOLDER / f"{name}.toml")
    if device.name != name:
        raise ProfileError(f"device card {name}.toml: name is {device.name!r}; allowed is the file's name")
    return device


def _read(path: Path) -> Device:
    return parse_device(*read_toml(path, "device card"))
