"""When each neuron decides: steps of one sample's window, from the longest delay on every path."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph

from .wiring import Wiring

__all__ = ["Schedule", "schedule"]

MAX_WINDOW = 1 << 20


@dataclass(frozen=True)
class Schedule:
    """Gates of one sample's window.

    Inputs are sent in step 0. A spike of step s arrives at s + delay and is seen by its target from the next step
    on. A neuron may fire in its gate step only.

    Attributes
    ----------
    gates
        Step in which each population decides; of a readout, from which on its sum is complete.
    helpers
        The same of a pool's own neurons, by projection.
    window
        Steps of a sample: with it nothing of one sample reaches into the next, whatever the gates.
    exact
        Whether every neuron waits for the last of its inputs.
    """

    gates: Mapping[str, int]
    helpers: Mapping[str, int]
    window: int
    exact: bool

    def per_neuron(self, wiring: Wiring) -> NDArray[np.int32]:
        """The gate of every neuron; -1 for readouts, which never fire."""
        gates = np.full(wiring.n_neurons, -1, np.int32)
        for name, span in wiring.spans.items():
            if wiring.graph.populations[name].has_outputs:
                gates[span] = self.gates[name]
        for name, span in wiring.helpers.items():
            gates[span] = self.helpers[name]
        return gates


def schedule(
    graph: EventGraph, longest: Mapping[str, int], helpers: Mapping[str, object] = {}, wait: int | None = None
) -> Schedule:
    """Gates for the longest delay of each projection.

    Parameters
    ----------
    graph
        The event graph.
    longest
        Longest delay of each projection in steps.
    helpers
        Projections whose pool has neurons of its own, which take a step more.
    wait
        Steps of delay that a neuron waits for on every path; None waits for the longest. Smaller ones make early
        gates: what arrives later is missed by the decision, though not by a readout.

    Raises
    ------
    InputError
        If the window would pass 2^20 steps.
    """
    exact, _ = _gates(graph, longest, helpers)
    window = max(g + (1 if graph.populations[n].has_outputs else 0) for n, g in exact.items())
    if window > MAX_WINDOW:
        raise InputError(f"delays make a window of {window} steps per sample, allowed are {MAX_WINDOW}")
    waited = longest if wait is None else {name: min(delay, wait) for name, delay in longest.items()}
    gates, own = _gates(graph, waited, helpers)
    readouts = {name: exact[name] for name in graph.readouts}
    return Schedule({**gates, **readouts}, own, window, gates == exact)


def _gates(
    graph: EventGraph, longest: Mapping[str, int], helpers: Mapping[str, object]
) -> tuple[dict[str, int], dict[str, int]]:
    gates: dict[str, int] = {}
    own: dict[str, int] = {}
    for name in graph.populations:
        arrivals = [0]
        for projection in graph.incoming(name):
            arrival = gates[projection.source] + longest[projection.name] + 1
            if projection.name in helpers:
                own[projection.name] = arrival
                arrival += 1
            arrivals.append(arrival)
        gates[name] = max(arrivals)
    return gates, own
