"""Memristor arrays: weights as cell conductances, sums as column currents, read by converters."""

from ...device_model import DeviceModel
from .mapping import map_arrays
from .pricing import price_arrays
from .vocabulary import VOCABULARY

__all__ = ["MODEL"]

MODEL = DeviceModel("arrays", "crossbar", VOCABULARY, map_arrays, price_arrays)
