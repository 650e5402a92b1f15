"""Soft targets of a teacher: the formula, the hook, and what a run does with them."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import CheckpointError, InputError, RecipeError
from gxnor_snn.files import write_tensors
from gxnor_snn.models import DiscreteNet, mlp
from gxnor_snn.train import Distillation, DistillationSettings, Penalty, Recipe, evaluate, fit

from .resuming import BrokenError, alike, break_after, patterns, read

SOFT = DistillationSettings(weight=2.0, temperature=3.0)
RECIPE = Recipe(epochs=2, batch_size=50, lr=(0.1, 0.01), float_lr=(0.01, 1e-3), betas=(0.9, 0.99))


def net(seed: int = 0, **arguments: object) -> DiscreteNet:
    return mlp((1, 4, 4), [24], 3, seed=seed, **arguments)


class Fixed(nn.Module):
    """Always the same logits."""

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(images), -1)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return patterns(300, 300, classes=3, side=4, top=255, noise=90)


def test_the_value_is_that_of_the_formula() -> None:
    own, said, at = [1.0, -2.0, 0.5], [0.3, 0.1, -4.0], SOFT.temperature
    model, teacher = Fixed(own), Fixed(said)
    soft = Distillation(model, teacher, SOFT)
    with soft:
        model(torch.zeros(7, 1))
    value = soft.value(0.5)

    def share(logits: list[float]) -> list[float]:
        powers = [math.exp(v / at) for v in logits]
        return [p / sum(powers) for p in powers]

    q, p = share(own), share(said)
    assert value.item() == pytest.approx(
        SOFT.weight * at**2 * sum(b * math.log(b / a) for a, b in zip(q, p, strict=True)), rel=1e-5
    )
    value.backward()
    by_hand = [SOFT.weight * at * (a - b) for a, b in zip(q, p, strict=True)]
    assert model.logits.grad is not None
    assert model.logits.grad.tolist() == pytest.approx(by_hand, rel=1e-4)
    assert teacher.logits.grad is None


def test_it_watches_inside_its_context_only() -> None:
    model, teacher = Fixed([1.0, 2.0]), Fixed([2.0, 1.0])
    soft = Distillation(model, teacher, SOFT)
    assert isinstance(soft, Penalty)
    model(torch.zeros(2, 1))
    with pytest.raises(InputError, match="has not run inside the context"):
        soft.value(0.0)
    with soft:
        model(torch.zeros(2, 1))
    assert soft.value(0.0) > 0
    with pytest.raises(InputError, match="has not run"):
        soft.value(0.0)
    assert not model._forward_hooks


class Saying(nn.Module):
    """Says what a function makes of the images."""

    def __init__(self, says: Callable[[torch.Tensor], object]) -> None:
        super().__init__()
        self.says = says

    def forward(self, images: torch.Tensor) -> object:
        return self.says(images)


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (Fixed([1.0, 2.0]), r"gives logits of shape \(2, 2\), the model of \(2, 3\)"),
        (Fixed([1.0, 2.0, float("nan")]), "gives logits that are not finite"),
        (Saying(lambda x: torch.full((2, 3), 1e300, dtype=torch.float64)), "not finite in float32"),
        (Saying(lambda x: (x, x)), "gives a tuple; allowed is a tensor"),
        (Saying(lambda x: torch.zeros(2, 3, dtype=torch.complex64)), "gives a torch.complex64; allowed is"),
        (mlp((1, 5, 5), [4], 3).eval(), r"refuses the images: mlp takes images of shape \(1, 5, 5\)"),
    ],
)
def test_other_logits_are_refused(teacher: nn.Module, message: str) -> None:
    model = Fixed([1.0, 2.0, 3.0])
    soft = Distillation(model, teacher, SOFT)
    with soft:
        model(torch.zeros(2, 1, 4, 4, dtype=torch.uint8))
    with pytest.raises(InputError, match=f"^Distillation: the teacher.*{message}"):
        soft.value(0.0)
    with soft, pytest.raises(InputError, match=r"by keyword; allowed is model\(images\)"):
        model(images=torch.zeros(2, 1))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int64])
def test_logits_of_any_real_type_count_alike(dtype: torch.dtype) -> None:
    model, said, values = Fixed([1.0, 2.0, 3.0]), torch.tensor([[2.0, -1.0, 4.0]] * 2), []
    for teacher in (Saying(lambda x: said), Saying(lambda x: said.to(dtype))):
        soft = Distillation(model, teacher, SOFT)
        with soft:
            model(torch.zeros(2, 1))
        values.append(soft.value(0.0).item())
    assert values[0] == values[1]


def test_a_teacher_that_shares_a_part_with_the_model_is_refused(data: Dataset) -> None:
    model, recipe = net(), RECIPE.replace(distillation={})
    tied = net(1)
    tied.fc1.levels = model.fc1.levels
    for teacher, part in ((nn.Sequential(model), "0"), (model.fc1, "DiscreteLinear"), (tied, "fc1.levels")):
        with pytest.raises(InputError, match=f"'{part}' of the teacher is a part of the model, too"):
            fit(model, data, recipe, teacher=teacher)


def test_a_student_learns_from_its_teacher_what_no_label_says(data: Dataset) -> None:
    """The labels are noise; the teacher has seen the right ones."""
    teacher = net(weights="float", activation="relu")
    fit(teacher, data, RECIPE.replace(epochs=5))
    right = evaluate(teacher, data.x_test, data.y_test)
    noise = np.random.default_rng(0).integers(0, 3, len(data.y_train))
    mislabelled = Dataset("noise", data.x_train, noise, data.x_test, data.y_test)
    alone, taught = net(), net()
    weights = [p.clone() for p in teacher.parameters()]
    fit(alone, mislabelled, RECIPE.replace(epochs=4))
    fit(taught, mislabelled, RECIPE.replace(epochs=4, distillation={"weight": 10.0}), teacher=teacher)
    assert right > 0.9
    assert evaluate(taught, data.x_test, data.y_test) > 0.8
    assert evaluate(alone, data.x_test, data.y_test) < 0.7
    assert all(torch.equal(a, b) for a, b in zip(weights, teacher.parameters(), strict=True))


def test_teacher_and_table_need_each_other(data: Dataset) -> None:
    with pytest.raises(RecipeError, match="with no teacher; allowed are both or none"):
        fit(net(), data, RECIPE.replace(distillation={}))
    with pytest.raises(RecipeError, match="distillation is None with a teacher"):
        fit(net(), data, RECIPE, teacher=net(1))
    model = net()
    with pytest.raises(InputError, match="teacher is the model itself"):
        fit(model, data, RECIPE.replace(distillation={}), teacher=model)
    with pytest.raises(RecipeError) as kept:
        fit(model, data, RECIPE, teacher=net(1))
    fit(model, data, RECIPE.replace(epochs=1))  # the weights are free, although the error is still at hand
    assert kept.value
    with pytest.raises(InputError, match="fit: teacher is a str"):
        fit(net(), data, RECIPE.replace(distillation={}), teacher="net")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values", [{"weight": 0}, {"temperature": 1e-38}, {"temperature": 1e6}, {"weight": float("nan")}, {"alpha": 1}]
)
def test_bad_settings_are_named(values: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match=f"distillation: {next(iter(values))}"):
        DistillationSettings(**values)


def test_a_run_resumes_with_the_same_teacher_only(data: Dataset, tmp_path: Path) -> None:
    file, recipe = tmp_path / "run.safetensors", RECIPE.replace(distillation={"weight": 1.0})
    whole, broken = net(), net()
    fit(whole, data, recipe, teacher=net(1))

    with pytest.raises(BrokenError):  # after the state of the first epoch is kept
        fit(broken, data, recipe, teacher=net(1), checkpoint=file, on_epoch=break_after(1))
    with pytest.raises(CheckpointError, match="another teacher"):
        fit(net(), data, recipe, teacher=net(2), checkpoint=file, resume=True)
    resumed = net()
    fit(resumed, data, recipe, teacher=net(1), checkpoint=file, resume=True)
    assert alike(whole, resumed)


class Doubtful(nn.Module):
    """Draws its logits, from a generator of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(3)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return torch.randn(len(images), 3, generator=self.generator)


def test_the_draws_of_a_teacher_go_on_where_they_were(data: Dataset, tmp_path: Path) -> None:
    file, recipe = tmp_path / "run.safetensors", RECIPE.replace(distillation={"weight": 1.0})
    whole, resumed = net(), net()
    fit(whole, data, recipe, teacher=Doubtful())
    with pytest.raises(BrokenError):
        fit(net(), data, recipe, teacher=Doubtful(), checkpoint=file, on_epoch=break_after(1))
    fit(resumed, data, recipe, teacher=Doubtful(), checkpoint=file, resume=True)
    assert alike(whole, resumed)


def test_a_state_of_a_version_that_knew_no_teacher_goes_on(data: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "run.safetensors"
    with pytest.raises(BrokenError):
        fit(net(), data, RECIPE, checkpoint=file, on_epoch=break_after(1))
    tensors, texts = read(file)
    recipe = json.loads(texts["recipe"])
    assert texts.pop("teacher") == ""
    assert recipe.pop("distillation") is None
    assert recipe["dst"].pop("reset") is False
    write_tensors(file, tensors, {**texts, "recipe": json.dumps(recipe)})
    whole, resumed = net(), net()
    fit(whole, data, RECIPE)
    fit(resumed, data, RECIPE, checkpoint=file, resume=True)
    assert alike(whole, resumed)
