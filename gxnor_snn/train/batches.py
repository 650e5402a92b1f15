"""The training samples of a run: what is held out, shuffled batches on the device, augmentation."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gxnor_snn.data import Dataset
from gxnor_snn.errors import RecipeError

from .augment import augment
from .recipe import Recipe

__all__ = ["Batches", "Group"]

Group = list[Tensor]
"""Indices of the batches of one optimiser step."""


@dataclass(frozen=True)
class Batches:
    """Samples that are trained on, on the device of the model, and how they are drawn.

    Attributes
    ----------
    images
        uint8 (N, C, H, W).
    labels
        int64 (N,).
    held_out
        Images and labels that are never trained on.
    order, changes
        Draw the order of samples and their augmentation; both on the CPU.
    """

    images: Tensor
    labels: Tensor
    held_out: tuple[NDArray[np.uint8], NDArray[np.int64]]
    order: torch.Generator
    changes: torch.Generator
    recipe: Recipe

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        recipe: Recipe,
        device: torch.device,
        order: torch.Generator,
        changes: torch.Generator,
    ) -> "Batches":
        """Hold out a random part of the training samples and move the others to the device.

        Raises
        ------
        RecipeError
            If fewer than two training samples are left.
        """
        n = len(dataset.y_train) - recipe.n_validation
        if n < 2:
            raise RecipeError(
                f"recipe: n_validation = {recipe.n_validation} leaves {n} of the {len(dataset.y_train)} "
                f"training samples of {dataset.name}; at least 2 are needed"
            )
        shuffled = torch.randperm(len(dataset.y_train), generator=order, device="cpu").numpy()
        used, held_out = shuffled[:n], shuffled[n:]
        return cls(
            images=torch.from_numpy(dataset.x_train[used]).to(device),
            labels=torch.from_numpy(dataset.y_train[used]).to(device),
            held_out=(dataset.x_train[held_out], dataset.y_train[held_out]),
            order=order,
            changes=changes,
            recipe=recipe,
        )

    def __len__(self) -> int:
        """Optimiser steps per epoch."""
        full, rest = divmod(len(self.labels), self.recipe.batch_size)
        return -(-(full + (rest > 1)) // self.recipe.accumulate)

    def epoch(self) -> list[Group]:
        """The groups of one epoch, newly shuffled; a single last sample is left out (it has no statistics)."""
        order = torch.randperm(len(self.labels), generator=self.order, device="cpu").to(self.labels.device)
        batches = [batch for batch in torch.split(order, self.recipe.batch_size) if len(batch) > 1]
        step = self.recipe.accumulate
        return [batches[i : i + step] for i in range(0, len(batches), step)]

    def take(self, batch: Tensor, epochs: int) -> tuple[Tensor, Tensor]:
        """Images and labels of one batch after so many epochs, augmented where the recipe wants that."""
        images, recipe = self.images[batch], self.recipe
        if recipe.augment is not None and epochs < recipe.epochs - recipe.plain_epochs:
            images = augment(images, recipe.augment, self.changes)
        return images, self.labels[batch]
