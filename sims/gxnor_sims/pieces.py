"""Input taken piece by piece: what is where, how large a piece may be, and giving memory maps' pages back.

A source is an array, a memory map, an array inside a file (anything with a numpy dtype and a shape that slices
along its first axis), a mapping from input name to such, or an iterable of batches of any of these.
"""

import contextlib
import math
import mmap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph

__all__ = ["PIECE_BYTES", "bytes_per_sample", "cut", "is_iterable_of_batches", "is_whole", "piece_size", "release"]

PIECE_BYTES = 32 << 20
"""Input and results of one piece take about this much, unless one pass of the engine takes more."""


def is_iterable_of_batches(x: Any) -> bool:
    """Whether `x` gives batches one after another; what can be indexed (array, list, mapping) is one batch."""
    return isinstance(x, Iterable) and not hasattr(x, "__getitem__") and not hasattr(x, "__array__")


def is_whole(x: Any) -> bool:
    """Whether an engine may take `x` as it is: all in memory, and no copy as large as `x` is needed to read it."""
    if is_iterable_of_batches(x):
        return False
    return all(_is_at_hand(array) for array in (x.values() if isinstance(x, Mapping) else (x,)))


def _is_at_hand(array: Any) -> bool:
    if not isinstance(array, np.ndarray):
        return not isinstance(getattr(array, "dtype", None), np.dtype)
    if not array.flags.owndata and _mapped(array) is not None:
        return False
    return array.nbytes <= PIECE_BYTES or (array.flags.c_contiguous and array.dtype.isnative)


def bytes_per_sample(
    graph: EventGraph, arrays: Mapping[str, Any], record: Iterable[str], as_events: bool, counted: bool
) -> int:
    """About what one sample of a run takes: input, readouts, what is recorded, counts.

    Parameters
    ----------
    graph, arrays
        The graph and its inputs, checked.
    record
        Populations recorded: int16 levels and, from some engines, int64 sums.
    as_events
        Whether events are made of them: at most one per neuron, and what making them takes.
    counted
        Whether events are counted, per sample until they are summed.
    """
    populations = graph.populations
    given: int = sum(a.dtype.itemsize * math.prod(a.shape[1:]) for a in arrays.values())
    kept = sum(8 * populations[name].size for name in graph.readouts)
    kept += sum((40 if as_events else 10) * populations[name].size for name in record)
    return given + kept + (64 * (len(graph.projections) + len(populations)) if counted else 0)


def piece_size(bytes_of_one: int, block: int) -> int:
    """Samples of a piece: what `PIECE_BYTES` hold, in whole blocks of the engine, at least one."""
    return max(1, PIECE_BYTES // (bytes_of_one * block)) * block


def cut(arrays: Mapping[str, Any], size: int) -> Iterator[dict[str, Any]]:
    """Consecutive pieces of at most `size` samples; one empty piece where there are no samples."""
    total = next(iter(arrays.values())).shape[0]
    for start in range(0, max(total, 1), size):
        yield {name: a[start : start + size] for name, a in arrays.items()}


def release(arrays: Mapping[str, Any]) -> None:
    """Give back the pages that reading pieces of memory maps took; the system keeps them cached as it sees fit.

    Otherwise a process holds every page that it ever read of a file. Nothing is lost: pages are read again when
    they are asked for. Private copies (``mmap_mode="c"``) are left alone, they may hold what no file does.
    """
    for array in arrays.values():
        mapped = _mapped(array) if isinstance(array, np.ndarray) else None
        if mapped is None or array.size == 0:
            continue
        start = _address(array) - _address(np.frombuffer(mapped, np.uint8))
        steps = [(n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True)]
        low = start + sum(step for step in steps if step < 0)
        high = start + sum(step for step in steps if step > 0) + array.itemsize
        low -= low % mmap.PAGESIZE
        with contextlib.suppress(OSError):  # the system may refuse (locked pages); they just stay then
            mapped.madvise(mmap.MADV_DONTNEED, low, high - low)


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])


def _mapped(array: NDArray[Any]) -> mmap.mmap | None:
    """The shared file mapping behind an array, where there is one whose pages can be given back."""
    holder: Any = array
    shared = False
    while isinstance(holder, np.ndarray):
        shared = shared or (isinstance(holder, np.memmap) and holder.mode != "c")
        holder = holder.base
    return holder if shared and isinstance(holder, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED") else None
