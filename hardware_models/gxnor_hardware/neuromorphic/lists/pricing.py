"""Pricing counted events on an event-driven chip."""

from collections.abc import Mapping as SMapping

import numpy as np

from gxnor_snn.results import Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import Events, Float
from ...ledger import Amount, Charge, Ledger
from ...profile import Profile
from .formats import FORMATS, in_cases
from .latency import latency
from .traffic import LABELS

__all__ = ["price_lists"]

SIGNS = ("signed_neurons",)


def price_lists(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference.

    E = n_synop e_synop + n_update e_update + n_message e_message + n_hop e_hop + P_static t, where

    - n_synop = sum over projections of open gates x compartments per target neuron (cost follows events:
      gates closed by a zero weight or a zero activation cost nothing), each charged the constant of the one format
      that its projection is stored in, where the card tells formats apart;
    - every compartment is updated once in each of the graph's steps; the updates of its own step are active,
      all others idle, and no update is charged both. A card that tells the parts of an update apart is charged an
      access for every update, the rest of the update for active ones, and a spike for every firing one;
    - t = sum over steps of (busiest core's synaptic events and updates) + barrier;
    - state is cleared between inferences, once per chip.

    What is not linear in the counts (the busiest core, the tighter of two bounds) is worked out sample by sample
    and then averaged. Summed counts do not tell samples apart: their bands are wide enough for every way in which
    the sum can be spread over samples.
    """
    _synapses(events, profile, mapping, ledger)
    _updates(events, profile, mapping, ledger)
    _messages(events, profile, mapping, ledger)
    chips = float(mapping.resources["chips"])
    time = latency(events, profile, mapping, ledger, SIGNS) if chips == 1 else None
    ledger.static(chips, time, "seconds x chips")
    ledger.charge("reset", [("reset", Amount.exact(chips))], "chips, once per inference")


def _partial(mapping: Mapping, label: str) -> dict[str, float]:
    """A quantity of partial sums by population that has them."""
    return {n: float(p[label]) for n, p in mapping.populations.items() if label in p}


def _at_most(count: float) -> Amount:
    """Partial sums that are zero send nothing; counts do not hold how many those are."""
    return Amount(count, 0.0, count)


def _synapses(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    by_format = dict.fromkeys(FORMATS, Amount.exact(0.0))
    for name, static in mapping.projections.items():
        gates = events.of(name, str(static["event"])) * float(static["synapses_per_event"])
        by_format[str(static["storage"])] += Amount.exact(gates)
    for name, count in _partial(mapping, "partial_messages").items():
        by_format["sparse"] += _at_most(count * float(mapping.populations[name]["compartments_per_neuron"]))
    charges: list[Charge] = [(f"synop_{storage}", amount) for storage, amount in by_format.items()]
    if not in_cases(profile, "synop"):
        charges = [("synop", sum(by_format.values(), Amount.exact(0.0)))]
    ledger.charge(
        "synaptic events",
        charges,
        "open gates x compartments of the target neuron, plus values moved by pools and identities",
        design=SIGNS,
    )


def _active(events: Events, mapping: Mapping, name: str) -> Amount:
    """Compartments of one population that receive input in its step."""
    static = mapping.populations[name]
    partial = float(static.get("partial_compartments", 0))
    everyone = float(static["compartments"])
    reached = events.reached(name)
    weighted = all(p["op"] in ("dense", "conv2d") for p in mapping.projections.values() if p["target"] == name)
    if reached is None or not weighted:
        return Amount(everyone, 0.0, everyone)
    return Amount.exact(reached * float(static["compartments_per_neuron"])) + _at_most(partial)


def _spikes(events: Events, mapping: Mapping) -> Amount:
    """Compartments that fire, those of readouts and inputs left out."""
    total = Amount.exact(0.0)
    for name, static in mapping.populations.items():
        if "cores" in static and static["role"] != "readout":
            total += Amount.exact(float(events.firing(name).mean()))
    return total + _at_most(sum(_partial(mapping, "partial_messages").values()))


def _updates(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    active = Amount.exact(0.0)
    for name, static in mapping.populations.items():
        if "cores" in static:
            active += _active(events, mapping, name)
    updates = Amount.exact(float(mapping.resources["compartments"]) * float(mapping.resources["steps"]))
    formula = "compartments x steps; active in the step of their own layer, idle in the others"
    charges = [("neuron_update", active), ("neuron_update_idle", updates + active * -1.0)]
    if in_cases(profile, "neuron_update"):
        ledger.charge("neuron accesses", [("soma_access", updates)], "compartments x steps", design=SIGNS)
        charges, formula = [("soma_update", active)], "compartments that receive input, in their step"
        ledger.charge("spikes", [("spike_out", _spikes(events, mapping))], "compartments that fire")
    ledger.charge("neuron updates", charges, formula, design=SIGNS)


def _caused(events: Events, static: SMapping[str, Quantity], name: str, label: str) -> Amount:
    """Messages (or hops, or chip crossings) of one projection.

    Two bounds hold whatever fires, from the driven synapses and from the firing lines; the tighter ones count.
    """
    driven = events.each(name, str(static["driven"]))
    values = events.firing(str(static["source"]))  # nonzero values: each fires 1..planes lines

    def per(word: str, basis: str) -> float:
        return float(static[f"{label}_{basis}_{word}"])

    low = np.maximum(driven * per("low", "per_synapse"), values * per("low", "per_line"))
    lines = values * float(static["planes"])
    high = np.minimum(driven * per("high", "per_synapse"), lines * per("high", "per_line"))
    value: Float = np.clip(driven * per("value", "per_synapse"), low, high)
    return Amount(float(value.mean()), float(low.mean()), float(high.mean()))


def _messages(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    totals = {label: Amount.exact(0.0) for label in LABELS}
    for label in totals:
        for name, static in mapping.projections.items():
            totals[label] += _caused(events, static, name, label)
        totals[label] += _at_most(sum(_partial(mapping, f"partial_{label}").values()))
    message = "axon_out" if in_cases(profile, "message") else "message"
    ledger.charge("messages", [(message, totals["messages"])], "spike messages, one per listening core")
    if "tiles" in mapping.resources:
        ledger.charge(
            "hops",
            [("hop_x", totals["hops_x"]), ("hop_y", totals["hops_y"])],
            "tile hops of the messages; inputs enter at tile (0, 0)",
        )
    elif totals["messages"].any:
        reason = f"card {profile.name!r} has no mesh: how far messages travel is not known"
        ledger.refuse("hops", totals["messages"].value, reason)
    if totals["crossings"].any:
        ledger.charge("chip links", [("chip_link", totals["crossings"])], "messages that change chip")
