"""What a graph says, as the numbers and features that the Brian2 code asks for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, EventGraph

from .equations import Features, model
from .schedule import Schedule
from .wiring import START_OF_PICK, Wiring

__all__ = ["features_of", "neuron_parameters", "starts", "synapse_parameters"]


def features_of(wiring: Wiring, *, full: bool = False, firing: str = "gated", **others: bool) -> Features:
    """What the code of a graph must be able to do."""
    graph = wiring.graph
    populations: Any = graph.populations.values()
    most = max((p.coding.n_thresholds for p in populations if p.role == "spiking"), default=0)
    planes, weight_planes = _planes(graph, full)
    return Features(
        thresholds=_power_of_two(max(most, 2)),
        slots=wiring.n_slots,
        slotted=wiring.n_slots > 1 or wiring.uncounted,
        planes=planes,
        weight_planes=weight_planes,
        picks=bool(wiring.pick.size),
        full=full,
        firing=firing,
        **others,
    )


def _planes(graph: EventGraph, full: bool) -> tuple[int, int]:
    """Planes of levels and of weights that the code looks at; equal features share compiled code."""
    weighted: list[Any] = [p for p in graph.projections.values() if p.weighted]
    sources = [graph.coding(p.source) for p in weighted]
    weights = max((_most_ones(p.coding) for p in weighted), default=1)
    if not full and max((_most_ones(c) for c in sources), default=1) <= 1 and weights <= 1:
        return 0, 1
    looked_at = [c.n_planes if full else 1 for c in sources if c.kind == "pm1"]
    looked_at += [c.max_abs.bit_length() for c in sources if c.kind != "pm1"]
    most = max((_bits(p.coding) for p in weighted), default=1) if full else weights
    return _power_of_two(max(1, *looked_at, 1)), most if full else min(weights, 2)


def _most_ones(coding: Coding) -> int:
    """The most nonzero planes that a level may have, never too few."""
    return coding.n_planes if coding.kind == "pm1" else coding.max_abs.bit_length()


def _bits(coding: Coding) -> int:
    return max(1, _most_ones(coding))


def _power_of_two(number: int) -> int:
    return 1 << (number - 1).bit_length()


def starts(wiring: Wiring) -> NDArray[np.int32]:
    """What every neuron's sum is at the start of a sample."""
    return np.where(wiring.area > 0, START_OF_PICK, 0).astype(np.int32)


def neuron_parameters(wiring: Wiring, gates: Schedule, features: Features) -> dict[str, NDArray[np.int32]]:
    """The constants of every neuron by name, int32 (neurons,)."""
    n, graph = wiring.n_neurons, wiring.graph
    found = {
        name: np.zeros(n, np.int32) for name in ("relay", "base", "low", "high", "need", "all_planes", "offset")
    }
    found |= {"polarity": np.ones(n, np.int32), "area": wiring.area}
    found["gate"] = (
        gates.per_neuron(wiring)
        if features.firing == "gated"
        else np.where(gates.per_neuron(wiring) < 0, gates.window, 0).astype(np.int32)
    )
    found |= {
        f"{stem}{k}": np.zeros(n, np.int32)
        for k in range(1, features.thresholds + 1)
        for stem in ("threshold", "jump")
    }
    for name, span in wiring.spans.items():
        population: Any = graph.populations[name]
        if not population.has_outputs:
            continue
        coding = graph.coding(name)
        found["low"][span], found["high"][span] = coding.lo, coding.hi
        found["need"][span] = int(population.has_inputs)
        if coding.kind == "pm1":
            found["all_planes"][span] = coding.n_planes
            found["offset"][span] = (1 << coding.n_planes) - 1
        if population.role != "spiking":
            found["relay"][span] = 1
            continue
        found["base"][span] = coding.v0
        per_channel = population.size // population.n_channels
        up = population.increasing[:, None]
        found["polarity"][span] = np.where(up[:, 0], 1, -1).repeat(per_channel)
        # a decreasing channel compares -s with -t, and passes its highest threshold first
        ascending = np.where(up, population.thresholds, -population.thresholds[:, ::-1])
        for k, jump in enumerate(np.diff(coding.levels), start=1):
            found[f"threshold{k}"][span] = ascending[:, k - 1].repeat(per_channel)
            found[f"jump{k}"][span] = jump
    for name, span in wiring.helpers.items():
        coding = graph.coding(graph.projections[name].source)
        found["relay"][span], found["need"][span] = 1, 1
        found["low"][span], found["high"][span] = coding.lo, coding.hi
    for link in wiring.pick.links:  # where the smaller wins, the larger of the negated levels was kept
        found["relay"][link.target] = link.weight
    return {name: values for name, values in found.items() if name in _named(features)}


def _named(features: Features) -> set[str]:
    return {line.split(" : ")[0] for line in model(features).splitlines()}


def synapse_parameters(wiring: Wiring, features: Features) -> dict[str, NDArray[np.int32]]:
    """The constants of every synapse that adds, int32 (synapses,); pools and identities have no planes."""
    bundle, graph = wiring.add, wiring.graph
    found = {"w": bundle.gather("weight")}
    if features.slotted:
        lengths = [len(link.source) for link in bundle.links]
        found["slot"] = np.repeat(np.asarray([link.slot for link in bundle.links], np.int32), lengths)
    if not (features.full or (features.planes and features.weight_planes > 1)):
        return found
    names = ["weight_ones"] if features.planes and features.weight_planes > 1 else []
    names += (
        ["weight_signs", *(f"weight_plane{k}" for k in range(features.weight_planes))] if features.full else []
    )
    found |= {name: np.zeros(bundle.size, np.int32) for name in names}
    for link in bundle.links:
        projection: Any = graph.projections[link.projection]
        if not projection.weighted:
            continue
        span, weight = bundle.spans[link.projection], wiring.raw_weight(link.projection)
        if "weight_ones" in found:
            found["weight_ones"][span] = projection.coding.ones(weight)
        if features.full:
            for k, plane in enumerate(projection.coding.plane_values(weight)[: features.weight_planes]):
                found[f"weight_plane{k}"][span] = np.abs(plane)
                found["weight_signs"][span] += plane
    return found
