"""Data sets of any size through any engine: one piece after another, memory set by the piece."""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph, check_form, check_input, check_record
from gxnor_snn.graph.counting import COUNT_MODES
from gxnor_snn.results import EventTrace

from .engine import Engine, check_size, get_engine
from .pieces import bytes_per_sample, cut, is_iterable_of_batches, is_whole, piece_size, release
from .progress import Advance, Progress, progress_bar

__all__ = ["RECORD_FORMS", "simulate", "stream"]

RECORD_FORMS = ("levels", "events")


def simulate(
    graph: EventGraph,
    x: Any,
    engine: str | Engine = "native",
    record: Iterable[str] = (),
    counts: str = "basic",
    batch: int | None = None,
    threads: int | None = None,
    progress: Progress = False,
    *,
    record_as: str = "levels",
    summed: bool = False,
) -> EventTrace:
    """Run an event graph on a batch of inputs, or on a data set of any size.

    Parameters
    ----------
    graph
        The event graph.
    x
        Integer levels (B, *shape) in the coding of the graph's input (pixel bytes for ``bits(8)``); or a mapping
        from input name to such arrays; or an iterable of batches of either, of any sizes. Memory maps and arrays
        inside a file (h5py, zarr) are read piece by piece, never whole; a generator is closed at the end.
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
        Show a progress bar. A function is called instead with the number of samples done since its last call.
    record_as
        "levels" keeps recorded levels dense (`EventTrace.spikes`), "events" only those that are not zero
        (`EventTrace.events`); memory is then set by their number.
    summed
        Add the counts over samples, so that they take no memory per sample; see `Counts.summed`.

    Returns
    -------
    EventTrace
        The same from every engine, bit for bit, but for `engine`, `seconds` and `sums`; the same however the
        samples are given.

    Raises
    ------
    EngineError
        If the engine is unknown or does not run on this machine.
    UnsupportedGraphError
        If the engine does not run this graph; the reason is given.
    InputError
        If `x` or another argument is not what the graph takes; wrong levels with the number of their sample.
    KeyboardInterrupt
        At Ctrl-C; threads and processes have ended by then. Engine `native` stops within a second, the others
        after the product that they are at.

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
    started = time.perf_counter()
    chosen = get_engine(engine)
    if record_as == "levels" and not summed and is_whole(x):
        return chosen.run(graph, x, record=record, counts=counts, batch=batch, threads=threads, progress=progress)
    run = _Run.checked(graph, chosen, record, counts, batch, threads, record_as, summed)
    with closing(run.over(x, None, progress)) as batches:
        traces = [trace for parts in batches for trace in parts]
    if not traces:
        traces = [
            run.trace({name: np.empty((0, *graph.populations[name].shape), np.int8) for name in graph.inputs})
        ]
    return EventTrace.concatenate(traces, time.perf_counter() - started)


def stream(
    graph: EventGraph,
    x: Any,
    engine: str | Engine = "native",
    record: Iterable[str] = (),
    counts: str = "basic",
    batch: int | None = None,
    threads: int | None = None,
    progress: Progress = False,
    *,
    record_as: str = "levels",
    summed: bool = False,
    piece: int | None = None,
) -> Iterator[EventTrace]:
    """Run an event graph on a data set of any size and give one trace per piece; memory is set by the piece.

    Parameters
    ----------
    graph, engine, record, counts, batch, threads, progress, record_as, summed
        As for `simulate`; the bar counts the samples of the whole stream.
    x
        As for `simulate`. Each batch of an iterable gives one trace, whatever its size.
    piece
        Samples per trace where `x` is an array or a mapping; None takes as many as fill `PIECE_BYTES` with input
        and results, in whole blocks of the engine.

    Returns
    -------
    Iterator
        Traces in order. Closing it, and an error or interrupt, closes `x` where that is a generator.
        ``Counts.total(trace.counts for trace in stream(...))`` is what the whole would have counted.

    Raises
    ------
    EngineError, UnsupportedGraphError, InputError, KeyboardInterrupt
        As for `simulate`; those that concern a piece when it is its turn.

    Examples
    --------
    >>> import numpy as np
    >>> from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout
    >>> from gxnor_snn.results import Counts
    >>> graph = EventGraph(
    ...     [Input(name="in", shape=(2,), coding=Coding.ternary()),
    ...      Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1))],
    ...     [Dense(name="fc", source="in", target="out", weights=np.array([[1, -1]]), coding=Coding.ternary())])
    >>> batches = (np.array([[i % 2, 1]] * i) for i in (1, 2))
    >>> [trace.readouts["out"].tolist() for trace in stream(graph, batches, "reference")]
    [[[0]], [[-1], [-1]]]
    """
    size = check_size("piece", piece)
    run = _Run.checked(graph, get_engine(engine), record, counts, batch, threads, record_as, summed)
    if not is_iterable_of_batches(x):
        check_form(graph, x)
    return run.joined(x, size, progress)


@dataclass(frozen=True)
class _Run:
    """How pieces of one data set are run."""

    graph: EventGraph
    engine: Engine
    record: tuple[str, ...]
    counts: str
    batch: int | None
    threads: int | None
    as_events: bool
    summed: bool

    @staticmethod
    def checked(
        graph: EventGraph,
        engine: Engine,
        record: Iterable[str],
        counts: str,
        batch: int | None,
        threads: int | None,
        record_as: str,
        summed: bool,
    ) -> "_Run":
        """Check what concerns all pieces, before the first is fetched."""
        if counts not in COUNT_MODES:
            raise InputError(f"counts is {counts!r}, allowed are {', '.join(COUNT_MODES)}")
        if record_as not in RECORD_FORMS:
            raise InputError(f"record_as is {record_as!r}, allowed are {', '.join(RECORD_FORMS)}")
        sizes = check_size("batch", batch), check_size("threads", threads)
        names = check_record(graph, record)
        return _Run(graph, engine, names, counts, *sizes, record_as == "events", summed)

    def joined(self, x: Any, piece: int | None, progress: Progress) -> Iterator[EventTrace]:
        """One trace per batch."""
        with closing(self.over(x, piece, progress)) as batches:
            for parts in batches:
                traces = list(parts)
                seconds = sum(trace.seconds for trace in traces)
                yield traces.pop() if len(traces) == 1 else EventTrace.concatenate(traces, seconds)

    def over(self, x: Any, piece: int | None, progress: Progress) -> Generator[Iterator[EventTrace], None, None]:
        """For each batch the traces of its pieces, in order; they are to be taken before the next batch is.

        An array is cut into batches of `piece` samples, or of as many as fit.
        """
        if is_iterable_of_batches(x):
            batches, total = iter(x), None
        else:
            whole = check_form(self.graph, x)
            total = next(iter(whole.values())).shape[0]
            batches = cut(whole, piece or self._size(whole))
        first = 0
        try:
            with progress_bar(f"{self.engine.name} engine", total, progress) as advance:
                for number, batch in enumerate(batches):
                    try:
                        arrays = check_form(self.graph, batch)
                    except InputError as error:
                        raise InputError(f"batch {number}: {error}") from error
                    yield self._pieces(arrays, first, advance)
                    first += next(iter(arrays.values())).shape[0]
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()

    def _pieces(self, batch: Mapping[str, Any], first: int, advance: Advance | None) -> Iterator[EventTrace]:
        for part in cut(batch, self._size(batch)):
            trace = self.trace(part, first, advance)
            first += trace.n_samples
            release(part)
            yield trace
            del trace  # before the next is made

    def _size(self, arrays: Mapping[str, Any]) -> int:
        """Samples of a piece that fit, in whole blocks of the engine."""
        one = bytes_per_sample(self.graph, arrays, self.record, self.as_events, self.counts != "none")
        return piece_size(one, getattr(self.engine, "lanes", 1))

    def trace(self, piece: Mapping[str, Any], first: int = 0, advance: Advance | None = None) -> EventTrace:
        """The trace of one piece; `first` is the number of its first sample."""
        arrays = {name: np.asarray(a) for name, a in piece.items()}
        try:
            trace = self.engine.run(
                self.graph,
                arrays,
                record=self.record,
                counts=self.counts,
                batch=self.batch,
                threads=self.threads,
                progress=advance or False,
            )
        except InputError:
            check_input(self.graph, arrays, first)  # names the sample's number in the whole
            raise
        if self.as_events:
            trace = trace.sparse()
        if self.summed and trace.counts is not None:
            trace = replace(trace, counts=trace.counts.summed())
        return trace
