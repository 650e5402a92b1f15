import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteLinear, LatentLinear, Noise, quantise_gradient
from gxnor_snn.layers.gradient import log_rounded


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20),
    st.integers(2, 8),
    st.floats(0, 1, exclude_max=True, width=32),
)
def test_results_are_few_powers_of_two_beside_the_value(values: list[float], bits: int, draw: float) -> None:
    v = torch.tensor(values, dtype=torch.float64)
    rounded = log_rounded(v, torch.full_like(v, draw), bits)
    top = v.abs().max().item()
    if top == 0:
        assert torch.equal(rounded, v)
        return
    highest = math.ceil(math.log2(top)) if math.log2(top) != round(math.log2(top)) else round(math.log2(top))
    allowed = {0.0} | {2.0 ** (highest - k) for k in range(2 ** (bits - 1) - 1)}
    for value, got in zip(v.tolist(), rounded.tolist(), strict=True):
        assert abs(got) in allowed
        assert got * value >= 0
        assert abs(got) <= 2 * abs(value) or abs(got) == min(allowed - {0.0})
        if abs(value) in allowed:
            assert got == value


@pytest.mark.parametrize("bits", [2, 3, 6])
def test_rounding_is_unbiased(bits: int) -> None:
    v = torch.tensor([1.0, 0.9, -0.7, 0.3, 0.1, -0.01, 1e-5, 0.0])
    draws = 40_000
    uniform = torch.rand(draws, len(v), generator=torch.Generator().manual_seed(0))
    rounded = log_rounded(v.expand(draws, -1), uniform, bits).double()
    error = (rounded.mean(0) - v).abs()
    deviation = (v.abs() / draws).sqrt()  # at most: the larger neighbour is at most 1
    assert (error <= 4.5 * deviation).all()


def test_what_is_not_finite_comes_back_as_it_is() -> None:
    v = torch.tensor([1.0, float("inf"), float("nan")])
    assert torch.equal(log_rounded(v, torch.zeros(3), 6), v) is False  # NaN equals nothing
    assert str(log_rounded(v, torch.zeros(3), 6)) == str(v)
    assert log_rounded(torch.zeros(0), torch.zeros(0), 6).shape == (0,)


def test_forward_is_the_identity_and_backward_rounds() -> None:
    x = torch.tensor([0.1, 0.2, 0.3], requires_grad=True)
    y = quantise_gradient(x, Noise(0), bits=3)
    assert torch.equal(y, x)
    g = torch.tensor([0.3, -0.9, 0.01])
    y.backward(g)
    assert torch.equal(x.grad, log_rounded(g, Noise(0).uniform(g), 3))


@pytest.mark.parametrize("kind", [DiscreteLinear, LatentLinear])
def test_a_layer_rounds_what_reaches_weights_and_inputs(kind: type) -> None:
    layer = kind(3, 2, gradient_bits=3, generator=torch.Generator().manual_seed(0))
    x = torch.ones(1, 3, requires_grad=True)
    g = torch.tensor([[0.3, -0.9]])
    layer(x).backward(g)
    rounded = log_rounded(g, Noise(layer.gradient_noise.seed).uniform(g), 3)
    trained = layer.levels if kind is DiscreteLinear else layer.weight
    assert torch.equal(trained.grad, rounded.T.expand(2, 3))
    assert torch.equal(x.grad, rounded @ layer.levels.detach().float())


@pytest.mark.parametrize("bits", [1, 9, 6.0, True])
def test_bad_numbers_of_bits_are_named(bits: object) -> None:
    with pytest.raises(InputError, match="gradient_bits is"):
        DiscreteLinear(2, 2, gradient_bits=bits)
    with pytest.raises(InputError, match="gradient_bits is"):
        quantise_gradient(torch.zeros(1), Noise(0), bits)


def test_gradient_bits_leave_the_first_weights_as_they_are() -> None:
    plain, rounded = (
        DiscreteLinear(5, 4, generator=torch.Generator().manual_seed(0), gradient_bits=bits) for bits in (None, 6)
    )
    assert torch.equal(plain.levels, rounded.levels)
