"""Memristor crossbars: weights as cell conductances, sums as column currents, read by converters."""

from .mapping import map_crossbar
from .pricing import price_crossbar

__all__ = ["map_crossbar", "price_crossbar"]
