"""`gxnor train`: the checkpoint holds what was asked for, and bad input is refused before any training."""

import csv
import hashlib
import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from gxnor_snn.data import load
from gxnor_snn.models import METHODS, mlp
from gxnor_snn.train import EpochRecord, TensorBoardLog, evaluate, load_checkpoint, save_checkpoint
from gxnor_snn.train.checkpoint import read_checkpoint

QUICK = ("--model", "mlp", "--set", "hidden=[4]", "--epochs", 2)


def test_checkpoint_history_and_table(work, tmp_path, gxnor) -> None:
    out, history = tmp_path / "net.safetensors", tmp_path / "deep" / "history.csv"
    words = ("--data", work.data, *QUICK, "--recipe", work.recipe, "--seed", 7, "--out", out, "--history", history)
    text = gxnor("train", *words).stdout
    held = read_checkpoint(out)
    assert held.model.spec.factory == "mlp"
    assert held.model.spec.kwargs["hidden"] == [4]
    assert held.model.spec.kwargs["classes"] == 3
    assert held.model.spec.kwargs["seed"] == 7
    assert held.metadata["seed"] == "7"
    assert held.metadata["command"].startswith("gxnor train --data ")
    assert [int(row["epoch"]) for row in csv.DictReader(history.open())] == [1, 2]
    assert "test accuracy" in text
    assert f"wrote {out}" in text
    assert f"wrote {history}" in text


def test_same_seed_same_weights_other_seed_other_weights(work, tmp_path, gxnor) -> None:
    weights = []
    for i, seed in enumerate((5, 5, 6)):
        out = tmp_path / f"{i}.safetensors"
        gxnor("train", "--data", work.data, *QUICK, "--recipe", work.recipe, "--seed", seed, "--out", out, "-q")
        weights.append({n: p.clone() for n, p in load_checkpoint(out).state_dict().items()})
    assert all(weights[0][n].equal(weights[1][n]) for n in weights[0])
    assert not all(weights[0][n].equal(weights[2][n]) for n in weights[0])


def test_the_recipe_file_decides_and_options_go_before_it(work, tmp_path, gxnor) -> None:
    recipe, out = tmp_path / "own.toml", tmp_path / "net.safetensors"
    recipe.write_text(work.recipe.read_text() + "seed = 9\n")
    gxnor("train", "--data", work.data, "--model", "mlp", "--recipe", recipe, "--out", out, "-q")
    held = read_checkpoint(out)
    assert (held.model.spec.kwargs["seed"], len(held.history.epochs)) == (9, 2)
    gxnor("train", "--data", work.data, "--model", "mlp", "--recipe", recipe, "--epochs", 1, "--out", out, "-q")
    assert len(read_checkpoint(out).history.epochs) == 1


def test_a_preset_brings_its_model_arguments_and_set_goes_before_them(work, tmp_path, gxnor) -> None:
    out = tmp_path / "net.safetensors"
    words = ("train", "--data", work.data, *QUICK, "--recipe", "repo", "--out", out, "-q")
    gxnor(*words)
    assert load_checkpoint(out).spec.kwargs["r"] == 1.0
    assert load_checkpoint(out).spec.kwargs["tie"] == "fire"
    gxnor(*words, "--set", "r=0.25", "--set", "window=tri")
    assert load_checkpoint(out).spec.kwargs["r"] == 0.25
    assert load_checkpoint(out).spec.kwargs["window"] == "tri"


def test_quiet_prints_nothing(work, tmp_path, gxnor) -> None:
    words = ("--data", work.data, *QUICK, "--recipe", work.recipe, "--out", tmp_path / "n.safetensors")
    assert gxnor("train", *words, "--quiet").output == ""


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (("--model", "nope"), "'nope'.*mlp, lenet"),
        (("--recipe", "nope"), "'nope'.*paper, repo, best"),
        (("--recipe", "missing.toml"), "missing.toml"),
        (("--set", "hidden"), "KEY=VALUE"),
        (("--set", "seed=3"), "--seed"),
        (("--set", "colour=3"), "colour"),
        (("--set", "r=-1"), "r is -1"),
        (("--set", "hidden=99999999999"), "lenet"),
        (("--model", "mlp", "--set", "hidden=[0]"), "mlp|shape|size"),
        (("--model", "lenet", "--set", "kernel=9"), "too small"),
        (("--data", "nope"), "'nope'.*digits"),
        (("--data", "missing.npz"), "missing.npz"),
    ],
)
def test_bad_input_is_refused(words, match, work, tmp_path, monkeypatch, refused) -> None:
    monkeypatch.chdir(tmp_path)
    data = () if "--data" in words else ("--data", work.data)
    refused("train", *data, *words, match=match)
    assert list(tmp_path.iterdir()) == []


def test_bad_recipes_are_refused(work, tmp_path, refused) -> None:
    recipe = tmp_path / "r.toml"
    for text, match in (
        ("epochs = ", "TOML"),
        ("epochs = 0\nbatch_size = 2\nlr = [1, 1]\nfloat_lr = [1, 1]", "epochs"),
        (work.recipe.read_text() + "colour = 3", "colour"),
        ("epochs = 1", "batch_size"),
    ):
        recipe.write_text(text)
        refused("train", "--data", work.data, "--recipe", recipe, match=match)


def test_damaged_data_sets_are_refused(work, tmp_path, refused) -> None:
    good = dict(np.load(work.data))
    for name, changes, match in (
        ("float.npz", {"x_train": good["x_train"].astype(np.float32)}, "x_train"),
        ("short.npz", {"y_train": good["y_train"][:-1]}, "59"),
        ("shape.npz", {"x_test": good["x_test"][..., :7]}, "shape"),
    ):
        path = tmp_path / name
        np.savez(path, **(good | changes))
        refused("train", "--data", path, match=match)
    cut = tmp_path / "cut.npz"
    cut.write_bytes(work.data.read_bytes()[:-100])
    refused("train", "--data", cut, match="cut.npz")


def test_a_place_that_cannot_be_written_is_refused_before_training(work, tmp_path, monkeypatch, refused) -> None:
    monkeypatch.setattr("gxnor_snn.train.fit", lambda *a, **k: pytest.fail("training began"))
    (tmp_path / "file").touch()
    refused("train", "--data", work.data, *QUICK, "--out", tmp_path, match="folder")
    refused(
        "train", "--data", work.data, *QUICK, "--out", tmp_path / "file" / "net.safetensors", match="cannot make"
    )
    refused("train", "--data", work.data, *QUICK, "--history", tmp_path, "--out", tmp_path / "n", match="folder")


def test_a_training_that_was_stopped_goes_on(work, tmp_path, monkeypatch, gxnor, refused) -> None:
    """Ctrl-C in the second epoch; the checkpoint is that of a training without a break."""
    whole, out = tmp_path / "whole.safetensors", tmp_path / "net.safetensors"
    state = tmp_path / "net.training.safetensors"
    words = ("train", "--data", work.data, "--model", "mlp", "--set", "hidden=[4]", "--recipe", work.recipe)
    gxnor(*words, "--epochs", 4, "--out", whole, "-q")
    seen = []

    def stop(self: TensorBoardLog, record: EpochRecord) -> None:
        seen.append(record)
        if len(seen) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TensorBoardLog, "__call__", stop)
    stopped = (*words, "--epochs", 4, "--out", out, "--checkpoint-every", 3, "--tensorboard", tmp_path / "log")
    assert refused(*stopped, "-q", code=130) == "gxnor: interrupted\n"
    assert state.exists()
    assert not out.exists()
    refused(*words, "--epochs", 5, "--out", out, "--resume", "-q", match="another recipe: epochs was 4, is 5")
    text = gxnor(*words, "--epochs", 4, "--out", out, "--resume").stdout
    assert f"goes on from {state}" in text
    assert not state.exists()
    first, second = read_checkpoint(whole), read_checkpoint(out)
    assert first.history.epochs == second.history.epochs
    a, b = first.model.state_dict(), second.model.state_dict()
    assert all(a[name].equal(b[name]) for name in a)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_from_training_to_checkpoint(method: str, work, tmp_path, gxnor) -> None:
    out = tmp_path / "net.safetensors"
    words = ("--data", work.data, "--model", "lenet", "--set", "channels=[8,8]", "--set", "hidden=16")
    sizes = ("--set", "kernel=3", "--set", "padding=1", "--recipe", work.recipe, "--epochs", 30)
    text = gxnor("train", *words, *sizes, "--method", method, "--out", out).stdout
    net = load_checkpoint(out)
    data = load(work.data)
    accuracy = evaluate(net, data.x_test, data.y_test)
    assert f"{100 * accuracy:.1f}" in text
    assert accuracy > 0.5  # of three classes


def test_resume_without_a_state_begins(work, tmp_path, gxnor) -> None:
    out = tmp_path / "net.safetensors"
    text = gxnor("train", "--data", work.data, *QUICK, "--recipe", work.recipe, "--out", out, "--resume").stdout
    assert "goes on" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["net.safetensors"]


def test_events_for_tensorboard(work, tmp_path, gxnor) -> None:
    words = ("--data", work.data, *QUICK, "--recipe", work.recipe, "--out", tmp_path / "net.safetensors")
    gxnor("train", *words, "--tensorboard", tmp_path / "log")
    (events,) = (tmp_path / "log").iterdir()
    assert events.name.startswith("events.out.tfevents")


def test_the_device_is_checked(work, tmp_path, gxnor, refused) -> None:
    words = ("train", "--data", work.data, *QUICK, "--recipe", work.recipe, "--out", tmp_path / "net.safetensors")
    gxnor(*words, "--device", "cpu", "-q")
    assert read_checkpoint(tmp_path / "net.safetensors").metadata["torch device"] == "cpu"
    refused(*words, "--device", "abacus", match="device: .*'cpu' or 'cuda'")


def test_as_a_program(work, tmp_path) -> None:
    out = tmp_path / "net.safetensors"
    words = ["train", "--data", str(work.data), "--model", "mlp", "--recipe", str(work.recipe), "--out", str(out)]
    code = "from gxnor_snn.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *words, "--threads", "2"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "test accuracy" in done.stdout
    assert read_checkpoint(out).metadata["torch threads"] == "2"


def test_a_teacher_s_logits_are_soft_targets(work, tmp_path, gxnor, refused) -> None:
    teacher, nets = (
        tmp_path / "float.safetensors",
        [tmp_path / "alone.safetensors", tmp_path / "taught.safetensors"],
    )
    first = ("train", "--data", work.data, *QUICK)
    words = (*first, "--recipe", work.recipe, "-q")
    gxnor(*words, "--method", "float", "--out", teacher)
    gxnor(*words, "--out", nets[0])
    gxnor(*words, "--out", nets[1], "--teacher", teacher)
    alone, taught = map(read_checkpoint, nets)
    assert taught.metadata["teacher"] == str(teacher)
    assert taught.metadata["teacher sha256"] == hashlib.sha256(teacher.read_bytes()).hexdigest()
    assert "teacher sha256" not in alone.metadata
    assert json.loads(taught.metadata["recipe"])["distillation"] == {"weight": 3.0, "temperature": 4.0}
    assert json.loads(alone.metadata["recipe"])["distillation"] is None
    states = [held.model.state_dict() for held in (alone, taught)]
    assert any(not states[0][name].equal(states[1][name]) for name in states[0])
    table = tmp_path / "own.toml"
    table.write_text(work.recipe.read_text() + "[distillation]\nweight = 0.5\n")
    gxnor(*first, "--recipe", table, "--out", nets[1], "--teacher", teacher, "-q")
    assert json.loads(read_checkpoint(nets[1]).metadata["recipe"])["distillation"]["weight"] == 0.5
    refused(*first, "--recipe", table, match="has a table .distillation., but there is no teacher")
    refused(
        "demo", "--data", work.data, "--recipe", table, "--out", tmp_path / "demo", match="there is no teacher"
    )
    assert not (tmp_path / "demo").exists()
    before = teacher.read_bytes()
    (tmp_path / "link.safetensors").symlink_to(teacher)
    for out in (teacher, tmp_path / "link.safetensors"):
        refused(*words, "--teacher", teacher, "--out", out, match="is the teacher, which it would replace")
    assert teacher.read_bytes() == before


def test_teachers_that_do_not_fit_are_refused(work, tmp_path, refused) -> None:
    shape, file = load(work.data).image_shape, tmp_path / "teacher.safetensors"
    words = ("train", "--data", work.data, *QUICK, "--recipe", work.recipe, "-q", "--out", tmp_path / "net.st")
    refused(*words, "--teacher", tmp_path / "none.safetensors", match="none.safetensors does not exist")
    refused(*words, "--teacher", tmp_path, match="is not a file")
    refused(*words, "--teacher", work.recipe, match="header")
    for other, message in (
        (mlp(shape, [4], 5), r"the teacher gives logits of shape \(\d+, 5\)"),
        (mlp((1, 28, 28), [4], 3), r"the teacher refuses the images: mlp takes images of shape \(1, 28, 28\)"),
    ):
        save_checkpoint(file, other)
        refused(*words, "--teacher", file, match=message)
    assert not (tmp_path / "net.st").exists()


def test_a_run_with_a_teacher_resumes_with_the_same_one_only(work, tmp_path, gxnor, refused, monkeypatch) -> None:
    shape, out = load(work.data).image_shape, tmp_path / "net.safetensors"
    teachers = [tmp_path / f"teacher{seed}.safetensors" for seed in (0, 1)]
    for seed, file in enumerate(teachers):
        save_checkpoint(file, mlp(shape, [4], 3, seed=seed))
    words = ("train", "--data", work.data, *QUICK, "--recipe", work.recipe, "-q", "--resume", "--out", out)
    gxnor(*words, "--teacher", teachers[0])
    whole = load_checkpoint(out).state_dict()
    with monkeypatch.context() as patch:  # Ctrl-C after the first epoch
        patch.setattr(TensorBoardLog, "__call__", lambda log, record: signal.raise_signal(signal.SIGINT))
        refused(*words, "--teacher", teachers[0], "--tensorboard", tmp_path / "log", code=130)
    refused(*words, "--teacher", teachers[1], match="another teacher, or without one")
    refused(*words, match="another recipe: distillation was")
    gxnor(*words, "--teacher", teachers[0])
    assert all(value.equal(whole[name]) for name, value in load_checkpoint(out).state_dict().items())
