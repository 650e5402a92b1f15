"""One run priced on many devices side by side: who is cheaper by what is known, and what nobody can tell."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gxnor_snn.errors import PricingError, ProfileError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Bill, Counts, Unpriced, indistinguishable, overlapping_groups
from gxnor_snn.results import Mapping as Layout

from .cards import load_profile, profiles
from .pricing import map_graph, price
from .profile import Profile

__all__ = ["Comparison", "compare"]

_Card = Profile | str | os.PathLike[str]


@dataclass(frozen=True)
class Comparison:
    """Bills of one run on many devices.

    Attributes
    ----------
    graph
        Digest of the event graph.
    n_samples
        Samples the counts were taken over.
    bills, mappings
        `Bill` and `Mapping` by card, of the devices that can run the graph, in the order asked for.
    refusals
        The wall by card, of the devices that cannot, or what the card lacks to say so.
    """

    graph: str
    n_samples: int
    bills: Mapping[str, Bill]
    mappings: Mapping[str, Layout]
    refusals: Mapping[str, str]

    def __post_init__(self) -> None:
        for name in ("bills", "mappings", "refusals"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (dict(self.bills), dict(self.mappings), dict(self.refusals))
        return Comparison, (self.graph, self.n_samples, *parts)

    @property
    def ranking(self) -> tuple[str, ...]:
        """Cards with a total, cheapest first; those of one group may as well change places."""
        totals = {name: bill.energy_j for name, bill in self.bills.items()}
        return tuple(sorted((n for n, e in totals.items() if e is not None), key=lambda n: totals[n] or 0.0))

    @property
    def unpriced(self) -> dict[str, tuple[Unpriced, ...]]:
        """What stands in the way of a total, by card."""
        return {name: bill.unpriced for name, bill in self.bills.items() if bill.unpriced}

    @property
    def grades(self) -> dict[str, str | None]:
        """Weakest grade behind each bill."""
        return {name: bill.weakest_grade for name, bill in self.bills.items()}

    @property
    def indistinguishable(self) -> tuple[tuple[str, str], ...]:
        """Pairs of cards whose total bands overlap."""
        return tuple(indistinguishable(self.bills.values()))

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """Largest sets of cards of which no two can be told apart, two or more each, cheapest first.

        All bands of a set share an energy. A card may belong to several sets: overlapping is not transitive.
        """
        return tuple(overlapping_groups(self.bills.values()))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "graph": self.graph,
            "n_samples": self.n_samples,
            "bills": {name: bill.to_dict() for name, bill in self.bills.items()},
            "mappings": {name: mapping.to_dict() for name, mapping in self.mappings.items()},
            **self.findings(),
        }

    def findings(self) -> dict[str, Any]:
        """What the comparison says beyond the single bills, JSON-ready."""
        return {
            "ranking": list(self.ranking),
            "not_distinguishable": [list(group) for group in self.groups],
            "unpriced": {name: [u.term for u in missing] for name, missing in self.unpriced.items()},
            "refusals": dict(self.refusals),
            "weakest_grades": self.grades,
        }


def compare(graph: EventGraph, counts: Counts, profiles: Iterable[_Card] | None = None) -> Comparison:
    """Map one graph and price its counts on many devices.

    Parameters
    ----------
    graph
        The event graph.
    counts
        Counts of a run of it, per sample or summed.
    profiles
        Cards, or names or paths of cards; all shipped cards if None. A card given twice counts once.

    Returns
    -------
    Comparison
        Bills of the devices that can run the graph, and the wall of each that cannot.

    Raises
    ------
    PricingError
        If there is no card, two cards of one name differ, or the counts belong to another graph.
    ProfileError
        If a card is unknown or damaged.
    """
    for thing, kind, name in ((graph, EventGraph, "graph"), (counts, Counts, "counts")):
        if not isinstance(thing, kind):
            raise PricingError(f"{name} is {thing!r:.80}; allowed is {kind.__name__}")
    cards = _cards(profiles)
    mappings: dict[str, Layout] = {}
    refusals: dict[str, str] = {}
    for card in cards.values():
        try:
            mappings[card.name] = map_graph(graph, card)
        except (PricingError, ProfileError) as error:  # a wall, or a card that lacks what mapping this graph needs
            refusals[card.name] = str(error)
    bills = {name: price(counts, cards[name], mapping) for name, mapping in mappings.items()}
    return Comparison(graph.digest, counts.n_samples, bills, mappings, refusals)


def _cards(given: Iterable[_Card] | None) -> dict[str, Profile]:
    if isinstance(given, (Profile, str, os.PathLike)) or not isinstance(given, Iterable | None):
        raise PricingError(f"profiles is {given!r:.80}; allowed are several cards, names or paths, as a list")
    found: dict[str, Profile] = {}
    for item in profiles() if given is None else given:
        card = item if isinstance(item, Profile) else load_profile(item)
        if found.setdefault(card.name, card).digest != card.digest:
            raise PricingError(f"two cards named {card.name!r} differ; allowed is one card per name")
    if not found:
        raise PricingError("no card to compare on; allowed is at least one")
    return found
