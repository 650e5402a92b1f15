"""Memory devices: cards, noise, and conductances of discrete levels."""

from .device import Device
from .levels import conductances, unit_conductance
from .store import devices, load_device

__all__ = ["Device", "conductances", "devices", "load_device", "unit_conductance"]
