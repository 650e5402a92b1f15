"""The plan of a network: everything about it that needs no Brian2 yet."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError, UnsupportedGraphError
from gxnor_snn.graph import EventGraph, check_input
from gxnor_snn.graph.counting import COUNT_MODES

from .delays import DelayModel, delays_of
from .equations import Features, counters
from .limits import check_memory, why_not
from .parameters import features_of
from .schedule import Schedule, schedule
from .wiring import Steps, Wiring, wire

__all__ = ["FIRINGS", "Firing", "Plan", "batch_size", "plan", "sample_matrix"]

FIRINGS = ("gated", "arrival", "free")
Firing = Literal["gated", "arrival", "free"]

_CHUNK_BYTES = 1 << 26  # of what is kept per chunk
_MOST_SAMPLES = 4096
_MOST_COUNTERS = 256


@dataclass(frozen=True)
class Plan:
    """Everything about a network that needs no Brian2 yet."""

    graph: EventGraph
    wiring: Wiring
    delays: dict[str, Steps]
    gates: Schedule
    features: Features

    @property
    def exact(self) -> bool:
        """Whether the network computes the graph: every neuron decides once, and after its last input."""
        return self.gates.exact and self.features.firing == "gated" and not self.features.real


def plan(
    graph: EventGraph,
    *,
    delays: DelayModel | None = None,
    wait: int | None = None,
    firing: str = "gated",
    counts: str = "basic",
    real: bool = False,
    timed: bool = False,
    memory: int | None = None,
) -> Plan:
    """Write out neurons, synapses, delays and gates; see `build_brian2`."""
    reason = why_not(graph, check_memory(memory), delayed=delays is not None, full=counts == "full")
    if reason is not None:
        raise UnsupportedGraphError(f"engine 'brian2': {reason}")
    if firing not in FIRINGS:
        raise InputError(f"firing is {firing!r}, allowed are {', '.join(FIRINGS)}")
    if counts not in COUNT_MODES:
        raise InputError(f"counts is {counts!r}, allowed are {', '.join(COUNT_MODES)}")
    if wait is not None and (isinstance(wait, bool) or not isinstance(wait, int | np.integer) or wait < 0):
        raise InputError(f"wait is {wait!r}, allowed is an integer of at least 0, or None")
    if wait is not None and firing != "gated":
        raise InputError(f"wait is {wait} with firing {firing!r}, allowed is wait with firing 'gated' only")
    wiring = wire(graph)
    steps = delays_of(delays, wiring)
    longest = {name: int(np.max(d, initial=0)) for name, d in steps.items()}
    gates = schedule(graph, longest, wiring.helpers, wait)
    features = features_of(wiring, full=counts == "full", firing=firing, real=real, timed=timed)
    if len(counters(features)) > _MOST_COUNTERS:
        raise UnsupportedGraphError(
            f"engine 'brian2': full counts need {len(counters(features))} counters per neuron, "
            f"allowed are {_MOST_COUNTERS}"
        )
    return Plan(graph, wiring, steps, gates, features)


def sample_matrix(graph: EventGraph, x: Any) -> NDArray[np.int32]:
    """The levels of all inputs side by side, (samples, inputs), as Brian2 holds them."""
    arrays = check_input(graph, x)
    sizes = {name: graph.populations[name].size for name in graph.inputs}
    flat = [arrays[name].reshape(len(arrays[name]), size).astype(np.int32) for name, size in sizes.items()]
    return np.concatenate(flat, axis=1)


def batch_size(made: Plan) -> int:
    """Samples of one run call, so many that what is kept of them stays within 64 MB."""
    kept = 4 * made.wiring.n_neurons * (2 + len(counters(made.features)))
    return max(1, min(_MOST_SAMPLES, _CHUNK_BYTES // kept))
