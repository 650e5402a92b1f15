"""Codings: levels, planes, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import GraphError
from gxnor_snn.graph import Coding

CODINGS = [
    Coding.ternary(),
    Coding.ternary(lo=0),
    *(Coding.signmag(n) for n in range(1, 9)),
    *(Coding.pm1(m) for m in range(1, 9)),
    Coding.bits(8),
    Coding.pm1(4, lo=1),
    Coding.signmag(4, table=(-8, -4, -2, -1, 0, 1, 2, 4, 8)),
    Coding.sums(-100, 3),
]


@pytest.mark.parametrize("coding", CODINGS, ids=lambda c: f"{c.kind}{c.n_planes}_{c.lo}_{c.hi}")
def test_planes_add_up_to_the_level(coding: Coding) -> None:
    levels = coding.levels
    planes = coding.plane_values(levels)
    assert len(planes) == coding.n_planes
    np.testing.assert_array_equal(sum(p.astype(int) << k for k, p in enumerate(planes)), levels)
    np.testing.assert_array_equal(sum((p != 0).astype(int) for p in planes), coding.ones(levels))
    allowed = {"pm1": {-1, 1}, "bits": {0, 1}}.get(coding.kind, {-1, 0, 1})
    assert set(np.concatenate(planes).tolist()) <= allowed
    assert coding.contains(levels)
    assert len(levels) == coding.n_levels == coding.n_thresholds + 1
    assert (levels[0], levels[-1], coding.v0) == (coding.lo, coding.hi, coding.lo)


@given(st.integers(1, 8))
def test_natural_levels_follow_the_papers(n: int) -> None:
    """Z_N has 2^N + 1 states (GXNOR-Net); the {-1, +1} code has the 2^M odd integers (arXiv 1905.13389)."""
    assert Coding.signmag(n).levels.tolist() == list(range(-(2 ** (n - 1)), 2 ** (n - 1) + 1))
    assert Coding.pm1(n).levels.tolist() == list(range(1 - 2**n, 2**n, 2))
    assert Coding.bits(n).levels.tolist() == list(range(2**n))


@pytest.mark.parametrize("coding", CODINGS, ids=lambda c: f"{c.kind}{c.n_planes}_{c.lo}_{c.hi}")
def test_contains_knows_every_level_and_no_other(coding: Coding) -> None:
    every = np.arange(coding.lo - 3, coding.hi + 4)
    admitted = [int(v) for v in every if coding.contains(np.array([v]))]
    assert admitted == coding.levels.tolist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Coding("quaternary", 1, 0, 1), "kind is 'quaternary'"),
        (lambda: Coding("ternary", 2, -1, 1), "n_planes is 2, allowed is 1"),
        (lambda: Coding.signmag(0), "n_planes is 0"),
        (lambda: Coding.signmag(99), "n_planes is 99"),
        (lambda: Coding.ternary(lo=1, hi=0), "lo 1 is above hi 0"),
        (lambda: Coding.bits(2, hi=4), "its planes hold 0..3"),
        (lambda: Coding.pm1(2, lo=0), "must be odd"),
        (lambda: Coding.signmag(3, table=(0, 2, 1)), "strictly increasing"),
        (lambda: Coding("signmag", 3, -1, 1, (0, 1)), "table runs 0..1"),
        (lambda: Coding.pm1(3, table=(-3, 2, 3)), "odd levels only"),
    ],
)
def test_contradictions_are_refused(make, message: str) -> None:
    with pytest.raises(GraphError, match=message.replace("(", r"\(")):
        make()
