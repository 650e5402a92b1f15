"""Results: frozen dataclasses, the only thing engines, converters and hardware models exchange."""

from .bill import Bill, Latency, Term, Total, Unpriced, indistinguishable
from .counts import Counts, MoveCounts, PopulationCounts, SynapseCounts
from .mapping import Check, Mapping
from .trace import EventTrace, logits_of

__all__ = [
    "Bill",
    "Check",
    "Counts",
    "EventTrace",
    "Latency",
    "Mapping",
    "MoveCounts",
    "PopulationCounts",
    "SynapseCounts",
    "Term",
    "Total",
    "Unpriced",
    "indistinguishable",
    "logits_of",
]
