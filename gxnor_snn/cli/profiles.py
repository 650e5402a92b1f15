"""`gxnor profiles`: the hardware cards, and every constant of one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from . import options

if TYPE_CHECKING:
    from gxnor_hardware.profile import Constant, Profile

    from .screen import Screen

__all__ = ["profiles"]


def profiles(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME|FILE.toml", help="Card to show in full; all cards are listed without it."),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """List the hardware cards, or show one in full.

    In full: every constant with its band, scope, grade and source, and the structure that mapping obeys.
    """
    from gxnor_hardware import load_profile
    from gxnor_hardware import profiles as names

    from .screen import Screen

    screen = Screen(quiet)
    if name is not None:
        _show(screen, load_profile(name))
        return
    rows = []
    for card in map(load_profile, names()):
        energies = len(card.energy) + len(card.power)
        rows.append((card.name, ", ".join(card.aliases), card.kind, card.display, str(energies), _weakest(card)))
    columns = ("name", "alias", "kind", "device", "energies", "weakest grade")
    screen.table("Hardware cards", columns, rows, left=(0, 1, 2, 3))
    screen.line("gxnor profiles NAME shows one card with its sources")


def _show(screen: "Screen", card: "Profile") -> None:
    validity = card.validity
    rows = [("name", card.name), ("alias", ", ".join(card.aliases)), ("kind", card.kind), ("about", card.summary)]
    rows += [("basis", validity.basis)]
    rows += [("node", f"{validity.node_nm:g} nm")] if validity.node_nm is not None else []
    rows += [("supply", f"{validity.vdd_v:g} V")] if validity.vdd_v is not None else []
    rows += [("valid for", note) for note in validity.notes]
    rows += [("outside its boundary", part) for part in card.excludes]
    screen.pairs(card.display, rows)
    columns = ("constant", "value", "band", "scope", "basis", "grade")
    screen.table("Constants", columns, _constants(card), left=(0, 3, 4, 5))
    facts = {**card.limits, **card.design}
    entries = [
        (name, f"{fact.value:,}" if isinstance(fact.value, int) else fact.value, fact.kind or "design", fact.grade)
        for name, fact in facts.items()
    ]
    screen.table("Structure", ("entry", "value", "kind", "grade"), entries, left=(0, 2, 3))
    sources = [(name, f"per {c.per}. {c.source}", c.note) for name, _, c in _named_constants(card)]
    sources += [(name, fact.source, fact.note) for name, fact in facts.items()]
    screen.pairs("Sources", [(name, f"{source}. {note}" if note else source) for name, source, note in sources])


def _named_constants(card: "Profile") -> Iterator[tuple[str, str, "Constant"]]:
    """(GROUP.NAME, SI unit, constant) of every physical constant."""
    units = {"energy": "J", "power": "W", "time": "s", "frequency": "Hz", "ratio": ""}
    units |= {"conductance": "S", "resistance": "ohm", "voltage": "V"}
    for group, unit in units.items():
        for name, constant in getattr(card, group).items():
            yield f"{group}.{name}", unit, constant


def _constants(card: "Profile") -> Iterator[tuple[str, ...]]:
    from gxnor_snn.plots.units import engineering

    for name, unit, c in _named_constants(card):
        value, low, high = (engineering(v, unit) if unit else f"{v:g}" for v in (c.value, c.low, c.high))
        yield name, value, f"{low} to {high}" if c.low < c.high else "", c.scope or "", c.basis, c.grade


def _weakest(card: "Profile") -> str:
    from gxnor_snn.results.bill import GRADES

    return max((c.grade for _, _, c in _named_constants(card)), key=GRADES.index, default="-")
