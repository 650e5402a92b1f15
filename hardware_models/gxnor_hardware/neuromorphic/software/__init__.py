"""Chips whose cores run software: neurons updated every tick, synapse rows fetched from memory, a deadline."""

from ...device_model import DeviceModel
from .mapping import map_software
from .pricing import price_software
from .vocabulary import VOCABULARY

__all__ = ["MODEL"]

MODEL = DeviceModel("software_cores", "neuromorphic", VOCABULARY, map_software, price_software)
