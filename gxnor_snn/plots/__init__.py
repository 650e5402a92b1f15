"""Figures of one run: sparsity, gating, energy, events.

Every plot function takes an optional ``ax``, draws, and returns the axes; none shows a window, and none touches
pyplot. matplotlib is imported when something is drawn.
"""

from .energy import energy_by_term
from .gating import gating_funnel
from .raster import event_raster
from .save import figure_png, save_figure
from .sparsity import sparsity_per_layer

__all__ = [
    "energy_by_term",
    "event_raster",
    "figure_png",
    "gating_funnel",
    "save_figure",
    "sparsity_per_layer",
]
