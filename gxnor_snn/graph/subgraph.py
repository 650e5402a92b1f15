"""A part of an event graph as a graph of its own: some layers, a spatial crop, some channels.

The part is cut backwards from what is wanted: a region of a population needs a region of each of its sources (the
receptive field of a crop, the channel groups of some channels), and so on until an edge comes from outside the
layers kept. There an `Input` stands that takes the whole graph's levels. Where the readers of a population need
different regions of it (the two paths of a residual block near the edge of a crop), it stands once per region:
the same neurons are computed twice rather than fed from a recording, so that the part is a function of its
inputs alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import index
from typing import Any

import numpy as np

from ..errors import GraphError
from .cutting import Cutter
from .event_graph import EventGraph
from .pools import Identity
from .population import Population
from .populations import Readout
from .region import Region, Span

__all__ = ["Channels", "Crop", "regions", "restrict", "subgraph"]

Crop = tuple[Span, Span] | Mapping[str, tuple[Span, Span]]
Channels = Sequence[int] | Mapping[str, Sequence[int]]


def subgraph(
    graph: EventGraph,
    layers: Sequence[str] | None = None,
    *,
    crop: Crop | None = None,
    channels: Channels | None = None,
) -> EventGraph:
    """Cut a part out of a graph; every neuron in it has the input sum and the level that it has in the whole.

    Parameters
    ----------
    graph
        The whole.
    layers
        Names of the populations to compute; all unless given. What they read of others becomes an `Input` of the
        same name and coding.
    crop
        ((top, bottom), (left, right)) in pixels of the last image populations kept, or such a pair by population.
    channels
        Indices of channels wanted of the last populations kept, or such indices by population. A population holds
        at least what is asked of it, and else what its readers need; a grouped convolution may grow it to whole
        groups, and padding to the nearest window that sees its source; what reads them grows along.

    Returns
    -------
    EventGraph
        Populations and projections keep their names; a further region of the same population is called
        ``NAME:2``. A last population that is no readout gets one, ``NAME.out``, whose sums are its levels. The
        metadata's ``subgraph`` tells the whole's digest and the region of every population; `restrict` cuts
        recorded levels of the whole to them.

    Raises
    ------
    GraphError
        If a name is unknown, or a crop or channel lies outside its population.

    Examples
    --------
    >>> part = graph.subgraph(["act2"], crop=((4, 8), (4, 8)), channels=[0, 1])  # doctest: +SKIP
    >>> whole = execute(graph, x, record="all")  # doctest: +SKIP
    >>> execute(part, restrict(part, whole.spikes), record="all")  # doctest: +SKIP
    """
    kept = _kept(graph, layers)
    last = [n for n in kept if not any(p.target in kept for p in graph.outgoing(n))]
    asked = _asked(graph, kept, last, crop, channels)
    cutter = Cutter(graph, kept, asked)
    populations, projections = cutter.cut()
    for name in last:
        if graph.populations[name].has_outputs:
            out, edge = _reader(name, cutter.populations[name], cutter)
            populations.append(out)
            projections.append(edge)
    parts = {cut: _spec(origin, region) for (origin, region), cut in cutter.names.items()}
    notes = {"of": graph.digest, "populations": {p.name: parts[p.name] for p in populations if p.name in parts}}
    return EventGraph(populations, projections, {"subgraph": notes})


def regions(part: EventGraph) -> dict[str, tuple[str, Region]]:
    """(name in the whole, region of it) of every population of a `subgraph`.

    Raises
    ------
    GraphError
        If the graph is no subgraph.
    """
    try:
        specs = part.metadata["subgraph"]["populations"]
        return {
            name: (
                spec["of"],
                Region(tuple(spec["channels"]), *(None if s is None else (s[0], s[1]) for s in spec["box"])),
            )
            for name, spec in specs.items()
        }
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise GraphError("the graph is no subgraph: its metadata tell no regions of a whole") from error


def restrict(part: EventGraph, levels: Mapping[str, Any], names: Sequence[str] | None = None) -> dict[str, Any]:
    """Cut levels (or sums) of the whole graph to the regions of a `subgraph`.

    Parameters
    ----------
    part
        What `subgraph` gave.
    levels
        Arrays (B, *shape) by population of the whole, as in ``trace.spikes`` with ``record="all"``; the whole's
        inputs are enough where every input of the part is cut from one of them.
    names
        Populations of the part; its inputs unless given.

    Returns
    -------
    dict
        Arrays (B, *shape) by population of the part: what an engine takes as `x`.

    Raises
    ------
    GraphError
        If the graph is no subgraph, or `levels` lacks a population.
    """
    held = regions(part)
    cut = {}
    for name in part.inputs if names is None else names:
        if name not in held:
            raise GraphError(f"restrict: {name!r} is no population of the subgraph; it has {', '.join(held)}")
        origin, region = held[name]
        if origin not in levels:
            raise GraphError(
                f"restrict: levels of {origin!r} are needed for {name!r}, given are {', '.join(levels)}; "
                "record them in a run of the whole graph"
            )
        cut[name] = region.take(np.asarray(levels[origin]))
    return cut


def _kept(graph: EventGraph, layers: Sequence[str] | None) -> dict[str, Population]:
    """The populations to compute, in graph order."""
    computed = {n: p for n, p in graph.populations.items() if p.has_inputs}
    if layers is None:
        return computed
    names = [layers] if isinstance(layers, str) else list(layers)
    unknown = [n for n in names if n not in computed]
    if unknown or not names:
        raise GraphError(
            f"subgraph: layers {unknown or names!r:.80} are no populations with inputs; "
            f"allowed are {', '.join(computed)}"
        )
    return {n: p for n, p in computed.items() if n in set(names)}


def _asked(
    graph: EventGraph,
    kept: Mapping[str, Population],
    last: Sequence[str],
    crop: Crop | None,
    channels: Channels | None,
) -> dict[str, Region]:
    """What the caller wants: by population, the last ones always."""
    images = [n for n in last if len(kept[n].shape) == 3]
    if crop is not None and not isinstance(crop, Mapping) and not images:
        raise GraphError(
            f"subgraph: a crop takes images; the last populations kept are {', '.join(last)}, all vectors"
        )
    boxes = crop if isinstance(crop, Mapping) else dict.fromkeys(images, crop) if crop else {}
    picked = (
        channels
        if isinstance(channels, Mapping)
        else dict.fromkeys(last, channels)
        if channels is not None
        else {}
    )
    for name in (*boxes, *picked):
        if name not in kept:
            raise GraphError(f"subgraph: {name!r} is not among the layers kept, {', '.join(kept)}")
    asked = {}
    for name in dict.fromkeys((*last, *boxes, *picked)):
        shape = kept[name].shape
        region = Region.whole(shape)
        if name in picked:
            region = replace(region, channels=_indices(picked[name], name))
        if name in boxes:
            rows, columns = _spans(boxes[name], name)
            region = replace(region, rows=rows, columns=columns)
        region.check(shape, f"subgraph of {name!r}")
        asked[name] = region
    return asked


def _indices(channels: Any, name: str) -> tuple[int, ...]:
    try:
        return tuple(sorted(index(c) for c in channels))
    except TypeError as error:
        raise GraphError(f"subgraph of {name!r}: channels are {channels!r:.60}, allowed are integers") from error


def _spans(box: Any, name: str) -> tuple[Span, Span]:
    try:
        rows, columns = (tuple(index(n) for n in span) for span in box)
    except (TypeError, ValueError) as error:
        raise GraphError(
            f"subgraph of {name!r}: crop is {box!r:.60}, allowed is ((top, bottom), (left, right))"
        ) from error
    return rows, columns  # type: ignore[return-value]


def _reader(name: str, population: Population, cutter: Cutter) -> tuple[Readout, Identity]:
    """A readout of the levels of a last population that is none."""
    ones = np.ones(population.n_channels)
    out = cutter.fresh(f"{name}.out", 1 + (f"{name}.out" in cutter.graph.populations), cutter.graph.populations)
    edge = cutter.fresh(f"{name}.out", 1 + (f"{name}.out" in cutter.graph.projections), cutter.graph.projections)
    readout = Readout(name=out, shape=population.shape, scale=ones, offset=np.zeros_like(ones))
    return readout, Identity(name=edge, source=name, target=out)


def _spec(origin: str, region: Region) -> dict[str, Any]:
    box = [None if s is None else list(s) for s in (region.rows, region.columns)]
    return {"of": origin, "channels": list(region.channels), "box": box}
