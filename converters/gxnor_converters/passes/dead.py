"""Channels that always send the same level."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph, Projection, Spiking

from .base import rebuilt, rechannel

__all__ = ["prune_dead"]

_Dead = dict[str, dict[int, int]]  # by population: channel -> the one level it sends


def prune_dead(graph: EventGraph) -> EventGraph:
    """Remove channels that can never fire or always fire, and fold what they add into thresholds.

    A channel of a spiking population is dead where no reachable sum crosses one of its thresholds: it sends one
    level whatever comes in. What it adds to each sum of its readers is then a constant, which their thresholds
    take over. Pools, identities and the relays behind them follow. Removing channels narrows what sums can reach,
    so this is repeated until nothing more dies.

    A dead channel stays where no constant stands for it: if it sends a level other than 0 into a padded
    convolution, a padded sum-pool, a readout or a sum relay; if it feeds, channel by channel, a channel that
    lives; if a grouped convolution would be left with groups of different sizes; or as the last of its population.

    Effect on counts
    ----------------
    Spikes, `n_x`, `n_gated` and `n_xnor` change by the events of removed channels alone: not at all where they
    sent 0. `n_dense`, `n_w`, `n_padded` and the sizes of populations fall by what was removed.

    Returns
    -------
    EventGraph
        A graph with the same readouts; see `gxnor_converters.passes.base` for the contract.
    """
    while True:
        dead = _removable(graph, _constant_channels(graph))
        if not any(dead.values()):
            return graph
        graph = _without(graph, dead)


def _constant_channels(graph: EventGraph) -> _Dead:
    """Channels that send one level, of everything between inputs and readouts."""
    dead: _Dead = {}
    for name, population in graph.populations.items():
        dead[name] = {}
        if not (population.has_inputs and population.has_outputs):
            continue
        if isinstance(population, Spiking):
            reached = population.reached(*graph.bounds(name))
            levels = graph.coding(name).levels
            for channel in np.flatnonzero(reached.sum(axis=1) == 1):
                dead[name][int(channel)] = int(levels[np.argmax(reached[channel])])
        else:
            dead[name] = _relayed(graph, name, dead)
    return dead


def _relayed(graph: EventGraph, name: str, dead: Mapping[str, Mapping[int, int]]) -> dict[int, int]:
    """Constant channels of a relay: all that feeds them is constant."""
    channels = graph.populations[name].n_channels
    total, known = np.zeros(channels, np.int64), np.ones(channels, bool)
    for edge in graph.incoming(name):
        start, stop = edge.target_channels or (0, channels)
        shape = graph.populations[edge.source].shape
        constant = edge.constant(dead[edge.source], shape)
        if constant is None or not edge.per_channel:
            known[start:stop] = False
            continue
        total[start:stop] += edge.gain * constant
        known[start:stop] &= np.isin(np.arange(shape[0]), list(dead[edge.source]))
    return {int(c): int(total[c]) for c in np.flatnonzero(known)}


def _removable(graph: EventGraph, dead: _Dead) -> _Dead:
    """The largest part of the dead channels that can go, found by giving up what cannot."""
    dead = {name: dict(channels) for name, channels in dead.items()}
    changed = True
    while changed:
        changed = False
        for name, channels in dead.items():
            if len(channels) == graph.populations[name].n_channels:
                channels.pop(min(channels))
                changed = True
        for edge in graph.projections.values():
            changed |= (
                _settle_channels(graph, edge, dead) if edge.per_channel else _settle_weighted(graph, edge, dead)
            )
    return dead


def _settle_channels(graph: EventGraph, edge: Projection, dead: _Dead) -> bool:
    """A channel passed on one by one goes at both ends or at neither."""
    start = edge.target_channels[0] if edge.target_channels else 0
    stop = start + graph.populations[edge.source].n_channels
    source, target = dead[edge.source], dead[edge.target]
    alone = [c for c in source if c + start not in target]
    for c in alone:
        del source[c]
    left = [c for c in target if start <= c < stop and c - start not in source]
    for c in left:
        del target[c]
    return bool(alone or left)


def _settle_weighted(graph: EventGraph, edge: Projection, dead: _Dead) -> bool:
    """What a product reads must be a constant that the thresholds behind it can take over."""
    source, target = dead[edge.source], dead[edge.target]
    shape = graph.populations[edge.source].shape
    before = len(source), len(target)
    folds = isinstance(graph.populations[edge.target], Spiking)
    for channel, level in list(source.items()):
        constant = edge.constant({channel: level}, shape)
        if constant is None or (constant.any() and not folds):
            del source[channel]
    start, stop = edge.target_channels or (0, graph.populations[edge.target].n_channels)
    outputs = [c - start for c in range(start, stop) if c not in target]
    inputs = [c for c in range(shape[0]) if c not in source]
    if outputs and edge.pick(outputs, inputs, shape) is None:
        source.clear()
        target.clear()
    return (len(source), len(target)) != before


def _without(graph: EventGraph, dead: _Dead) -> EventGraph:
    shifts = {name: _shift(graph, name, dead) for name in graph.populations if graph.incoming(name)}
    populations = [
        replace(p, thresholds=p.thresholds - shifts[name][:, None]) if isinstance(p, Spiking) else p
        for name, p in graph.populations.items()
    ]
    # thresholds are clamped to what sums reach, so they are shifted after the channels are gone
    smaller = rechannel(graph, {n: _kept(graph, n, dead[n]) for n in dead if dead[n]})
    shifted = {p.name: p for p in populations}
    parts = [
        replace(p, thresholds=shifted[n].thresholds[_kept(graph, n, dead[n])]) if isinstance(p, Spiking) else p  # type: ignore[attr-defined]
        for n, p in smaller.populations.items()
    ]
    return rebuilt(graph, parts, list(smaller.projections.values()))


def _shift(graph: EventGraph, name: str, dead: _Dead) -> NDArray[np.int64]:
    """What the channels that go add to each sum of a population."""
    total = np.zeros(graph.populations[name].n_channels, np.int64)
    for edge in graph.incoming(name):
        start, stop = edge.target_channels or (0, len(total))
        constant = edge.constant(dead[edge.source], graph.populations[edge.source].shape)
        if constant is not None:
            total[start:stop] += edge.gain * constant
    return total


def _kept(graph: EventGraph, name: str, dead: Mapping[int, int]) -> list[int]:
    return [c for c in range(graph.populations[name].n_channels) if c not in dead]
