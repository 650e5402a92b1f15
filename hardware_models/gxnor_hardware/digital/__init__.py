"""Unrolled digital accelerators: every multiplier of a layer's window works in the same clock cycle."""

from .mapping import map_digital
from .pricing import price_digital

__all__ = ["map_digital", "price_digital"]
