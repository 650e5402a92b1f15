"""Thresholds moved after weights changed, so that sums keep their place among them: batch norm estimated anew.

Folded batch norm is thresholds at fixed distances from the mean of a channel's sums, in units of their spread.
Where weights change, mean and spread do; with mu, sigma before and mu', sigma' after (over samples and positions,
as batch norm takes them), a threshold h between two integers becomes

    h' = mu' + (h - mu) sigma' / sigma.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph, check_input, execute

from .base import rebuilt

__all__ = ["follow", "moments_of", "recalibrate", "spiking_after"]

_BATCH = 64
_BEYOND = 1 << 62  # out of reach; graphs clamp thresholds to what sums can reach

Moments = tuple[NDArray[np.float64], NDArray[np.float64]]


def recalibrate(graph: EventGraph, against: EventGraph, populations: Iterable[str], x: Any) -> EventGraph:
    """Give populations thresholds that lie among their sums as they do in another graph.

    This changes what a network computes: it belongs behind a change of weights (`merge_similar`,
    `project_codebook`), which has moved the sums. Thresholds that no sum of `against` can reach stay out of reach.

    Parameters
    ----------
    graph
        The graph whose weights were changed.
    against
        The graph of before, with the thresholds to start from.
    populations
        Names of spiking populations of both; they are taken in the order of the graph.
    x
        Samples, as `gxnor_snn.graph.execute` takes them: never of the test set. A channel whose sums do not vary
        on them is moved, not stretched.

    Raises
    ------
    InputError
        If a name is no spiking population of both graphs, or there is no sample, or none of this graph.
    """
    names = list(dict.fromkeys(populations))
    for name in names:
        if any(name not in g.populations or g.populations[name].role != "spiking" for g in (graph, against)):
            raise InputError(f"recalibrate: {name!r} is no spiking population of both graphs")
    return follow(graph, against, moments_of(against, names, x), x)


def follow(graph: EventGraph, against: EventGraph, before: Mapping[str, Moments], x: Any) -> EventGraph:
    """`recalibrate`, given the moments of `against`."""
    for name in (n for n in graph.populations if n in before):  # each on what those before it send by now
        moved = _moved(against, name, before[name], moments_of(graph, [name], x)[name])
        parts = {**graph.populations, name: replace(graph.populations[name], thresholds=moved)}  # type: ignore[call-arg]
        graph = rebuilt(graph, list(parts.values()), list(graph.projections.values()))
    return graph


def _moved(against: EventGraph, name: str, before: Moments, after: Moments) -> NDArray[np.int64]:
    """The thresholds of one population, moved and stretched with its sums."""
    spiking: Any = against.populations[name]
    low, high = (b[:, None] for b in against.bounds(name))
    up, t = spiking.increasing[:, None], spiking.thresholds
    (mean, spread), (to, wide) = ((m[:, None] for m in moments) for moments in (before, after))
    stretch = np.divide(wide, spread, out=np.ones_like(spread), where=(spread > 0) & (wide > 0))
    between = to + (t - np.where(up, 0.5, -0.5) - mean) * stretch
    moved = np.where(up, np.ceil(between), np.floor(between)).astype(np.int64)
    moved = np.where(np.where(up, t > high, t >= high), _BEYOND, moved)
    moved = np.where(np.where(up, t <= low, t < low), -_BEYOND, moved)
    return np.asarray(moved)


def spiking_after(graph: EventGraph, projection: str) -> list[str]:
    """The spiking populations that get the sums of a projection, through relays or not."""
    found: list[str] = []
    open_ = [graph.projections[projection].target]
    while open_:
        name = open_.pop()
        if graph.populations[name].role == "relay":
            open_ += [edge.target for edge in graph.projections.values() if edge.source == name]
        elif graph.populations[name].role == "spiking" and name not in found:
            found.append(name)
    return found


def moments_of(graph: EventGraph, names: list[str], x: Any) -> dict[str, Moments]:
    """Mean and standard deviation of each channel's sums, over samples and positions."""
    inputs = check_input(graph, x)
    n_samples = len(next(iter(inputs.values())))
    if not n_samples:
        raise InputError("recalibrate: x holds no sample")
    totals: dict[str, Any] = dict.fromkeys(names, 0)
    for start in range(0, n_samples, _BATCH):
        part = {name: array[start : start + _BATCH] for name, array in inputs.items()}
        sums = execute(graph, part, record=names, counts="none").sums
        assert sums is not None  # the reference holds them
        for name in names:
            flat = np.moveaxis(sums[name], 1, 0).reshape(graph.populations[name].n_channels, -1)
            totals[name] = totals[name] + np.stack([flat.sum(axis=1), np.square(flat).sum(axis=1)])
    moments = {}
    for name in names:
        count = n_samples * int(np.prod(graph.populations[name].shape[1:]))
        mean, square = totals[name] / count
        moments[name] = (mean, np.sqrt(np.maximum(square - mean**2, 0.0)))
    return moments
