"""Event-driven chips: cores that hold synapse lists, binary spikes over a mesh, a barrier after every step."""

from .mapping import map_neuromorphic
from .pricing import price_neuromorphic

__all__ = ["map_neuromorphic", "price_neuromorphic"]
