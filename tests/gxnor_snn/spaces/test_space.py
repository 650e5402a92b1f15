import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace

exponents = st.integers(0, 8)
half_ranges = st.floats(0.01, 100.0)


@given(exponents, half_ranges)
def test_a_space_fills_its_range_in_equal_steps(n: int, half_range: float) -> None:
    space = DiscreteSpace(n, half_range)
    values = space.levels * space.scale
    assert len(space.levels) == (2**n + 1 if n else 2)
    assert values[-1] == half_range == -values[0]
    np.testing.assert_allclose(np.diff(values), space.step, rtol=1e-12)
    assert space.step == pytest.approx(2 * half_range / 2**n)


def test_the_binary_space_has_no_zero() -> None:
    space = DiscreteSpace(0, 0.5)
    assert space.levels.tolist() == [-1, 1]
    assert (space.step, space.scale) == (1.0, 0.5)


@given(exponents, half_ranges, st.floats(-3, 3))
def test_projection_finds_a_nearest_value(n: int, half_range: float, x: float) -> None:
    space = DiscreteSpace(n, half_range)
    x *= half_range
    distances = np.abs(space.levels * space.scale - x)
    projected = space.project(x)
    assert abs(projected - x) <= distances.min() * (1 + 1e-9) + 1e-12
    assert space.level_of(projected) == space.level_of(x)  # projecting twice changes nothing
    assert projected == space.level_of(x) * space.scale


def test_projection_breaks_ties_upwards() -> None:
    assert DiscreteSpace(1).level_of([-0.5, 0.5, -1.5, 7.0]).tolist() == [0, 1, -1, 1]
    assert DiscreteSpace(0).level_of([-0.1, 0.0, 0.1]).tolist() == [-1, 1, 1]
    assert DiscreteSpace(2).level_of([0.25, -0.25]).tolist() == [1, 0]


def test_projection_does_not_round_a_value_just_below_a_tie() -> None:
    assert DiscreteSpace(1).level_of(np.nextafter(0.5, 0)) == 0


def test_projection_refuses_nan() -> None:
    with pytest.raises(InputError, match="NaN"):
        DiscreteSpace(1).project([0.0, float("nan")])


def test_random_levels_are_uniform_and_reproducible() -> None:
    space = DiscreteSpace(2)
    drawn = space.random((100, 500), np.random.default_rng(0))
    counts = np.array([(drawn == level).sum() for level in space.levels])
    assert counts.sum() == drawn.size
    expected = drawn.size / 5
    assert ((counts - expected) ** 2 / expected).sum() < 18.5  # chi-square, 4 degrees, p = 0.001
    np.testing.assert_array_equal(drawn, space.random((100, 500), np.random.default_rng(0)))


def test_levels_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        DiscreteSpace(1).levels[0] = 5


@pytest.mark.parametrize("n", [-1, 9, 1.0, True, "1"])
def test_a_bad_exponent_is_named(n: object) -> None:
    with pytest.raises(InputError, match=r"n is .*allowed are the integers 0 to 8"):
        DiscreteSpace(n)  # type: ignore[arg-type]


@pytest.mark.parametrize("half_range", [0.0, -1.0, float("inf"), float("nan")])
def test_a_bad_half_range_is_named(half_range: float) -> None:
    with pytest.raises(InputError, match="half_range is"):
        DiscreteSpace(1, half_range)
