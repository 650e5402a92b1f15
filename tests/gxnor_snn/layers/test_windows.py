import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.layers import DiscreteActivation
from gxnor_snn.layers.windows import activation_slope, through_clip, through_sines
from gxnor_snn.spaces import activation_thresholds


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


@pytest.mark.parametrize(
    ("arguments", "low", "slope"),
    [
        ({"n": 3, "coding": "mbn"}, -1.0, 7),
        ({"n": 3, "coding": "mbn", "half_range": 2.0}, -2.0, 3.5),
        ({"n": 3, "coding": "hrelu"}, 0.0, 7),
        ({"n": 4, "coding": "log"}, -1.0, 8),
        ({"n": 2, "window": "ste"}, -1.0, 2),
        ({"n": 0, "window": "ste"}, -1.0, 1),
        ({"n": 0, "window": "clip"}, -1.0, 1),
    ],
)
def test_straight_through_passes_inside_the_clip(arguments: dict[str, object], low: float, slope: float) -> None:
    activation = DiscreteActivation(**arguments)
    high = activation.half_range
    beside = [math.nextafter(v, side) for v in (low, high) for side in (-9, 9)]
    x = torch.tensor([low, high, *beside, 0.3], dtype=torch.float64, requires_grad=True)
    activation(x).sum().backward()
    assert x.grad.tolist() == [slope, slope, 0, slope, slope, 0, slope]


@given(st.integers(1, 6), st.floats(-0.999, 0.999))
def test_the_encoding_gradient_is_the_derivative_of_the_sines(m: int, x: float) -> None:
    top = 2**m - 1

    def sines(v: float) -> float:
        return sum(2**j * (1 if j == m - 1 else -1) * math.sin(math.pi * top / 2 ** (j + 1) * v) for j in range(m))

    difference = (sines(x + 1e-6) - sines(x - 1e-6)) / 2e-6
    slope = through_sines(torch.ones(1, dtype=torch.float64), torch.tensor([x], dtype=torch.float64), m, 1.0)
    assert slope.item() == pytest.approx(difference, abs=1e-4 * top**2)


@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_the_sines_have_the_signs_of_the_code(m: int) -> None:
    """The bits of q_m are the signs of the sines everywhere but at ties, which is what the gradient rests on."""
    top = 2**m - 1
    x = np.linspace(-1, 1, 4001)[1:-1]
    x = x[np.abs(top * (x + 1) / 2 % 1 - 0.5) > 1e-6]
    levels = DiscreteActivation(m, coding="mbn").levels_of(x)
    bits = [np.where(((levels + top) // 2 >> j) & 1, 1, -1) for j in range(m)]
    for j, bit in enumerate(bits):
        wave = np.sin(math.pi * top / 2 ** (j + 1) * x) * (1 if j == m - 1 else -1)
        np.testing.assert_array_equal(np.sign(wave), bit)


def test_the_encoding_gradient_ends_at_the_half_range() -> None:
    x = torch.tensor([-2.5, 2.5, 0.0], requires_grad=True)
    DiscreteActivation(1, coding="mbn", window="encoding", half_range=2.0)(x).sum().backward()
    assert x.grad.tolist() == pytest.approx([0, 0, math.pi / 4])


@given(st.integers(1, 6), st.floats(-1.5, 1.5))
def test_qnn_passes_where_its_clip_does(n: int, x: float) -> None:
    """clip(round(x 2^(n-1)) / 2^(n-1), -1, 1), straight-through: the gradient of the real value is 1 in [-1, 1]."""
    activation = DiscreteActivation(n, r=2.0**-n, half_range=1 + 2.0**-n, window="clip", tie="even")
    at = torch.tensor([x, -1.0, 1.0, math.nextafter(1, 2)], dtype=torch.float64, requires_grad=True)
    levels = activation(at)
    assert levels[0].item() == min(max(round(x * 2 ** (n - 1)), -(2 ** (n - 1))), 2 ** (n - 1))
    (levels / 2 ** (n - 1)).sum().backward()
    assert at.grad.tolist() == pytest.approx([float(abs(x) <= 1), 1, 1, 0])


@pytest.mark.parametrize("n", [0, 1, 2, 4])
@pytest.mark.parametrize(
    ("coding", "window"),
    [
        ("zn", "rect"),
        ("zn", "tri"),
        ("zn", "ste"),
        ("zn", "clip"),
        ("mbn", "ste"),
        ("log", "ste"),
        ("hrelu", "ste"),
    ],
)
@pytest.mark.parametrize("half_range", [1.0, 0.7])
def test_every_stand_in_rises_as_far_as_the_levels(coding: str, window: str, n: int, half_range: float) -> None:
    """Its area is the way from the lowest level to the highest (with HReLU, from 0, where the clip begins)."""
    if n < {"zn": 0, "mbn": 1, "log": 1, "hrelu": 2}[coding]:
        return
    activation = DiscreteActivation(n, 0.2, 0.1, window, half_range=half_range, coding=coding)
    x = torch.linspace(-2, 2, 400_001, dtype=torch.float64, requires_grad=True)
    activation(x).sum().backward()
    way = activation.max_level - (0 if coding == "hrelu" else activation.level_values[0])
    assert torch.trapezoid(x.grad, x.detach()).item() == pytest.approx(way, rel=1e-3)


def test_gradients_are_those_of_the_incoming_one() -> None:
    x = torch.linspace(-2, 2, 41, dtype=torch.float64)
    g = torch.linspace(-1, 3, 41, dtype=torch.float64)
    ones = torch.ones_like(g)
    for rule in (lambda g: through_clip(g, x, -1, 1, 3.0), lambda g: through_sines(g, x, 3, 1.0)):
        torch.testing.assert_close(rule(g), g * rule(ones))
