import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteActivation
from gxnor_snn.layers.activation import float_levels
from gxnor_snn.layers.windows import activation_slope
from gxnor_snn.spaces import activation_levels, activation_thresholds


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
        ({"window": "gauss"}, "window is 'gauss'"),
        ({"coding": "mbn"}, "coding is 'mbn'"),
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


@given(
    st.integers(0, 4),
    st.floats(0, 3),
    st.sampled_from(["strict", "fire", "up", "even"]),
    st.sampled_from([torch.float32, torch.float64, torch.bfloat16]),
    st.lists(st.floats(-9, 9), max_size=10),
)
def test_float_levels_are_those_of_float64(
    n: int, r: float, tie: str, dtype: torch.dtype, values: list[float]
) -> None:
    tie = tie if n else "up"
    thresholds = activation_thresholds(n, r, 4.0)
    near = torch.tensor(
        [s * t for t in thresholds for s in (-1, 1)] + [0.0, -0.0, float("nan"), *values], dtype=dtype
    )
    x = torch.cat([near, *(torch.nextafter(near, torch.tensor(s * torch.inf, dtype=dtype)) for s in (-1, 1))])
    levels = float_levels(x, thresholds, tie)
    assert levels.dtype == torch.float32
    assert levels.tolist() == activation_levels(x.double(), thresholds, tie).tolist()


@given(st.integers(0, 3), st.floats(0, 2), st.floats(0.01, 3))
def test_rectangular_windows_end_exactly_where_they_should(n: int, r: float, a: float) -> None:
    """Bounds in float64, x in float32: the last number inside the window and the first outside."""
    thresholds = activation_thresholds(n, r, 4.0)
    x = np.array([e for t in thresholds or (0.0,) for e in (t - a, t + a)], dtype=np.float32)
    x = np.concatenate([x, np.nextafter(x, np.float32(9)), np.nextafter(x, np.float32(-9)), -x])
    size = np.abs(x.astype(np.float64))
    inside = sum((size >= t - a) & (size <= t + a) for t in thresholds) if n else 2 * (size <= a)
    slope = activation_slope(torch.from_numpy(x), thresholds, a)
    np.testing.assert_allclose(slope.numpy() * (2 * a), inside, rtol=1e-6)
