"""Results: frozen dataclasses, the only thing engines, converters and hardware models exchange."""

from .bill import Area, Bill, Latency, Programming, Term, Total, Unpriced, indistinguishable, overlapping_groups
from .counts import Counts, MoveCounts, PopulationCounts, SynapseCounts
from .events import SpikeEvents
from .mapping import Check, Mapping
from .operations import OpRow, SharedLayers, op_counts
from .trace import EventTrace, logits_of

__all__ = [
    "Area",
    "Bill",
    "Check",
    "Counts",
    "EventTrace",
    "Latency",
    "Mapping",
    "MoveCounts",
    "OpRow",
    "PopulationCounts",
    "Programming",
    "SharedLayers",
    "SpikeEvents",
    "SynapseCounts",
    "Term",
    "Total",
    "Unpriced",
    "indistinguishable",
    "logits_of",
    "op_counts",
    "overlapping_groups",
]
