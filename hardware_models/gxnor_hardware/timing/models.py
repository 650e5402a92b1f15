"""The device models that can be timed. To add one, add its `Chip` and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from .chip import Chip
from .fixed import FixedChip
from .lists import ListsChip
from .software import SoftwareChip

__all__ = ["CHIPS"]

CHIPS: Mapping[str, type[Chip]] = MappingProxyType(
    {"synapse_lists": ListsChip, "synapse_array": FixedChip, "software_cores": SoftwareChip}
)
"""Chips by the model of the card."""
