"""Where a run computes: the device of the recipe, and what is for CUDA only."""

import pytest
import torch

from gxnor_snn.data import Dataset
from gxnor_snn.errors import RecipeError
from gxnor_snn.models import lenet
from gxnor_snn.train import Augmentation, evaluate, fit

from .small_runs import RECIPE, few, small


def test_the_device_of_the_recipe(digits: Dataset) -> None:
    first, second = small(), small()
    fit(first, few(digits, 100), RECIPE)
    fit(second, few(digits, 100), RECIPE.replace(device="cpu"))
    assert torch.equal(first.fc1.levels, second.fc1.levels)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_a_device_that_is_not_there_is_named(digits: Dataset) -> None:
    with pytest.raises(RecipeError, match="device is 'cuda', but torch finds none here"):
        fit(small(), few(digits, 100), RECIPE.replace(device="cuda"))


@pytest.mark.parametrize("name", ["amp", "compile"])
def test_what_is_for_cuda_only_is_refused_on_a_cpu(digits: Dataset, name: str) -> None:
    with pytest.raises(RecipeError, match=f"{name} is for CUDA only; the device is 'cpu', and"):
        fit(small(), few(digits, 100), RECIPE.replace(**{name: True}))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("changes", [{}, {"amp": True}, {"compile": True}])
def test_training_on_cuda(digits: Dataset, changes: dict[str, bool]) -> None:
    net = lenet((1, 8, 8), channels=(16, 32), hidden=64, kernel=3, padding=1)
    recipe = RECIPE.replace(epochs=15, lr=(0.05, 3e-4), device="cuda", augment=Augmentation(shift=0.5))
    fit(net, digits, recipe.replace(plain_epochs=5, **changes))
    assert next(net.parameters()).device.type == "cuda"
    assert evaluate(net, digits.x_test, digits.y_test) >= 0.93
