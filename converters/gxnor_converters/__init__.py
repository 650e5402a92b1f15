"""Converters: trained networks and foreign formats to event graphs, and the proof that they are equal."""

from .certificate import Certificate, verify
from .from_torch import from_torch

__all__ = ["Certificate", "from_torch", "verify"]
