"""Calls of the kernels, made ready once."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .choice import Share

__all__ = ["From", "named", "neurons_call", "samples_call"]


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
