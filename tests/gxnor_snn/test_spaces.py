import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace, activation_levels, activation_thresholds, comparison_bounds

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


def test_thresholds_follow_the_formula() -> None:
    assert activation_thresholds(0, 0.5) == ()
    assert activation_thresholds(1, 0.5) == (0.5,)
    assert activation_thresholds(1, 1.5) == (1.5,)  # a single threshold may lie beyond H
    assert activation_thresholds(3, 0.5, half_range=2.0) == (0.5, 0.875, 1.25, 1.625)


@pytest.mark.parametrize(("n", "r"), [(1, -0.1), (1, float("nan")), (2, 1.0), (3, 1.5)])
def test_bad_thresholds_are_refused(n: int, r: float) -> None:
    with pytest.raises(InputError, match="r is"):
        activation_thresholds(n, r)


TIES = ["strict", "fire", "up", "even"]


def by_hand(x: float, thresholds: tuple[float, ...], tie: str) -> int:
    """The level by its definition, one threshold at a time, as the tie table of the docstring reads."""
    above = sum(t < x for t in thresholds)
    below = sum(x < -t for t in thresholds)
    k = thresholds.index(abs(x)) + 1 if abs(x) in thresholds else 0
    if k and x >= 0:
        above += {"strict": 0, "fire": 1, "up": 1, "even": k % 2 == 0}[tie]
    if k and x <= 0:
        below += {"strict": 0, "fire": 1, "up": 0, "even": k % 2 == 0}[tie]
    return above - below


@given(st.integers(1, 4), st.sampled_from([0.25, 0.5, 0.75]), st.sampled_from(TIES), st.integers(-96, 96))
def test_levels_and_ties_follow_the_table(n: int, r: float, tie: str, sixtyfourths: int) -> None:
    thresholds = activation_thresholds(n, r)
    x = sixtyfourths / 64  # the grid holds every threshold
    expected = by_hand(x, thresholds, tie)
    assert activation_levels(np.array([x]), thresholds, tie)[0] == expected
    assert activation_levels(torch.tensor([x], dtype=torch.float64), thresholds, tie)[0] == expected


@pytest.mark.parametrize(
    ("tie", "expected"),
    [("strict", [-1, -1, 0, 1, 1]), ("fire", [-2, -1, 0, 1, 2]), ("even", [-2, 0, 0, 0, 2])],
)
def test_symmetric_ties_at_every_threshold(tie: str, expected: list[int]) -> None:
    thresholds = activation_thresholds(2, 0.5)
    at = {"strict": [-0.75, -0.6, 0.5, 0.6, 0.75], "fire": [-0.75, -0.5, 0.0, 0.5, 0.75]}
    x = np.array(at.get(tie, [-0.75, -0.5, 0.0, 0.5, 0.75]))
    assert activation_levels(x, thresholds, tie).tolist() == expected


def test_up_takes_the_higher_level_on_both_sides() -> None:
    assert activation_levels(np.array([-0.75, -0.5, 0.5, 0.75]), (0.5, 0.75), "up").tolist() == [-1, 0, 1, 2]


def test_the_sign_of_zero_is_plus_one() -> None:
    x = np.array([-1.0, -0.0, 0.0, 5e-324, -5e-324])
    assert activation_levels(x, (), "up").tolist() == [-1, 1, 1, 1, -1]


@given(st.integers(0, 5), st.sampled_from(TIES), st.integers(0, 2**32 - 1))
def test_numpy_and_torch_agree_and_levels_stay_in_the_space(n: int, tie: str, seed: int) -> None:
    tie = tie if n else "up"
    thresholds = activation_thresholds(n, 0.5)
    x = np.random.default_rng(seed).normal(size=200)
    levels = activation_levels(x, thresholds, tie)
    assert np.isin(levels, DiscreteSpace(n).levels).all()
    assert levels.tolist() == activation_levels(torch.tensor(x), thresholds, tie).tolist()
    assert (np.diff(levels[np.argsort(x)]) >= 0).all()


def test_unknown_ties_are_refused() -> None:
    with pytest.raises(InputError, match="tie is 'down'; allowed are 'strict'"):
        activation_levels(np.zeros(1), (0.5,), "down")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="n = 0"):
        activation_levels(np.zeros(1), (), "strict")


@given(
    st.floats(0, 5),
    st.sampled_from(TIES),
    st.sampled_from([np.float32, np.float64]),
    st.integers(1, 4),
    st.integers(-3, 3),
)
def test_bounds_decide_like_the_definition(r: float, tie: str, dtype: type, n: int, steps: int) -> None:
    thresholds = activation_thresholds(n, r, half_range=8.0)
    bounds = comparison_bounds(thresholds, tie, dtype)
    near = np.array([s * dtype(t) for t in thresholds for s in (-1, 1)], dtype=dtype)
    for _ in range(abs(steps)):
        near = np.nextafter(near, dtype(np.sign(steps) * np.inf))
    assert near.dtype == dtype
    levels = sum((near > dtype(u)) * 1 - (near < -dtype(d)) * 1 for u, d in bounds)
    assert levels.tolist() == activation_levels(near.astype(np.float64), thresholds, tie).tolist()
    assert all(dtype(v) == v for pair in bounds for v in pair)
