"""Engines that run an event graph, all with the same result: `simulate` is the one way in."""

from collections.abc import Iterable
from typing import Any

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace

from .engine import Engine, engines, get_engine
from .explaining import explain

__all__ = ["Engine", "engines", "explain", "get_engine", "simulate"]


def simulate(
    graph: EventGraph,
    x: Any,
    engine: str | Engine = "native",
    record: Iterable[str] = (),
    counts: str = "basic",
    batch: int | None = None,
    threads: int | None = None,
    progress: bool = False,
) -> EventTrace:
    """Run an event graph on a batch of inputs.

    Parameters
    ----------
    graph
        The event graph.
    x
        Integer levels (B, *shape) in the coding of the graph's input (pixel bytes for ``bits(8)``), or a mapping
        from input name to such arrays.
    engine
        "native", "reference", "torch", "brian2", the name of a registered engine, or an engine object, which may
        have options: ``get_engine("torch", device="cuda")``.
    record
        Names of populations whose levels the trace keeps, or "all".
    counts
        "basic", "full" (also `neurons_reached`, `n_bitcount`, `n_agree`) or "none".
    batch
        Samples per pass; the engine chooses where it is None. Results never depend on it.
    threads
        Worker threads; the engine chooses where it is None. Results never depend on it.
    progress
        Show a progress bar.

    Returns
    -------
    EventTrace
        The same from every engine, bit for bit, but for `engine`, `seconds` and `sums`.

    Raises
    ------
    EngineError
        If the engine is unknown or does not run on this machine.
    UnsupportedGraphError
        If the engine does not run this graph; the reason is given.
    InputError
        If `x` or another argument is not what the graph takes.

    Examples
    --------
    >>> import numpy as np
    >>> from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout
    >>> graph = EventGraph(
    ...     [Input(name="in", shape=(2,), coding=Coding.ternary()),
    ...      Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1))],
    ...     [Dense(name="fc", source="in", target="out", weights=np.array([[1, -1]]), coding=Coding.ternary())])
    >>> simulate(graph, np.array([[1, -1], [0, 1]]), engine="reference").readouts["out"].tolist()
    [[2], [-1]]
    """
    return get_engine(engine).run(
        graph, x, record=record, counts=counts, batch=batch, threads=threads, progress=progress
    )
