"""The contract of a pass, and the rebuilding that passes share.

A pass is a function from an event graph to an event graph. You must keep the contract:

- The reference gives the same readout sums, scales and offsets before and after, for every input: equal integers.
- Inputs and readouts keep their names, shapes and codings; a population that stays keeps its name.
- The docstring says, under "Effect on counts", which event counts change and which do not.
- Metadata travel on, but for the certificate: it spoke of another graph.

A pass applied to its own result changes nothing more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import EventGraph, Population, Projection, Region

__all__ = ["Pass", "rebuilt", "rechannel"]

Pass = Callable[[EventGraph], EventGraph]


def rechannel(graph: EventGraph, channels: Mapping[str, Sequence[int]]) -> EventGraph:
    """The graph with only these channels of some populations, in this order; those left out must be silent.

    Parameters
    ----------
    graph
        The graph.
    channels
        By population (neither an input nor a readout), indices of the channels that stay.

    Raises
    ------
    ConversionError
        Naming the projection that cannot follow.
    """
    kept = {n: tuple(channels.get(n, range(p.n_channels))) for n, p in graph.populations.items()}
    populations: list[Population] = []
    projections: list[Projection] = []
    for name, population in graph.populations.items():
        whole = Region.whole(population.shape)
        populations.append(population.part(replace(whole, channels=kept[name])))
    for edge in graph.projections.values():
        start, stop = edge.target_channels or (0, graph.populations[edge.target].n_channels)
        places = [place for place, c in enumerate(kept[edge.target]) if start <= c < stop]
        if not places:
            continue
        outputs = [kept[edge.target][place] - start for place in places]
        picked = edge.pick(outputs, kept[edge.source], graph.populations[edge.source].shape)
        if picked is None or places != list(range(places[0], places[-1] + 1)):
            raise ConversionError(
                f"projection {edge.name!r} ({edge.kind}) cannot follow the channels kept of {edge.source!r} and "
                f"{edge.target!r}: groups must stay whole, and channels that are passed on one by one must agree"
            )
        whole_target = len(places) == len(kept[edge.target])
        projections.append(replace(picked, target_channels=None if whole_target else (places[0], places[-1] + 1)))
    return rebuilt(graph, populations, projections)


def rebuilt(graph: EventGraph, populations: Sequence[Population], projections: Sequence[Projection]) -> EventGraph:
    """A graph of new parts, with the metadata of the old one but for its certificate."""
    notes = {key: value for key, value in graph.metadata.items() if key != "certificate"}
    return EventGraph(populations, projections, notes)
