"""The call: where and when a recorded run spends its time and energy."""

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace, Mapping

from ..profile import Profile
from .batches import measure_all
from .chip import Charges, Chip, Float, names_of
from .flows import levels_of
from .models import CHIPS
from .result import Timing

__all__ = ["timing"]


def timing(graph: EventGraph, trace: EventTrace, mapping: Mapping, profile: Profile) -> Timing:
    """Time a recorded run on a mapped chip, core by core and link by link.

    Every recorded spike is followed through the projections to the cores that hold its synapses: how many synaptic
    events and messages each core has in each step, over which links messages go (along x, then along y), how long
    the busiest core takes, and what each step costs. Projections arrive one step after their source settles, plus
    their delay.

    Parameters
    ----------
    graph
        The event graph.
    trace
        A run of it with ``record="all"``: the levels of every population that may fire.
    mapping
        The result of `map_graph` for the same graph and card.
    profile
        A card of model synapse_lists, synapse_array or software_cores.

    Raises
    ------
    PricingError
        If the card's model has no cores in steps, the mapping is of another graph or card, a population that may
        fire was not recorded, or the figures take more than 4 GiB (samples x steps x (16 cores + 4 links) x 8
        bytes).
    """
    for thing, kind, name in (
        (graph, EventGraph, "graph"),
        (trace, EventTrace, "trace"),
        (mapping, Mapping, "mapping"),
        (profile, Profile, "profile"),
    ):
        if not isinstance(thing, kind):
            raise PricingError(f"{name} is {thing!r:.80}; allowed is {kind.__name__}")
    if profile.model not in CHIPS:
        raise PricingError(
            f"card {profile.name!r} is of model {profile.model!r}, which has no cores that work in steps; allowed "
            f"are {', '.join(CHIPS)}"
        )
    if (mapping.card, mapping.graph) != (profile.digest, graph.digest):
        raise PricingError(
            f"the mapping is of graph {mapping.graph[:12]} on card {mapping.profile!r} ({mapping.card[:12]}); "
            f"given are graph {graph.digest[:12]} and card {profile.name!r} ({profile.digest[:12]})"
        )
    levels = levels_of(graph, trace, [n for n, p in graph.populations.items() if p.has_outputs])
    chip = CHIPS[profile.model].of(graph, profile, mapping)
    load = measure_all(chip, levels)
    work = chip.core_seconds(load, "value")
    steps = [chip.step_seconds(load, work, "value")]
    steps += [chip.step_seconds(load, chip.core_seconds(load, end), end) for end in ("low", "high")]
    terms, missing = _price(chip, chip.charges(load), chip.unknown(load), steps[0])
    if work is None:
        missing["core_s"] = f"card {profile.name!r} has no time of what its cores do"
    if steps[0] is None:
        missing["step_s"] = f"card {profile.name!r} has no time of a step on {mapping.resources['chips']} chip(s)"
    if load.links is None:
        missing["link_load"] = f"card {profile.name!r} has no mesh"
    links, sites = chip.links, chip.sites
    return Timing(
        profile=profile.name,
        display=profile.display,
        cores=names_of(mapping),
        links=() if links is None else tuple(links.name(k) for k in range(len(links))),
        positions=None if sites is None else np.stack([sites.x, sites.y], axis=1),
        link_ends=None if links is None else np.asarray([links.ends(k) for k in range(len(links))], np.int64),
        events=np.asarray(sum(load.events.values(), np.zeros_like(load.sent))),
        messages_in=load.received,
        messages_out=load.sent,
        updates=np.asarray(chip.updates(load)),
        link_load=load.links,
        core_s=work,
        step_s=steps[0],
        step_low_s=steps[1],
        step_high_s=steps[2],
        handling_s=chip.handling_seconds(load, "value"),
        link_s=chip.link_seconds(load, "value"),
        terms=terms,
        missing=missing,
        notes=(*chip.notes, *mapping.notes),
    )


def _price(
    chip: Chip, charges: Charges, unknown: dict[str, str], step_s: Float | None
) -> tuple[dict[str, Float], dict[str, str]]:
    """(joule by term, what has no price), by the rules of the bill: what an aggregate includes is paid for."""
    profile = chip.profile
    terms: dict[str, Float] = {}
    missing = dict(unknown)
    for term, parts in charges.items():
        for name, count in parts:
            constant = profile.charged.get(name)
            if constant is not None:
                terms[term] = terms.get(term, np.zeros_like(count)) + count * constant.value
            elif count.any() and name not in profile.included:
                missing[term] = f"card {profile.name!r} has no energy of {name}"
    power = profile.power.get("static")
    if "static" not in profile.included:
        if power is not None and (step_s is not None or power.high == 0):
            seconds = np.zeros(1) if step_s is None else step_s
            shape = next(iter(charges.values()))[0][1].shape
            terms["static"] = np.zeros(shape) + seconds * power.value * float(chip.mapping.resources["chips"])
        else:
            what = "static power" if power is None else "latency to charge static power over"
            missing["static"] = f"card {profile.name!r} has no {what}"
    if missing:
        missing["energy"] = f"no price of {', '.join(missing)}"
    return terms, missing
