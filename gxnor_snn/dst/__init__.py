"""Discrete state transition (DST): optimisers whose weights are only ever levels of a discrete space."""

from .claims import check_claims
from .optimizer import DST
from .rounding import Lut, Piecewise, Power, Rounding, Tanh, Unbiased
from .transition import transition

__all__ = ["DST", "Lut", "Piecewise", "Power", "Rounding", "Tanh", "Unbiased", "check_claims", "transition"]
