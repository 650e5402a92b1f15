"""Engine `torch`: event graphs by int8 matrix products, on CPU or CUDA; see `TorchEngine`."""

from .engine import TorchEngine
from .plan import Plan

__all__ = ["Plan", "TorchEngine"]
