"""Thresholds against every single sum."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_converters.curves import Straight
from gxnor_converters.fold import integer_thresholds
from gxnor_snn.spaces import DiscreteSpace, activation_levels, activation_thresholds

finite = st.floats(-50, 50, allow_nan=False) | st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.0, 0.25, 1e-300, 1e300])


@settings(max_examples=300, deadline=None)
@given(
    a=finite,
    b=finite,
    n=st.integers(0, 4),
    r=st.sampled_from([0.0, 0.25, 0.5, 0.75]),
    tie=st.sampled_from(["strict", "fire", "up", "even"]),
    low=st.integers(-60, 10),
    width=st.integers(0, 80),
)
def test_thresholds_reproduce_the_activation_at_every_sum(a, b, n, r, tie, low, width) -> None:
    tie = tie if n else "up"
    levels = DiscreteSpace(n).levels
    real = activation_thresholds(n, r)

    def steps(y):
        return np.searchsorted(levels, activation_levels(y, real, tie))

    bounds = np.array([low]), np.array([low + width])
    curve = Straight(np.array([a]), np.array([b]))
    t, increasing = integer_thresholds(curve, len(levels) - 1, steps, *bounds), curve.increasing
    assert t.shape == (1, len(levels) - 1)
    assert increasing[0] == (a >= 0)
    assert np.all(np.diff(t) >= 0)
    sums = np.arange(low, low + width + 1)
    product = sums.astype(float) * a
    expected = activation_levels(product + b, real, tie)
    passed = (sums[:, None] >= t[0]) if increasing[0] else (sums[:, None] <= t[0])
    np.testing.assert_array_equal(levels[passed.sum(axis=1)], expected)
    if increasing[0]:
        assert low <= t.min(initial=low)
        assert t.max(initial=low) <= low + width + 1
    else:
        assert low - 1 <= t.min(initial=low)
        assert t.max(initial=low) <= low + width
