"""Accelerators of which one energy per operation was published: dense work, whatever the zeros."""

from ...device_model import DeviceModel
from .mapping import map_throughput
from .pricing import price_throughput
from .vocabulary import VOCABULARY

__all__ = ["MODEL"]

MODEL = DeviceModel("throughput", "digital", VOCABULARY, map_throughput, price_throughput)
