"""Figures of one run: sparsity, gating, energy, events; of runs with delays and of timed chips, over time.

Every plot function takes an optional ``ax``, draws, and returns the axes; none shows a window, and none touches
pyplot. matplotlib is imported when something is drawn.
"""

from .asynchrony import accuracy_over_time, early_firing_cost, membrane_traces, spike_times, traffic_over_time
from .devices import conductance_distributions, drift_curves
from .energy import energy_by_term
from .explain import gate_contributions
from .gating import gating_funnel
from .operations import operations_by_network
from .raster import event_raster
from .save import figure_png, save_figure
from .sharing import kernel_frequencies, sharing_by_way
from .sparsity import sparsity_per_layer
from .timing import core_load, energy_over_time, link_load
from .yields import accuracy_over_yield

__all__ = [
    "accuracy_over_time",
    "accuracy_over_yield",
    "conductance_distributions",
    "core_load",
    "drift_curves",
    "early_firing_cost",
    "energy_by_term",
    "energy_over_time",
    "event_raster",
    "figure_png",
    "gate_contributions",
    "gating_funnel",
    "kernel_frequencies",
    "link_load",
    "membrane_traces",
    "operations_by_network",
    "save_figure",
    "sharing_by_way",
    "sparsity_per_layer",
    "spike_times",
    "traffic_over_time",
]
