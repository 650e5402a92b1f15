"""A counted run of a graph, shared by the commands that draw, price and report it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gxnor_sims import simulate
from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Counts, EventTrace

from .samples import Samples, load_samples

__all__ = ["CountedRun", "count_file", "counted", "one_sample"]


@dataclass(frozen=True)
class CountedRun:
    """A graph, the samples it ran on, and what came out; `counts` are always there."""

    graph: EventGraph
    samples: Samples
    trace: EventTrace
    counts: Counts


def count_file(
    path: Path,
    data: str | None,
    input_file: Path | None,
    *,
    labels: Path | None = None,
    limit: int | None = None,
    engine: str = "native",
    threads: int | None = None,
    progress: bool = False,
    counts: str = "basic",
) -> CountedRun:
    """Load a graph and its samples (see `load_samples`) and run them with basic counts, or "full" ones."""
    graph = EventGraph.load(path)
    samples = load_samples(graph, data, input_file, labels, limit)
    return counted(graph, samples, engine=engine, threads=threads, progress=progress, counts=counts)


def counted(
    graph: EventGraph,
    samples: Samples,
    *,
    engine: str,
    threads: int | None,
    progress: bool,
    counts: str = "basic",
) -> CountedRun:
    """Run a graph with basic counts, or "full" ones.

    Raises
    ------
    InputError
        If the engine counted nothing.
    """
    trace = simulate(graph, samples.x, engine, counts=counts, threads=threads, progress=progress)
    if trace.counts is None:
        raise InputError(f"engine {engine!r} counted no events")
    return CountedRun(graph, samples, trace, trace.counts)


def one_sample(graph: EventGraph, x: NDArray[Any], sample: int, engine: str) -> EventTrace:
    """The trace of one sample with every population recorded.

    Raises
    ------
    InputError
        If there is no such sample.
    """
    if not 0 <= sample < len(x):
        raise InputError(f"sample {sample} is asked for, the data hold 0..{len(x) - 1}")
    return simulate(graph, x[sample : sample + 1], engine, record="all", counts="none")
