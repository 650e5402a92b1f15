"""Engine `brian2`: event graphs in Brian2, neuron by neuron and synapse by synapse; see `Brian2Engine`.

Brian2 is imported when something is built or run, never before.
"""

from .asynchrony import EarlyFiring, Timing, early_firing, run_async
from .build import Brian2Network, build_brian2
from .delays import DelayModel, FixedDelays, MappedDelays, RandomDelays
from .engine import Brian2Engine
from .loading import load_brian2
from .wiring import Wiring, wire

__all__ = [
    "Brian2Engine",
    "Brian2Network",
    "DelayModel",
    "EarlyFiring",
    "FixedDelays",
    "MappedDelays",
    "RandomDelays",
    "Timing",
    "Wiring",
    "build_brian2",
    "early_firing",
    "load_brian2",
    "run_async",
    "wire",
]
