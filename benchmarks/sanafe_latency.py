"""Why SANA-FE's simple timing model and our steps differ: its rules on our counts, one after another.

Its step takes max over cores of max(receiving, neurons) + barrier, where receiving is the messages of a core and
their synaptic events, and neurons are the accesses, updates, spikes and sent messages of a core, a step after the
events that caused them. Ours takes max over cores of (events + accesses + updates + spikes) + barrier. Its barrier
is that of the largest tabled count of tiles that is not above those in use; ours goes between these in a line.
"""

from typing import Any

import numpy as np

from gxnor_hardware.neuromorphic.lists.latency import barrier
from gxnor_hardware.timing.batches import measure_all
from gxnor_hardware.timing.flows import levels_of
from gxnor_hardware.timing.lists import ListsChip
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace

__all__ = ["explained_latency"]


def _held(graph: EventGraph, trace: EventTrace, chip: ListsChip, shape: tuple[int, ...]) -> Any:
    """Compartments with a sum neither 0 nor enough to fire, by (sample, step, core): updated once more."""
    assert trace.sums is not None
    found = np.zeros(shape, np.int64)
    for name, home in chip.home.items():
        if graph.populations[name].has_outputs:
            held = 2 * (trace.sums[name] != 0).astype(np.int64) - (trace.spikes[name] != 0)
            by_core = np.zeros((chip.cores, shape[0]), np.int64)
            np.add.at(by_core, home, held.reshape(shape[0], -1).T)
            found[:, chip.fires[name] - 1] += by_core.T
    return found


def _later(count: Any, steps: int) -> Any:
    """The same some steps later, with as many steps more."""
    return np.pad(count, ((0, 0), (steps, 0), (0, 0)))


def explained_latency(graph: EventGraph, trace: EventTrace, chip: ListsChip, first_core: int) -> dict[str, Any]:
    """Seconds per inference, mean over samples: ours, what each rule of SANA-FE changes, and all of it together.

    Parameters
    ----------
    graph, trace, chip
        A run of a net of dense layers, recorded whole.
    first_core
        Our number of the core from which SANA-FE sends inputs.
    """
    load = measure_all(chip, levels_of(graph, trace, [n for n, p in graph.populations.items() if p.has_outputs]))
    times = {name: c.value for name, c in chip.profile.time.items()}
    used = chip.mapping.resources
    sync = barrier(chip.profile.time, float(used["tiles"]), float(used["tiles_per_chip"])).value
    tabled = max((n, times[f"sync_{n}"]) for n in (2, 4, 29) if n <= int(used["tiles"]))[1]
    work = chip.core_seconds(load, "value")
    assert work is not None
    events = load.events["sparse"] * times["synop_sparse"]
    receiving = events + load.received * times["message_in"]
    sent = load.sent.copy()
    sent[:, 0, first_core] += load.received[:, 0].sum(axis=1)
    more = ((0, 0), (0, 1), (0, 0))  # the step in which the readout is updated
    neurons = (
        chip.updates(load) * times["soma_access"]
        + (_later(chip.active(load), 1) + _later(_held(graph, trace, chip, load.sent.shape), 2)[:, :-1])
        * times["soma_update"]
        + _later(load.fired, 1) * times["spike_out"]
        + np.pad(sent, more) * times["axon_out"]
    )
    busiest = [part.max(axis=2) for part in (work, events, receiving)]
    together = np.maximum(np.pad(receiving, more), neurons).max(axis=2)

    def mean(seconds: Any) -> float:
        return float(seconds.sum(axis=1).mean())

    terms = {
        "updates and spikes run beside the events": mean(busiest[1] - busiest[0]),
        "receiving messages": mean(busiest[2] - busiest[1]),
        "neurons that take longer than receiving": mean(together[:, :-1] - busiest[2]),
        "one more time step": mean(together[:, -1:] + tabled),
        "barriers from the table": chip.steps * (tabled - sync),
    }
    ours = mean(busiest[0] + sync)
    return {"ours": ours, **terms, "together": ours + sum(terms.values())}
