"""Levels that nobody sends."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, EventGraph, Population, Relay, Spiking

from .base import rebuilt

__all__ = ["merge_thresholds", "narrowed"]


def merge_thresholds(graph: EventGraph) -> EventGraph:
    """Merge thresholds that no reachable sum tells apart, and drop the levels between them from the coding.

    In a channel, level k is sent for sums from threshold k to the next one. Where that range holds no reachable
    sum (two thresholds are one, or lie beyond what sums reach) in every channel of a population, the level is
    dropped from its coding and the two thresholds become one. Populations that meet in one level relay keep one
    coding: they lose a level together or not at all. Fewer levels narrow what sums can reach, so this is repeated
    until nothing more merges.

    Effect on counts
    ----------------
    None, but for populations of coding pm1 that lose a plane: what the projections that read them count per plane
    (`n_x_planes`, `n_xnor`, `n_bitcount`, `n_agree`) changes, because a {-1, +1} plane is never silent.

    Returns
    -------
    EventGraph
        A graph with the same readouts and the same spikes; see `gxnor_converters.passes.base` for the contract.
    """
    while True:
        smaller = _merged_once(graph)
        if smaller is graph:
            return graph
        graph = smaller


def _merged_once(graph: EventGraph) -> EventGraph:
    used = {n: _used(graph, n) for n, p in graph.populations.items() if isinstance(p, Spiking)}
    for group in _meeting(graph):
        together = np.logical_or.reduce([used[n] for n in group if n in used])
        for name in group:
            if name not in used:  # an input's coding stays
                together = np.ones_like(together)
        for name in group:
            if name in used:
                used[name] = together
    populations: list[Population] = []
    for name, population in graph.populations.items():
        if isinstance(population, Spiking) and not used[name].all():
            kept = np.flatnonzero(used[name])
            coding = narrowed(population.coding, [int(v) for v in population.coding.levels[kept]])
            population = _merged(population, kept, coding)
        populations.append(population)
    if all(a is b for a, b in zip(populations, graph.populations.values(), strict=True)):
        return graph
    return rebuilt(graph, populations, list(graph.projections.values()))


def _used(graph: EventGraph, name: str) -> NDArray[np.bool_]:
    population = graph.populations[name]
    assert isinstance(population, Spiking)
    return np.asarray(population.reached(*graph.bounds(name)).any(axis=0))


def _merged(population: Spiking, kept: NDArray[np.intp], coding: Coding) -> Spiking:
    """Of the thresholds around dropped levels, the one that leads to the next level that stays."""
    sign = np.where(population.increasing, 1, -1)[:, None]
    rising = np.sort(population.thresholds * sign, axis=1)
    return replace(population, coding=coding, thresholds=np.sort(rising[:, kept[1:] - 1] * sign, axis=1))


def _meeting(graph: EventGraph) -> list[set[str]]:
    """Populations that feed one level relay, over any number of relays, in one set each."""
    groups: list[set[str]] = []
    origins: dict[str, set[str]] = {}
    for name, population in graph.populations.items():
        origins[name] = {name}
        if isinstance(population, Relay) and population.kind == "level":
            origins[name] = set().union(*(origins[e.source] for e in graph.incoming(name)))
            joined = origins[name].union(*(g for g in groups if g & origins[name]))
            groups = [g for g in groups if not g & joined] + [joined]
    return groups


def narrowed(coding: Coding, levels: Sequence[int]) -> Coding:
    """The coding of the same kind with these levels only, in as few planes as hold them.

    {-1, +1} becomes pm1(1). A table stands where the levels have gaps.
    """
    lo, hi = levels[0], levels[-1]
    if coding.kind == "ternary" and tuple(levels) == (-1, 1):
        return Coding.pm1(1)
    planes = {
        "ternary": 1,
        "signmag": max(1, max(abs(lo), abs(hi)).bit_length()),
        "pm1": max(abs(lo), abs(hi)).bit_length(),
        "bits": max(1, hi.bit_length()),
    }[coding.kind]
    whole = list(range(lo, hi + 1, coding.stride)) == list(levels)
    return Coding(coding.kind, planes, lo, hi, None if whole else tuple(levels))
