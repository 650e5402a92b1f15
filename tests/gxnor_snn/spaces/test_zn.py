import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import (
    DiscreteSpace,
    activation_levels,
    activation_thresholds,
    rounding_steps,
    symmetric_steps,
    window_slopes,
    window_thresholds,
)


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


@given(st.integers(0, 8), st.floats(1e-3, 1e3))
def test_rounding_and_the_space_agree_on_and_beside_every_threshold(n: int, half_range: float) -> None:
    steps = rounding_steps(n, half_range)
    at = np.array([step.at for step in steps.steps])
    x = np.concatenate([at, np.nextafter(at, np.inf), np.nextafter(at, -np.inf), [np.inf, -np.inf, -0.0]])
    np.testing.assert_array_equal(DiscreteSpace(n, half_range).level_of(x), steps.levels_of(x))


@given(st.integers(1, 6), st.floats(0.05, 0.9), st.floats(-0.01, 0.01))
def test_slopes_are_the_derivatives_of_the_thresholds(n: int, r: float, move: float) -> None:
    before, after = (window_thresholds(n, v, 1.0) for v in (r, r + move))
    np.testing.assert_allclose(np.subtract(after, before), np.multiply(window_slopes(n), move), atol=1e-12)


@given(st.integers(1, 4), st.sampled_from(TIES), st.integers(0, 2**32 - 1))
def test_a_window_per_channel_is_one_function_per_channel(n: int, tie: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    r = rng.integers(1, 15, size=3) / 16
    steps = symmetric_steps(window_thresholds(n, r, 1.0), tie)
    x = rng.integers(-64, 65, size=(4, 3, 5)) / 64
    levels = steps.levels_of(x)
    for channel, one in enumerate(r):
        own = activation_levels(x[:, channel], activation_thresholds(n, one), tie)
        np.testing.assert_array_equal(levels[:, channel], own)
    np.testing.assert_array_equal(steps.levels_of(np.moveaxis(x, 1, 0), channel_axis=0), np.moveaxis(levels, 1, 0))
    assert torch.equal(steps.levels_of(torch.tensor(x)), torch.tensor(levels))
