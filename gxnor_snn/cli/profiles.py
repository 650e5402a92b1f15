"""`gxnor profiles`: the hardware cards, and every constant of one."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from . import options

if TYPE_CHECKING:
    from gxnor_hardware.profile import Constant, Profile

    from .screen import Screen

__all__ = ["profiles"]


def profiles(
    show: Annotated[
        str | None,
        typer.Argument(metavar="show", help="Show one card in full; without it all cards are listed."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME|FILE.toml", help="The card to show. The word show may be left out."),
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """List the hardware cards and memory devices, or show one in full.

    In full: every constant with its band, scope, grade and source, and the structure that mapping obeys. A card of
    your own, of hardware or of a memory device, is checked as it is read: a sound one exits with 0.
    """
    from gxnor_hardware import load_profile
    from gxnor_hardware import profiles as names
    from gxnor_hardware.crossbar.devices import devices, load_device
    from gxnor_snn.errors import InputError

    from .device_cards import is_device_file, list_devices, show_device
    from .screen import Screen

    screen = Screen(quiet)
    if show is None:
        _list(screen, [load_profile(each) for each in names()])
        list_devices(screen)
        screen.line("gxnor profiles show NAME shows one card with its sources")
        return
    if (show == "show") != (name is not None):
        raise InputError(
            f"gxnor profiles {show}{'' if name is None else f' {name}'}: allowed are gxnor profiles, and "
            f"gxnor profiles show with one NAME|FILE.toml"
        )
    wanted = show if name is None else name
    if wanted in devices() or is_device_file(wanted):
        show_device(screen, load_device(wanted))
    else:
        _show(screen, load_profile(wanted))


def _list(screen: "Screen", cards: "Sequence[Profile]") -> None:
    """A table per kind of device."""
    for kind in dict.fromkeys(card.kind for card in cards):
        rows = [
            (
                " ".join((card.name, *(f"({alias})" for alias in card.aliases))),
                card.model,
                "" if card.validity.node_nm is None else f"{card.validity.node_nm:g} nm",
                card.validity.basis,
                _weakest(card),
            )
            for card in cards
            if card.kind == kind
        ]
        title = f"{kind.capitalize()} cards (grade: the weakest; structure: no energy was published)"
        screen.table(
            title, ("name (alias)", "model", "node", "basis", "grade"), rows, left=(0, 1, 3, 4), wrap=(0,)
        )


def _show(screen: "Screen", card: "Profile") -> None:
    validity = card.validity
    rows = [("name", card.name), ("alias", ", ".join(card.aliases)), ("kind", card.kind), ("about", card.summary)]
    rows += [("basis", validity.basis)]
    rows += [("node", f"{validity.node_nm:g} nm")] if validity.node_nm is not None else []
    rows += [("supply", f"{validity.vdd_v:g} V")] if validity.vdd_v is not None else []
    rows += [("valid for", note) for note in validity.notes]
    rows += [("outside its boundary", part) for part in card.excludes]
    screen.pairs(card.display, rows)
    columns = ("constant", "value", "band", "scope, basis", "grade")
    screen.table("Constants", columns, list(_constants(card)), left=(0, 3, 4))
    facts = {**card.limits, **card.design}
    entries = [
        (name, f"{fact.value:,}" if isinstance(fact.value, int) else fact.value, fact.kind or "design", fact.grade)
        for name, fact in facts.items()
    ]
    screen.table("Structure", ("entry", "value", "kind", "grade"), entries, left=(0, 2, 3))
    sources = [(f"{section}.{n}", f"per {c.per}. {c.source}", c.note) for section, n, c in _named_constants(card)]
    sources += [(name, fact.source, fact.note) for name, fact in facts.items()]
    screen.pairs("Sources", [(name, f"{source}. {note}" if note else source) for name, source, note in sources])


def _named_constants(card: "Profile") -> Iterator[tuple[str, str, "Constant"]]:
    """(section, name, constant) of every physical constant."""
    from gxnor_hardware.units import DIMENSIONS

    for section in DIMENSIONS:
        for name, constant in getattr(card, section).items():
            yield section, name, constant


def _constants(card: "Profile") -> Iterator[tuple[str, ...]]:
    from gxnor_hardware.markdown import constant_text

    for section, name, c in _named_constants(card):
        value, band = constant_text(section, c)
        yield f"{section}.{name}", value, band, f"{c.scope}, {c.basis}" if c.scope else c.basis, c.grade


def _weakest(card: "Profile") -> str:
    """Weakest grade of the constants; a card without any energy or power is structure alone."""
    from gxnor_snn.results.bill import GRADES

    if not card.charged:
        return "structure"
    return max((c.grade for _, _, c in _named_constants(card)), key=GRADES.index)
