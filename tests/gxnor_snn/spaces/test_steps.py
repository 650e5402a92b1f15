import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import Step, StepFunction


@st.composite
def step_functions(draw: st.DrawFn) -> StepFunction:
    steps = draw(st.lists(st.tuples(st.floats(-4, 4), st.booleans()), min_size=1, max_size=12))
    steps = sorted(steps, key=lambda s: (s[0], not s[1]))
    rises = draw(st.lists(st.integers(1, 5), min_size=len(steps), max_size=len(steps)))
    values = np.cumsum([draw(st.integers(-9, 9)), *rises]).tolist()
    return StepFunction(tuple(values), tuple(Step(t, c) for t, c in steps))


def near(function: StepFunction, dtype: type) -> np.ndarray:
    """Every threshold and its neighbours in a float type, and some other numbers."""
    at = np.array([step.at for step in function.steps]).astype(dtype)
    sides = [np.nextafter(at, dtype(side)) for side in (-np.inf, np.inf)]
    return np.concatenate([at, *sides, np.linspace(-5, 5, 9, dtype=dtype), [dtype(0), dtype(-0.0)]])


def by_hand(function: StepFunction, x: float) -> int:
    return function.values[sum(x > s.at or (s.closed and x == s.at) for s in function.steps)]


@given(step_functions())
def test_a_level_counts_the_steps_passed(function: StepFunction) -> None:
    x = near(function, np.float64)
    expected = [by_hand(function, v) for v in x.tolist()]
    assert function.levels_of(x).tolist() == expected
    assert function.levels_of(torch.from_numpy(x)).tolist() == expected
    assert function.levels_of(x).dtype == np.int64
    assert function.levels_of(torch.from_numpy(x)).dtype == torch.int64
    rising = function.levels_of(np.sort(x))
    assert (np.diff(rising) >= 0).all()


@given(step_functions(), st.sampled_from([np.float32, np.float64]))
def test_bounds_decide_like_the_thresholds(function: StepFunction, dtype: type) -> None:
    bounds = function.bounds(dtype)
    assert (bounds.astype(dtype).astype(np.float64) == bounds).all()
    for x in near(function, dtype):
        passed = int((x.astype(np.float64) > bounds).sum())
        assert function.values[passed] == by_hand(function, float(x))


def test_bounds_are_per_channel_where_thresholds_are() -> None:
    function = StepFunction((0, 1), (Step(np.array([0.1, 0.5]), True),))
    assert function.per_channel
    bounds = function.bounds(np.float32)
    assert bounds.shape == (1, 2)
    assert bounds[0, 1] == np.nextafter(np.float32(0.5), np.float32(0))
    assert bounds[0, 0] < 0.1 < float(np.nextafter(np.float32(bounds[0, 0]), np.float32(1)))


@pytest.mark.parametrize(
    ("values", "steps", "message"),
    [
        ((0, 1), (), "of 0 steps has 1 values"),
        ((1, 1), (Step(0.0, True),), "must rise"),
        ((0, 1, 2), (Step(1.0, True), Step(0.5, True)), "must not fall"),
        ((0, 1, 2), (Step(np.array([0.0, 1.0]), True), Step(np.array([0.5, 0.5]), True)), "must not fall"),
        ((0, 1, 2), (Step(0.5, False), Step(0.5, True)), "closed come first"),
        ((0, 1), (Step(float("nan"), True),), "finite"),
    ],
)
def test_what_is_no_step_function_is_refused(values: tuple, steps: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        StepFunction(values, steps)
