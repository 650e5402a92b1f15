"""Counts on hardware cards: mapped and priced, for the commands that name cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile

from gxnor_snn.files import write_json
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Bill, Counts
from gxnor_snn.results import Mapping as Layout

__all__ = ["Priced", "load_cards", "price_on", "write_energy"]

_CARDS = ("loihi", "crossbar", "cutie")


@dataclass(frozen=True)
class Priced:
    """One target: where the graph lies on it, and what an inference costs."""

    layout: Layout
    bill: Bill


def load_cards(names: Sequence[str] | None) -> list[Profile]:
    """The cards of these names or files, or three that differ in kind; a card named twice stands once.

    Raises
    ------
    ProfileError
        If a card is unknown or not valid.
    """
    cards = map(load_profile, names or _CARDS)
    return list({card.name: card for card in cards}.values())


def price_on(graph: EventGraph, counts: Counts, cards: Sequence[Profile]) -> list[Priced]:
    """Map and price on each card.

    Raises
    ------
    PricingError
        If a device cannot run the graph at all.
    """
    layouts = [map_graph(graph, card) for card in cards]
    return [Priced(layout, price(counts, card, layout)) for card, layout in zip(cards, layouts, strict=True)]


def write_energy(path: Path, priced: Sequence[Priced], provenance: Mapping[str, str]) -> None:
    """Write bills and layouts as JSON, atomically."""
    targets = [{"bill": p.bill.to_dict(), "mapping": p.layout.to_dict()} for p in priced]
    write_json(path, {"targets": targets, "provenance": dict(provenance)})
