"""The order of channels."""

from collections.abc import Mapping, Sequence

import numpy as np

from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import EventGraph

from .base import rechannel

__all__ = ["reorder_channels"]


def reorder_channels(graph: EventGraph, orders: Mapping[str, Sequence[int]] | None = None) -> EventGraph:
    """Put channels into another order; weights, thresholds and everything channel by channel follow.

    Unless orders are given, channels with more synapses (nonzero weights, in and out) come first, so that a
    mapping that cuts layers into blocks finds full ones and empty ones. Populations whose channels are tied to an
    input, a readout, a grouped convolution or a range of a concatenation keep their order then.

    Parameters
    ----------
    graph
        The graph.
    orders
        By population, a permutation of its channels: place k gets channel ``order[k]``. Populations that are tied
        to it channel by channel (pools, residuals) get the same one.

    Effect on counts
    ----------------
    None.

    Returns
    -------
    EventGraph
        A graph with the same readouts; see `gxnor_converters.passes.base` for the contract.

    Raises
    ------
    ConversionError
        If an order is no permutation, or a projection cannot follow it.
    """
    tied = _tied(graph)
    chosen = _by_synapses(graph, tied) if orders is None else dict(orders)
    channels: dict[str, tuple[int, ...]] = {}
    for name, order in chosen.items():
        if name not in graph.populations:
            raise ConversionError(f"reorder_channels: no population {name!r} in the graph")
        count = graph.populations[name].n_channels
        if sorted(order) != list(range(count)):
            raise ConversionError(
                f"reorder_channels: the order of {name!r} is {list(order)!r:.60}, allowed is a permutation of "
                f"0..{count - 1}"
            )
        for other in tied[name]:
            if channels.setdefault(other, tuple(order)) != tuple(order):
                raise ConversionError(
                    f"reorder_channels: {name!r} and {other!r} are tied channel by channel; their orders differ"
                )
    ends = [n for n in channels if not (graph.populations[n].has_inputs and graph.populations[n].has_outputs)]
    moved = [n for n in ends if list(channels[n]) != list(range(len(channels[n])))]
    if moved:
        raise ConversionError(
            f"reorder_channels: {moved[0]!r} is an input or a readout (or tied to one); its order stays"
        )
    if all(list(order) == list(range(len(order))) for order in channels.values()):
        return graph
    return rechannel(graph, channels)


def _tied(graph: EventGraph) -> dict[str, frozenset[str]]:
    """Populations that must share one order, by each of them."""
    sets = {name: frozenset([name]) for name in graph.populations}
    for edge in graph.projections.values():
        if edge.per_channel and edge.target_channels is None:
            joined = sets[edge.source] | sets[edge.target]
            for name in joined:
                sets[name] = joined
    return sets


def _by_synapses(graph: EventGraph, tied: Mapping[str, frozenset[str]]) -> dict[str, list[int]]:
    """Orders by falling number of synapses, of the populations that are free to move."""
    fixed: set[str] = {n for n, p in graph.populations.items() if not (p.has_inputs and p.has_outputs)}
    for edge in graph.projections.values():
        ranged = edge.per_channel and edge.target_channels is not None
        if ranged or getattr(edge, "groups", 1) > 1:
            fixed |= {edge.source, edge.target}
        elif edge.target_channels is not None:
            fixed.add(edge.target)
    orders: dict[str, list[int]] = {}
    for name, together in tied.items():
        if together & fixed or any(n in orders for n in together):
            continue
        orders[name] = [int(c) for c in np.argsort(-_synapses(graph, together), kind="stable")]
    return orders


def _synapses(graph: EventGraph, names: frozenset[str]) -> np.ndarray:
    """Nonzero weights that leave or reach each channel, over populations of one order."""
    total = np.zeros(graph.populations[next(iter(names))].n_channels, np.int64)
    for edge in graph.projections.values():
        if not edge.weighted:
            continue
        if edge.source in names:
            fan_out = graph.fan_out(edge.name).nonzero
            total += fan_out.reshape(len(total), -1).sum(axis=1)
        if edge.target in names:
            total += np.count_nonzero(edge.weights.reshape(len(total), -1), axis=1)  # type: ignore[attr-defined]
    return total
