"""The rules that populations and projections keep together: names, order, roles, shapes, reachable sums."""

import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .coding import Coding
from .population import Population
from .projection import Projection

__all__ = ["check_role", "frozen", "input_bounds", "topological", "unique"]

_NAME = re.compile(r"[A-Za-z0-9_.:/+-]{1,200}")
_MAX_SUM = 1 << 62
_Part = TypeVar("_Part", Population, Projection)


def unique(parts: Sequence[_Part], noun: str) -> dict[str, _Part]:
    """Parts by name, after checking that names are well formed and stand once."""
    found: dict[str, _Part] = {}
    for part in parts:
        if not isinstance(part.name, str) or not _NAME.fullmatch(part.name):
            raise GraphError(f"{noun} name {part.name!r:.80}: allowed are 1..200 letters, digits and _ . : / + -")
        if part.name in found:
            raise GraphError(f"{noun} {part.name!r} stands twice in the graph")
        found[part.name] = part
    return found


def topological(populations: Mapping[str, Population], projections: Sequence[Projection]) -> list[str]:
    """Topological order, level by level; within a level the order given is kept."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(populations, ()))
    for projection in projections:
        for end in (projection.source, projection.target):
            if end not in populations:
                raise GraphError(f"{projection.where}: no population {end!r} in the graph")
        sorter.add(projection.target, projection.source)
    place = {name: i for i, name in enumerate(populations)}
    names: list[str] = []
    try:
        sorter.prepare()
    except CycleError as error:
        raise GraphError("the graph has a cycle; schema version 1 holds acyclic graphs only") from error
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=place.__getitem__)
        names += ready
        sorter.done(*ready)
    if all(populations[n].has_inputs for n in names) or all(populations[n].has_outputs for n in names):
        raise GraphError("the graph needs at least one input and one readout")
    return names


def check_role(population: Population, sources: Sequence[tuple[Projection, Coding]]) -> None:
    """Refuse an input that is fed, and any other population that is not."""
    if sources and not population.has_inputs:
        raise GraphError(f"{sources[0][0].where}: the target {population.name!r} is an input and takes none")
    if not sources and population.has_inputs:
        raise GraphError(f"{population.where}: no projection feeds it")


def input_bounds(
    population: Population,
    sources: Sequence[tuple[Projection, Coding]],
    settled: Mapping[str, Population],
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Reachable sums per channel over all projections, after checking that every shape fits."""
    fed: list[tuple[Projection, Coding, int, int]] = []
    magnitude = 0
    for projection, coding in sources:
        shape = settled[projection.source].shape
        start, stop = projection.target_channels or (0, population.n_channels)
        result = projection.output_shape(shape)
        expected = (stop - start, *population.shape[1:])
        if result != expected or stop > population.n_channels:
            raise GraphError(
                f"{projection.where}: gives {result} from {shape}, channels {start}..{stop} of "
                f"{population.name!r} {population.shape} take {expected}"
            )
        magnitude += abs(projection.gain) * projection.magnitude(shape, coding)
        fed.append((projection, coding, start, stop))
    if magnitude >= _MAX_SUM:  # below it nothing that follows can overflow int64
        raise GraphError(f"{population.where}: sums reach {magnitude}, allowed is below 2^62")
    low = np.zeros(population.n_channels, np.int64)
    high = np.zeros(population.n_channels, np.int64)
    covered = np.zeros(population.n_channels, np.int64)
    for projection, coding, start, stop in fed:
        ends = [b * projection.gain for b in projection.bounds(settled[projection.source].shape, coding)]
        low[start:stop] += np.minimum(*ends)
        high[start:stop] += np.maximum(*ends)
        covered[start:stop] += 1
    if not covered.all():
        missing = int(np.flatnonzero(covered == 0)[0])
        raise GraphError(f"{population.where}: no projection feeds its channel {missing}")
    if covered.max() > 1 and not population.adds:
        raise GraphError(f"{population.where}: the channels of a level relay must not be fed twice")
    return low, high, magnitude


def frozen(array: NDArray[np.int64]) -> NDArray[np.int64]:
    """The array, made read-only."""
    array.setflags(write=False)
    return array
