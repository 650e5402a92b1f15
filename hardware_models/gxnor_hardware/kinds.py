"""The kinds of device, each with its mapping and its prices. To add a kind, add a vocabulary and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Mapping as Layout

from .crossbar import map_crossbar, price_crossbar
from .digital import map_digital, price_digital
from .events import Events
from .ledger import Ledger
from .neuromorphic import map_neuromorphic, price_neuromorphic
from .profile import Profile

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True)
class Kind:
    """What a kind of device must be able to do."""

    layout: Callable[[EventGraph, Profile], Layout]
    charge: Callable[[Events, Profile, Layout, Ledger], None]


KINDS: Mapping[str, Kind] = {
    "neuromorphic": Kind(map_neuromorphic, price_neuromorphic),
    "crossbar": Kind(map_crossbar, price_crossbar),
    "digital": Kind(map_digital, price_digital),
}
"""Kinds by the word on the card."""
