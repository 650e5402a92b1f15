"""Discrete state transition (DST): optimisers whose weights are only ever levels of a discrete space."""

from .optimizer import DST
from .transition import transition

__all__ = ["DST", "transition"]
