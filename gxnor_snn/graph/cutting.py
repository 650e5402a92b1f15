"""The walk of a `subgraph`: from what is wanted back to what it needs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .event_graph import EventGraph
from .population import Population
from .populations import Input
from .projection import Projection
from .region import Region, Span

__all__ = ["Cutter"]


class Cutter:
    """Walks from the readers back to the sources; every population is cut once per region wanted of it.

    A source may have to grow beyond what a reader reads of it. No op reads a part of what it is given, so the
    reader then grows as well, and the walk begins anew: regions only grow, up to whole populations, which fit.
    """

    def __init__(self, graph: EventGraph, kept: Mapping[str, Population], asked: Mapping[str, Region]) -> None:
        self.graph = graph
        self.kept = kept
        self.asked = asked
        self._wider: dict[tuple[str, Region], Region] = {}  # of readers, found by walks that did not fit
        self._begin()

    def _begin(self) -> None:
        self.names: dict[tuple[str, Region], str] = {}
        self.wanted: dict[str, list[Region]] = {}
        self.populations: dict[str, Population] = {}
        self._fits = True
        for name, region in self.asked.items():
            self.want(name, region)

    def want(self, name: str, region: Region) -> str:
        """Ask for a region of a population; its name in the part."""
        if name in self.kept:
            region = self._grown(name, region)
        if (name, region) not in self.names:
            self.wanted.setdefault(name, []).append(region)
            self.names[name, region] = self.fresh(name, len(self.wanted[name]), self.graph.populations)
        return self.names[name, region]

    @staticmethod
    def fresh(name: str, copy: int, taken: Mapping[str, Any]) -> str:
        """The name itself for the first copy, else one that nothing in the whole graph has."""
        if copy == 1:
            return name
        made = f"{name}:{copy}"
        while made in taken:
            made += "+"
        return made

    def cut(self) -> tuple[list[Population], list[Projection]]:
        """All parts, sources first."""
        while True:
            parts = self._walk()
            if self._fits:
                return parts
            self._begin()

    def _walk(self) -> tuple[list[Population], list[Projection]]:
        populations: list[list[Population]] = []
        projections: list[list[Projection]] = []
        for name in reversed(list(self.graph.populations)):  # every reader has asked before its source is cut
            for copy, region in enumerate(self.wanted.get(name, ()), start=1):
                made = self._population(name, region)
                self.populations[made.name] = made
                populations.append([made])
                if name in self.kept:
                    edges = [self._projection(p, region, copy) for p in self.graph.incoming(name)]
                    projections.append([p for p in edges if p is not None])
        return _flat(populations), _flat(projections)

    def _population(self, name: str, region: Region) -> Population:
        whole, new = self.graph.populations[name], self.names[name, region]
        if name in self.kept:
            return replace(whole.part(region), name=new)
        return Input(name=new, shape=region.shape, coding=self.graph.coding(name))

    def _own(self, edge: Projection, region: Region) -> Region | None:
        """The part of a target's region that this edge feeds, in the channels of its result."""
        if edge.target_channels is None:
            return region
        start, stop = edge.target_channels
        channels = tuple(c - start for c in region.channels if start <= c < stop)
        return replace(region, channels=channels) if channels else None

    def _grown(self, name: str, region: Region) -> Region:
        """The smallest region that holds `region` and that every edge into the population can give."""
        while True:
            before = region
            for edge in self.graph.incoming(name):
                own = self._own(edge, region)
                if own is None:
                    continue
                start = edge.target_channels[0] if edge.target_channels else 0
                grown = edge.grow(own, self.graph.populations[edge.source].shape)
                channels = {*region.channels, *(c + start for c in grown.channels)}
                region = Region(tuple(sorted(channels)), grown.rows, grown.columns)
            region = self._wider.get((name, region), region)
            if region == before:
                return region

    def _outgrown(self, edge: Projection, region: Region, read: Region, held: Region) -> Region:
        """A larger region of a reader, towards one that reads all that its source must hold."""
        shape = self.graph.populations[edge.target].shape
        spans = [
            _stretched(own, had, has, size)
            for own, had, has, size in zip(region.box, read.box, held.box, shape[1:], strict=True)
        ]
        start, stop = edge.target_channels or (0, shape[0])
        further = set(held.channels) - set(read.channels)
        channels = {c + start for c in further} if edge.per_channel else set(range(start, stop) if further else ())
        return Region(tuple(sorted(channels.union(region.channels))), *spans)

    def _projection(self, edge: Projection, region: Region, copy: int) -> Projection | None:
        own = self._own(edge, region)
        if own is None:
            return None
        shape = self.graph.populations[edge.source].shape
        if own == Region.whole(edge.output_shape(shape)):
            source, part = Region.whole(shape), edge
        else:
            source, part = edge.reads(own, shape), edge.part(own, shape)
        held = self._grown(edge.source, source) if edge.source in self.kept else source
        if held != source:
            self._fits = False
            self._wider[edge.target, region] = self._outgrown(edge, region, source, held)
        return replace(
            part,
            name=self.fresh(edge.name, copy, self.graph.projections),
            source=self.want(edge.source, source),
            target=self.names[edge.target, region],
            target_channels=self._range(edge, region),
        )

    @staticmethod
    def _range(edge: Projection, region: Region) -> tuple[int, int] | None:
        if edge.target_channels is None:
            return None
        start, stop = edge.target_channels
        return sum(c < start for c in region.channels), sum(c < stop for c in region.channels)


def _stretched(own: Span, read: Span, held: Span, size: int) -> Span:
    """A span of results, one longer where more of the source is held than read; all where that is no end of it."""
    if read == held:
        return own
    longer = max(own[0] - (held[0] < read[0]), 0), min(own[1] + (held[1] > read[1]), size)
    return longer if longer != own else (0, size)


def _flat(lists: list[list[Any]]) -> list[Any]:
    return [part for parts in reversed(lists) for part in parts]
