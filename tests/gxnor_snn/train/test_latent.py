"""Networks that DST does not train: latent weights, and float twins."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.data import Dataset, load
from gxnor_snn.errors import InputError
from gxnor_snn.layers import (
    BatchNorm1d,
    DiscreteActivation,
    DiscreteLinear,
    LatentConv2d,
    LatentLinear,
    PixelEncoder,
)
from gxnor_snn.train import Recipe, evaluate, fit
from gxnor_snn.train.levels import zero_fraction
from gxnor_snn.train.optimizers import Optimizers, glorot_scales

RECIPE = Recipe(
    epochs=8, batch_size=50, lr=(0.05, 1e-3), float_lr=(0.01, 1e-3), weight_lr=(0.03, 1e-4), loss="cross_entropy"
)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


def latent(**arguments: object) -> nn.Sequential:
    generator = torch.Generator().manual_seed(1)
    return nn.Sequential(
        PixelEncoder(),
        nn.Flatten(),
        LatentLinear(64, 64, generator=generator, **arguments),
        BatchNorm1d(64),
        DiscreteActivation(1, 0.5, 1.0, learn_r=True, channels=64),
        LatentLinear(64, 10, generator=generator, max_input=1, **arguments),
        BatchNorm1d(10),
    )


def test_latent_weights_learn_and_stay_in_range(digits: Dataset) -> None:
    net = latent()
    before = [layer.levels.clone() for layer in net if isinstance(layer, LatentLinear)]
    history = fit(net, digits, RECIPE)
    assert evaluate(net, digits.x_test, digits.y_test) > 0.85
    assert all(float(layer.weight.detach().abs().max()) <= 1 for layer in net if isinstance(layer, LatentLinear))
    after = [layer.levels for layer in net if isinstance(layer, LatentLinear)]
    changed = sum(int((a != b).sum()) for a, b in zip(before, after, strict=True))
    assert 0 < changed <= sum(record.flips for record in history.epochs)
    assert history.epochs[-1].flips < history.epochs[0].flips  # they settle
    zeros = torch.cat([levels.flatten() for levels in after]) == 0
    assert history.epochs[-1].zero_fraction == pytest.approx(float(zeros.double().mean()))
    assert history.epochs[-1].lr == pytest.approx(1e-4)


def test_flips_of_latent_weights_by_hand() -> None:
    layer = LatentLinear(3, 2, generator=torch.Generator().manual_seed(0))
    optimizers = Optimizers(layer, RECIPE, seed=0)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.9, 0.0, -0.9], [0.49, 0.51, 0.0]]))
    optimizers.begin()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[0.9, 0.0, 0.9], [0.51, 0.49, 0.0]]))
    optimizers.step()  # without gradients Adam moves nothing
    assert optimizers.flips == 3
    optimizers.step()
    assert optimizers.flips == 3


def test_both_kinds_in_one_network(digits: Dataset) -> None:
    net = latent()
    net[5] = DiscreteLinear(64, 10, generator=torch.Generator().manual_seed(2), max_input=1)
    history = fit(net, digits, RECIPE.replace(epochs=2))
    optimizers = Optimizers(net, RECIPE, seed=0)
    assert list(optimizers.members) == ["dst", "adam"]
    assert history.epochs[0].flips > 0
    levels = [net[2].levels.flatten(), net[5].levels.detach().flatten()]
    assert zero_fraction(net) == pytest.approx(float((torch.cat(levels) == 0).double().mean()))


def test_a_broken_run_of_latent_weights_ends_with_the_same_weights(digits: Dataset, tmp_path: Path) -> None:
    from .test_state import broken_and_resumed

    data = Dataset("few", digits.x_train[:300], digits.y_train[:300], digits.x_test, digits.y_test)
    broken_and_resumed(latent, data, RECIPE.replace(epochs=4), tmp_path / "run", 2)
    binary = {"code": ("zn", 0), "stochastic": True}
    broken_and_resumed(lambda: latent(**binary), data, RECIPE.replace(epochs=4), tmp_path / "run", 2)


def twin() -> nn.Sequential:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for p in net.parameters():
            p.uniform_(-0.1, 0.1, generator=generator)

    class Pixels(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.float() / 16

    return nn.Sequential(Pixels(), *net)


def test_a_float_twin_learns_by_adam_alone(digits: Dataset) -> None:
    net = twin()
    history = fit(net, digits, RECIPE)
    assert evaluate(net, digits.x_test, digits.y_test) > 0.9
    assert history.epochs[-1].zero_fraction is None
    assert history.epochs[-1].flips == 0


def test_weight_decay_is_of_weights_only() -> None:
    """Without a gradient of the loss a step takes rate * decay off the weights, and nothing else moves."""
    net = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    recipe = RECIPE.replace(weight_lr=(0.1, 0.1), weight_decay=0.5)
    optimizers = Optimizers(net, recipe, seed=0)
    before = [p.detach().clone() for p in net.parameters()]
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimizers.set_rates(0, 2, 0)
    optimizers.step()
    changed = [p.detach() / b for p, b in zip(net.parameters(), before, strict=True)]
    np.testing.assert_allclose(changed[0], 0.95, rtol=1e-6)
    assert all(torch.equal(p.detach(), b) for p, b in list(zip(net.parameters(), before, strict=True))[1:])


def test_glorot_scales_the_steps_of_latent_weights_by_their_layer(digits: Dataset) -> None:
    """Adam's first step is the rate, whatever the gradient: BinaryNet's W_LR_scale stands beside the rest."""
    generator = torch.Generator().manual_seed(0)
    dense = LatentLinear(12, 5, generator=generator)
    conv = LatentConv2d(4, 6, (3, 2), groups=2, generator=generator)
    twin = nn.Linear(3, 2)
    net = nn.ModuleList([dense, conv, twin])
    assert list(glorot_scales(net).values()) == pytest.approx([math.sqrt(17 / 1.5), math.sqrt((2 + 6) * 6 / 1.5)])
    recipe = RECIPE.replace(weight_lr=(1e-4, 1e-4), weight_lr_scale="glorot")
    optimizers = Optimizers(net, recipe, seed=0)
    with torch.no_grad():
        for layer in (dense, conv):
            layer.weight.clamp_(-0.9, 0.9)
        before = [p.clone() for p in (dense.weight, conv.weight, twin.weight, twin.bias)]
    for p in net.parameters():
        p.grad = torch.ones_like(p)
    optimizers.set_rates(0, 10, 0)
    optimizers.step()
    after = (dense.weight, conv.weight, twin.weight, twin.bias)
    steps = [float((b - a).detach().mean()) for a, b in zip(after, before, strict=True)]
    expected = [1e-4 * math.sqrt(17 / 1.5), 1e-4 * math.sqrt(48 / 1.5), 1e-4, 0.01]
    assert steps == pytest.approx(expected, rel=1e-3)
    assert optimizers.lr == 1e-4
    history = fit(latent(), digits, recipe.replace(epochs=1))
    assert history.epochs[0].lr == pytest.approx(1e-4)


def test_a_model_without_parameters_is_refused(digits: Dataset) -> None:
    with pytest.raises(InputError, match="parameters to train; Flatten has none"):
        fit(nn.Flatten(), digits, RECIPE)
