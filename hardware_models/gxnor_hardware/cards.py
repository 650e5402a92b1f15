"""The shipped cards, and cards of the user's own."""

import os
from functools import cache
from pathlib import Path
from types import MappingProxyType

from gxnor_snn.errors import ProfileError

from .profile import Profile
from .schema import parse_profile
from .toml_file import read_toml

__all__ = ["load_profile", "profiles"]

_FOLDER = Path(__file__).parent / "profiles"


def profiles() -> tuple[str, ...]:
    """Names of the shipped cards, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def load_profile(name_or_path: str | os.PathLike[str]) -> Profile:
    """Load a hardware card.

    Parameters
    ----------
    name_or_path
        Name or alias of a shipped card (see `profiles`), or the path of a TOML file of the same form.

    Raises
    ------
    ProfileError
        If no such card exists (the message lists the known ones) or the card is damaged (the message names the
        field, what stands there and what is allowed).
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise ProfileError(f"hardware card is {name_or_path!r:.80}; allowed is a name or the path of a .toml file")
    text = os.fspath(name_or_path)
    if text.endswith(".toml") or os.sep in text:
        return _read(Path(text))
    shipped = _shipped()
    if text not in shipped:
        known = ", ".join(f"{n} ({', '.join(shipped[n].aliases)})" for n in profiles())
        raise ProfileError(
            f"hardware card {text!r} is unknown; known are {known}, or give the path of a .toml file"
        )
    return shipped[text]


def _read(path: Path) -> Profile:
    return parse_profile(*read_toml(path, "card"))


@cache
def _shipped() -> MappingProxyType[str, Profile]:
    """Every shipped card by name and by alias; cards are immutable, so one reading serves all callers."""
    found: dict[str, Profile] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        profile = _read(path)
        if profile.name != path.stem:
            raise ProfileError(f"card {path}: name is {profile.name!r}; allowed is the file's name {path.stem!r}")
        for name in (profile.name, *profile.aliases):
            if name in found:
                raise ProfileError(f"card {path}: {name!r} is taken by card {found[name].name!r}")
            found[name] = profile
    return MappingProxyType(found)
