"""The state of a run in a file: a run that was killed goes on from there to the very same weights.

One safetensors file holds everything that changes from step to step: weights (levels packed), what the optimisers
remember, the state of every random generator, the best weights so far, and where the run stands. Beside it stands
what must be the same when the run goes on: recipe, data, model and teacher. Nothing is ever unpickled.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from gxnor_snn.data import Dataset
from gxnor_snn.errors import CheckpointError, GxnorError
from gxnor_snn.files import read_tensors, write_tensors

from .damage import one_line
from .history import EpochRecord
from .nested import Scalar, flatten, rebuild
from .recipe import Recipe
from .run import Best, Place, Run
from .weights import check_statistics, copied_state, model_state, restored, set_state, stored

__all__ = ["StateFile"]

_KIND = "gxnor-training"
_VERSION = "1"


class _Progress(BaseModel):
    """Everything in the file but tensors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    place: Place
    records: list[EpochRecord]
    best_epoch: int
    best_accuracy: float
    scalars: dict[str, Scalar]
    seconds: float


class StateFile:
    """The file of one run.

    Parameters
    ----------
    path
        Where it lies or will lie.
    run
        Whose state it holds.
    dataset
        What the run is trained on; its training part is part of the identity.
    """

    def __init__(self, path: str | os.PathLike[str], run: Run, dataset: Dataset) -> None:
        self.path = Path(path)
        self._run = run
        self._identity = {
            "recipe": run.recipe.model_dump_json(),
            "data": _digest(dataset),
            "model": f"{getattr(run.model, 'spec', '')}\n{run.model}",
            "teacher": _digest_of_weights(run.teacher) if run.teacher is not None else "",
        }

    def save(self, seconds: float) -> None:
        """Write the state, atomically.

        Parameters
        ----------
        seconds
            Time spent so far.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        run = self._run
        wanted, best = model_state(run.model), run.best or Best()
        tensors = {f"model/{name}": stored(value) for name, value in wanted.items()}
        tensors |= {f"best/{name}": stored(value, wanted[name]) for name, value in best.weights.items()}
        scalars: dict[str, Scalar] = {}
        for path, leaf in flatten(_remembered(run), "state"):
            if isinstance(leaf, np.ndarray):
                tensors[path] = leaf
            else:
                scalars[path] = leaf
        progress = _Progress(
            place=run.place,
            records=run.records,
            best_epoch=best.epoch,
            best_accuracy=best.accuracy,
            scalars=scalars,
            seconds=seconds,
        )
        texts = {**self._identity, "progress": progress.model_dump_json()}
        write_tensors(self.path, tensors, {"kind": _KIND, "version": _VERSION, **texts})

    def load(self) -> float:
        """Set the run to the state of the file; the seconds that had been spent on it.

        Raises
        ------
        CheckpointError
            If the file is missing, damaged, of another kind or version, or belongs to another recipe, other data,
            another model or another teacher. The model is as it was then.
        """
        tensors, texts = read_tensors(self.path, kind=_KIND, what="training state", error=CheckpointError)
        before, good = copied_state(self._run.model), False
        try:
            if texts.get("version") != _VERSION:
                raise ValueError(f"version is {texts.get('version')!r}, this program reads {_VERSION!r}")
            self._compare_identity(texts)
            progress = _Progress.model_validate_json(texts["progress"])
            _check_place(progress, self._run)
            # one step, so that the optimisers remember something: the pattern of what the file must hold
            self._run.step([torch.arange(2, device=self._run.device)], 0, 0)
            self._apply(tensors, progress)
            good = True
        except (ValueError, KeyError, RuntimeError) as error:
            raise CheckpointError(f"training state {self.path}: {one_line(error, 'progress')}") from error
        finally:
            if not good:
                set_state(self._run.model, before)
        return progress.seconds

    def _compare_identity(self, texts: dict[str, str]) -> None:
        for key, here in self._identity.items():
            there = texts.get(key, "") if key == "teacher" else texts[key]  # older versions knew no teacher
            if there != here and not _SAME.get(key, _differ)(there, here):
                raise ValueError(_DIFFERENCES[key](there, here))

    def _apply(self, tensors: dict[str, NDArray[Any]], progress: _Progress) -> None:
        """Take everything over; nothing is changed before everything has been found good."""
        run = self._run
        wanted = model_state(run.model)
        weights = _taken("model", tensors, wanted)
        best = _taken("best", tensors, wanted) if progress.best_epoch else {}
        for state_of_model in filter(None, (weights, best)):
            check_statistics(run.model, state_of_model)
        scalars = dict(progress.scalars)
        for name, generator in run.global_draws.generators.items():  # older versions had none
            tensors.setdefault(f"state/generators/{name}", stored(generator.get_state()))
        state = rebuild(_remembered(run), "state", tensors, scalars)
        for left in (*tensors, *scalars):
            raise ValueError(f"the entry {left!r} has no place in this run")
        set_state(run.model, weights)
        for name, optimizer in run.optimizers.members.items():
            optimizer.load_state_dict({**optimizer.state_dict(), **state["optimizers"][name]})
        for name, generator in run.generators().items():
            generator.set_state(state["generators"][name].cpu())
        run.order_before = state["generators"]["order"].cpu()
        run.place, run.records = progress.place, list(progress.records)
        if run.best is not None:
            run.best = Best(progress.best_epoch, progress.best_accuracy, best)


def _remembered(run: Run) -> dict[str, Any]:
    """What optimisers and generators hold; learning rates and other settings follow from the recipe."""
    optimizers = {
        name: {key: value for key, value in optimizer.state_dict().items() if key != "param_groups"}
        for name, optimizer in run.optimizers.members.items()
    }
    generators = {name: generator.get_state() for name, generator in run.generators().items()}
    return {"optimizers": optimizers, "generators": {**generators, "order": run.order_before}}


def _taken(prefix: str, tensors: dict[str, NDArray[Any]], wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    found = {}
    for name, value in wanted.items():
        if f"{prefix}/{name}" not in tensors:
            raise ValueError(f"the tensor '{prefix}/{name}' is missing")
        found[name] = restored(name, tensors.pop(f"{prefix}/{name}"), value).to(value.device)
    return found


def _check_place(progress: _Progress, run: Run) -> None:
    place, records = progress.place, progress.records
    steps = len(run.batches)
    good = (
        0 <= place.epochs <= run.recipe.epochs
        and 0 <= place.steps < (steps if place.epochs < run.recipe.epochs else 1)
        and place.seen >= 2 * place.steps
        and 0 <= min(place.correct, place.flips) <= max(place.correct, place.flips) < 2**53
        and [record.epoch for record in records] == list(range(1, place.epochs + 1))
    )
    chosen = range(1, place.epochs + 1) if run.best is not None and place.epochs else (0,)
    if not good or progress.best_epoch not in chosen:
        raise ValueError(
            f"{place} with {len(records)} records, best epoch {progress.best_epoch}, is no place in "
            f"{run.recipe.epochs} epochs of {steps} steps"
        )


def _digest(dataset: Dataset) -> str:
    sha = hashlib.sha256()
    for array in (dataset.x_train, dataset.y_train):
        sha.update(f"{array.dtype} {array.shape}".encode())
        sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()


def _digest_of_weights(model: torch.nn.Module) -> str:
    sha = hashlib.sha256(str(model).encode())
    for name, value in model_state(model).items():
        sha.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        sha.update(np.ascontiguousarray(stored(value)).data)
    return sha.hexdigest()


def _differ(there: str, here: str) -> bool:
    return False


def _same_recipe(there: str, here: str) -> bool:
    """Whether a recipe that a version with fewer settings wrote means the same, those having their defaults."""
    try:
        return Recipe.model_validate_json(there) == Recipe.model_validate_json(here)
    except (ValueError, GxnorError):
        return False


def _recipes_differ(there: str, here: str) -> str:
    old, new = json.loads(there), json.loads(here)
    if not isinstance(old, dict):
        return "its recipe is damaged"
    key = next((key for key in new if old.get(key) != new[key]), None)
    if key is None:
        return "its recipe is that of another version of this program"
    return f"it belongs to another recipe: {key} was {old.get(key)!r}, is {new[key]!r}"


_SAME: Mapping[str, Callable[[str, str], bool]] = {"recipe": _same_recipe}
_DIFFERENCES: Mapping[str, Callable[[str, str], str]] = {
    "recipe": _recipes_differ,
    "data": lambda there, here: f"it belongs to other training data (sha256 {there[:12]}..., here {here[:12]}...)",
    "model": lambda there, here: "it belongs to another model: layers or their arguments differ",
    "teacher": lambda there, here: "it belongs to a run with another teacher, or without one",
}
