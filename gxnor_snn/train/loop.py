"""Training a model by a recipe, from beginning to end."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator

import torch
from torch import distributed, nn

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.data import Dataset
from gxnor_snn.errors import GxnorError, InputError

from .history import EpochRecord, History, write_records
from .interrupts import signals_noted
from .penalty import Penalty
from .progress import progress_bar
from .recipe import Recipe
from .run import Run
from .state import StateFile

__all__ = ["fit"]


def fit(
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    *,
    progress: bool = False,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    penalty: Penalty | None = None,
    teacher: nn.Module | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 1,
    resume: bool = False,
    history: str | os.PathLike[str] | None = None,
) -> History:
    """Train `model` in place on the training part of `dataset`; the test part is never looked at.

    DST moves the discrete parameters, Adam all others; a model without discrete parameters is trained by Adam
    alone, and what the recipe says of DST has no part then. What draws from torch's global generators (dropout)
    draws from generators of the run, seeded by the recipe. The model is left in eval mode, on the device of the
    recipe.

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
    on_epoch
        Called with the record of each epoch, after it.
    penalty
        Something more to make small.
    teacher
        A trained network for the same images and classes, whose logits are soft targets as ``recipe.distillation``
        says; set to eval mode, on the device of the recipe.
    checkpoint
        File for the state of the run. It is written after every `checkpoint_every` epochs, at the end, and, in
        the main thread, when SIGINT (Ctrl-C) or SIGTERM comes, which then takes effect after a whole step.
    checkpoint_every
        Epochs from one state to the next.
    resume
        Go on from the state at `checkpoint`, to the very weights that the run would have had without the break;
        where there is no such file, begin.
    history
        CSV file of the records so far; it is written anew, atomically, after every epoch.

    Returns
    -------
    History
        The same model, data and recipe give the same weights and history (up to `seconds`) on one kind of
        CPU with one number of threads.

    Raises
    ------
    RecipeError
        If fewer than two training samples are left, the device is not there, or one of `teacher` and
        ``recipe.distillation`` is given without the other.
    InputError
        If a label has no logit, the model has no parameters, the teacher shares a part with it or gives other
        logits, `resume` is given without `checkpoint`, `checkpoint_every` is below 1, an argument is of another
        kind, several processes run (`torch.distributed`), or a file cannot be written.
    CheckpointError
        If the state at `checkpoint` is damaged or belongs to another recipe, other data, another model or another
        teacher.
    GxnorError
        If the loss, a gradient or a parameter stops being finite, or a signal has stopped the run without ending
        the program.
    """
    check_kind("fit: model", model, nn.Module)
    check_kind("fit: dataset", dataset, Dataset)
    check_kind("fit: recipe", recipe, Recipe)
    check_kind("fit: penalty", penalty, Penalty, type(None))
    check_kind("fit: teacher", teacher, nn.Module, type(None))
    if on_epoch is not None and not callable(on_epoch):
        raise InputError(f"fit: on_epoch is a {type(on_epoch).__name__}; allowed is a function of one record")
    for name, flag in ("progress", progress), ("resume", resume):
        check_kind(f"fit: {name}", flag, bool)
    for name, path in ("checkpoint", checkpoint), ("history", history):
        check_kind(f"fit: {name}", path, str, os.PathLike, type(None))
    if not is_integer(checkpoint_every, 1) or (resume and checkpoint is None):
        raise InputError(
            f"fit: checkpoint is {checkpoint}, checkpoint_every {checkpoint_every}, resume {resume}; "
            "resume needs a checkpoint, checkpoint_every is at least 1"
        )
    if distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1:
        raise InputError(
            f"fit trains in one process, and {distributed.get_world_size()} run; several share a training by "
            "DST(process_group=...) in a loop of your own"
        )
    with contextlib.closing(Run(model, dataset, recipe, penalty, teacher)) as run:
        state = StateFile(checkpoint, run, dataset) if checkpoint is not None else None
        return _run(run, state, checkpoint_every, resume=resume, history=history, progress=progress, told=on_epoch)


def _run(
    run: Run,
    state: StateFile | None,
    checkpoint_every: int,
    *,
    resume: bool,
    history: str | os.PathLike[str] | None,
    progress: bool,
    told: Callable[[EpochRecord], None] | None,
) -> History:
    """Go through the epochs that are left; arguments as those of `fit`."""
    spent = state.load() if state is not None and resume and state.path.exists() else 0.0
    began = time.perf_counter() - spent
    if history is not None and run.records:
        write_records(history, run.records)
    with (
        signals_noted(active=state is not None) as stopped,
        _threads(run.recipe.threads),
        progress_bar(run.recipe.epochs, shown=progress, done=run.place.epochs) as report,
    ):
        while not run.done and not stopped():
            record = run.epoch(stopped)
            if record is not None:
                report(record)
                if history is not None:
                    write_records(history, run.records)
                if told is not None:
                    told(record)
            due = record is None or run.done or stopped() or record.epoch % checkpoint_every == 0
            if state is not None and due:
                state.save(time.perf_counter() - began)
    if state is not None and not run.done:
        raise GxnorError(f"training was stopped by a signal; its state is in {state.path}")
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
