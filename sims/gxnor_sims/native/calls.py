"""Calls of the kernels, made ready once."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph

from .. import _kernels
from .choice import Share

__all__ = ["From", "check_arrays", "check_isa", "named", "neurons_call", "samples_call"]


def check_isa(isa: str | None) -> str:
    """The instruction set asked for, the widest for None.

    Raises
    ------
    InputError
        If this build or this machine does not have it.
    """
    names = [name for name, _ in _kernels.isas(True)]
    if isa is not None and isa not in names:
        raise InputError(f"isa is {isa!r}, allowed here are {', '.join(names)}")
    return isa or names[-1]


def check_arrays(graph: EventGraph, x: Any, out: Any, counts: Any, n_rows: int) -> None:
    """Name what is wrong with arrays that a run of the kernels refused; the levels of `x` are right.

    Raises
    ------
    InputError
        Naming the array, its type, shape and layout.
    """
    try:
        inputs = dict(zip(graph.inputs, named(x, graph.inputs), strict=True))
        results = dict(zip(graph.readouts, named(out, graph.readouts), strict=True))
    except (TypeError, ValueError) as error:
        needed = f"an array for each of {', '.join((*graph.inputs, *graph.readouts))}"
        raise InputError(f"x is {type(x).__name__}, out is {type(out).__name__}, needed is {needed}") from error
    samples = 0
    for name, array in inputs.items():
        if not isinstance(array, np.ndarray) or not array.dtype.isnative or not array[:1].flags.c_contiguous:
            raise InputError(f"input {name!r} is {_told(array)}, allowed are native bytes, contiguous in a sample")
        samples = len(array)
    wanted = {
        f"readout {name!r}": (array, (samples, *graph.populations[name].shape)) for name, array in results.items()
    }
    if counts is not None:
        wanted["counts"] = (counts, (n_rows, samples))
    for what, (array, shape) in wanted.items():
        good = isinstance(array, np.ndarray) and array.dtype == np.int64 and array.shape == shape
        if not good or not array.flags.c_contiguous or not array.flags.writeable:
            raise InputError(f"{what} is {_told(array)}, allowed is a contiguous, writable int64 array {shape}")


def _told(array: Any) -> str:
    """An array in words."""
    if not isinstance(array, np.ndarray):
        return type(array).__name__
    layout = "" if array.flags.c_contiguous else ", not contiguous"
    return f"{array.dtype} {array.shape}{layout}{'' if array.flags.writeable else ', read-only'}"


def named(given: Any, names: Sequence[str]) -> list[Any]:
    """One array, or those of a mapping, in the order of the names."""
    if isinstance(given, np.ndarray) and len(names) == 1:
        return [given]
    if set(given) != set(names):
        raise ValueError(f"{len(names)} arrays are needed: a mapping of {', '.join(names)}")
    return [given[name] for name in names]


def samples_call(run: Any, isa: str, share: Share, threads: int, first: int, last: int) -> Callable[..., bool]:
    """Samples first .. last-1 in the samples form, as a function of the arrays."""

    def call(samples: int, inputs: Any, readouts: Any, rows: Any) -> bool:
        return bool(
            run(isa, samples, inputs, readouts, [], rows, share.lanes, threads, None, first, last, share.words)
        )

    return call


def neurons_call(run: Any, share: Share, threads: int, first: int, last: int) -> Callable[..., bool]:
    """Samples first .. last-1 in the neurons form, as a function of the arrays."""
    lanes = share.lanes

    def call(samples: int, inputs: Any, readouts: Any, rows: Any) -> bool:
        return bool(run(samples, inputs, readouts, [], rows, lanes, threads, None, first, last))

    return call


class From:
    """Tells the samples done since the start of a run, of which a share begins at `first`."""

    def __init__(self, first: int, tell: Callable[[int], object]) -> None:
        self._first, self._tell = first, tell

    def __call__(self, done: int) -> object:
        return self._tell(self._first + done)
