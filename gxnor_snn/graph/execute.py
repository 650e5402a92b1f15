"""The one reference walk over an event graph.

The reference engine, the conversion certificate and device models all run this walk; they replace only the
matrix product (`linear`) or the array library (`xp`).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..results import EventTrace
from .counting import COUNT_MODES, Counter
from .event_graph import EventGraph
from .population import Population, is_real
from .projection import Projection
from .weighted import Weighted

__all__ = ["Linear", "check_form", "check_input", "check_record", "execute", "readout_affine"]

Linear = Callable[[Weighted, Any], Any]
_FLOAT64_EXACT = 1 << 53
_VALUES_AT_ONCE = 1 << 22


def check_form(graph: EventGraph, x: Any) -> dict[str, Any]:
    """Validate all of a batch that shows without reading it: names, dtypes, shapes, numbers of samples.

    Parameters
    ----------
    graph
        The event graph.
    x
        As for `check_input`. What has a numpy dtype and a shape is left as it is, read from nowhere: memory maps,
        arrays inside a file.

    Returns
    -------
    dict
        What was given, by input name; what was no array is one now.

    Raises
    ------
    InputError
        Naming the input, what was given and what is allowed.
    """
    given = x if isinstance(x, Mapping) else {graph.inputs[0]: x}
    if set(given) != set(graph.inputs):
        raise InputError(f"inputs {list(given)} were given, the graph takes {list(graph.inputs)}")
    arrays = {name: _check_form(graph, name, given[name]) for name in graph.inputs}
    if len({a.shape[0] for a in arrays.values()}) > 1:
        sizes = {n: a.shape[0] for n, a in arrays.items()}
        raise InputError(f"inputs hold different numbers of samples: {sizes}")
    return arrays


def check_input(graph: EventGraph, x: Any, first: int = 0) -> dict[str, NDArray[Any]]:
    """Validate the input levels of a batch.

    Parameters
    ----------
    graph
        The event graph.
    x
        Integer array (B, *shape) for a graph with one input, or a mapping from input name to such arrays.
    first
        Number of the batch's first sample, for messages.

    Returns
    -------
    dict
        Levels by input name, in the dtype given.

    Raises
    ------
    InputError
        Naming the input, what was given (shape, dtype, sample and level) and what is allowed.
    """
    arrays = {name: np.asarray(a) for name, a in check_form(graph, x).items()}
    for name, array in arrays.items():
        _check_levels(graph, name, array, first)
    return arrays


def _check_form(graph: EventGraph, name: str, x: Any) -> Any:
    array = x
    if not (isinstance(getattr(x, "dtype", None), np.dtype) and hasattr(x, "shape")):
        try:
            array = np.asarray(x)
        except (ValueError, TypeError) as error:
            raise InputError(f"input {name!r}: is no array: {error}") from error
    shape, coding = graph.populations[name].shape, graph.coding(name)
    if array.dtype.kind not in "iu":
        raise InputError(
            f"input {name!r}: dtype is {array.dtype}, allowed are integers "
            f"({coding.kind} levels {coding.lo}..{coding.hi})"
        )
    if array.shape[1:] != shape or len(array.shape) != len(shape) + 1:
        raise InputError(
            f"input {name!r}: shape is {array.shape}, allowed is (samples, {', '.join(map(str, shape))})"
        )
    return array


def _check_levels(graph: EventGraph, name: str, array: NDArray[Any], first: int) -> None:
    """Some samples at a time, so that an interrupt is heard and no temporary array is as large as the batch."""
    coding = graph.coding(name)
    step = max(1, _VALUES_AT_ONCE // graph.populations[name].size)
    for start in range(0, len(array), step):
        part = array[start : start + step]
        if not coding.contains(part):
            wrong = ~np.isin(part, coding.levels)
            sample = first + start + int(np.argmax(wrong.reshape(len(part), -1).any(axis=1)))
            raise InputError(
                f"input {name!r}: sample {sample} holds {part[wrong][0]}, "
                f"allowed are {coding.kind} levels {coding.lo}..{coding.hi}"
            )


def check_record(graph: EventGraph, record: Iterable[str]) -> tuple[str, ...]:
    """Names of populations whose levels are to be kept; "all" stands for every one that sends levels.

    Raises
    ------
    InputError
        If a name is unknown or a readout.
    """
    allowed = [n for n, p in graph.populations.items() if p.has_outputs]
    if isinstance(record, str):
        record = allowed if record == "all" else [record]
    names = tuple(record)
    for name in names:
        if name not in allowed:
            raise InputError(
                f"record: {name!r} is not a population that sends levels; allowed are {', '.join(allowed)}"
            )
    return names


def readout_affine(graph: EventGraph) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """(scale, offset) of every readout, for an `EventTrace`."""
    populations: Mapping[str, Any] = graph.populations
    return {n: (populations[n].scale, populations[n].offset) for n in graph.readouts}


def exact_linear(graph: EventGraph, xp: Any) -> Linear:
    """The default product: float64 where every partial sum stays below 2^53, else int64; both exact."""

    def linear(projection: Weighted, levels: Any) -> Any:
        wide = graph.magnitude(projection.target) >= _FLOAT64_EXACT
        moved = _cast(levels, "int64" if wide else "float64", xp)
        coding = graph.coding(projection.source)
        return _cast(projection.apply(moved, coding, xp), "int64", xp)

    return linear


def _cast(array: Any, dtype: str, xp: Any) -> Any:
    return array.astype(dtype) if xp is np else array.to(getattr(xp, dtype))


def _input_sums(
    graph: EventGraph, population: Population, levels: Mapping[str, Any], linear: Linear, xp: Any
) -> Any:
    """Sum over the population's projections of gain * op(levels)."""
    incoming = graph.incoming(population.name)
    parts = [_one(graph, p, levels[p.source], linear, xp) for p in incoming]
    parts = [part if p.gain == 1 else part * p.gain for p, part in zip(incoming, parts, strict=True)]
    if len(parts) == 1 and incoming[0].target_channels is None:
        return parts[0]
    real = next((part for part in parts if is_real(part)), parts[0])
    shape = (len(real), *population.shape)
    total = np.zeros(shape, real.dtype) if xp is np else real.new_zeros(shape)
    for projection, part in zip(incoming, parts, strict=True):
        start, stop = projection.target_channels or (0, population.n_channels)
        total[:, start:stop] += part
    return total


def _one(graph: EventGraph, projection: Projection, levels: Any, linear: Linear, xp: Any) -> Any:
    if projection.weighted:
        return linear(cast(Weighted, projection), levels)
    return projection.apply(levels, graph.coding(projection.source), xp)


def execute(
    graph: EventGraph,
    x: Any,
    linear: Linear | None = None,
    xp: Any = np,
    *,
    record: Iterable[str] = (),
    counts: str = "basic",
    device: Any = None,
) -> EventTrace:
    """Run the graph on one batch by the definition.

    Parameters
    ----------
    graph
        The event graph.
    x
        Integer levels (B, *shape), or a mapping from input name to them; see `check_input`.
    linear
        ``linear(projection, levels)`` replaces the matrix product of Dense and Conv2d. It may return real sums
        (analogue devices): thresholds are then compared at half-integers, which is the same function on
        integers, and the trace says ``exact = False``.
    xp
        ``numpy`` or ``torch``.
    record
        Populations whose levels and input sums are kept, or "all".
    counts
        "basic", "full" or "none".
    device
        With torch: where to run.

    Returns
    -------
    EventTrace
        Arrays are numpy whatever `xp` is.

    Raises
    ------
    InputError
        If `x`, `record` or `counts` are not what the graph takes.
    """
    if counts not in COUNT_MODES:
        raise InputError(f"counts is {counts!r}, allowed are {', '.join(COUNT_MODES)}")
    started = time.perf_counter()
    arrays = check_input(graph, x)
    kept = set(check_record(graph, record))
    product = linear or exact_linear(graph, xp)
    counter = Counter(graph, counts, xp)
    levels: dict[str, Any] = {}
    readouts: dict[str, NDArray[Any]] = {}
    spikes: dict[str, NDArray[np.int16]] = {}
    sums_kept: dict[str, NDArray[Any]] = {}
    exact = True
    unread = {name: len(graph.outgoing(name)) for name in graph.populations}
    for name, population in graph.populations.items():
        if not population.has_inputs:
            start = np.array(
                arrays[name], dtype=np.int64, order="C"
            )  # a copy: a trace never shares the caller's memory
            levels[name] = start if xp is np else xp.as_tensor(start, device=device)
        else:
            sums = _input_sums(graph, population, levels, product, xp)
            exact = exact and not is_real(sums)
            if not population.has_outputs:
                readouts[name] = _numpy(sums)
            else:
                levels[name] = population.emit(sums, graph.coding(name), xp)
                if name in kept:
                    sums_kept[name] = _numpy(sums)
            counter.inputs_of(population, levels)
            for projection in graph.incoming(name):
                unread[projection.source] -= 1
                if not unread[projection.source]:
                    levels.pop(projection.source, None)  # the walk holds only what is still to be read
        if name in levels:
            counter.levels_of(population, levels[name])
        if name in kept and name in levels:
            spikes[name] = _numpy(levels[name]).astype(np.int16)
    n_samples = len(next(iter(arrays.values())))
    return EventTrace(
        readouts=readouts,
        affine=readout_affine(graph),
        counts=counter.finish(n_samples) if counts != "none" else None,
        spikes=spikes,
        sums=sums_kept if kept else None,
        seconds=time.perf_counter() - started,
        engine="reference",
        exact=exact,
    )


def _numpy(array: Any) -> NDArray[Any]:
    return array if isinstance(array, np.ndarray) else np.asarray(array.cpu().numpy())
