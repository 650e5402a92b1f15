"""The penalty that pulls kernels together, and what it does to training."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from gxnor_snn.data import load
from gxnor_snn.errors import InputError, RecipeError
from gxnor_snn.models import METHODS, lenet
from gxnor_snn.train import KernelPenalty, KernelSettings, Recipe, fit
from gxnor_snn.train.sharing import codebook, nearest


def net(method: str = "bnn", **more: Any) -> Any:
    return lenet((1, 8, 8), 10, channels=(8, 24), hidden=16, kernel=3, padding=1, **{**METHODS[method], **more})


@pytest.mark.parametrize("levels", [(-1, 1), (-1, 0, 1), (-2, -1, 0, 1, 2)])
def test_codewords_and_distances_by_brute_force(levels: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    book = rng.choice(levels, (5, 4))
    drawn = book[rng.integers(0, 5, 200)] * rng.choice([-1, 1], (200, 1))
    drawn[::7] = rng.choice(levels, drawn[::7].shape)
    kernels = torch.from_numpy(drawn).float()
    words = codebook(kernels, 3)

    def both(row: Any) -> frozenset[tuple[float, ...]]:
        return frozenset([tuple(row), tuple(-v for v in row)])

    often: dict[Any, int] = {}
    for row in kernels.tolist():
        often[both(row)] = often.get(both(row), 0) + 1
    assert [often[both(w)] for w in words.tolist()] == sorted(often.values(), reverse=True)[:3]
    for row, target in zip(kernels.tolist(), nearest(kernels, words).tolist(), strict=True):
        assert any(both(target) == both(w) for w in words.tolist())
        best = min(
            sum((a - s * b) ** 2 for a, b in zip(row, w, strict=True))
            for w, s in itertools.product(words.tolist(), (1, -1))
        )
        assert sum((a - b) ** 2 for a, b in zip(row, target, strict=True)) == best


def test_binary_distance_is_the_share_of_taps_that_differ() -> None:
    model = net().train()
    penalty = KernelPenalty(model, KernelSettings(weight=2.0, codebook=4, warm_up=0.5))
    x = torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    with penalty:
        model(x)
    share = penalty.share().detach()
    kernels = model.conv2.levels.float().reshape(-1, 9)
    differ = (kernels != nearest(kernels, codebook(kernels, 4))).float().mean()
    assert float(share) == pytest.approx(float(differ))
    assert float(penalty.value(0.25).detach()) == pytest.approx(float(share))  # half of the weight 2
    with penalty:
        model(x)
    penalty.share()  # looking does not take the gradient away
    penalty.value(1.0).backward()
    assert not penalty.share().requires_grad
    assert model.conv2.weight.grad is not None
    assert model.conv1.weight.grad is None


@pytest.mark.parametrize("method", ["bnn", "gxnor"])
def test_training_pulls_kernels_together(method: str) -> None:
    data = load("digits")
    kinds = []
    for weight in (None, 300.0):
        model = net(method, seed=1)
        recipe = Recipe(
            epochs=3, batch_size=50, lr=(0.05, 0.01), float_lr=(0.01, 0.003), loss="cross_entropy", seed=0
        )
        penalty = None if weight is None else KernelPenalty(model, KernelSettings(weight=weight, codebook=4))
        fit(model, data, recipe, penalty=penalty)
        kernels = model.conv2.levels.float().reshape(-1, 9)
        kinds.append(float((kernels != nearest(kernels, codebook(kernels, 4))).float().mean()))
    assert kinds[1] < 0.7 * kinds[0], kinds


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: KernelPenalty(net(), KernelSettings(weight=1.0), ["fc1"]), "'fc1' is no convolution"),
        (lambda: KernelPenalty(torch.nn.Linear(2, 2), KernelSettings(weight=1.0)), "the model has none"),
        (lambda: KernelPenalty(net(), KernelSettings(weight=1.0)).share(), "no watched layer has run"),
    ],
)
def test_bad_input_is_refused(run: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run()


def test_settings_are_checked() -> None:
    with pytest.raises(RecipeError, match="kernels: codebook"):
        KernelSettings(weight=1.0, codebook=0)


def test_one_penalty_at_a_time() -> None:
    model = net()
    first, second = (KernelPenalty(model, KernelSettings(weight=1.0)) for _ in range(2))
    with first, pytest.raises(InputError, match="another penalty"):
        second.__enter__()
