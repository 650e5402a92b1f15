"""Training a model by a recipe, from beginning to end."""

import contextlib
import time
from collections.abc import Iterator

import torch
from torch import nn

from gxnor_snn.data import Dataset

from .history import History
from .penalty import Penalty
from .progress import progress_bar
from .recipe import Recipe
from .run import Run

__all__ = ["fit"]


def fit(
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    *,
    progress: bool = False,
    penalty: Penalty | None = None,
) -> History:
    """Train `model` in place on the training part of `dataset`; the test part is never looked at.

    DST moves the discrete parameters, Adam all others; a model without discrete parameters is trained by Adam
    alone. The model is left in eval mode, on the device of the recipe.

    Parameters
    ----------
    model
        Takes uint8 images and gives logits (B, classes).
    dataset
        Its training part is used, less the recipe's held-out samples.
    recipe
        How to train.
    progress
        Show a progress bar with accuracy, zero weights and flips.
    penalty
        Something more to make small.

    Returns
    -------
    History
        The same model, data and recipe give the same weights and history (up to `seconds`) on one kind of
        CPU with one number of threads.

    Raises
    ------
    RecipeError
        If fewer than two training samples are left, or the device is not there.
    InputError
        If a label has no logit, or the model has no parameters.
    GxnorError
        If the loss or a gradient stops being finite.
    """
    run = Run(model, dataset, recipe, penalty)
    began = time.perf_counter()
    with _threads(recipe.threads), progress_bar(recipe.epochs, shown=progress) as report:
        while not run.done:
            record = run.epoch()
            if record is not None:
                report(record)
    selected = run.finish()
    return History(tuple(run.records), selected, time.perf_counter() - began)


@contextlib.contextmanager
def _threads(number: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
