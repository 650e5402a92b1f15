"""Converters: trained networks and foreign formats to event graphs, and the proof that they are equal."""

from .certificate import Certificate, certify, verify
from .decomposition import decompose
from .from_torch import from_torch

__all__ = ["Certificate", "certify", "decompose", "from_torch", "verify"]
