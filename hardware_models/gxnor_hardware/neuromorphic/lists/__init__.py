"""Event-driven chips: cores that hold synapse lists, binary spikes over a mesh, a barrier after every step."""

from ...device_model import DeviceModel
from .mapping import map_lists
from .pricing import price_lists
from .vocabulary import VOCABULARY

__all__ = ["MODEL"]

MODEL = DeviceModel("synapse_lists", "neuromorphic", VOCABULARY, map_lists, price_lists)
