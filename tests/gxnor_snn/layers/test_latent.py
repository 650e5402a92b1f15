import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteActivation, LatentConv2d, LatentLayer, LatentLinear, clip_latent
from gxnor_snn.spaces import DiscreteSpace, code_levels, nearest_steps

from .test_discrete import integer_conv, integers

CODES = [("zn", 0), ("zn", 1), ("zn", 3), ("zn", 8), ("mbn", 1), ("mbn", 3), ("mbn", 8), ("log", 1), ("log", 4)]


def linear(code: tuple[str, int] = ("zn", 1), size: int = 20, seed: int = 0, **rest: object) -> LatentLinear:
    return LatentLinear(size, 7, code, generator=torch.Generator().manual_seed(seed), **rest)


@pytest.mark.parametrize("code", CODES)
def test_levels_are_the_nearest_of_the_latent_weights(code: tuple[str, int]) -> None:
    layer = LatentConv2d(8, 16, 5, code=code, generator=torch.Generator().manual_seed(0))
    weight = layer.weight.detach().double().numpy()
    assert (np.abs(weight) <= 1).all()
    assert layer.weight.dtype == torch.float32
    values = np.array(code_levels(code))
    assert layer.levels.dtype == (torch.int8 if values[-1] <= 127 else torch.int16)
    assert not layer.levels.requires_grad
    np.testing.assert_array_equal(layer.levels.numpy(), nearest_steps(code).levels_of(weight))
    if code[0] != "log":
        distance = np.abs(weight[..., None] - values / values[-1])
        np.testing.assert_array_equal(values[distance.argmin(-1)], layer.levels.numpy())
    assert set(np.unique(layer.levels.numpy())) <= set(values.tolist())
    assert (layer.max_level, layer.has_zero) == (values[-1], 0 in values)


@pytest.mark.parametrize("code", CODES)
def test_the_gradient_passes_straight_through(code: tuple[str, int]) -> None:
    layer = linear(code, size=5)
    with torch.no_grad():
        layer.weight[0] = torch.tensor([-1.0, 1.0, 1.001, -1.001, 0.3])
    x = torch.arange(1.0, 6).reshape(1, 5).requires_grad_()
    out = layer(x)
    assert torch.equal(out, x @ layer.levels.float().T)
    out.sum().backward()
    scale = layer.max_level
    assert layer.weight.grad[0].tolist() == [1 * scale, 2 * scale, 0, 0, 5 * scale]
    assert torch.equal(x.grad, layer.levels.float().sum(0, keepdim=True))


@given(st.sampled_from(CODES), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_eval_mode_sums_are_exact(code: tuple[str, int], seed: int) -> None:
    layer = LatentConv2d(
        4, 6, 3, padding=1, groups=2, code=code, generator=torch.Generator().manual_seed(seed)
    ).eval()
    x = integers((2, 4, 5, 6), -255, 255, seed)
    assert torch.equal(layer(x.float()).long(), integer_conv(x, layer.levels.long(), layer))


def test_the_largest_sums_are_exact() -> None:
    layer = LatentLinear(40_000, 2, ("mbn", 8), max_input=255).eval()
    with torch.no_grad():
        layer.weight.fill_(1)
    x = torch.full((1, 40_000), 255.0)
    x[0, 0] = 254
    assert layer(x)[0].tolist() == [255 * (255 * 40_000 - 1)] * 2


def test_binary_weights_can_be_drawn_while_training() -> None:
    layer = linear(("zn", 0), stochastic=True, max_input=1)
    w = torch.tensor([-1.0, -0.5, 0.0, 0.25, 1.0])
    with torch.no_grad():
        layer.weight[:, :5] = w
    ones = torch.eye(20)
    drawn = torch.stack([layer(ones) for _ in range(3000)])[:, :5].permute(1, 0, 2).reshape(5, -1)
    assert set(drawn.unique().tolist()) == {-1.0, 1.0}
    share, expected = (drawn == 1).double().mean(1), (w.double() + 1) / 2
    chi = (share - expected) ** 2 / (expected * (1 - expected)).clamp(min=1e-12) * drawn.shape[1]
    assert chi.max() < 10.8  # one degree of freedom, p = 0.001
    assert torch.equal(layer.eval()(ones), layer.levels.float().T)
    assert layer.levels[0, :5].tolist() == [-1, -1, 1, 1, 1]


def test_drawn_weights_resume() -> None:
    layer = linear(("zn", 0), stochastic=True)
    x = torch.ones(1, 20)
    layer(x)
    resumed = linear(("zn", 0), stochastic=True)
    resumed.load_state_dict(layer.state_dict())
    twin = copy.deepcopy(layer)
    expected = layer(x)
    assert torch.equal(resumed(x), expected)
    assert torch.equal(twin(x), expected)


@pytest.mark.parametrize("threshold", [0.25, 0.9])
def test_a_ternary_threshold_can_be_given(threshold: float) -> None:
    layer = linear(threshold=threshold)
    w = layer.weight.detach()
    assert torch.equal(layer.levels, (w > threshold).to(torch.int8) - (w < -threshold).to(torch.int8))


def test_the_threshold_of_ternary_weight_networks() -> None:
    layer = linear(size=3000, threshold="twn")
    w = layer.weight.detach().double()
    assert layer.steps.steps[1].at == pytest.approx(0.7 * w.abs().mean().item(), rel=1e-6)
    shuffled = linear(size=3000, threshold="twn")
    with torch.no_grad():
        shuffled.weight.copy_(layer.weight.flip(0, 1))
    assert shuffled.steps.steps[1].at == layer.steps.steps[1].at  # the order of summation does not matter
    assert 0.3 < (layer.levels == 0).double().mean() < 0.4


def test_clipping_a_whole_model() -> None:
    net = torch.nn.Sequential(linear(), DiscreteActivation(1, learn_r=True, channels=7), linear(size=7))
    with torch.no_grad():
        net[0].weight.mul_(3)
        net[1].r.fill_(-1)
    clip_latent(net)
    assert net[0].weight.abs().max() == 1
    assert (net[1].r > 0).all()


def test_real_inputs_are_a_choice() -> None:
    x = torch.rand(2, 20)
    with pytest.raises(InputError, match="integer levels"):
        linear().eval()(x)
    layer = linear(real_input=True)
    torch.testing.assert_close(layer.eval()(x), x @ layer.levels.float().T)
    assert torch.equal(layer.train()(x), layer.eval()(x))


def test_the_seed_decides_the_latent_weights_and_none_leaves_them_free() -> None:
    assert torch.equal(linear(seed=1).weight, linear(seed=1).weight)
    assert not torch.equal(linear(seed=1).weight, linear(seed=2).weight)
    state = torch.get_rng_state()
    assert not torch.equal(LatentLinear(9, 9).weight, LatentLinear(9, 9).weight)
    assert torch.equal(state, torch.get_rng_state())


def test_a_latent_layer_is_an_abstract_thing_with_a_space() -> None:
    assert linear(("zn", 2)).space == DiscreteSpace(2)
    assert isinstance(linear(), LatentLayer)
    with pytest.raises(InputError, match="are in no space"):
        _ = linear(("mbn", 2)).space


def test_a_damaged_latent_weight_is_found() -> None:
    layer = linear()
    with torch.no_grad():
        layer.weight[0, 0] = torch.nan
    with pytest.raises(InputError, match="is NaN"):
        layer.eval()(torch.ones(1, 20))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear(("hrelu", 2)), "coding 'hrelu'"),
        (lambda: linear(("zn", 9)), "n is 9"),
        (lambda: linear(("mbn", 0)), "n is 0"),
        (lambda: linear(("zn", 2), stochastic=True), "stochastic is True"),
        (lambda: linear(("zn", 2), threshold=0.5), "threshold is 0.5"),
        (lambda: linear(threshold=1.0), "threshold is 1.0"),
        (lambda: linear(threshold="li"), "threshold is 'li'"),
        (lambda: LatentConv2d(3, 4, 3, groups=2), "groups is 2"),
        (lambda: LatentLinear(0, 2), "at least 1"),
        (lambda: LatentLinear(2, 2, ("mbn", 8), max_input=2**50), "2\\^53"),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
