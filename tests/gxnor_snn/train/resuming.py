"""A small run that tests break off, and what its state file holds."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import CheckpointError
from gxnor_snn.files import read_tensors
from gxnor_snn.models import DiscreteNet, mlp
from gxnor_snn.train import Augmentation, EpochRecord, Recipe, fit

RECIPE = Recipe(
    epochs=4,
    batch_size=50,
    lr=(0.3, 0.05),
    float_lr=(0.01, 1e-3),
    betas=(0.9, 0.99),
    n_validation=100,
    select="best",
    augment=Augmentation(shift=1, flip=True),
    plain_epochs=1,
)


def net(seed: int = 0, **arguments: object) -> DiscreteNet:
    return mlp((1, 8, 8), [24], 10, seed=seed, **arguments)


def patterns(n_train: int, n_test: int, *, classes: int, side: int, top: int, noise: int) -> Dataset:
    """One random image per class, under noise."""
    rng, n, image = np.random.default_rng(5), n_train + n_test, (1, side, side)
    labels = np.arange(n) % classes
    clean = rng.integers(0, top + 1, (classes, *image))[labels]
    images = np.clip(clean + rng.integers(-noise, noise + 1, (n, *image)), 0, top).astype(np.uint8)
    return Dataset("few", images[:n_train], labels[:n_train], images[n_train:], labels[n_train:])


def few() -> Dataset:
    """Ten patterns; quicker to have in a new program than a data set."""
    return patterns(400, 100, classes=10, side=8, top=16, noise=8)


def alike(first: nn.Module, second: nn.Module) -> bool:
    a, b = first.state_dict(), second.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


class BrokenError(Exception):
    """Stands for whatever ends a program."""


def break_after(epoch: int) -> Callable[[EpochRecord], None]:
    def on_epoch(record: EpochRecord) -> None:
        if record.epoch > epoch:
            raise BrokenError

    return on_epoch


def broken_and_resumed(
    model: Callable[[], nn.Module], data: Dataset, recipe: Recipe, file: Path, after: int
) -> None:
    """Train with and without a break after some epoch and compare everything."""
    whole, parts = model(), model()
    history = fit(whole, data, recipe)
    with pytest.raises(BrokenError):
        fit(parts, data, recipe, checkpoint=file, on_epoch=break_after(after))
    other = model()  # nothing of the broken run is left but its file
    resumed = fit(other, data, recipe, checkpoint=file, resume=True)
    assert resumed.epochs == history.epochs
    assert resumed.selected == history.selected
    assert alike(other, whole)


def progress(file: Path) -> dict[str, object]:
    return json.loads(read(file)[1]["progress"])


def read(file: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    return read_tensors(file, kind="gxnor-training", what="state", error=CheckpointError)
