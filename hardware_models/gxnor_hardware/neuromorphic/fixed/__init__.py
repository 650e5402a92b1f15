"""Chips whose cores are fixed synapse arrays: so many axons in, so many neurons out, a few bits per crossing."""

from ...device_model import DeviceModel
from .law import power_w
from .mapping import map_fixed
from .pricing import price_fixed
from .vocabulary import VOCABULARY

__all__ = ["MODEL", "power_w"]

MODEL = DeviceModel("synapse_array", "neuromorphic", VOCABULARY, map_fixed, price_fixed)
