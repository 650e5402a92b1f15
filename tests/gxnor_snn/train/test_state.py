"""A run that was broken off goes on to the very same weights, and no other run's state is taken."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import CheckpointError, GxnorError, InputError
from gxnor_snn.files import read_tensors, write_tensors
from gxnor_snn.models import DiscreteNet, mlp
from gxnor_snn.train import Augmentation, EpochRecord, History, Recipe, Transitions, fit

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


def few() -> Dataset:
    """Ten patterns under noise; quicker to have in a new program than a data set."""
    rng = np.random.default_rng(5)
    labels = np.arange(500) % 10
    noisy = rng.integers(0, 17, (10, 1, 8, 8))[labels] + rng.integers(-8, 9, (500, 1, 8, 8))
    images = np.clip(noisy, 0, 16).astype(np.uint8)
    return Dataset("few", images[:400], labels[:400], images[400:], labels[400:])


@pytest.fixture(scope="module")
def data() -> Dataset:
    return few()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


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
        {"moments": "int8", "fused": True},
        {"moments": "factored", "rounding": "unbiased"},
        {"rule": "adamax_shift", "rounding": "lut16"},
        {"rule": "sgd", "source": "lfsr15"},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_whatever_dst_remembers(data: Dataset, file: Path, options: dict[str, object]) -> None:
    broken_and_resumed(net, data, RECIPE.replace(dst=Transitions(**options)), file, 2)


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


def progress(file: Path) -> dict[str, object]:
    return json.loads(read(file)[1]["progress"])


def read(file: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    return read_tensors(file, kind="gxnor-training", what="state", error=CheckpointError)


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


# --- a real program, really killed -------------------------------------------------------------------------------

PROGRAM = """
import sys, time
import torch
torch.set_num_threads(1)
from tests.gxnor_snn.train.test_state import SLOW, net, few
from gxnor_snn.train import fit
fit(net(), few(), SLOW, checkpoint=sys.argv[1], on_epoch=lambda record: time.sleep(0.5))
"""
SLOW = RECIPE.replace(epochs=10)


def start(file: Path) -> "subprocess.Popen[str]":
    root = Path(__file__).parents[3]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(root)])}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(file)], cwd=root, env=env, stderr=subprocess.PIPE, text=True
    )


def wait_for(file: Path, running: "subprocess.Popen[str]") -> None:
    """Until the file holds at least two epochs; it is whole at any time."""
    for _ in range(1200):
        if file.exists() and progress(file)["place"]["epochs"] >= 2:
            return
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.05)
    pytest.fail("no state was written")


def test_a_program_that_is_killed(tmp_path: Path) -> None:
    """By each of three signals; three programs at once, since they mostly wait."""
    files = {n: tmp_path / f"{n}.safetensors" for n in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)}
    programs = {number: start(file) for number, file in files.items()}
    whole = net()
    history = fit(whole, few(), SLOW)
    for number, running in programs.items():
        wait_for(files[number], running)
        running.send_signal(number)
        _, stderr = running.communicate(timeout=60)
        assert running.returncode == -number, stderr
    for file in files.values():
        assert 2 <= progress(file)["place"]["epochs"] < SLOW.epochs
        model = net()
        resumed = fit(model, few(), SLOW, checkpoint=file, resume=True)
        assert resumed.epochs == history.epochs
        assert alike(model, whole)


@pytest.mark.parametrize("step", [0, 3, 5])
def test_a_signal_takes_effect_between_two_steps(data: Dataset, file: Path, step: int) -> None:
    """The state is of that very step, in the middle of an epoch."""
    seen: list[nn.Module] = []

    def note(module: nn.Module, inputs: object) -> None:
        seen.extend([module] * module.training)
        if module.training and len(seen) == 6 + step + 1:
            signal.raise_signal(signal.SIGINT)

    whole, model = net(), net()
    history = fit(whole, data, RECIPE)
    model.register_forward_pre_hook(note)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(model, data, RECIPE, checkpoint=file)
    assert signal.getsignal(signal.SIGINT) is handler
    place = progress(file)["place"]
    assert (place["epochs"], place["steps"]) == ((1, step + 1) if step < 5 else (2, 0))  # 6 steps are an epoch
    other = net()
    assert fit(other, data, RECIPE, checkpoint=file, resume=True).epochs == history.epochs
    assert alike(other, whole)


def test_a_signal_that_ends_nothing_is_no_end_of_training(data: Dataset, file: Path) -> None:
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        with pytest.raises(GxnorError, match="stopped by a signal; its state is in"):
            fit(net(), data, RECIPE, checkpoint=file, on_epoch=lambda _: signal.raise_signal(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_the_main_thread_signals_are_left_alone(data: Dataset, file: Path) -> None:
    histories: list[History] = []
    thread = threading.Thread(target=lambda: histories.append(fit(net(), data, RECIPE, checkpoint=file)))
    thread.start()
    thread.join()
    assert len(histories[0].epochs) == 4


# --- what is not taken --------------------------------------------------------------------------------------------


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
