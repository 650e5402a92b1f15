"""Hardware models: where an event graph lies on a published device, and what its counted events cost there."""

from .cards import load_profile, profiles
from .compare import Comparison, compare
from .pricing import map_graph, price
from .timing import Timing, timing

__all__ = ["Comparison", "Timing", "compare", "load_profile", "map_graph", "price", "profiles", "timing"]
