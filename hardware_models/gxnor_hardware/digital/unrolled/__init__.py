"""Unrolled digital accelerators: every multiplier of a layer's window works in the same clock cycle."""

from ...device_model import DeviceModel
from .mapping import map_unrolled
from .pricing import price_unrolled
from .vocabulary import VOCABULARY

__all__ = ["MODEL"]

MODEL = DeviceModel("unrolled", "digital", VOCABULARY, map_unrolled, price_unrolled)
