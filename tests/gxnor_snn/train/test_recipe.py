import re
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from gxnor_snn.errors import InputError, RecipeError
from gxnor_snn.layers import DiscreteActivation
from gxnor_snn.models import lenet
from gxnor_snn.train import (
    PRESETS,
    Augmentation,
    DistillationSettings,
    EventPenalty,
    Recipe,
    Transitions,
    demo_setup,
)
from gxnor_snn.train.recipe import _toml_lines

GOOD = {"epochs": 3, "batch_size": 50, "lr": (0.1, 1e-3), "float_lr": (0.01, 1e-3)}


def test_a_recipe_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Recipe(**GOOD).epochs = 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs: .*got 0"),
        ({"epochs": "many"}, "epochs: .*got 'many'"),
        ({"batch_size": 1}, "batch_size"),
        ({"lr": (0.1, 0.0)}, "lr.1: "),
        ({"lr": (float("inf"), 0.1)}, "lr.0: "),
        ({"lr": 0.1}, "lr: "),
        ({"betas": (1.0, 0.9)}, "betas.0"),
        ({"lr": (1e300, 0.1)}, "lr.0"),
        ({"m": 1e300}, "m: "),
        ({"batch_size": 10**30}, "batch_size"),
        ({"threads": 10**30}, "threads"),
        ({"dst": {"zero_bias": 1e300}}, "zero_bias"),
        ({"m": -1}, "m: "),
        ({"loss": "l1"}, "loss: .*'squared_hinge' or 'cross_entropy'"),
        ({"select": "best"}, "select = 'best' needs n_validation"),
        ({"n_validation": -1}, "n_validation"),
        ({"seed": -1}, "seed"),
        ({"threads": 0}, "threads"),
        ({"epoch": 3}, "epoch: "),
        ({"label_smoothing": 1.0}, "label_smoothing"),
        ({"label_smoothing": 0.1}, "label_smoothing needs loss = 'cross_entropy'"),
        ({"plain_epochs": 2}, "plain_epochs needs augment"),
        ({"augment": {"rotate": -3}}, "augment: rotate: .*got -3"),
        ({"augment": "much"}, "augment"),
        ({"dst": {"eps": 0}}, "dst: eps"),
        ({"dst": {"fused": True}, "accumulate": 2}, "neither accumulate nor clip_gradient"),
        ({"dst": {"fused": True}, "clip_gradient": 1.0}, "neither accumulate nor clip_gradient"),
        ({"warmup": 3}, "warmup must be shorter than epochs"),
        ({"schedule": "linear"}, "schedule: .*'geometric' or 'cosine'"),
        ({"accumulate": 0}, "accumulate"),
        ({"clip_gradient": 0}, "clip_gradient"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"device": "tpu"}, "device: .*'cpu' or 'cuda'"),
    ],
)
def test_bad_values_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message) as caught:
        Recipe(**{**GOOD, **change})
    assert "\n" not in str(caught.value)


def test_replace_validates() -> None:
    recipe = Recipe(**GOOD)
    assert recipe.replace(epochs=9) == Recipe(**{**GOOD, "epochs": 9})
    with pytest.raises(RecipeError, match="epochs"):
        recipe.replace(epochs=-1)


def test_toml(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text("epochs = 3\nbatch_size = 50\nlr = [0.1, 1e-3]\nfloat_lr = [0.01, 1e-3]\n")
    assert Recipe.from_toml(file) == Recipe(**GOOD)


def test_toml_with_tables(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text(
        "epochs = 3\nbatch_size = 50\nlr = [0.1, 1e-3]\nfloat_lr = [0.01, 1e-3]\nplain_epochs = 1\n"
        "[augment]\nrotate = 10\nscale = [0.9, 1.1]\nshift = 2\n"
    )
    augmentation = Augmentation(rotate=10, scale=(0.9, 1.1), shift=2)
    assert Recipe.from_toml(file) == Recipe(**GOOD, plain_epochs=1, augment=augmentation)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lr": (0.1, 1e-7), "loss": "cross_entropy", "label_smoothing": 0.1, "threads": 2, "amp": True},
        {"dst": Transitions(moments=("int7", "int8"), zero_bias=0.1, fused=True)},
        {"augment": Augmentation(rotate=10, scale=(0.9, 1.1), flip=True), "plain_epochs": 1, "device": "cpu"},
    ],
)
def test_toml_there_and_back(tmp_path: Path, changes: dict[str, object]) -> None:
    recipe = Recipe(**GOOD, **{key: value for key, value in changes.items() if key not in GOOD}).replace(**changes)
    recipe.to_toml(tmp_path / "recipe.toml")
    assert Recipe.from_toml(tmp_path / "recipe.toml") == recipe


@pytest.mark.parametrize("name", PRESETS)
def test_presets_there_and_back(tmp_path: Path, name: str) -> None:
    PRESETS[name].recipe.to_toml(tmp_path / "recipe.toml")
    assert Recipe.from_toml(tmp_path / "recipe.toml") == PRESETS[name].recipe


def test_toml_of_inner_tables_and_odd_keys() -> None:
    table = {"a": {"b c": {"d": [1, 2.5e-9]}, "e": None, "f": 'quo"te\n'}, "g": True}
    text = "\n".join(_toml_lines(table))
    assert tomllib.loads(text) == {"a": {"b c": {"d": [1, 2.5e-9]}, "f": 'quo"te\n'}, "g": True}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"epochs = ", "is not a TOML file"),
        (b"\xff\xfe", "is not a TOML file"),
        (b"epochs = 3", "batch_size: Field required"),
        (b"epochs = 3\ncolour = 1", "colour|batch_size"),
        (b"epochs = 3\nself = 1", "self|batch_size"),
        (b"a = " + b"[" * 5000, "is not a TOML file"),
    ],
)
def test_bad_toml_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "recipe.toml"
    file.write_bytes(content)
    with pytest.raises(RecipeError, match=message) as caught:
        Recipe.from_toml(file)
    assert str(file) in str(caught.value)


def test_the_document_has_every_key_and_no_other() -> None:
    document = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")
    table = document[document.index("| key |") :].split("\n\n")[0]
    keys = re.findall(r"^\| `\[?(\w+)\]?` \|", table, flags=re.MULTILINE)
    assert sorted(keys) == sorted(Recipe.model_fields)
    limits = next(line for line in table.splitlines() if line.startswith("| `[augment]`"))
    assert set(re.findall(r"`(\w+)`", limits)) == set(Augmentation.model_fields)


def test_the_recipe_of_the_document_is_one(tmp_path: Path) -> None:
    document = (Path(__file__).parents[3] / "docs" / "training.md").read_text(encoding="utf-8")
    text = "\n".join(re.findall(r"```toml\n(.*?)```", document, flags=re.DOTALL))
    (tmp_path / "mine.toml").write_text(text)
    recipe = Recipe.from_toml(tmp_path / "mine.toml")
    assert recipe.augment is not None
    assert recipe.dst.fused
    assert recipe.distillation == DistillationSettings()
    assert recipe.events is not None
    EventPenalty(lenet((1, 8, 8), channels=(4, 4), kernel=3, padding=1), recipe.events)  # its layers are there


def test_missing_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.toml: No such file"):
        Recipe.from_toml(tmp_path / "none.toml")


def test_the_published_presets_differ_in_the_zero_window_only() -> None:
    assert list(PRESETS) == ["paper", "repo", "best", "few_samples", "sparse"]
    paper, repo = PRESETS["paper"], PRESETS["repo"]
    assert (paper.model["r"], repo.model["r"]) == (0.5, 1.0)
    assert (paper.model["tie"], repo.model["tie"]) == ("strict", "fire")
    assert paper.recipe == repo.recipe


@pytest.mark.parametrize("name", PRESETS)
def test_preset_models_can_be_made(name: str) -> None:
    DiscreteActivation(**PRESETS[name].model)


@pytest.mark.parametrize(
    ("name", "shape"), [("digits", (1, 8, 8)), ("mnist", (1, 28, 28)), ("fashion_mnist", (1, 28, 28))]
)
def test_demo_setups_fit_their_data(name: str, shape: tuple[int, int, int]) -> None:
    spec, recipe = demo_setup(name)
    assert spec.build().input_shape == shape
    assert recipe.select == "last" or recipe.n_validation > 0


def test_no_demo_for_other_data() -> None:
    with pytest.raises(InputError, match="'cifar10'; allowed are digits, mnist"):
        demo_setup("cifar10")
