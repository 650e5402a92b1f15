import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gxnor_snn.data import load
from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteConv2d, DiscreteLinear, PixelEncoder
from gxnor_snn.models import lenet, mlp
from gxnor_snn.spaces import DiscreteSpace
from gxnor_snn.train import Recipe, fit, polish


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def loss_of(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    with torch.no_grad():
        return float(F.cross_entropy(model.eval()(x).double(), y))


@pytest.fixture(scope="module")
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    data = load("digits")
    return torch.from_numpy(data.x_train[:300]), torch.from_numpy(data.y_train[:300])


def test_polish_lowers_the_loss_it_reports(digits) -> None:
    data = load("digits")
    model = mlp((1, 8, 8), [32], 10)
    fit(model, data, Recipe(epochs=3, batch_size=50, lr=(0.05, 0.01), float_lr=(0.01, 0.001), betas=(0.9, 0.999)))
    before, levels = loss_of(model, *digits), copy.deepcopy(model.fc1.levels)
    done = polish(model, *digits, moves=600, generator=generator())
    assert done.loss_before == pytest.approx(before, rel=1e-12)
    assert done.loss_after == pytest.approx(loss_of(model, *digits), rel=1e-12)
    assert done.loss_after < 0.9 * before
    assert 0 < done.accepted < done.tried
    changed = (levels != model.fc1.levels).sum() + 0
    assert 0 < changed <= done.accepted
    assert not model.training


@pytest.mark.parametrize("n", [0, 1, 3])
def test_what_is_kept_is_what_the_whole_network_says(n, digits) -> None:
    """Sums kept at hand must be the network's: after every accepted move the loss is that of a fresh pass."""
    x, y = digits[0][:60], digits[1][:60]
    model = lenet((1, 8, 8), 10, channels=(4, 6), hidden=12, kernel=3, padding=1, n1=n)
    done = polish(model, x, y, moves=150, generator=generator(n))
    assert done.loss_after == loss_of(model, x, y)
    for layer in (model.conv1, model.conv2, model.fc1, model.fc2):
        assert torch.isin(layer.levels, torch.tensor(DiscreteSpace(n).levels)).all()


def test_grouped_convolutions_are_polished_too(digits) -> None:
    x, y = digits[0][:40], digits[1][:40] % 3
    g = generator(5)
    model = nn.Sequential(
        PixelEncoder(),
        DiscreteConv2d(1, 4, 3, generator=g),
        nn.Hardtanh(-1, 1),
        DiscreteConv2d(4, 4, 3, groups=2, generator=g, max_input=1),
        nn.Flatten(),
        DiscreteLinear(64, 3, generator=g, max_input=3000),
    )
    done = polish(model, x, y, moves=60, generator=g)
    assert done.loss_after == loss_of(model, x, y) <= done.loss_before


def test_any_memory_layout_is_polished_alike(digits) -> None:
    plain = lenet((1, 8, 8), channels=(4, 4), hidden=8, kernel=3, padding=1, seed=0)
    other = copy.deepcopy(plain).to(memory_format=torch.channels_last)
    assert not other.conv2.levels.is_contiguous()
    both = [polish(net, *digits, moves=40, generator=generator()) for net in (plain, other)]
    assert both[0] == both[1]
    assert all(torch.equal(p, q) for p, q in zip(plain.parameters(), other.parameters(), strict=True))


def test_the_same_seed_polishes_alike(digits) -> None:
    first = mlp((1, 8, 8), [16], 10)
    second = copy.deepcopy(first)
    runs = [polish(m, *digits, moves=80, generator=generator(9)) for m in (first, second)]
    assert runs[0] == runs[1]
    assert torch.equal(first.fc1.levels, second.fc1.levels)


def test_what_cannot_be_polished_is_named(digits) -> None:
    with pytest.raises(InputError, match="Linear"):
        polish(nn.Linear(2, 2), *digits, moves=1, generator=generator())
    with pytest.raises(InputError, match="0 moves"):
        polish(mlp(64, [4], 10), *digits, moves=0, generator=generator())
    with pytest.raises(InputError, match="5 labels"):
        polish(mlp(64, [4], 10), digits[0], digits[1][:5], moves=1, generator=generator())
    with pytest.raises(InputError, match="labels from 0 to 9; the model gives 9 logits"):
        polish(mlp(64, [4], 9), *digits, moves=1, generator=generator())
    twice = DiscreteLinear(64, 64)
    with pytest.raises(InputError, match="child 2 is used more than once"):
        polish(nn.Sequential(PixelEncoder(), nn.Flatten(), twice, twice), *digits, moves=1, generator=generator())


def test_layers_with_real_inputs_are_polished_as_they_compute(digits) -> None:
    model = mlp((1, 8, 8), [16], 10, activation="relu")
    done = polish(model, *digits, moves=80, generator=generator())
    assert done.accepted
    assert done.loss_after == pytest.approx(loss_of(model, *digits), rel=1e-6)


@pytest.mark.parametrize("moves", [1, 2, 50])
def test_it_tries_as_often_as_it_is_told(moves, digits) -> None:
    assert polish(mlp(64, [4, 3], 10), *digits, moves=moves, generator=generator()).tried == moves
