"""The event graph: populations, projections, and the rules they must keep together."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .coding import Coding
from .population import Population
from .projection import FanOut, Projection
from .rules import check_role, frozen, input_bounds, topological, unique

if TYPE_CHECKING:
    from .subgraph import Channels, Crop
    from .summary import Summary

__all__ = ["EventGraph"]

_MAX_NEURONS = 1 << 26
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class _Settled:
    """What construction derives once: the parts of the graph that are functions of its parts."""

    populations: Mapping[str, Population]
    codings: Mapping[str, Coding | None]
    bounds: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]
    magnitudes: Mapping[str, int]


class EventGraph:
    """An immutable directed acyclic graph of populations and projections, schema version 1 (one-shot).

    Construction validates every rule of the schema, orders the populations topologically and clamps thresholds
    to what sums can reach. Each neuron's input is one integer: the sum over its projections of gain times op of
    the source's levels.

    Parameters
    ----------
    populations, projections
        The parts; names are unique within each kind.
    metadata
        JSON-able notes that travel with the file (provenance, certificate).

    Raises
    ------
    GraphError
        Naming the part that breaks a rule, what it has and what is allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout
    >>> graph = EventGraph(
    ...     [Input(name="in", shape=(2,), coding=Coding.ternary()),
    ...      Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1))],
    ...     [Dense(name="fc", source="in", target="out", weights=np.array([[1, -1]]), coding=Coding.ternary())])
    >>> graph.bounds("out")
    (array([-2]), array([2]))
    """

    def __init__(
        self,
        populations: Sequence[Population],
        projections: Sequence[Projection],
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        by_name = unique(populations, "population")
        self._projections = MappingProxyType(unique(projections, "projection"))
        try:
            self._metadata_json = json.dumps(dict(metadata or {}), allow_nan=False, sort_keys=True)
        except (TypeError, ValueError, RecursionError) as error:
            raise GraphError(f"graph metadata is not JSON: {error}") from error
        neurons = sum(p.size for p in by_name.values())
        if neurons > _MAX_NEURONS:
            raise GraphError(f"the graph has {neurons} neurons, allowed are {_MAX_NEURONS}")
        order = topological(by_name, list(self._projections.values()))
        incoming: dict[str, list[Projection]] = {n: [] for n in order}
        outgoing: dict[str, list[Projection]] = {n: [] for n in order}
        for projection in self._projections.values():
            incoming[projection.target].append(projection)
            outgoing[projection.source].append(projection)
        self._incoming = {n: tuple(edges) for n, edges in incoming.items()}
        self._outgoing = {n: tuple(edges) for n, edges in outgoing.items()}
        self._settled = self._settle([by_name[name] for name in order])
        self._fan_out: dict[str, FanOut] = {}

    def _settle(self, ordered: list[Population]) -> _Settled:
        populations: dict[str, Population] = {}
        codings: dict[str, Coding | None] = {}
        bounds: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        magnitudes: dict[str, int] = {}
        for population in ordered:
            name = population.name
            sources: list[tuple[Projection, Coding]] = []
            for projection in self._incoming[name]:
                coding = codings[projection.source]
                if coding is None:
                    raise GraphError(
                        f"{projection.where}: the source {projection.source!r} is a readout and sends no levels"
                    )
                sources.append((projection, coding))
            check_role(population, sources)
            if sources:
                low, high, magnitudes[name] = input_bounds(population, sources, populations)
                bounds[name] = frozen(low), frozen(high)
                population = population.settle(low, high)
            coding_here = population.resolve_coding(sources)
            if coding_here is not None and not _INT16.min <= coding_here.lo <= coding_here.hi <= _INT16.max:
                raise GraphError(
                    f"{population.where}: levels {coding_here.lo}..{coding_here.hi}, "
                    f"a population's levels must fit int16"
                )
            populations[name], codings[name] = population, coding_here
        return _Settled(
            MappingProxyType(populations),
            MappingProxyType(codings),
            MappingProxyType(bounds),
            MappingProxyType(magnitudes),
        )

    @property
    def populations(self) -> Mapping[str, Population]:
        """Populations by name, in topological order."""
        return self._settled.populations

    @property
    def projections(self) -> Mapping[str, Projection]:
        """Projections by name, in the order given."""
        return self._projections

    @property
    def metadata(self) -> dict[str, Any]:
        """A copy of the graph's notes."""
        notes: dict[str, Any] = json.loads(self._metadata_json)
        return notes

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Names of the input populations."""
        return tuple(n for n, p in self.populations.items() if not p.has_inputs)

    @cached_property
    def readouts(self) -> tuple[str, ...]:
        """Names of the readout populations."""
        return tuple(n for n, p in self.populations.items() if not p.has_outputs)

    def incoming(self, name: str) -> tuple[Projection, ...]:
        """Projections that feed a population."""
        return self._incoming[self._known(name)]

    def outgoing(self, name: str) -> tuple[Projection, ...]:
        """Projections that read a population."""
        return self._outgoing[self._known(name)]

    def coding(self, name: str) -> Coding:
        """Coding of the levels that a population sends.

        Raises
        ------
        GraphError
            For a readout, which sends none, and for an unknown name.
        """
        coding = self._settled.codings[self._known(name)]
        if coding is None:
            raise GraphError(f"population {name!r} is a readout and has no coding")
        return coding

    def bounds(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lowest and highest reachable input sum per channel, int64 (channels,) each."""
        if self._known(name) not in self._settled.bounds:
            raise GraphError(f"population {name!r} is an input and has no input sums")
        return self._settled.bounds[name]

    def magnitude(self, name: str) -> int:
        """A bound on every partial sum of a population's input, in any order of addition."""
        return self._settled.magnitudes[self._known(name)]

    def fan_out(self, projection: str) -> FanOut:
        """Static event counts of one projection, computed once."""
        if projection not in self._fan_out:
            edge = self._projections[projection]
            fan_out = edge.fan_out(self.populations[edge.source].shape)
            for array in (fan_out.dense, fan_out.nonzero, fan_out.planes):
                frozen(array)
            self._fan_out[projection] = fan_out
        return self._fan_out[projection]

    def subgraph(
        self,
        layers: "Sequence[str] | None" = None,
        *,
        crop: "Crop | None" = None,
        channels: "Channels | None" = None,
    ) -> "EventGraph":
        """Some layers, a spatial crop, some channels, as a graph of its own; see `gxnor_snn.graph.subgraph`."""
        from .subgraph import subgraph

        return subgraph(self, layers, crop=crop, channels=channels)

    def summary(self) -> "Summary":
        """Populations, projections, sizes and certificate as rows; ``print`` it, or let a notebook show it."""
        from .summary import summarise

        return summarise(self)

    def with_metadata(self, **notes: Any) -> "EventGraph":
        """The same graph with `notes` added to its metadata."""
        return EventGraph(
            list(self.populations.values()), list(self.projections.values()), {**self.metadata, **notes}
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over structure, weights and thresholds (metadata left out), as hexadecimal text."""
        from .io import structure_digest

        return structure_digest(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the graph to one safetensors file, atomically; see `gxnor_snn.graph.io`."""
        from .io import save

        save(self, path)

    @staticmethod
    def load(path: str | os.PathLike[str]) -> "EventGraph":
        """Read a graph file.

        Raises
        ------
        GraphFormatError
            If the file is missing, damaged, hostile or of another schema version; the field is named.
        """
        from .io import load

        return load(path)

    def __deepcopy__(self, memo: dict[int, Any]) -> "EventGraph":
        return self  # immutable

    def __reduce__(self) -> tuple[Any, ...]:
        from .io import pack, unpack

        return unpack, pack(self)

    def __repr__(self) -> str:
        weights = sum(int(np.size(getattr(p, "weights", ()))) for p in self._projections.values())
        return (
            f"EventGraph({len(self.populations)} populations, {len(self._projections)} projections, "
            f"{sum(p.size for p in self.populations.values())} neurons, {weights} weights)"
        )

    def _known(self, name: str) -> str:
        if name not in self._incoming:
            raise GraphError(f"no population {name!r} in the graph; it has {', '.join(self._incoming)}")
        return name
