"""What a device model must be able to do: the contract between cards, mapping and prices.

A device model is a way of running event graphs that several devices share: synapse lists on a mesh, memristor
arrays read by converters, unrolled multipliers. Each has a folder of its own with a `MODEL`, and a line in
`models.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Mapping

from .events import Events
from .ledger import Ledger
from .profile import Profile
from .vocabulary import Vocabulary

__all__ = ["DeviceModel"]


@dataclass(frozen=True)
class DeviceModel:
    """One way of running event graphs.

    Attributes
    ----------
    name
        The word of a card's `model`.
    kind
        neuromorphic, crossbar or digital: the `kind` of its cards.
    vocabulary
        What its cards may say.
    layout
        Lays a graph on the device of a card; raises `PricingError` where the graph meets a wall.
    charge
        Charges the events of a run to a ledger.
    """

    name: str
    kind: str
    vocabulary: Vocabulary
    layout: Callable[[EventGraph, Profile], Mapping]
    charge: Callable[[Events, Profile, Mapping, Ledger], None]
