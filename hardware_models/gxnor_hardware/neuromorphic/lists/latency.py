"""Time of one inference on an event-driven chip: the busiest core of every step, and the barrier after it."""

from collections.abc import Mapping as SMapping
from collections.abc import Sequence
from functools import reduce

import numpy as np

from gxnor_snn.results import Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import Events, Float
from ...ledger import Amount, Ledger
from ...profile import Constant, Profile
from ..scenarios import scenarios
from .formats import constant_of

__all__ = ["barrier", "latency"]

Times = SMapping[str, Constant]

_BETWEEN = {2.0: "sync_2", 4.0: "sync_4", 29.0: "sync_29"}
"""Tiles at which cards may give a barrier besides one tile and all of them."""


def latency(
    events: Events, profile: Profile, mapping: Mapping, ledger: Ledger, design: Sequence[str]
) -> Amount | None:
    """Time of one inference, or None where the card lacks a time that it needs.

    t = sum over steps of max over cores of (events t_synop + updates t_update + spikes t_spike) + t_barrier.
    An event takes time in the step in which it arrives; where that is before the step of its population it waits
    in its delay slot, and the update is made then. Messages travel while cores work, so their times are left to
    models that see the trace.
    """
    times, need = profile.time, _needed(profile.time, mapping)
    if "tiles" not in mapping.resources or need is None:
        return None
    sync = barrier(times, float(mapping.resources["tiles"]), float(mapping.resources["tiles_per_chip"]))
    total = Amount.exact(0.0)
    steps = _working(mapping)
    for step in steps:
        total += _step(events, times, mapping, step) + sync
    idle = _work(times, float(mapping.resources["compartments_per_core"]))[0][:, 0]
    total += (Amount(*idle.tolist()) + sync) * (float(mapping.resources["steps"]) - len(steps))
    formula = "sum over steps of the busiest core's events and updates, plus the barrier"
    ledger.take(total, need, formula, [f.grade for n, f in profile.design.items() if n in design])
    return total


def _needed(times: Times, mapping: Mapping) -> Times | None:
    """The times that a latency rests on, or None if one of them is missing."""
    whole, parts = ("neuron_update", "neuron_update_idle"), ("soma_access", "soma_update", "spike_out")
    updates = parts if "soma_access" in times else whole
    found = {name: times.get(name) for name in (*updates, "sync_min", "sync_max")}
    found |= {name: times[name] for name in _BETWEEN.values() if name in times}
    for static in mapping.projections.values():
        storage = str(static["storage"])
        found["synop" if "synop" in times else f"synop_{storage}"] = constant_of(times, storage)
    if any("fan_in_parts" in own for own in mapping.populations.values()):  # partial sums are added from lists
        found["synop" if "synop" in times else "synop_sparse"] = constant_of(times, "sparse")
    return None if None in found.values() else {n: c for n, c in found.items() if c is not None}


def barrier(times: Times, tiles: float, tiles_per_chip: float) -> Amount:
    """Time of one barrier: between the published points by interpolation, in bounds from one tile to all."""
    known = {1.0: "sync_min", **_BETWEEN, max(tiles_per_chip, 1.0): "sync_max"}
    points = sorted((at, times[name].value) for at, name in known.items() if name in times)
    value = float(np.interp(tiles, [at for at, _ in points], [time for _, time in points]))
    return Amount(value, times["sync_min"].low, times["sync_max"].high)


def _work(times: Times, compartments: float) -> tuple[Float, Float]:
    """Time to update compartments that receive nothing, and all of them."""
    if "soma_access" in times:
        idle = compartments * scenarios(times["soma_access"])
        return idle, idle + compartments * scenarios(times["soma_update"])
    return compartments * scenarios(times["neuron_update_idle"]), compartments * scenarios(times["neuron_update"])


def _working(mapping: Mapping) -> list[int]:
    """Steps in which events may arrive or neurons settle; in all others compartments idle."""
    found = {int(static["arrives"]) for static in mapping.projections.values()}
    for own in mapping.populations.values():
        if "cores" in own:
            found |= {int(own["stage"]), int(own["stage"]) - int("fan_in_parts" in own)}
    return sorted(found)


def _step(events: Events, times: Times, mapping: Mapping, step: int) -> Amount:
    """Time of the busiest core in one step, mean over the samples."""
    everywhere, _ = _work(times, float(mapping.resources["compartments_per_core"]))
    names = [n for n, own in mapping.populations.items() if "cores" in own]
    found = [part for n in names if (part := _busiest(events, times, mapping, n, step)) is not None]
    busiest = reduce(np.maximum, (everywhere, *(updates + work for updates, work in found)))
    value, low, high = (float(v) for v in busiest.mean(axis=1))
    if not events.per_sample and events.n_samples > 1:
        # the mean of maxima is above the maximum of means; max(a + x, b + y) <= max(a, b) + x + y bounds it
        most = max(float(part[2, 0]) for part in (everywhere, *(updates for updates, _ in found)))
        high = most + sum(float(work[2, 0]) for _, work in found)
    return Amount(value, low, high)


def _busiest(events: Events, times: Times, mapping: Mapping, name: str, step: int) -> tuple[Float, Float] | None:
    """Updates, and events and spikes, of a population's busiest core in a step: (value, low, high) by samples.

    Expected: events spread like synapses do. At least the mean over cores, at most all of the core's synapses.
    None where the population has nothing to do but idle.
    """
    own = mapping.populations[name]
    stage, split = int(own["stage"]), "fan_in_parts" in own
    edges = [q for q in mapping.projections.items() if q[1]["target"] == name and int(q[1]["arrives"]) == step]
    settles = step == stage or (split and step == stage - 1)
    if not edges and not settles:
        return None
    cores, compartments = float(own["cores"]), float(own["compartments_per_core"])
    updates = _work(times, compartments)[int(settles)].copy()
    # the core with the most events need not be the fullest, nor need anything reach all of its compartments
    updates[1] = _work(times, float(own["compartments"]) / cores)[0][1]
    total: Float = np.zeros((3, 1))
    for edge, static in edges:
        count = events.each(edge, str(static["event"])) * float(static["synapses_per_event"])
        most = float(static["busiest_core_synapses"]) * float(static["synapses_per_event"])
        spread = [count * float(static["busiest_core_share"]), count / cores, np.minimum(count, most)]
        total = total + np.stack(spread) * _time_of(times, str(static["storage"]))
    if split and step == stage:
        total = total + _at_most(_adding(own)) * _time_of(times, "sparse")
    if "spike_out" in times and split and step == stage - 1:
        total = total + _at_most(compartments) * scenarios(times["spike_out"])
    if "spike_out" in times and own["role"] != "readout" and step == stage:
        fired = events.firing(name)
        spread = [fired / cores, fired / cores, np.minimum(fired, compartments)]
        total = total + np.stack(spread) * scenarios(times["spike_out"])
    return updates, total


def _adding(own: SMapping[str, Quantity]) -> float:
    """Events that a core of neurons receives if no partial sum is zero."""
    block = float(own["block_channels"]) * float(own["block_rows"]) * float(own["block_columns"])
    return block * float(own["fan_in_parts"]) * float(own["compartments_per_neuron"])


def _at_most(count: float) -> Float:
    """(value, low, high) of what is charged at most, as counts do not hold it."""
    return np.array([[count], [0.0], [count]])


def _time_of(times: Times, storage: str) -> Float:
    constant = constant_of(times, storage)
    assert constant is not None  # `_needed` saw to it
    return scenarios(constant)
