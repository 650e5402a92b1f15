"""Traces compared bit for bit."""

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.results import Counts, EventTrace


def assert_same(left: EventTrace, right: EventTrace) -> None:
    """Readouts, spikes and counts are equal, with equal types."""
    for label in ("readouts", "spikes"):
        a, b = getattr(left, label), getattr(right, label)
        assert sorted(a) == sorted(b)
        for name in a:
            assert a[name].dtype == b[name].dtype, (label, name)
            np.testing.assert_array_equal(a[name], b[name], err_msg=f"{label} {name}")
    assert left.exact
    assert right.exact
    assert (left.counts is None) == (right.counts is None)
    if left.counts is not None and right.counts is not None:
        assert_same_counts(left.counts, right.counts)


def assert_same_sums(left: EventTrace, right: EventTrace) -> None:
    """Both hold the input sums of the same populations, and they are equal."""
    assert left.sums is not None
    assert right.sums is not None
    assert list(left.sums) == list(right.sums)
    for name, sums in left.sums.items():
        assert sums.dtype == right.sums[name].dtype == np.int64
        np.testing.assert_array_equal(sums, right.sums[name], err_msg=f"sums {name}")


def assert_same_counts(left: Counts, right: Counts) -> None:
    """Every count of every part is equal, per sample."""
    assert left.n_samples == right.n_samples
    for kind in ("projections", "populations"):
        a, b = getattr(left, kind), getattr(right, kind)
        assert list(a) == list(b)
        for name in a:
            assert type(a[name]) is type(b[name])
            for field, value in vars(a[name]).items():
                other = getattr(b[name], field)
                if isinstance(value, np.ndarray):
                    assert value.dtype == other.dtype == np.int64, (name, field)
                    np.testing.assert_array_equal(value, other, err_msg=f"{kind} {name} {field}")
                else:
                    assert value == other, (name, field)


def _numbers(trace: EventTrace) -> dict[tuple[str, ...], NDArray[Any]]:
    """All of a trace by kind, part and field: samples first."""
    found: dict[tuple[str, ...], NDArray[Any]] = {("readouts", n): a for n, a in trace.readouts.items()}
    found |= {("levels", n): a for n, a in trace.spikes.items()}
    if trace.counts is not None:
        for group in (trace.counts.projections, trace.counts.populations):
            for name, part in group.items():
                arrays = {key: value for key, value in vars(part).items() if isinstance(value, np.ndarray)}
                found |= {("counts", type(part).__name__, name, key): value for key, value in arrays.items()}
    return found


def differences(expected: EventTrace, found: EventTrace) -> tuple[Counter[str], Counter[str]]:
    """Numbers compared and samples that differ, by kind; what only one of the two has differs everywhere."""
    compared: Counter[str] = Counter()
    wrong: dict[str, NDArray[np.bool_]] = {}
    mine, theirs = _numbers(expected), _numbers(found)
    for key in mine.keys() | theirs.keys():
        a, b = mine.get(key), theirs.get(key)
        some = a if a is not None else b
        assert some is not None
        differs = np.ones(len(some), np.bool_)
        if a is not None and b is not None and a.shape == b.shape and a.dtype == b.dtype:
            differs = (a != b).reshape(len(a), -1).any(axis=1)
        wrong[key[0]] = wrong.get(key[0], np.zeros(len(some), np.bool_)) | differs
        compared[key[0]] += some.size
    return compared, Counter({kind: int(marks.sum()) for kind, marks in wrong.items()})
