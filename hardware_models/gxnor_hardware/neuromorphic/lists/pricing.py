"""Pricing counted events on an event-driven chip."""

from collections.abc import Mapping as SMapping
from functools import reduce

import numpy as np

from gxnor_snn.results import Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import Events, Float
from ...ledger import Amount, Ledger
from ...profile import Constant, Profile

__all__ = ["price_lists"]


def price_lists(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference.

    E = n_synop e_synop + n_update e_update + n_message e_message + n_hop e_hop + P_static t, where

    - n_synop = sum over projections of open gates x compartments per target neuron (cost follows events:
      gates closed by a zero weight or a zero activation cost nothing);
    - every compartment is updated once in each of the graph's steps; the updates of its own step are active,
      all others idle, and no update is charged both;
    - t = sum over steps of (busiest core's synaptic events and updates) + barrier;
    - state is cleared between inferences, once per chip.

    What is not linear in the counts (the busiest core, the tighter of two bounds) is worked out sample by sample
    and then averaged. Summed counts do not tell samples apart: their bands are wide enough for every way in which
    the sum can be spread over samples.
    """
    _synapses(events, mapping, ledger)
    _updates(events, mapping, ledger)
    _messages(events, mapping, ledger)
    chips = float(mapping.resources["chips"])
    time = _latency(events, profile, mapping, ledger) if chips == 1 else None
    ledger.static(chips, time, "seconds x chips")
    ledger.charge("reset", [("reset", Amount.exact(chips))], "chips, once per inference")


_SIGNS = ("signed_neurons",)


def _synaptic(events: Events, mapping: Mapping, name: str) -> Float:
    """Synaptic events of one projection, sample by sample."""
    static = mapping.projections[name]
    return events.each(name, str(static["event"])) * float(static["synapses_per_event"])


def _synapses(events: Events, mapping: Mapping, ledger: Ledger) -> None:
    total = sum(float(_synaptic(events, mapping, name).mean()) for name in mapping.projections)
    ledger.charge(
        "synaptic events",
        [("synop", Amount.exact(total))],
        "open gates x compartments of the target neuron, plus values moved by pools and identities",
        design=_SIGNS,
    )


def _active(events: Events, mapping: Mapping, name: str) -> Amount:
    """Compartments of one population that receive input in its step."""
    static = mapping.populations[name]
    everyone = float(static["compartments"])
    reached = events.reached(name)
    weighted = all(p["op"] in ("dense", "conv2d") for p in mapping.projections.values() if p["target"] == name)
    if reached is None or not weighted:
        return Amount(everyone, 0.0, everyone)
    return Amount.exact(reached * float(static["compartments_per_neuron"]))


def _updates(events: Events, mapping: Mapping, ledger: Ledger) -> None:
    active = Amount.exact(0.0)
    for name, static in mapping.populations.items():
        if "cores" in static:
            active += _active(events, mapping, name)
    updates = Amount.exact(float(mapping.resources["compartments"]) * float(mapping.resources["steps"]))
    ledger.charge(
        "neuron updates",
        [("neuron_update", active), ("neuron_update_idle", updates + active * -1.0)],
        "compartments x steps; active in the step of their own layer, idle in the others",
        design=_SIGNS,
    )


def _caused(events: Events, static: SMapping[str, Quantity], name: str, label: str) -> Amount:
    """Messages (or hops, or chip crossings) of one projection.

    Two bounds hold whatever fires, from the driven synapses and from the firing lines; the tighter ones count.
    """
    driven = events.lines(name)
    values = events.firing(str(static["source"]))  # nonzero values: each fires 1..planes lines

    def per(word: str, basis: str) -> float:
        return float(static[f"{label}_{basis}_{word}"])

    low = np.maximum(driven * per("low", "per_synapse"), values * per("low", "per_line"))
    lines = values * float(static["planes"])
    high = np.minimum(driven * per("high", "per_synapse"), lines * per("high", "per_line"))
    value = np.clip(driven * per("value", "per_synapse"), low, high)
    return Amount(float(value.mean()), float(low.mean()), float(high.mean()))


def _messages(events: Events, mapping: Mapping, ledger: Ledger) -> None:
    totals = {label: Amount.exact(0.0) for label in ("messages", "hops_x", "hops_y", "crossings")}
    for name, static in mapping.projections.items():
        for label in totals:
            totals[label] += _caused(events, static, name, label)
    ledger.charge("messages", [("message", totals["messages"])], "spike messages, one per listening core")
    ledger.charge(
        "hops",
        [("hop_x", totals["hops_x"]), ("hop_y", totals["hops_y"])],
        "tile hops of the messages; inputs enter at tile (0, 0)",
    )
    if totals["crossings"].any:
        ledger.charge("chip links", [("chip_link", totals["crossings"])], "messages that change chip")


def _latency(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> Amount | None:
    """Time of one inference, or None where the card has no times."""
    times = profile.time
    if not {"synop", "neuron_update", "neuron_update_idle", "sync_min", "sync_max"} <= set(times):
        return None
    everywhere = float(mapping.resources["compartments_per_core"]) * _scenarios(times["neuron_update_idle"])
    share = (float(mapping.resources["tiles"]) - 1) / max(float(mapping.resources["tiles_per_chip"]) - 1, 1)
    least, most = times["sync_min"], times["sync_max"]
    sync = Amount(least.value + share * (most.value - least.value), least.low, most.high)
    stages: dict[int, list[str]] = {}
    for name, static in mapping.populations.items():
        if "cores" in static:
            stages.setdefault(int(static["stage"]), []).append(name)
    total = Amount.exact(0.0)
    for step in range(1, int(mapping.resources["steps"]) + 1):
        total += _step(events, times, mapping, stages.get(step, []), everywhere) + sync
    design = [f.grade for n, f in profile.design.items() if n in _SIGNS]
    ledger.take(total, times, "sum over steps of the busiest core's events and updates, plus the barrier", design)
    return total


def _scenarios(constant: Constant) -> Float:
    """(value, low, high) as a column, to go with samples along the other axis."""
    return np.array([[constant.value], [constant.low], [constant.high]])


def _step(
    events: Events, times: SMapping[str, Constant], mapping: Mapping, names: list[str], everywhere: Float
) -> Amount:
    """Time of the busiest core in one step, mean over the samples."""
    updates = [
        float(mapping.populations[n]["compartments_per_core"]) * _scenarios(times["neuron_update"]) for n in names
    ]
    synaptic = [_busiest(events, mapping, n) * _scenarios(times["synop"]) for n in names]
    busy = [one + other for one, other in zip(updates, synaptic, strict=True)]
    found = reduce(np.maximum, (everywhere, *busy))
    value, low, high = (float(v) for v in found.mean(axis=1))
    if not events.per_sample and events.n_samples > 1:
        # the mean of maxima is above the maximum of means; max(a + x, b + y) <= max(a, b) + x + y bounds it
        high = float(max(part[2, 0] for part in (everywhere, *updates))) + sum(float(s[2, 0]) for s in synaptic)
    return Amount(value, low, high)


def _busiest(events: Events, mapping: Mapping, name: str) -> Float:
    """Synaptic events in the busiest core of a population: (value, low, high) by samples.

    Expected: events spread like synapses do. At least the mean over cores, at most all of the core's synapses.
    """
    cores = float(mapping.populations[name]["cores"])
    total: Float = np.zeros((3, 1))
    for edge, static in mapping.projections.items():
        if static["target"] == name:
            count = _synaptic(events, mapping, edge)
            most = float(static["busiest_core_synapses"]) * float(static["synapses_per_event"])
            spread = [count * float(static["busiest_core_share"]), count / cores, np.minimum(count, most)]
            total = total + np.stack(spread)
    return total
