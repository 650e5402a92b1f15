"""Counts on hardware cards: mapped and priced, for the commands that name cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gxnor_hardware import load_profile, map_graph, price, profiles
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError, ProfileError
from gxnor_snn.files import write_json
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Bill, Counts, Unpriced
from gxnor_snn.results import Mapping as Layout

__all__ = ["Card", "Priced", "load_cards", "price_on", "write_energy"]

_CARDS = ("loihi", "crossbar", "cutie")


@dataclass(frozen=True)
class Card:
    """A card to price on; what it cannot run is an error where the user `chose` it, else part of the answer."""

    profile: Profile
    chosen: bool


@dataclass(frozen=True)
class Priced:
    """One target: where the graph lies on it (None where it cannot run there), and what an inference costs."""

    layout: Layout | None
    bill: Bill


def load_cards(names: Sequence[str] | None) -> list[Card]:
    """The cards of these names or files, or three that differ in kind; a card named twice stands once.

    Raises
    ------
    ProfileError
        If a card is unknown or not valid, or two cards of one name, shipped ones included, differ.
    """
    cards: dict[str, Profile] = {}
    shipped = {load_profile(name).name: load_profile(name) for name in profiles()}
    for name in names or _CARDS:
        card = load_profile(name)
        other = cards.get(card.name) or shipped.get(card.name)
        if other is not None and other.digest != card.digest:
            raise ProfileError(
                f"card {name}: another card is named {card.name!r} and says something else; "
                f"allowed is a name of its own"
            )
        cards[card.name] = card
    return [Card(card, bool(names)) for card in cards.values()]


def price_on(graph: EventGraph, counts: Counts, cards: Sequence[Card]) -> list[Priced]:
    """Map and price on each card.

    Raises
    ------
    PricingError
        If a device that the user chose cannot run the graph at all.
    """
    layouts = [_lay(graph, card) for card in cards]
    return [
        _refused(counts, card.profile, layout)
        if isinstance(layout, PricingError)
        else Priced(layout, price(counts, card.profile, layout))
        for card, layout in zip(cards, layouts, strict=True)
    ]


def _lay(graph: EventGraph, card: Card) -> Layout | PricingError:
    try:
        return map_graph(graph, card.profile)
    except PricingError as error:
        if card.chosen:
            raise
        return error


def _refused(counts: Counts, card: Profile, reason: PricingError) -> Priced:
    """A bill that says why there is none."""
    cannot = Unpriced("the whole graph, which cannot run here", 1, str(reason))
    return Priced(None, Bill(card.name, card.display, card.kind, counts.n_samples, {}, None, (cannot,)))


def write_energy(path: Path, priced: Sequence[Priced], provenance: Mapping[str, str]) -> None:
    """Write bills and layouts as JSON, atomically; the layout of a graph that cannot run there is null."""
    targets = [{"bill": p.bill.to_dict(), "mapping": p.layout and p.layout.to_dict()} for p in priced]
    write_json(path, {"targets": targets, "provenance": dict(provenance)})
