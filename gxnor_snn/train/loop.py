"""The training loop: DST moves the discrete weights, Adam the few float parameters of batch norm."""

import contextlib
import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from gxnor_snn.data import Dataset
from gxnor_snn.dst import DST
from gxnor_snn.errors import GxnorError, InputError, RecipeError
from gxnor_snn.layers import discrete_parameters

from .augment import augment
from .history import EpochRecord, History
from .progress import progress_bar
from .recipe import Recipe

__all__ = ["evaluate", "fit"]


def squared_hinge(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over batch and classes of max(0, 1 - t y)^2 with t = +1 for the label, else -1 (L2-SVM)."""
    signs = 2 * F.one_hot(labels, logits.shape[1]) - 1
    return (1 - signs * logits).clamp(min=0).square().mean()


_LOSSES: dict[str, Callable[[Tensor, Tensor, Recipe], Tensor]] = {
    "squared_hinge": lambda logits, labels, recipe: squared_hinge(logits, labels),
    "cross_entropy": lambda logits, labels, recipe: F.cross_entropy(
        logits, labels, label_smoothing=recipe.label_smoothing
    ),
}


def fit(model: nn.Module, dataset: Dataset, recipe: Recipe, *, progress: bool = False) -> History:
    """Train `model` in place on the training part of `dataset`; the test part is never looked at.

    The model is left in eval mode.

    Parameters
    ----------
    model
        Takes uint8 images and gives logits (B, classes); on any device.
    dataset
        Its training part is used, less the recipe's held-out samples.
    recipe
        How to train.
    progress
        Show a progress bar with accuracy, zero weights and flips.

    Returns
    -------
    History
        The same model, data and recipe give the same weights and history (up to `seconds`) on one kind of
        CPU with one number of threads.

    Raises
    ------
    RecipeError
        If fewer than two training samples are left.
    InputError
        If a label has no logit.
    GxnorError
        If the loss or a gradient stops being finite.
    """
    run = _Run.start(model, dataset, recipe)
    began = time.perf_counter()
    records: list[EpochRecord] = []
    selected, best, kept = recipe.epochs, -1.0, None
    with _threads(recipe.threads), progress_bar(recipe.epochs, shown=progress) as report:
        for epoch in range(1, recipe.epochs + 1):
            record = run.epoch(epoch)
            records.append(record)
            report(record)
            accuracy = record.validation_accuracy
            if recipe.select == "best" and accuracy is not None and accuracy >= best:
                selected, best, kept = epoch, accuracy, copy.deepcopy(model.state_dict())
    if kept is not None:
        model.load_state_dict(kept)
    model.eval()
    return History(tuple(records), selected, time.perf_counter() - began)


@torch.no_grad()
def evaluate(model: nn.Module, x: NDArray[np.uint8], y: NDArray[np.int64], batch_size: int = 500) -> float:
    """Share of samples whose largest logit is the label's, in eval mode; the model's mode is restored.

    Raises
    ------
    InputError
        If there are no samples, or images and labels differ in number.
    """
    if len(x) != len(y) or not len(y):
        raise InputError(f"evaluate got {len(x)} images and {len(y)} labels; it takes equally many, at least one")
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    correct = 0
    for start in range(0, len(y), batch_size):
        part = slice(start, start + batch_size)
        logits = model(torch.tensor(x[part], device=device))
        correct += int((logits.argmax(1).cpu() == torch.tensor(y[part], device="cpu")).sum())
    model.train(was_training)
    return correct / len(y)


@contextlib.contextmanager
def _threads(number: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass
class _Run:
    """One training run: what stays the same from epoch to epoch, and the optimisers."""

    model: nn.Module
    recipe: Recipe
    images: Tensor
    labels: Tensor
    held_out: tuple[NDArray[np.uint8], NDArray[np.int64]]
    order: torch.Generator
    changes: torch.Generator
    dst: DST
    adam: torch.optim.Adam | None
    step: int = 0

    @classmethod
    def start(cls, model: nn.Module, dataset: Dataset, recipe: Recipe) -> "_Run":
        n = len(dataset.y_train) - recipe.n_validation
        if n < 2:
            raise RecipeError(
                f"recipe: n_validation = {recipe.n_validation} leaves {n} of the {len(dataset.y_train)} "
                f"training samples of {dataset.name}; at least 2 are needed"
            )
        order_seed, dst_seed, changes_seed = np.random.SeedSequence(recipe.seed).generate_state(3, np.uint32)
        order = torch.Generator().manual_seed(int(order_seed))
        shuffled = torch.randperm(len(dataset.y_train), generator=order, device="cpu").numpy()
        used, held_out = shuffled[:n], shuffled[n:]
        floats = [p for p in model.parameters() if p.requires_grad]
        return cls(
            model=model,
            recipe=recipe,
            images=torch.from_numpy(dataset.x_train[used]),
            labels=torch.from_numpy(dataset.y_train[used]),
            held_out=(dataset.x_train[held_out], dataset.y_train[held_out]),
            order=order,
            changes=torch.Generator().manual_seed(int(changes_seed)),
            dst=DST(discrete_parameters(model), recipe.lr[0], recipe.m, recipe.betas, seed=int(dst_seed)),
            adam=torch.optim.Adam(floats, recipe.float_lr[0]) if floats else None,
        )

    @property
    def optimizers(self) -> Iterator[tuple[torch.optim.Optimizer, tuple[float, float]]]:
        """Each optimiser with the ends of its learning rate."""
        yield self.dst, self.recipe.lr
        if self.adam is not None:
            yield self.adam, self.recipe.float_lr

    def batches(self) -> list[Tensor]:
        """Indices of one epoch, shuffled; a single last sample is left out (it has no batch statistics)."""
        order = torch.randperm(len(self.labels), generator=self.order, device="cpu")
        batches = torch.split(order, self.recipe.batch_size)
        return [batch for batch in batches if len(batch) > 1]

    def epoch(self, number: int) -> EpochRecord:
        self.model.train()
        device = next(self.model.parameters()).device
        flips = self.dst.transitions
        batches = self.batches()
        total_loss = correct = seen = 0.0
        augmentation = self.recipe.augment if number <= self.recipe.epochs - self.recipe.plain_epochs else None
        for batch in batches:
            self.set_rates(self.step / max(1, len(batches) * self.recipe.epochs - 1))
            labels = self.labels[batch].to(device)
            images = self.images[batch].to(device)
            if augmentation is not None:
                images = augment(images, augmentation, self.changes)
            logits = self.model(images)
            if int(labels.max()) >= logits.shape[1]:
                raise InputError(
                    f"the data have the label {int(labels.max())}, the model gives {logits.shape[1]} logits"
                )
            loss = _LOSSES[self.recipe.loss](logits, labels, self.recipe)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise GxnorError(f"the loss is {value} in epoch {number}; lower the learning rates")
            loss.backward()  # type: ignore[no-untyped-call]
            for optimizer, _ in self.optimizers:
                optimizer.step()
                optimizer.zero_grad()
            self.step += 1
            seen += len(batch)
            total_loss += value * len(batch)
            correct += float((logits.detach().argmax(1) == labels).sum())
        return EpochRecord(
            epoch=number,
            lr=self.dst.param_groups[0]["lr"],
            loss=total_loss / seen,
            train_accuracy=correct / seen,
            validation_accuracy=evaluate(self.model, *self.held_out) if len(self.held_out[1]) else None,
            zero_fraction=_zero_fraction(self.model),
            flips=self.dst.transitions - flips,
        )

    def set_rates(self, done: float) -> None:
        """Set the learning rates after the share `done` of all steps."""
        for optimizer, (first, last) in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = first * (last / first) ** done


def _zero_fraction(model: nn.Module) -> float:
    zeros, total = 0, 0
    for p in discrete_parameters(model):
        zeros += int((p == 0).sum())
        total += p.numel()
    return zeros / total
