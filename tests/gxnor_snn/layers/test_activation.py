import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteActivation
from gxnor_snn.layers.windows import activation_slope
from gxnor_snn.spaces import activation_levels, activation_thresholds, code_levels


def window(distance: float, a: float, shape: str) -> float:
    if shape == "rect":
        return 1 / (2 * a) if abs(distance) <= a else 0.0
    return max(0.0, a - abs(distance)) / a**2


@given(
    st.integers(1, 4),
    st.sampled_from([0.25, 0.5]),
    st.sampled_from([0.125, 0.5, 1.0]),
    st.sampled_from(["rect", "tri"]),
    st.lists(st.integers(-200, 200), min_size=1, max_size=20),
)
def test_gradients_follow_the_window_formulas(n: int, r: float, a: float, shape: str, grid: list[int]) -> None:
    x = torch.tensor([v / 64 for v in grid], dtype=torch.float64, requires_grad=True)
    scale = torch.arange(1.0, len(grid) + 1, dtype=torch.float64)
    (DiscreteActivation(n, r, a, shape)(x) * scale).sum().backward()
    thresholds = activation_thresholds(n, r)
    for i, value in enumerate(x.tolist()):
        expected = sum(window(abs(value) - t, a, shape) for t in thresholds)
        assert x.grad[i] == pytest.approx(expected * (i + 1), abs=1e-12)


@pytest.mark.parametrize("shape", ["rect", "tri"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_windows_have_unit_area_per_level(n: int, shape: str) -> None:
    x = torch.linspace(-3, 3, 600_001, dtype=torch.float64)
    thresholds = activation_thresholds(n, 0.5)
    slope = activation_slope(x, thresholds, 0.25, shape)
    assert torch.trapezoid(slope, x) == pytest.approx(2 * len(thresholds), rel=1e-4)


def test_the_sign_has_the_straight_through_gradient() -> None:
    x = torch.tensor([-1.5, -1.0, 0.0, 0.3, 1.0, 1.01], requires_grad=True)
    out = DiscreteActivation(0, a=1.0)(x)
    assert out.tolist() == [-1, -1, 1, 1, 1, 1]
    out.sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("tie", ["strict", "fire", "up", "even"])
def test_forward_is_the_one_definition(tie: str) -> None:
    x = torch.arange(-96, 97, dtype=torch.float64) / 64
    out = DiscreteActivation(3, r=0.5, tie=tie)(x)
    assert out.dtype == torch.float32
    assert torch.equal(out.long(), activation_levels(x, activation_thresholds(3, 0.5), tie))


@pytest.mark.parametrize("training", [True, False])
def test_float32_sums_meet_float64_thresholds(training: bool) -> None:
    """3 lies below the threshold 3.0000000000000004, which rounds to 3 in float32."""
    activation = DiscreteActivation(1, r=(0.1 + 0.2) * 10, tie="fire", half_range=100).train(training)
    assert activation(torch.tensor([-4.0, -3.0, 0.0, 3.0, 4.0])).tolist() == [-1, 0, 0, 0, 1]


def test_default_ties() -> None:
    assert DiscreteActivation().tie == "strict"
    assert DiscreteActivation(0).tie == "up"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": "gauss"}, "window with coding 'zn' is 'gauss'"),
        ({"coding": "bits"}, "coding is 'bits'"),
        ({"coding": "mbn", "window": "rect"}, "window with coding 'mbn' is 'rect'"),
        ({"coding": "mbn", "tie": "fire"}, "tie with coding 'mbn' is 'fire'"),
        ({"coding": "hrelu"}, "n is 1"),
        ({"coding": "log", "n": 0}, "n is 0"),
        ({"stochastic": True}, "stochastic"),
        ({"learn_r": True}, "channels None"),
        ({"learn_r": True, "channels": 3, "n": 0}, "learn_r"),
        ({"learn_r": True, "channels": 3, "window": "ste"}, "learn_r"),
        ({"learn_r": True, "channels": 3, "r": 5.0}, "r is 5.0"),
        ({"a": 0.0}, "a is 0.0"),
        ({"a": float("nan")}, "a is nan"),
        ({"tie": "down"}, "tie is 'down'"),
        ({"n": 0, "tie": "strict"}, "n = 0"),
        ({"n": 2, "r": 1.0}, "r is 1.0"),
        ({"n": 9}, "n is 9"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DiscreteActivation(**arguments)


CODES = [("zn", 0), ("zn", 1), ("zn", 3), ("mbn", 1), ("mbn", 3), ("hrelu", 3), ("log", 4), ("mbn", 8)]


@pytest.mark.parametrize(("coding", "n"), CODES)
def test_every_coding_sends_its_levels_in_both_modes(coding: str, n: int) -> None:
    activation = DiscreteActivation(n, coding=coding)
    assert activation.code == (coding, n)
    assert activation.level_values == code_levels((coding, n))
    assert activation.max_level == activation.level_values[-1]
    at = np.array([step.at for step in activation.steps.steps])
    y = np.concatenate([at, np.nextafter(at, -9), np.nextafter(at, 9), np.linspace(-1.5, 1.5, 5001)])
    levels = activation.levels_of(y)
    assert sorted(set(levels.tolist())) == list(activation.level_values)
    assert torch.equal(activation.levels_of(torch.from_numpy(y)), torch.from_numpy(levels))
    for mode in (True, False):
        out = activation.train(mode)(torch.from_numpy(y))
        assert out.dtype == torch.float32
        assert out.tolist() == levels.tolist()


def test_codes_without_a_space_say_so() -> None:
    assert DiscreteActivation(2).space.n == 2
    with pytest.raises(InputError, match=r"levels of \('mbn', 2\) are no space"):
        _ = DiscreteActivation(2, coding="mbn").space


@pytest.mark.parametrize("arguments", [{}, {"coding": "log", "n": 3}, {"learn_r": True, "channels": 2, "n": 2}])
def test_activations_can_be_copied_and_pickled(arguments: dict[str, object]) -> None:
    activation = DiscreteActivation(**arguments)
    x = torch.linspace(-2, 2, 60).reshape(10, 2, 3)
    for twin in (copy.deepcopy(activation), pickle.loads(pickle.dumps(activation))):
        assert torch.equal(twin(x), activation(x))


def test_the_drawn_sign_has_its_probability_and_eval_mode_does_not_draw() -> None:
    activation = DiscreteActivation(0, stochastic=True, half_range=2.0, generator=torch.Generator().manual_seed(0))
    x = torch.tensor([-3.0, -2.0, -1.0, 0.0, 0.5, 2.0]).repeat(20_000, 1)
    share = (activation(x) == 1).double().mean(0)
    expected = torch.tensor([0, 0, 0.25, 0.5, 0.625, 1], dtype=torch.float64)
    chi = ((share - expected) ** 2 / (expected * (1 - expected)).clamp(min=1e-12) * len(x)).tolist()
    assert max(chi) < 10.8  # one degree of freedom, p = 0.001
    assert activation.eval()(x[:1]).tolist() == [[-1, -1, -1, 1, 1, 1]]
