"""Why a neuron sent what it sent, with the levels that an engine gives."""

from collections.abc import Sequence
from typing import Any

from gxnor_snn import graph as graphs
from gxnor_snn.graph import EventGraph, Explanation
from gxnor_snn.results import EventTrace

from .engine import Engine, get_engine

__all__ = ["explain"]


def explain(
    graph: EventGraph,
    x: Any,
    population: str,
    neuron: int | Sequence[int],
    engine: str | Engine = "native",
) -> Explanation:
    """Say which gates of a neuron opened for one sample, with what sign; see `gxnor_snn.graph.explain`.

    Parameters
    ----------
    graph, x, population, neuron
        As there: `x` is one sample, `neuron` a flat index or one number per axis.
    engine
        What runs the sample; its sums and levels are checked against what the gates add up to.

    Raises
    ------
    InputError
        If `x` is not one sample, or there is no such neuron.
    UnsupportedGraphError
        If the engine does not run the graph.
    EngineError
        If the engine says something else than the gates.
    """
    chosen = get_engine(engine)

    def run(graph: EventGraph, x: Any, record: Sequence[str]) -> EventTrace:
        return chosen.run(graph, x, record=record, counts="none")

    return graphs.explain(graph, x, population, neuron, run)
