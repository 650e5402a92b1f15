"""From the kernels' rows to the counts of a trace: every count a fixed combination of rows, made all at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.results import Counts

__all__ = ["Entry", "Recipe"]

_MATRIX_WORK = 1 << 13  # multiplications up to which one product with zeros in it is quicker than its parts
_CHUNK = 1024  # samples combined at a time: what is read and written stays in the second-level cache


@dataclass(frozen=True)
class Entry:
    """How one part of the counts is made.

    Attributes
    ----------
    make
        Makes the part from its arrays, by keyword.
    constants
        What is the same for every sample.
    combinations
        (factor, row) pairs of every other field; the count is the sum of factor * row.
    """

    make: Callable[..., Any]
    constants: Mapping[str, int]
    combinations: Mapping[str, tuple[tuple[int, int], ...]]


class Recipe:
    """Makes counts; compiled once for a plan.

    Parameters
    ----------
    projections, populations
        Entries by name.
    """

    def __init__(self, projections: Mapping[str, Entry], populations: Mapping[str, Entry]) -> None:
        self._projections = {n: (e.make, [*e.constants, *e.combinations]) for n, e in projections.items()}
        self._populations = {n: (e.make, [*e.constants, *e.combinations]) for n, e in populations.items()}
        constants: list[int] = []
        combinations: list[tuple[tuple[int, int], ...]] = []
        for entry in (*projections.values(), *populations.values()):
            constants += [*entry.constants.values(), *[0] * len(entry.combinations)]
            combinations += [*[()] * len(entry.constants), *entry.combinations.values()]
        longest = max((len(c) for c in combinations), default=0)
        padded = [(*c, *[(0, 0)] * (longest - len(c))) for c in combinations]
        table = np.array(padded, np.int64).reshape(len(padded), longest, 2)
        self._constants = np.array(constants, np.int64).reshape(-1, 1)
        self._steps = [(table[:, j, :1].copy(), table[:, j, 1].copy()) for j in range(longest)]
        n_rows = 1 + int(table[:, :, 1].max(initial=-1))
        self._matrix = np.zeros((len(padded), n_rows), np.int64)
        for factors, index in self._steps:
            self._matrix[np.arange(len(padded)), index] += factors[:, 0]

    def counts(self, rows: NDArray[np.int64]) -> Counts:
        """The counts of a run from the kernels' rows (rows, samples)."""
        n_samples = rows.shape[1]
        used = rows[: self._matrix.shape[1]]
        if self._matrix.size * n_samples <= _MATRIX_WORK:
            out = self._matrix @ used
            out += self._constants
        else:
            out = np.empty((len(self._constants), n_samples), np.int64)
            for start in range(0, n_samples, _CHUNK):
                self._combine(used[:, start : start + _CHUNK], out[:, start : start + _CHUNK])
        arrays = iter(out)
        return Counts(n_samples, _made(self._projections, arrays), _made(self._populations, arrays))

    def _combine(self, rows: NDArray[np.int64], out: NDArray[np.int64]) -> None:
        out[:] = self._constants
        for factors, index in self._steps:
            out += factors * rows.take(index, axis=0)


def _made(parts: Mapping[str, tuple[Callable[..., Any], list[str]]], arrays: Iterator[Any]) -> dict[str, Any]:
    return {name: make(**{f: next(arrays) for f in fields}) for name, (make, fields) in parts.items()}
