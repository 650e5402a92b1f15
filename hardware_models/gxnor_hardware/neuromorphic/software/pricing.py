"""Pricing counted events on cores that run software."""

import numpy as np

from gxnor_snn.results import Mapping

from ...events import Events, Float
from ...ledger import Amount, Ledger
from ...profile import Profile
from ..scenarios import scenarios
from .mapping import deadline_of

__all__ = ["price_software", "tick_times"]


def price_software(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> None:
    """Charge one inference.

    E = n_synop e_synop + n_neurons n_ticks e_update + n_packets e_message + P_static t, where

    - n_synop = open gates (a row holds nonzero weights only and is fetched when its neuron sends an event), plus
      values moved by pools and identities; on a card with ``synapses = "mac_array"`` layers run densely instead:
      every synapse is multiplied, zero or not;
    - every neuron is updated in every tick, fired or not;
    - a neuron that fires sends one packet, whose copies the routers make; a MAC array takes all values instead;
    - t = sum over ticks of max(deadline, busiest core); a missed deadline stands in the warnings.
    """
    _BY_DESIGN[profile.choice("synapses")](events, mapping, ledger)
    updates = float(mapping.resources["neurons"]) * float(mapping.resources["steps"])
    ledger.charge("neuron updates", [("neuron_update", Amount.exact(updates))], "neurons x ticks, fired or not")
    ledger.static(float(mapping.resources["chips"]), _latency(events, profile, mapping, ledger), "seconds x chips")


def _sources(mapping: Mapping) -> list[str]:
    return list(dict.fromkeys(str(q["source"]) for q in mapping.projections.values()))


def _by_events(events: Events, mapping: Mapping, ledger: Ledger) -> None:
    total = sum(events.of(name, str(q["event"])) for name, q in mapping.projections.items())
    ledger.charge(
        "synaptic events",
        [("synop", Amount.exact(total))],
        "open gates, one signed event per nonzero activation, plus values moved by pools and identities",
    )
    packets = sum(float(events.firing(name).mean()) for name in _sources(mapping))
    ledger.charge(
        "packets", [("message", Amount.exact(packets))], "firing neurons, inputs included, a packet each"
    )


def _by_array(events: Events, mapping: Mapping, ledger: Ledger) -> None:
    weighted = [n for n, q in mapping.projections.items() if q["op"] in ("dense", "conv2d")]
    dense, padded = (sum(events.of(n, label) for n in weighted) for label in ("n_dense", "n_padded"))
    ledger.charge(
        "multiplications",
        [("mac", Amount(dense, dense, padded))],
        "all synapses, zero or not; high end: padding multiplied too",
    )
    moved = sum(events.of(n, "n_moved") for n in mapping.projections if n not in weighted)
    ledger.charge("pools", [("synop", Amount.exact(moved))], "nonzero values moved by pools and identities")
    values = sum(float(mapping.populations[name]["n_neurons"]) for name in _sources(mapping))
    ledger.charge("transfers", [("transfer", Amount.exact(values))], "values moved between cores, zero or not")


_BY_DESIGN = {"events": _by_events, "mac_array": _by_array}


def tick_times(events: Events, profile: Profile, mapping: Mapping) -> dict[int, tuple[str, Float]] | None:
    """What the busiest core of every tick takes, without waiting for the deadline.

    Parameters
    ----------
    events, profile, mapping
        As in pricing.

    Returns
    -------
    dict or None
        By tick, the population of the busiest core and seconds (value, low, high) by samples, shape (3, samples).
        Expected: a core's share of the events is its share of the synapses, beside the updates of the fullest
        core; at least the mean over the cores, at most all of its synapses. Without a published time of a neuron
        update these are synaptic events only.
        None where the card has no time of a synaptic event, or layers run densely.
    """
    works = _works(events, profile, mapping)
    if works is None:
        return None
    busiest = {t: max(tick, key=lambda n: float(tick[n][0].mean())) for t, tick in works.items()}
    return {t: (busiest[t], np.maximum.reduce(list(tick.values()))) for t, tick in works.items()}


def _works(events: Events, profile: Profile, mapping: Mapping) -> dict[int, dict[str, Float]] | None:
    """As `tick_times`, for every population in every tick in which an event may arrive."""
    synop, update = profile.time.get("synop"), profile.time.get("neuron_update")
    if synop is None or profile.choice("synapses") != "events":
        return None
    blank: Float = np.zeros((3, events.n_samples if events.per_sample else 1))
    found: dict[int, dict[str, Float]] = {}
    for name, static in mapping.projections.items():
        population, count = str(static["target"]), events.each(name, str(static["event"]))
        cores = float(mapping.populations[population]["cores"])
        spread = [
            count * float(static["busiest_core_share"]),
            count / cores,
            np.minimum(count, float(static["busiest_core_synapses"])),
        ]
        tick = found.setdefault(int(static["arrives"]), {})
        tick[population] = tick.get(population, blank) + np.stack(spread) * scenarios(synop)
    if update is not None:
        for tick in found.values():  # every neuron in every tick, whether anything arrives there or not
            for population, own in mapping.populations.items():
                if "cores" in own:
                    fullest, mean = float(own["neurons_per_core"]), float(own["n_neurons"]) / float(own["cores"])
                    work = np.array([[fullest], [mean], [fullest]]) * scenarios(update)
                    least = np.array([[0.0], [fullest * update.low], [0.0]])
                    tick[population] = np.maximum(tick.get(population, blank) + work, least)
    return found


def _quiet(profile: Profile, mapping: Mapping) -> tuple[str, Float]:
    """As an entry of `tick_times`, for every tick in which no event can arrive."""
    sizes = {n: float(own["neurons_per_core"]) for n, own in mapping.populations.items() if "cores" in own}
    fullest = max(sizes, key=sizes.__getitem__)
    update = profile.time.get("neuron_update")
    return fullest, np.zeros((3, 1)) if update is None else sizes[fullest] * scenarios(update)


def _latency(events: Events, profile: Profile, mapping: Mapping, ledger: Ledger) -> Amount | None:
    """Time of one inference, or None where the card has no deadline."""
    name = deadline_of(profile)
    deadline = profile.deadline(name)
    if deadline is None:
        return None
    works, times = _works(events, profile, mapping), tick_times(events, profile, mapping)
    steps = int(mapping.resources["steps"])
    total = Amount.exact(0.0)
    for step, (population, busy) in sorted((times or {}).items()):
        value, low, high = (float(row.mean()) for row in np.maximum(busy, deadline))
        if works is not None and not events.per_sample and events.n_samples > 1:
            # the mean of maxima is above the maximum of means, but not above the sum
            high = deadline + sum(float(work[2].mean()) for work in works[step].values())
        total += Amount(value, low, high)
        _tell(ledger, f"tick {step}", population, busy, deadline)
    left = steps - len(times or {})
    population, busy = _quiet(profile, mapping)
    value, low, high = np.maximum(busy, deadline)[:, 0].tolist()
    total += Amount(value, low, high) * float(left)
    if left:
        _tell(ledger, "ticks without events", population, busy, deadline)
    if times is None:
        ledger.warn(
            f"card {profile.name!r} has no time of a synaptic event: every tick is taken to keep its deadline of "
            f"{deadline * 1e3:g} ms, which nothing here checks"
        )
    elif "neuron_update" not in profile.time:
        ledger.warn(
            f"card {profile.name!r} has no time of a neuron update: ticks hold synaptic events only, so that "
            f"deadlines may be missed by more than is said"
        )
    used = {} if times is None else dict(profile.time)
    formula = "sum over ticks of the deadline or, where that is missed, of the busiest core's events"
    ledger.take(total, used, formula, [profile.limits[name].grade])
    return total


def _tell(ledger: Ledger, when: str, population: str, busy: Float, deadline: float) -> None:
    """State by how much a deadline is missed, on average, and where it may be."""
    value, high = float(busy[0].mean()), float(busy[2].mean())
    if value > deadline:
        ledger.warn(
            f"deadline: in {when} the busiest core of {population!r} takes {value * 1e3:.3g} ms, "
            f"{value / deadline:.3g} times the {deadline * 1e3:g} ms of real time"
        )
    elif high > deadline:
        ledger.warn(
            f"deadline: in {when} the busiest core of {population!r} takes {value * 1e3:.3g} ms, but "
            f"{high * 1e3:.3g} ms at worst, {high / deadline:.3g} times the {deadline * 1e3:g} ms of real time"
        )
