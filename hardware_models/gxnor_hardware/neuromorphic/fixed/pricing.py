"""Pricing counted events on a chip of fixed synapse arrays."""

import numpy as np

from gxnor_snn.results import Mapping

from ...events import Events
from ...ledger import Amount, Ledger, weakest
from ...profile import Profile
from .law import charge_law

__all__ = ["price_fixed"]


def price_fixed(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference: E = n_synop e_synop + n_update e_update + n_hop e_hop + n_clock e_clock + P_static t.

    What a synaptic event is, the card says (``synop_unit``):

    - ``connected``: an open gate, through every axon and neuron that holds it (TrueNorth);
    - ``driven``: a nonzero activation at a synapse; its low end is open gates, as the source does not say whether
      zero weights are skipped (Tianjic);
    - ``row``: every crossing of the row that a spike drives, weights of zero as well (ODIN).

    Splitters and partial sums are events too; how many partial sums fire, the graph's counts do not say, so they
    are charged as often as the neurons they serve, within the band from none to all.
    Time: steps x step for a clocked chip, cycles of all events / clock for one that takes them one by one.
    """
    rule = profile.choice("synop_unit")
    synops = {"connected": _connected, "driven": _driven, "row": _rows}[rule](events, mapping)
    words = {
        "connected": "open gates x axons x neurons of the target, splitter copies and partial sums included",
        "driven": "synapses of nonzero activations, partial sums included",
        "row": "spikes x rows of each x neurons of the core, whatever their weights",
    }
    found = {"synop": synops}
    found["neuron_update"] = Amount.exact(float(mapping.resources["compartments"]) * _steps(mapping))
    hops, crossings = (_ways(events, mapping, profile, label) for label in ("hops", "crossings"))
    found |= {"hop": hops, "chip_link": crossings}
    time, cycles = _time(profile, mapping, ledger, synops)
    if cycles is not None:
        found["clock"] = cycles
    formulas = {
        "synop": words[rule],
        "neuron_update": "neurons in use x steps",
        "hop": "mesh hops of every packet; inputs enter at (0, 0), splitters stand beside their source",
        "chip_link": "chip borders that lines cross, each once",
        "clock": "clock cycles of all events, one after another",
    }
    chips = float(mapping.resources["chips"])
    charge_law(ledger, found, formulas, time, chips, _grade(profile, mapping))
    ledger.occupy([("chip", Amount.exact(chips))], "whole chips")


def _grade(profile: Profile, mapping: Mapping) -> str:
    """Weakest grade of the facts that the counts of this mapping, and its steps, rest on."""
    facts = [profile.design[n] for n in ("axon_carries", "signed_neurons", "synop_unit")]
    if mapping.resources.get("splitter_neurons"):
        facts.append(profile.limits["axon_targets"])
    if mapping.resources.get("partial_sum_neurons"):
        facts.append(profile.design["partial_sums"])
    return weakest([fact.grade for fact in facts])


def _steps(mapping: Mapping) -> float:
    return float(mapping.resources["steps"])


def _connected(events: Events, mapping: Mapping) -> Amount:
    total = Amount.exact(0.0)
    for name, static in mapping.projections.items():
        most, least = (
            events.of(name, str(static[word])) * float(static["synapses_per_event"])
            for word in ("event", "event_low")
        )
        low, high = float(static["copies_low"]), float(static["copies_high"])
        total += Amount((low + high) / 2 * most, low * least, high * most)
    return total + _copied(events, mapping) + _partial(events, mapping, "partial_sum_events")


def _driven(events: Events, mapping: Mapping) -> Amount:
    total = Amount.exact(0.0)
    for name, static in mapping.projections.items():
        fan = float(static["synapses_per_event"])
        driven, opened = (events.of(name, str(static[word])) * fan for word in ("driven", "event"))
        total += Amount(driven, min(driven, opened), driven)
    return total + _copied(events, mapping) + _partial(events, mapping, "partial_sum_events")


def _rows(events: Events, mapping: Mapping) -> Amount:
    total = Amount.exact(0.0)
    for name, static in mapping.populations.items():
        if float(static["row_events_high"]):
            low, high = float(static["row_events_low"]), float(static["row_events_high"])
            lines = _lines(events, mapping, name)
            total += Amount(lines.value * (low + high) / 2, lines.low * low, lines.high * high)
    return total * float(mapping.resources["columns"])


def _lines(events: Events, mapping: Mapping, name: str) -> Amount:
    """Firing lines of a population: its nonzero values, each with one or more nonzero planes."""
    firing = events.firing(name)
    edges = [(n, s) for n, s in mapping.projections.items() if s["source"] == name]
    planes = max((int(s["planes"]) for _, s in edges), default=1)
    if planes == 1:
        return Amount.exact(float(firing.mean()))
    # lines per driven synapse: exact behind a dense edge, elsewhere as if all values had the same fan-out
    found = [
        (s["op"] == "dense", events.lines(n) * (int(mapping.populations[name]["n_neurons"]) / int(s["n_dense"])))
        for n, s in edges
        if s["n_dense"]
    ]
    for exact, lines in found:
        if exact:
            return Amount.exact(float(lines.mean()))
    least, most = firing, firing * planes
    guess = np.clip(np.mean([lines for _, lines in found] or [least], axis=0), least, most)
    return Amount(float(guess.mean()), float(least.mean()), float(most.mean()))


def _copied(events: Events, mapping: Mapping) -> Amount:
    """Copies that splitters make: one synaptic event each."""
    total = Amount.exact(0.0)
    for name, static in mapping.populations.items():
        if float(static["splitter_events_high"]):
            fired = float(events.firing(name).mean())
            total += Amount(*(fired * float(static[f"splitter_events_{w}"]) for w in ("value", "low", "high")))
    return total


def _partial(events: Events, mapping: Mapping, label: str) -> Amount:
    """What partial sums cause, from none firing to all."""
    total = Amount.exact(0.0)
    for name, static in mapping.populations.items():
        most = float(static.get(label, 0))
        if most:
            share = 1.0
            if static["role"] != "readout":
                share = float(events.firing(name).mean()) / float(static["n_neurons"])
            total += Amount(most * share, 0.0, most)
    return total


def _ways(events: Events, mapping: Mapping, profile: Profile, label: str) -> Amount:
    """Mesh hops, or chip borders, of all packets."""
    total = Amount.exact(0.0)
    # where a neuron has a single target, every axon gets a packet of its own; else every core gets one
    single = label == "hops" and profile.limit("axon_targets") is not None
    for static in mapping.projections.values():
        if f"{label}_high" not in static:
            continue
        lines = _lines(events, mapping, str(static["source"]))
        packets = [float(static[f"line_axons_{w}"]) if single else 1.0 for w in ("value", "low", "high")]
        value, low, high = (float(static[f"{label}_{w}"]) for w in ("value", "low", "high"))
        total += Amount(
            lines.value * packets[0] * value, lines.low * packets[1] * low, lines.high * packets[2] * high
        )
    return total + _partial(events, mapping, f"partial_sum_{label}")


def _time(
    profile: Profile, mapping: Mapping, ledger: Ledger, synops: Amount
) -> tuple[Amount | None, Amount | None]:
    """(seconds of one inference, clock cycles where events are taken one by one), None where nobody knows."""
    step, clock = profile.time.get("step"), profile.frequency.get("clock")
    if step is not None:
        time = Amount.exact(_steps(mapping)) * step
        formula = "steps of all layers, splitters and partial sums included, x step"
        ledger.take(time, {"step": step}, formula, [_grade(profile, mapping)])
        return time, None
    if clock is not None and "cycles_per_synop" in profile.design:
        cycles = synops * float(profile.number("cycles_per_synop"))
        time = Amount(cycles.value / clock.value, cycles.low / clock.high, cycles.high / clock.low)
        formula = "synaptic operations, one after another, x cycles of each / clock"
        ledger.take(time, {"clock": clock}, formula, [_grade(profile, mapping)])
        return time, cycles
    return None, None
