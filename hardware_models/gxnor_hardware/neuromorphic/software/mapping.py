"""Laying an event graph on cores that run software."""

from typing import Any

import numpy as np

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_deadline, check_limit, exceeded
from ...profile import Profile
from ..stages import arrival, stages
from .fan_in import Int64, fan_in

__all__ = ["DEADLINES", "deadline_of", "map_software"]

DEADLINES = ("tick_us", "tick_ns", "tick_ms")


def deadline_of(profile: Profile) -> str:
    """Name of the card's tick; `tick_us`, which it then lacks, where it gives none."""
    return next((name for name in DEADLINES if name in profile.limits), DEADLINES[0])


def map_software(graph: EventGraph, profile: Profile) -> Mapping:
    """Cut every population into slices of consecutive neurons, a core each.

    Neuron i (C order) of a population lives on core ``first_core + i // neurons_per_core``, the quantities of its
    name in `Mapping.populations`.

    An event carries its signed level as payload, so a ternary value is one event and a row holds each nonzero
    weight once. Software has no wall: a core that is asked for too much misses its deadline.

    A card that gives no `neurons_per_core` puts every population on one core; the number of cores then is the
    least there can be, and the check says "unchecked".
    """
    capacity = profile.limit("neurons_per_core")
    settled = stages(graph)
    slices = {n: _slices(p.size, capacity) for n, p in graph.populations.items() if p.has_inputs}
    shares = {n: _per_core(graph, n, slices[graph.projections[n].target]) for n in graph.projections}
    populations, cores = static_populations(graph), 0
    for name, starts in slices.items():
        populations[name] |= {
            "stage": settled[name],
            "cores": len(starts),
            "first_core": cores,
            "neurons_per_core": int(np.diff([*starts, graph.populations[name].size]).max()),
        }
        cores += len(starts)
    projections = static_projections(graph)
    for name, share in shares.items():
        projections[name] |= {
            "event": "n_gated" if graph.projections[name].weighted else "n_moved",
            "arrives": arrival(graph, name, settled),
            "synapses": int(share.sum()),
            "busiest_core_share": float(share.max() / share.sum()) if share.sum() else 0.0,
            "busiest_core_synapses": int(share.max()),
        }
    steps = max(settled.values())
    resources: dict[str, Quantity] = {
        "cores": cores,
        "chips": -(-cores // profile.number("cores_per_chip")),
        "steps": steps,
        "neurons": sum(graph.populations[n].size for n in slices),
        "synapses": sum(int(share.sum()) for share in shares.values()),
    }
    checks = _checks(graph, profile, populations, projections, resources)
    # the other limits have notes of their own, and the bill tells of deadlines
    over = exceeded([c for c in checks if c.limit in ("delay_ticks", "activation_bits")])
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=populations,
        resources=resources,
        checks=checks,
        notes=(*_notes(graph, profile, int(resources["chips"])), *over),
    )


def _slices(size: int, capacity: int | None) -> Int64:
    """First neuron of every core: the fewest equal slices."""
    parts = 1 if capacity is None else -(-size // capacity)
    return np.arange(0, size, -(-size // parts), dtype=np.int64)


def _per_core(graph: EventGraph, name: str, starts: Int64) -> Int64:
    """Stored synapses of one projection in every core of its target."""
    return np.asarray(np.add.reduceat(fan_in(graph, name).ravel(), starts), np.int64)


def _weight_bits(graph: EventGraph, name: str) -> int:
    projection: Any = graph.projections[name]
    largest = int(np.abs(projection.weights.astype(np.int64)).max()) if projection.weighted else 1
    return int(largest * abs(projection.gain)).bit_length() + 1


def _checks(
    graph: EventGraph,
    profile: Profile,
    populations: dict[str, dict[str, Quantity]],
    projections: dict[str, dict[str, Quantity]],
    resources: dict[str, Quantity],
) -> list[Check]:
    fullest = max(int(q.get("neurons_per_core", 0)) for q in populations.values())
    widest = max(_weight_bits(graph, n) for n in graph.projections)
    levels = [graph.coding(n) for n in graph.populations if graph.populations[n].has_outputs]
    activation = max(c.max_abs.bit_length() + (c.lo < 0) for c in levels)
    delays = 1 + max(p.delay for p in graph.projections.values())
    worst = _worst_tick(profile, populations, projections)
    return [
        check_limit(profile, "cores_per_chip", int(resources["cores"]), f"{resources['chips']} chip(s)"),
        check_limit(profile, "neurons_per_core", fullest, "more neurons take more cores"),
        check_limit(profile, "weight_bits", widest, "largest weight times gain, with sign, in a row's entry"),
        check_limit(profile, "activation_bits", activation, "largest level an event carries"),
        check_limit(profile, "delay_ticks", delays, "longer delays take neurons that pass events on"),
        check_deadline(
            profile,
            deadline_of(profile),
            worst,
            "fullest core if every one of its synapses had an event at once; the bill tells what the counts took",
        ),
    ]


def _worst_tick(
    profile: Profile, populations: dict[str, dict[str, Quantity]], projections: dict[str, dict[str, Quantity]]
) -> float | None:
    """Longest tick of any core, second, if everything fires; None where the card has no time of an event."""
    synop, update = profile.time.get("synop"), profile.time.get("neuron_update")
    if synop is None:
        return None
    ticks: dict[tuple[str, int], float] = {}
    for q in projections.values():
        key = str(q["target"]), int(q["arrives"])
        ticks[key] = ticks.get(key, 0.0) + int(q["busiest_core_synapses"]) * synop.value
    each = 0.0 if update is None else update.value
    return max(t + int(populations[name]["neurons_per_core"]) * each for (name, _), t in ticks.items())


def _notes(graph: EventGraph, profile: Profile, chips: int) -> tuple[str, ...]:
    notes = []
    if profile.limit("neurons_per_core") is None:
        notes.append(
            f"card {profile.name!r} gives no neurons per core: every population is taken as one core, so that "
            f"cores and chips are the least there can be"
        )
    choosing = [n for n, p in graph.projections.items() if p.selects and p.kind == "pool2d"]
    if choosing and profile.choice("synapses") == "events":
        notes.append(
            f"{', '.join(choosing)}: a maximum or minimum is a program of its own, charged like synaptic events; "
            f"the published price is that of additions"
        )
    wide = profile.limit("weight_bits")
    over = [n for n in graph.projections if wide is not None and _weight_bits(graph, n) > wide]
    if over:
        notes.append(
            f"{', '.join(over)}: weights need more than the {wide} bits of a row's entry; rows of wider entries "
            f"are another program, whose price is not published"
        )
    if chips > 1:
        notes.append(f"the graph takes {chips} chips; links between chips have no price on the card")
    return tuple(notes)
