"""Time of one inference on an event-driven chip: the busiest core of every step, and the barrier after it."""

from collections.abc import Mapping as SMapping
from collections.abc import Sequence
from functools import reduce

import numpy as np

from gxnor_snn.results import Mapping

from ...events import Events, Float
from ...ledger import Amount, Ledger
from ...profile import Constant, Profile
from .formats import constant_of

__all__ = ["barrier", "latency"]

Times = SMapping[str, Constant]


def latency(
    events: Events, profile: Profile, mapping: Mapping, ledger: Ledger, design: Sequence[str]
) -> Amount | None:
    """Time of one inference, or None where the card lacks a time that it needs.

    t = sum over steps of max over cores of (events t_synop + updates t_update + spikes t_spike) + t_barrier.
    Messages travel while cores work, so their times are left to models that see the trace.
    """
    times, need = profile.time, _needed(profile.time, mapping)
    if "tiles" not in mapping.resources or need is None:
        return None
    sync = barrier(times, float(mapping.resources["tiles"]), float(mapping.resources["tiles_per_chip"]))
    stages: dict[int, list[str]] = {}
    for name, static in mapping.populations.items():
        if "cores" in static:
            stages.setdefault(int(static["stage"]), []).append(name)
    total = Amount.exact(0.0)
    for step in range(1, int(mapping.resources["steps"]) + 1):
        total += _step(events, times, mapping, stages.get(step, [])) + sync
    formula = "sum over steps of the busiest core's events and updates, plus the barrier"
    ledger.take(total, need, formula, [f.grade for n, f in profile.design.items() if n in design])
    return total


def _needed(times: Times, mapping: Mapping) -> Times | None:
    """The times that a latency rests on, or None if one of them is missing."""
    whole, parts = ("neuron_update", "neuron_update_idle"), ("soma_access", "soma_update", "spike_out")
    updates = parts if "soma_access" in times else whole
    found = {name: times.get(name) for name in (*updates, "sync_min", "sync_max")}
    for static in mapping.projections.values():
        storage = str(static["storage"])
        found["synop" if "synop" in times else f"synop_{storage}"] = constant_of(times, storage)
    return None if None in found.values() else {n: c for n, c in found.items() if c is not None}


def barrier(times: Times, tiles: float, tiles_per_chip: float) -> Amount:
    """Time of one barrier: between the published points by interpolation, in bounds from one tile to all."""
    known = {1.0: "sync_min", 2.0: "sync_2", 4.0: "sync_4", max(tiles_per_chip, 1.0): "sync_max"}
    points = sorted((at, times[name].value) for at, name in known.items() if name in times)
    value = float(np.interp(tiles, [at for at, _ in points], [time for _, time in points]))
    return Amount(value, times["sync_min"].low, times["sync_max"].high)


def _scenarios(constant: Constant) -> Float:
    """(value, low, high) as a column, to go with samples along the other axis."""
    return np.array([[constant.value], [constant.low], [constant.high]])


def _work(times: Times, compartments: float) -> tuple[Float, Float]:
    """Time to update compartments that receive nothing, and all of them."""
    if "soma_access" in times:
        idle = compartments * _scenarios(times["soma_access"])
        return idle, idle + compartments * _scenarios(times["soma_update"])
    return compartments * _scenarios(times["neuron_update_idle"]), compartments * _scenarios(
        times["neuron_update"]
    )


def _step(events: Events, times: Times, mapping: Mapping, names: list[str]) -> Amount:
    """Time of the busiest core in one step, mean over the samples."""
    everywhere, _ = _work(times, float(mapping.resources["compartments_per_core"]))
    updates = [_work(times, float(mapping.populations[n]["compartments_per_core"]))[1] for n in names]
    events_of = [_busiest(events, times, mapping, n) for n in names]
    busy = [one + other for one, other in zip(updates, events_of, strict=True)]
    found = reduce(np.maximum, (everywhere, *busy))
    value, low, high = (float(v) for v in found.mean(axis=1))
    if not events.per_sample and events.n_samples > 1:
        # the mean of maxima is above the maximum of means; max(a + x, b + y) <= max(a, b) + x + y bounds it
        high = float(max(part[2, 0] for part in (everywhere, *updates))) + sum(float(s[2, 0]) for s in events_of)
    return Amount(value, low, high)


def _busiest(events: Events, times: Times, mapping: Mapping, name: str) -> Float:
    """Time that events and spikes take in the busiest core of a population: (value, low, high) by samples.

    Expected: events spread like synapses do. At least the mean over cores, at most all of the core's synapses.
    """
    own = mapping.populations[name]
    cores = float(own["cores"])
    total: Float = np.zeros((3, 1))
    for edge, static in mapping.projections.items():
        if static["target"] == name:
            count = events.each(edge, str(static["event"])) * float(static["synapses_per_event"])
            most = float(static["busiest_core_synapses"]) * float(static["synapses_per_event"])
            spread = [count * float(static["busiest_core_share"]), count / cores, np.minimum(count, most)]
            time = constant_of(times, str(static["storage"]))
            if time is not None:  # `_needed` saw to it
                total = total + np.stack(spread) * _scenarios(time)
    if "partial_messages" in own:
        adding = float(own["partial_messages"]) * float(own["compartments_per_neuron"])
        time = constant_of(times, "sparse")
        if time is not None:
            total = total + np.array([[adding], [0.0], [adding]]) * _scenarios(time)
    if "spike_out" in times and own["role"] != "readout":
        fired = events.firing(name)
        most = float(own["compartments_per_core"])
        total = total + np.stack([fired / cores, fired / cores, np.minimum(fired, most)]) * _scenarios(
            times["spike_out"]
        )
    return total
