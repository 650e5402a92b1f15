"""Dense processors by their arithmetic and memory accesses, as in Horowitz's table of a 45 nm process."""

from ...device_model import DeviceModel
from .mapping import map_arithmetic
from .pricing import price_arithmetic
from .vocabulary import VOCABULARY

__all__ = ["MODEL"]

MODEL = DeviceModel("arithmetic", "digital", VOCABULARY, map_arithmetic, price_arithmetic)
