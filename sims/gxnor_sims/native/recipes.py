"""From the kernels' rows to the counts of a trace: every count a fixed combination of rows, made all at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.results import Counts

__all__ = ["Entry", "Recipe"]

_MATRIX_WORK = 1 << 13  # multiplications up to which one product with zeros in it is quicker than its parts


Combination = tuple[tuple[int, int], ...]
"""(factor, row) pairs; a count is the sum of factor * row."""


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
    combinations: Mapping[str, Combination]


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
        combinations: list[Combination] = []
        for entry in (*projections.values(), *populations.values()):
            constants += [*entry.constants.values(), *[0] * len(entry.combinations)]
            combinations += [*[()] * len(entry.constants), *entry.combinations.values()]
        self._fields = list(zip(constants, combinations, strict=True))
        n_rows = 1 + max((row for c in combinations for _, row in c), default=-1)
        self._constants = np.array(constants, np.int64).reshape(-1, 1)
        self._matrix = np.zeros((len(constants), n_rows), np.int64)
        for i, combination in enumerate(combinations):
            for factor, row in combination:
                self._matrix[i, row] += factor

    def counts(self, rows: NDArray[np.int64]) -> Counts:
        """The counts of a run from the kernels' rows (rows, samples), whose memory they may share; read-only."""
        n_samples = rows.shape[1]
        if self._matrix.size * n_samples <= _MATRIX_WORK:
            out = self._matrix @ rows[: self._matrix.shape[1]]
            out += self._constants
            out.flags.writeable = False
            arrays = iter(out)
        else:
            arrays = self._one_by_one(rows)
        return Counts(n_samples, _made(self._projections, arrays), _made(self._populations, arrays))

    def _one_by_one(self, rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Every field; what is constant takes no memory, what is combined alike is combined once."""
        known: dict[Combination, NDArray[np.int64]] = {}
        for constant, combination in self._fields:
            if not combination:
                # A read-only array of stride 0, as np.broadcast_to makes, at a tenth of its time.
                yield np.ndarray(rows.shape[1:], np.int64, np.int64(constant).tobytes(), strides=(0,))
                continue
            if combination not in known:
                known[combination] = _combined(combination, rows)
            yield known[combination]


def _combined(combination: Combination, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The sum of factor * row."""
    (factor, row), *others = combination
    total: NDArray[np.int64] = rows[row] if factor == 1 and not others else factor * rows[row]
    for factor, row in others:
        total += rows[row] if factor == 1 else factor * rows[row]
    total = total.view()
    total.flags.writeable = False
    return total


def _made(parts: Mapping[str, tuple[Callable[..., Any], list[str]]], arrays: Iterator[Any]) -> dict[str, Any]:
    return {name: make(**{f: next(arrays) for f in fields}) for name, (make, fields) in parts.items()}
