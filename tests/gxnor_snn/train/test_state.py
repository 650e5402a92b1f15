"""A run that was broken off goes on to the very same weights."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import InputError
from gxnor_snn.train import EpochRecord, Transitions, fit

from .resuming import RECIPE, alike, broken_and_resumed, net, progress, read


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_resumed_run_ends_with_the_same_weights(data: Dataset, file: Path, after: int) -> None:
    broken_and_resumed(net, data, RECIPE, file, after)


@pytest.mark.parametrize(
    "changes",
    [
        {"select": "last", "n_validation": 0},
        {"accumulate": 3, "clip_gradient": 0.1},
        {"schedule": "cosine", "warmup": 1, "loss": "cross_entropy", "label_smoothing": 0.1},
    ],
)
def test_under_other_recipes(data: Dataset, file: Path, changes: dict[str, object]) -> None:
    broken_and_resumed(net, data, RECIPE.replace(**changes), file, 2)


@pytest.mark.parametrize("n1", [0, 3])
def test_with_other_spaces_of_weights(data: Dataset, file: Path, n1: int) -> None:
    broken_and_resumed(lambda: net(n1=n1), data, RECIPE, file, 2)


@pytest.mark.parametrize(
    "options",
    [
        {"moments": "bfloat16", "zero_bias": 0.5},
        {"moments": ("int7", "factored"), "rounding": "power2", "reset": True},
        {"moments": "int8", "fused": True},
        {"moments": "factored", "rounding": "unbiased"},
        {"rule": "adamax_shift", "rounding": "lut16"},
        {"rule": "sgd", "source": "lfsr15"},
        {"rounding": "power2", "moments": "int8", "reset": True},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_whatever_dst_remembers(data: Dataset, file: Path, options: dict[str, object]) -> None:
    broken_and_resumed(net, data, RECIPE.replace(dst=Transitions(**options)), file, 2)


def test_draws_from_the_global_generators(data: Dataset, file: Path) -> None:
    broken_and_resumed(lambda: nn.Sequential(net(), nn.Dropout(0.3)), data, RECIPE, file, 2)


class Noisy(nn.Module):
    """A float network with a generator, an integer buffer and a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.linear = nn.Linear(64, 10, dtype=torch.float32)
        self.norm = nn.BatchNorm1d(10)
        with torch.no_grad():
            self.linear.weight.uniform_(-0.1, 0.1, generator=generator)
            self.linear.bias.zero_()
        self.generator = generator

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.linear(x.flatten(1) / 16))
        return y + 0.1 * torch.rand(y.shape, generator=self.generator) if self.training else y


def test_a_float_network_with_a_generator_of_its_own(data: Dataset, file: Path) -> None:
    recipe = RECIPE.replace(weight_lr=(0.05, 0.01), weight_decay=0.1)
    broken_and_resumed(Noisy, data, recipe, file, 2)


def test_a_finished_run_is_not_trained_again(data: Dataset, file: Path) -> None:
    first, second, epochs = net(), net(), []
    history = fit(first, data, RECIPE, checkpoint=file)
    again = fit(second, data, RECIPE, checkpoint=file, resume=True, on_epoch=epochs.append)
    assert not epochs
    assert again.epochs == history.epochs
    assert alike(first, second)
    assert not second.training


def test_without_a_file_a_run_begins(data: Dataset, file: Path) -> None:
    first, second = net(), net()
    assert fit(first, data, RECIPE, checkpoint=file, resume=True).epochs == fit(second, data, RECIPE).epochs
    assert file.exists()
    assert alike(first, second)


def test_a_state_every_so_many_epochs(data: Dataset, file: Path) -> None:
    there: list[int | None] = []

    def note(record: EpochRecord) -> None:
        there.append(progress(file)["place"]["epochs"] if file.exists() else None)

    fit(net(), data, RECIPE.replace(epochs=5), checkpoint=file, checkpoint_every=2, on_epoch=note)
    assert there == [None, None, 2, 2, 4]
    assert progress(file)["place"]["epochs"] == 5


def test_levels_are_packed(data: Dataset, file: Path) -> None:
    fit(net(), data, RECIPE, checkpoint=file)
    tensors, _ = read(file)
    for part in ("model", "best"):
        assert tensors[f"{part}/fc1.levels"].dtype == np.uint8
        assert tensors[f"{part}/fc1.levels"].size == 64 * 24 // 4


def test_calls_that_make_no_sense_are_refused(data: Dataset, file: Path) -> None:
    with pytest.raises(InputError, match="resume needs a checkpoint"):
        fit(net(), data, RECIPE, resume=True)
    with pytest.raises(InputError, match="checkpoint_every is at least 1"):
        fit(net(), data, RECIPE, checkpoint=file, checkpoint_every=0)
