import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.layers import ShiftBatchNorm1d, ShiftBatchNorm2d
from gxnor_snn.layers.shiftnorm import ap2

from .test_affine import randomised


def power(z: np.ndarray) -> np.ndarray:
    """AP2 by logarithms, in float64."""
    z = np.asarray(z, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.where(z == 0, 0.0, np.sign(z) * 2.0 ** np.round(np.log2(np.abs(z))))


@given(st.floats(-(2.0**100), 2.0**100, allow_subnormal=False, width=32))
def test_ap2_is_the_nearest_power_in_exponent(z: float) -> None:
    assert ap2(torch.tensor([z])).item() == power(z)
    assert ap2(torch.tensor([z], dtype=torch.float64)).item() == power(z)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_power_of_two_is_exact(dtype: torch.dtype) -> None:
    top, low = (127, -126) if dtype == torch.float32 else (1023, -1022)
    powers = torch.tensor([math.ldexp(1.0, e) for e in range(low, top + 1)], dtype=dtype)
    assert torch.equal(ap2(powers), powers)
    assert torch.equal(ap2(-powers), -powers)
    assert torch.equal(ap2(powers[:-1] * 1.41), powers[:-1])
    assert torch.equal(ap2(powers[:-1] * 1.42), powers[1:])
    assert ap2(torch.zeros(2, dtype=dtype)).tolist() == [0, 0]


def test_ap2_rounds_at_the_square_root_of_two() -> None:
    below, above = 1.4142135623730949, 1.4142135623730951  # the two float64 around it
    assert ap2(torch.tensor([below, above], dtype=torch.float64)).tolist() == [1, 2]
    root = np.float32(below)
    beside = [root, np.nextafter(root, np.float32(2)), np.nextafter(root, np.float32(0))]
    expected = [1.0 if float(v) < above else 2.0 for v in beside]
    assert ap2(torch.tensor(np.array(beside))).tolist() == expected


@pytest.mark.parametrize(("kind", "shape"), [(ShiftBatchNorm1d, (9, 3)), (ShiftBatchNorm2d, (4, 3, 5, 2))])
def test_training_is_the_published_formula(kind: type, shape: tuple[int, ...]) -> None:
    norm = randomised(kind(3))
    old_mean, old_inverse = norm.running_mean.clone().numpy(), norm.running_inverse.clone().numpy()
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 7 + 3
    flat = x.double().moveaxis(1, -1).numpy()
    centred = flat - flat.reshape(-1, 3).mean(0)
    var = (centred * power(centred)).reshape(-1, 3).mean(0)
    inverse = 1 / np.sqrt(var + 1e-5)
    weight, bias = (p.detach().double().numpy() for p in (norm.weight, norm.bias))
    expected = power(weight) * power(inverse) * centred + bias
    np.testing.assert_allclose(norm(x).detach().moveaxis(1, -1).numpy(), expected, rtol=1e-4, atol=1e-4)
    mean = flat.reshape(-1, 3).mean(0)
    np.testing.assert_allclose(norm.running_mean.numpy(), 0.875 * old_mean + 0.125 * mean, rtol=1e-5)
    np.testing.assert_allclose(norm.running_inverse.numpy(), 0.875 * old_inverse + 0.125 * inverse, rtol=1e-5)


def test_eval_mode_multiplies_by_powers_of_two() -> None:
    norm = randomised(ShiftBatchNorm1d(64)).eval()
    a, b = (v.detach().numpy() for v in norm.affine())
    weight, inverse = norm.weight.detach().numpy(), norm.running_inverse.numpy()
    np.testing.assert_array_equal(a, power(weight) * power(inverse))
    assert (np.abs(np.frexp(a)[0]) == 0.5).all()
    product = norm.running_mean.numpy().astype(np.float64) * a
    np.testing.assert_array_equal(b, norm.bias.detach().numpy().astype(np.float64) - product)


def test_a_gain_of_zero_is_a_constant() -> None:
    norm = ShiftBatchNorm1d(2).eval()
    with torch.no_grad():
        norm.weight.zero_()
        norm.bias.fill_(3)
    assert norm(torch.tensor([[5.0, -7.0]])).tolist() == [[3, 3]]


def test_gradients_take_powers_for_the_identity() -> None:
    """Against the same formula with the rounded factors held fixed and var differentiated as 2 AP2(c) / N."""
    norm = randomised(ShiftBatchNorm1d(2)).double()
    x = (torch.randn(6, 2, generator=torch.Generator().manual_seed(0)) * 5).double()
    g = torch.randn(6, 2, generator=torch.Generator().manual_seed(1)).double()
    given_x = x.clone().requires_grad_()
    norm._normalise(given_x).mul(g).sum().backward()
    c = (x - x.mean(0)).numpy()
    n, p = len(c), power(c)
    inverse = 1 / np.sqrt((c * p).mean(0) + norm.eps)
    w, s = power(norm.weight.detach().numpy()), power(inverse)
    to_scale = (g.numpy() * c).sum(0) * w  # what reaches AP2(inverse), hence inverse
    to_c = g.numpy() * w * s + to_scale * -0.5 * inverse**3 * 2 * p / n
    to_x = to_c - to_c.mean(0)
    np.testing.assert_allclose(given_x.grad.numpy(), to_x, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(norm.weight.grad.numpy(), (g.numpy() * c).sum(0) * s, rtol=1e-4)
    np.testing.assert_allclose(norm.bias.grad.numpy(), g.sum(0).numpy(), rtol=1e-5)
