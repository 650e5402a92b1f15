"""Where the random numbers of the transitions come from."""

from .base import Source
from .lfsr import Lfsr
from .stream import Stream

__all__ = ["Lfsr", "Source", "Stream"]
