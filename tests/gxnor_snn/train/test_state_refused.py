"""No other run's state is taken, and no damaged one."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import CheckpointError
from gxnor_snn.files import write_tensors
from gxnor_snn.train import EpochRecord, Recipe, fit

from .resuming import RECIPE, BrokenError, break_after, net, read


@pytest.fixture
def halfway(data: Dataset, file: Path) -> Path:
    with pytest.raises(BrokenError):
        fit(net(), data, RECIPE, checkpoint=file, on_epoch=break_after(2))
    return file


def refused(
    file: Path, data: Dataset, message: str, recipe: Recipe = RECIPE, model: nn.Module | None = None
) -> None:
    model = net() if model is None else model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(CheckpointError, match=message) as caught:
        fit(model, data, recipe, checkpoint=file, resume=True)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_state_of_another_recipe(halfway: Path, data: Dataset) -> None:
    refused(
        halfway, data, r"another recipe: lr was \[0.3, 0.05\], is \[0.2, 0.05\]", RECIPE.replace(lr=(0.2, 0.05))
    )
    refused(halfway, data, "another recipe: seed was 0, is 1", RECIPE.replace(seed=1))
    refused(halfway, data, "another recipe: augment was", RECIPE.replace(augment=None, plain_epochs=0))


def test_a_recipe_of_fewer_settings_is_the_same_if_the_others_have_their_defaults(
    halfway: Path, data: Dataset
) -> None:
    tensors, texts = read(halfway)
    recipe = json.loads(texts["recipe"])
    assert recipe.pop("weight_lr_scale") is None
    write_tensors(halfway, tensors, {**texts, "recipe": json.dumps(recipe)})
    assert len(fit(net(), data, RECIPE, checkpoint=halfway, resume=True).epochs) == 4
    write_tensors(halfway, tensors, {**texts, "recipe": json.dumps({**recipe, "more": 1})})
    refused(halfway, data, "another version")


def test_the_history_file_grows_with_every_epoch(file: Path, data: Dataset, tmp_path: Path) -> None:
    grown, whole = tmp_path / "deep" / "history.csv", tmp_path / "whole.csv"
    seen: list[int] = []

    def stop_after_two(record: EpochRecord) -> None:
        seen.append(len(grown.read_text().splitlines()) - 1)
        if record.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(net(), data, RECIPE, checkpoint=file, history=grown, on_epoch=stop_after_two)
    assert seen == [1, 2]
    fit(net(), data, RECIPE, checkpoint=file, history=grown, resume=True)
    fit(net(), data, RECIPE).to_csv(whole)
    assert grown.read_text() == whole.read_text()
    grown.unlink()
    fit(net(), data, RECIPE, checkpoint=file, history=grown, resume=True)  # nothing is left to do
    assert grown.read_text() == whole.read_text()


def test_the_state_of_other_data(halfway: Path, data: Dataset) -> None:
    x = data.x_train.copy()
    x[7, 0, 3, 3] ^= 1
    refused(halfway, Dataset("few", x, data.y_train, data.x_test, data.y_test), "other training data")
    y = (data.y_train + 1) % 10
    refused(halfway, Dataset("few", data.x_train, y, data.x_test, data.y_test), "other training data")


@pytest.mark.parametrize("arguments", [{"n1": 2}, {"r": 0.4}, {"tie": "fire"}, {"seed": 1}])
def test_the_state_of_another_model(halfway: Path, data: Dataset, arguments: dict[str, object]) -> None:
    refused(halfway, data, "another model", model=net(**arguments))


def test_a_checkpoint_is_no_state(data: Dataset, file: Path) -> None:
    from gxnor_snn.train import save_checkpoint

    save_checkpoint(file, net())
    refused(file, data, "kind is 'gxnor-checkpoint', expected 'gxnor-training'")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_cut_file(halfway: Path, data: Dataset, share: float) -> None:
    content = halfway.read_bytes()
    halfway.write_bytes(content[: int(len(content) * share)])
    refused(halfway, data, "training state")


@pytest.mark.parametrize("place", [0.001, 0.4, 0.7, 0.99])
def test_a_flipped_bit(halfway: Path, data: Dataset, place: float) -> None:
    content = bytearray(halfway.read_bytes())
    content[int(len(content) * place)] ^= 16
    halfway.write_bytes(bytes(content))
    refused(halfway, data, "training state")


def spoil(key: str, value: object) -> Callable[[dict, dict], None]:
    """Change an entry of the progress; `key` is a path."""

    def change(tensors: dict, texts: dict) -> None:
        whole = json.loads(texts["progress"])
        *path, last = key.split("/")
        inner = whole
        for part in path:
            inner = inner[int(part) if isinstance(inner, list) else part]
        inner[last] = value
        texts["progress"] = json.dumps(whole)

    return change


def tensor(name: str, change: Callable[[np.ndarray], np.ndarray | None]) -> Callable[[dict, dict], None]:
    def apply(tensors: dict, texts: dict) -> None:
        (full,) = [key for key in tensors if key.endswith(name)]
        changed = change(tensors.pop(full).copy())
        if changed is not None:
            tensors[full] = changed

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors, texts: texts.update(version="2"), "version is '2', this program reads '1'"),
        (lambda tensors, texts: texts.pop("progress"), "entry 'progress' is missing"),
        (lambda tensors, texts: texts.pop("recipe"), "entry 'recipe' is missing"),
        (lambda tensors, texts: texts.update(recipe="{"), "."),
        (lambda tensors, texts: texts.update(recipe="[]"), "recipe is damaged"),
        (lambda tensors, texts: texts.update(progress="[1, 2]"), "progress: "),
        (lambda tensors, texts: texts.update(progress="{" * 5000), "progress: "),
        (spoil("place/epochs", 5), "no place in 4 epochs"),
        (spoil("place/epochs", -1), "no place in 4 epochs"),
        (spoil("place/epochs", "2"), r"progress: place\.epochs"),
        (spoil("place/steps", 6), "no place in 4 epochs of 6 steps"),
        (spoil("place/steps", 3), "no place in"),
        (spoil("place/flips", 10**400), "progress: |no place"),
        (spoil("best_epoch", 9), "best epoch 9, is no place"),
        (spoil("best_epoch", 0), "best epoch 0, is no place"),
        (spoil("records", []), "0 records"),
        (spoil("records/0/loss", "small"), r"progress: records\.0\.loss"),
        (spoil("seconds", None), "progress: seconds"),
        (spoil("extra", 1), "progress: extra"),
        (spoil("scalars", {"a": [1]}), "progress: scalars"),
        (spoil("scalars/more", 1), "'more' has no place"),
        (tensor("model/fc1.levels", lambda a: None), "'model/fc1.levels' is missing"),
        (tensor("model/fc1.levels", lambda a: a[1:]), "model/fc1.levels|fc1.levels: 383 bytes cannot be"),
        (tensor("model/fc1.levels", lambda a: a | 3), "fc1.levels: .*unused code 3"),
        (tensor("model/bn1.weight", lambda a: a.astype(np.float64)), "bn1.weight is float64"),
        (tensor("best/bn1.bias", lambda a: a[:3]), "bn1.bias is float32 of shape"),
        (tensor("model/bn1.running_var", lambda a: a - 1e9), "bn1.running_var holds -"),
        (tensor("best/bn2.running_var", lambda a: a - 1e9), "bn2.running_var holds -"),
        (tensor("adam/state/0/exp_avg", lambda a: a * np.nan), "exp_avg holds numbers that are not finite"),
        (tensor("adam/state/0/exp_avg", lambda a: a[:2]), "exp_avg is float32 of shape"),
        (tensor("adam/state/0/step", lambda a: a - 100), "a counter is not negative"),
        (tensor("generators/changes", lambda a: a[:-1]), "generators/changes is uint8 of shape"),
        (tensor("generators/order", lambda a: a * 0 + 255), "."),
        (lambda tensors, texts: tensors.update(more=np.zeros(3)), "'more' has no place"),
    ],
)
def test_hostile_files_with_a_good_digest(
    halfway: Path, data: Dataset, change: Callable[[dict, dict], None], message: str
) -> None:
    tensors, texts = read(halfway)
    change(tensors, texts)
    write_tensors(halfway, tensors, texts)
    refused(halfway, data, message)
