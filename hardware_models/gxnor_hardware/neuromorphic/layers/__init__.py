"""Event-driven engines that hold whole layers: binary spikes, kernels read whole, zeros and all."""

from ...device_model import DeviceModel
from .mapping import map_layers
from .pricing import price_layers
from .vocabulary import VOCABULARY

__all__ = ["MODEL"]

MODEL = DeviceModel("layer_engine", "neuromorphic", VOCABULARY, map_layers, price_layers)
