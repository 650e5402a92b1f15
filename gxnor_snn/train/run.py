"""One training run: everything that changes from step to step, and one epoch of steps."""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import GxnorError, InputError, RecipeError

from .batches import Batches, Group
from .distillation import Distillation
from .evaluate import evaluate
from .events import EventPenalty
from .history import EpochRecord
from .levels import zero_fraction
from .losses import LOSSES
from .optimizers import Optimizers
from .penalty import Penalty
from .randomness import GlobalDraws
from .recipe import Recipe
from .weights import copied_state, model_state, set_state

__all__ = ["Best", "Place", "Run"]


@dataclass(frozen=True)
class Place:
    """Where a run stands; plain numbers.

    Attributes
    ----------
    epochs
        Epochs done.
    steps
        Optimiser steps done in the epoch that has begun.
    loss, correct, seen, flips
        Sums over those steps: loss times samples, samples that were right, samples, changed levels.
    """

    epochs: int = 0
    steps: int = 0
    loss: float = 0.0
    correct: int = 0
    seen: int = 0
    flips: int = 0


@dataclass
class Best:
    """The weights to keep: of the epoch with the best validation accuracy so far, the latest of equals."""

    epoch: int = 0
    accuracy: float = -1.0
    weights: dict[str, Tensor] = field(default_factory=dict)


class Run:
    """A model on its way through a recipe.

    Attributes
    ----------
    model, recipe, batches, optimizers
        What is trained, how, on what and by whom.
    place
        Where the run stands.
    records
        One per epoch done.
    best
        With ``select = "best"``, the weights to keep; None otherwise.
    forward_pass
        What training calls: the model, or what computes the same.
    teacher
        Whose logits are soft targets, or None.
    global_draws
        In place of torch's global generators while the network runs.
    order_before
        State of the generator of the order before the epoch that has begun.
    """

    def __init__(
        self,
        model: nn.Module,
        dataset: Dataset,
        recipe: Recipe,
        penalty: Penalty | None = None,
        teacher: nn.Module | None = None,
    ) -> None:
        seeds = np.random.SeedSequence(recipe.seed).generate_state(4, np.uint32)
        order, changes = (torch.Generator().manual_seed(int(seeds[i])) for i in (0, 2))
        self.device = _device(model, recipe)
        self.model = model.to(self.device)
        self.recipe = recipe
        self.teacher = teacher
        self.global_draws = GlobalDraws(self.device, int(seeds[3]))
        self._penalties = self._watchers(penalty)  # before an optimiser claims the weights: it may refuse
        self.batches = Batches.of(dataset, recipe, self.device, order, changes)
        self.optimizers = Optimizers(self.model, recipe, int(seeds[1]))
        self.place = Place()
        self.records: list[EpochRecord] = []
        self.best = Best() if recipe.select == "best" else None
        self.order_before = order.get_state()
        self.forward_pass: Callable[..., Any] = self.model
        if recipe.compile:
            self.forward_pass = torch.compile(self.model, dynamic=False)
        self._largest_label = int(dataset.y_train.max())

    def _watchers(self, penalty: Penalty | None) -> list[Penalty]:
        """What watches every forward pass and adds to the loss."""
        recipe, teacher = self.recipe, self.teacher
        found = [penalty] if penalty is not None else []
        if recipe.events is not None:
            found.append(EventPenalty(self.model, recipe.events))
        if (teacher is None) != (recipe.distillation is None):
            raise RecipeError(
                f"recipe: distillation is {recipe.distillation!r} with {'no' if teacher is None else 'a'} "
                "teacher; allowed are both or none"
            )
        if recipe.compile and (found or teacher is not None):
            what = "a penalty" if found else "a teacher"
            raise RecipeError(f"recipe: compile is true, but {what} watches the passes; allowed is one of both")
        if teacher is not None and recipe.distillation is not None:
            found.append(Distillation(self.model, teacher, recipe.distillation))
        return found

    def close(self) -> None:
        """Give up the weights, so that another run may train them, whoever still holds this one."""
        self.optimizers.release()

    @property
    def done(self) -> bool:
        """Whether all epochs are done."""
        return self.place.epochs >= self.recipe.epochs

    def generators(self) -> dict[str, torch.Generator]:
        """Every generator outside the optimisers by name, those that modules hold as attributes among them."""
        found = {"order": self.batches.order, "changes": self.batches.changes, **self.global_draws.generators}
        for net, within in ("model", self.model), ("teacher", self.teacher):
            for path, module in within.named_modules() if within is not None else ():
                for name, value in vars(module).items():
                    if isinstance(value, torch.Generator):
                        found[f"{net}/{path}.{name}"] = value
        return found

    def epoch(self, stopped: Callable[[], bool] = lambda: False) -> EpochRecord | None:
        """Go on to the end of the epoch; None where `stopped` said, after a step, to leave it unfinished."""
        self.order_before = self.batches.order.get_state()
        groups = self.batches.epoch()
        self.model.train()
        self.optimizers.begin()
        before, flips = self.place, self.optimizers.flips
        steps, loss, seen = before.steps, before.loss, before.seen
        correct: Tensor | int = before.correct
        for group in groups[steps:]:
            more, right = self.step(group, before.epochs, steps)
            steps, loss, correct = steps + 1, loss + more, correct + right
            seen += sum(len(batch) for batch in group)
            if stopped():
                break
        flips = before.flips + self.optimizers.flips - flips
        self.place = Place(before.epochs, steps, loss, int(correct), seen, flips)
        return self._record() if steps == len(groups) else None

    def step(self, group: Group, epochs: int, steps: int) -> tuple[float, Tensor]:
        """One optimiser step, so many epochs and steps after the first.

        Gives the loss summed over its samples, and how many were right (on the device, so that nobody waits).
        """
        total = len(self.batches) * self.recipe.epochs
        now = epochs * len(self.batches) + steps
        self.optimizers.set_rates(now, total, self.recipe.warmup * len(self.batches))
        seen = sum(len(batch) for batch in group)
        losses, correct = 0.0, torch.zeros((), dtype=torch.int64, device=self.device)
        for batch in group:
            images, labels = self.batches.take(batch, epochs)
            with self.global_draws.in_place():
                loss, logits = self._forward(images, labels, now / total)
                value = float(loss.detach())
                if not math.isfinite(value):
                    raise GxnorError(f"the loss is {value} in epoch {epochs + 1}; lower the learning rates")
                if len(group) > 1:
                    loss = loss * (len(batch) / seen)
                loss.backward()  # type: ignore[no-untyped-call]
            losses += value * len(batch)
            correct += (logits.detach().argmax(1) == labels).sum()
            del loss, logits  # their graph holds float copies of the weights; the optimisers need the room
        self.optimizers.step()
        return losses, correct

    def _forward(self, images: Tensor, labels: Tensor, done: float) -> tuple[Tensor, Tensor]:
        with contextlib.ExitStack() as watching:
            for penalty in self._penalties:
                watching.enter_context(penalty)
            watching.enter_context(self._autocast())
            logits = self.forward_pass(images)
        if self._largest_label >= logits.shape[1]:
            raise InputError(
                f"the data have the label {self._largest_label}, the model gives {logits.shape[1]} logits"
            )
        loss = LOSSES[self.recipe.loss](logits.float(), labels, self.recipe.label_smoothing)
        for penalty in self._penalties:
            loss = loss + penalty.value(done)
        return loss, logits

    def _autocast(self) -> contextlib.AbstractContextManager[Any]:
        if not self.recipe.amp:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _record(self) -> EpochRecord:
        """End the epoch."""
        place = self.place
        self._check_finite()
        held_out = self.batches.held_out
        record = EpochRecord(
            epoch=place.epochs + 1,
            lr=self.optimizers.lr,
            loss=place.loss / place.seen,
            train_accuracy=place.correct / place.seen,
            validation_accuracy=self._evaluate(*held_out) if len(held_out[1]) else None,
            zero_fraction=zero_fraction(self.model),
            flips=place.flips,
        )
        self.place = Place(epochs=record.epoch)
        self.records.append(record)
        self.order_before = self.batches.order.get_state()
        accuracy = record.validation_accuracy
        if self.best is not None and accuracy is not None and accuracy >= self.best.accuracy:
            self.best = Best(record.epoch, accuracy, copied_state(self.model))
        return record

    def _evaluate(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> float:
        with self.global_draws.in_place():
            return evaluate(self.model, images, labels)

    def _check_finite(self) -> None:
        """The loss says so a step later, and activations that are levels may hide it for good."""
        for name, value in model_state(self.model).items():
            if value.is_floating_point() and not bool(value.isfinite().all()):
                raise GxnorError(
                    f"{name} holds numbers that are not finite after epoch {self.place.epochs + 1}; lower the "
                    "learning rates"
                )

    def finish(self) -> int:
        """Give the model the weights to keep, in eval mode; the epoch they are of."""
        if self.best is not None:
            set_state(self.model, self.best.weights)
        self.model.eval()
        return self.best.epoch if self.best is not None else self.place.epochs


def _device(model: nn.Module, recipe: Recipe) -> torch.device:
    if recipe.device == "cuda" and not torch.cuda.is_available():
        raise RecipeError("recipe: device is 'cuda', but torch finds none here; allowed is 'cpu'")
    first = next(model.parameters(), None)
    here = first.device if first is not None else torch.device("cpu")
    device = torch.device(recipe.device) if recipe.device is not None else here
    for name, wanted, reason in (
        ("amp", recipe.amp, "a CPU has no use for it"),
        ("compile", recipe.compile, "on a CPU compiled steps are slower (lenet: 43 ms against 35 ms)"),
    ):
        if wanted and device.type != "cuda":
            raise RecipeError(f"recipe: {name} is for CUDA only; the device is {str(device)!r}, and {reason}")
    return device
