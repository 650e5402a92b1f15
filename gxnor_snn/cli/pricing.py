"""Counts on hardware cards: mapped and priced, for the commands that name cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gxnor_hardware import Comparison, compare, load_profile, profiles
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError, ProfileError
from gxnor_snn.files import write_json
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Bill, Counts, Unpriced
from gxnor_snn.results import Mapping as Layout

from .tables import CANNOT_RUN

__all__ = ["Priced", "compare_on", "load_cards", "price_on", "targets", "write_energy"]

_CARDS = ("loihi", "crossbar", "cutie")


@dataclass(frozen=True)
class Priced:
    """One target: where the graph lies on it (None where it cannot run there), and what an inference costs."""

    layout: Layout | None
    bill: Bill


def load_cards(names: Sequence[str] | None, everything: bool = False) -> list[Profile]:
    """The cards of these names or files, or three that differ in kind; a card named twice stands once.

    Parameters
    ----------
    names
        Names, aliases or files.
    everything
        All shipped cards, and then those named.

    Raises
    ------
    ProfileError
        If a card is unknown or not valid, or two cards of one name, shipped ones included, differ.
    """
    cards: dict[str, Profile] = {}
    shipped = {load_profile(name).name: load_profile(name) for name in profiles()}
    wanted = [*shipped, *(names or ())] if everything else names or _CARDS
    for name in wanted:
        card = load_profile(name)
        other = cards.get(card.name) or shipped.get(card.name)
        if other is not None and other.digest != card.digest:
            raise ProfileError(
                f"card {name}: another card is named {card.name!r} and says something else; "
                f"allowed is a name of its own"
            )
        cards[card.name] = card
    return list(cards.values())


def compare_on(graph: EventGraph, counts: Counts, cards: Sequence[Profile]) -> Comparison:
    """Map and price on every card.

    Raises
    ------
    PricingError
        If none of the devices can run the graph.
    """
    comparison = compare(graph, counts, cards)
    if not comparison.bills:
        raise PricingError("; ".join(comparison.refusals.values()))
    return comparison


def price_on(graph: EventGraph, counts: Counts, cards: Sequence[Profile]) -> list[Priced]:
    """Map and price on each card, if any, as `compare_on` does."""
    return targets(compare_on(graph, counts, cards), cards) if cards else []


def targets(comparison: Comparison, cards: Sequence[Profile]) -> list[Priced]:
    """One `Priced` per card, in the order of the cards; what cannot run there says so."""
    return [
        Priced(comparison.mappings[card.name], comparison.bills[card.name])
        if card.name in comparison.bills
        else Priced(None, _refused(comparison.n_samples, card, comparison.refusals[card.name]))
        for card in cards
    ]


def _refused(n_samples: int, card: Profile, reason: str) -> Bill:
    """A bill that says why there is none."""
    cannot = Unpriced(CANNOT_RUN, 1, reason)
    return Bill(card.name, card.display, card.kind, n_samples, {}, None, (cannot,))


def write_energy(
    path: Path, priced: Sequence[Priced], provenance: Mapping[str, str], comparison: Comparison | None = None
) -> None:
    """Write bills and layouts as JSON, atomically; the layout of a graph that cannot run there is null."""
    content: dict[str, Any] = {
        "targets": [{"bill": p.bill.to_dict(), "mapping": p.layout and p.layout.to_dict()} for p in priced]
    }
    if comparison is not None:
        content["comparison"] = comparison.findings()
    write_json(path, {**content, "provenance": dict(provenance)})
