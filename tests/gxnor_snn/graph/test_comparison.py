"""Levels of sums, one by one from the definition: integers and reals, ties on both sides, every coding."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.graph import Coding
from gxnor_snn.graph.comparison import levels_of

CODINGS = [
    Coding.ternary(), Coding.ternary(0, 1), Coding.signmag(3), Coding.signmag(8), Coding.pm1(1), Coding.pm1(7),
    Coding.bits(8), Coding.signmag(4, table=(-8, -4, -1, 0, 1, 4, 8)),
]  # fmt: skip


def by_definition(s: float, thresholds: list[int], increasing: bool, coding: Coding, half: float) -> int:
    passed = sum(s >= t - half if increasing else s <= t + half for t in thresholds)
    return coding.levels[passed]


@given(
    coding=st.sampled_from(CODINGS),
    seed=st.integers(0, 9999),
    far=st.sampled_from([5, 300, 1 << 23, 1 << 30]),
    dtype=st.sampled_from([np.int64, np.float32, np.float64]),
    xp=st.sampled_from([np, torch]),
)
def test_levels_are_those_of_the_definition(coding: Coding, seed: int, far: int, dtype: Any, xp: Any) -> None:
    rng = np.random.default_rng(seed)
    thresholds = np.sort(rng.integers(-far, far, (4, len(coding.levels) - 1)), axis=1)
    increasing = rng.random(4) < 0.5
    near = rng.choice(thresholds.ravel(), (3, 4, 2)) + rng.choice([-1, -0.5, 0, 0.5, 1], (3, 4, 2))
    sums = near.astype(dtype)
    half = 0.0 if dtype is np.int64 else 0.5
    found = levels_of(sums if xp is np else torch.from_numpy(sums), thresholds, increasing, coding, xp)
    assert str(found.dtype).endswith("int64")
    expected = [
        [by_definition(float(s), t.tolist(), bool(up), coding, half) for s in row]
        for sample in sums
        for row, t, up in zip(sample, thresholds, increasing, strict=True)
    ]
    np.testing.assert_array_equal(np.asarray(found).reshape(12, 2), expected)


@pytest.mark.parametrize("xp", [np, torch])
def test_the_arguments_stay_as_they_are(xp: Any) -> None:
    sums = np.zeros((1, 1, 2)) if xp is np else torch.zeros(1, 1, 2)
    levels_of(sums, np.array([[0, 1]]), np.array([False]), Coding.ternary(), xp)
    assert not np.asarray(sums).any()
