import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteActivation
from gxnor_snn.layers.learnable import r_range
from gxnor_snn.spaces import activation_levels, activation_thresholds


def learnable(n: int, r: list[float], **rest: object) -> DiscreteActivation:
    activation = DiscreteActivation(n, learn_r=True, channels=len(r), **rest)
    with torch.no_grad():
        activation.r.copy_(torch.tensor(r))
    return activation


@given(st.integers(1, 3), st.sampled_from(["strict", "fire", "up", "even"]), st.integers(0, 2**31))
@settings(deadline=None)
def test_each_channel_has_its_own_window(n: int, tie: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    r = (rng.integers(1, 15, 3) / 16).tolist()
    activation = learnable(n, r, tie=tie)
    x = torch.from_numpy(rng.integers(-80, 81, (5, 3, 4, 2)) / 64)
    for channel, one in enumerate(r):
        own = activation_levels(x[:, channel], activation_thresholds(n, one), tie)
        for given_x in (x, x.float()):
            assert torch.equal(activation(given_x)[:, channel].long(), own)
    np.testing.assert_array_equal(activation.levels_of(x.numpy()), activation(x).long().detach().numpy())
    turned = activation.levels_of(x.transpose(0, 1), channel_axis=0)
    assert torch.equal(turned.transpose(0, 1), activation.levels_of(x))


@pytest.mark.parametrize("shape", ["rect", "tri"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_gradients_follow_the_formulas(n: int, shape: str) -> None:
    r, a = [0.25, 0.5, 0.75], 0.375
    activation = learnable(n, r, a=a, window=shape)
    rng = np.random.default_rng(n)
    x = torch.from_numpy(rng.integers(-100, 101, (6, 3, 4)) / 64).requires_grad_()
    weight = torch.from_numpy(rng.integers(-5, 6, (6, 3, 4)) * 1.0)
    (activation(x) * weight).sum().backward()

    def window(d: float) -> float:
        return (abs(d) <= a) / (2 * a) if shape == "rect" else max(0.0, a - abs(d)) / a**2

    to_x, to_r = np.zeros(x.shape), np.zeros(3)
    for index, value in np.ndenumerate(x.detach().numpy()):
        channel = index[1]
        for k in range(2 ** (n - 1)):
            slope = 1 - k / 2 ** (n - 1)
            t = r[channel] + k * (1 - r[channel]) / 2 ** (n - 1)
            to_x[index] += weight[index].item() * window(abs(value) - t)
            to_r[channel] -= weight[index].item() * np.sign(value) * window(abs(value) - t) * slope
    np.testing.assert_allclose(x.grad.numpy(), to_x, atol=1e-12)
    np.testing.assert_allclose(activation.r.grad.numpy(), to_r, rtol=1e-6, atol=1e-5)


def test_a_wider_window_silences_what_it_should() -> None:
    """A loss on activity widens the window, one that wants activity narrows it."""
    x = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    for sign, wider in ((1, True), (-1, False)):
        activation = DiscreteActivation(1, learn_r=True, channels=2)
        optimizer = torch.optim.SGD([activation.r], 1e-3)
        for _ in range(20):
            optimizer.zero_grad()
            (sign * activation(x).abs().sum()).backward()
            optimizer.step()
        assert ((activation.r > 0.5) == wider).all()


@pytest.mark.parametrize(("n", "value"), [(1, -3.0), (1, 99.0), (3, 5.0)])
def test_r_is_clamped_where_it_is_read_and_can_come_back(n: int, value: float) -> None:
    low, high = r_range(n, 1.0)
    activation = learnable(n, [value])
    ends = learnable(n, [low if value < 0 else high])
    x = torch.linspace(-5, 5, 2001).reshape(-1, 1)
    assert torch.equal(activation(x), ends(x))
    activation(x).abs().sum().backward()
    assert activation.r.grad.abs().item() > 0


def test_the_window_is_part_of_the_state() -> None:
    activation = learnable(1, [0.25, 0.75])
    twin = DiscreteActivation(1, learn_r=True, channels=2)
    twin.load_state_dict(activation.state_dict())
    assert twin.r.tolist() == [0.25, 0.75]
    assert "learnable(2)" in str(twin)


def test_other_channels_are_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(4, 3\); allowed are 2 channels"):
        learnable(1, [0.5, 0.5])(torch.zeros(4, 3))
