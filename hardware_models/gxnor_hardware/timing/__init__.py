"""Where and when a recorded run spends its time and energy on a chip of many cores."""

from .result import Timing
from .run import timing

__all__ = ["Timing", "timing"]
