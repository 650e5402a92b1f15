"""The field: what ``engine.py`` is timed against, one file per library.

A peer gives a `Contestant`: something to run, how its settings were chosen, what was found equal. Let it run at
its best: give it ready float32 inputs, try the memory formats, batch sizes and number formats that it offers, and
keep the quickest. A library that is not installed raises `NotInstalledError`; its figures are left out.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from time import perf_counter
from types import ModuleType
from typing import Any

__all__ = ["Contestant", "NotInstalledError", "quickest", "require"]


class NotInstalledError(Exception):
    """A library of the field is missing; the message says how to install it."""


@dataclass(frozen=True)
class Contestant:
    """Something to time.

    Attributes
    ----------
    run
        One pass over the work, from ready inputs.
    setting
        What was chosen, and the seconds of what was tried.
    equal
        What was found equal to the native engine's results, in words or numbers.
    versions
        Of the libraries that run.
    """

    run: Callable[[], object]
    setting: str = ""
    equal: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


def require(module: str, package: str, *beside: str) -> ModuleType:
    """Import a module of a library of the field.

    Parameters
    ----------
    module, package
        What to import, and the name pip knows it by.
    beside
        Other packages that it needs here.

    Raises
    ------
    NotInstalledError
        If it, or what it imports, is missing.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        line = f"pip install {' '.join((package, *beside))}"
        raise NotInstalledError(f"{package} is not installed ({error.name} is missing): {line}") from error


def versions(*packages: str) -> dict[str, str]:
    return {name: version(name) for name in packages}


def quickest(candidates: Mapping[str, Callable[[], Any]]) -> tuple[str, str]:
    """Name of the quickest, and the seconds of all in words; each runs twice, the better time counts."""
    seconds = dict.fromkeys(candidates, float("inf"))
    for name, run in [*candidates.items()] * 2:
        began = perf_counter()
        run()
        seconds[name] = min(seconds[name], perf_counter() - began)
    best = min(seconds, key=seconds.__getitem__)
    return best, f"{best}, of " + ", ".join(f"{name} {value:.4g} s" for name, value in seconds.items())
