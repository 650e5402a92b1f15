"""The schedule from many bits to few: each network starts from the one before."""

import itertools
from typing import Any

import pytest
import torch

from gxnor_snn.data import load
from gxnor_snn.errors import InputError
from gxnor_snn.models import METHODS, mlp
from gxnor_snn.train import Recipe, Stage, descend_bits, evaluate, fit, initialise


def build(bits: int, **more: Any) -> Any:
    return mlp((1, 8, 8), [24], 10, **{**METHODS["mbn"], "n1": bits, "n2": bits, "window": "ste", **more})


RECIPE = Recipe(epochs=2, batch_size=50, lr=(0.01, 0.003), float_lr=(0.01, 0.003), loss="cross_entropy", seed=0)


def test_each_stage_starts_where_the_last_one_ended() -> None:
    data = load("digits")
    seen: list[int] = []
    begins: dict[int, torch.Tensor] = {}

    def tracked(bits: int) -> Any:
        model = build(bits)
        fc1 = model.fc1

        def first(layer: Any, _: Any) -> None:
            begins.setdefault(bits, layer.weight.detach().clone())

        fc1.register_forward_pre_hook(first)
        return model

    def note(stage: Stage) -> None:
        seen.append(stage.bits)

    stages = descend_bits(tracked, data, lambda bits: RECIPE, bits=(3, 2, 1), on_stage=note)
    assert seen == [s.bits for s in stages] == [3, 2, 1]
    for before, after in itertools.pairwise(stages):
        assert torch.equal(begins[after.bits], before.model.fc1.weight)  # type: ignore[arg-type]
    assert [s.model.fc1.code for s in stages] == [("mbn", 3), ("mbn", 2), ("mbn", 1)]
    assert evaluate(stages[0].model, data.x_test, data.y_test) > 0.6
    assert not any(s.model.training for s in stages)


def test_encoding_gradients_train_a_stage() -> None:
    data = load("digits")
    (stage,) = descend_bits(lambda bits: build(bits, window="encoding"), data, RECIPE, bits=[2])
    assert stage.model.act1.window == "encoding"
    assert evaluate(stage.model, data.x_test, data.y_test) > 0.5


@pytest.mark.parametrize("method", ["float", "gxnor"])
def test_real_and_integer_weights_fill_the_range(method: str) -> None:
    source = mlp((1, 8, 8), [24], 10, **METHODS[method])
    model = build(8)
    initialise(model, source)
    given = (source.fc1.weight if method == "float" else source.fc1.levels).detach().float()
    assert float(model.fc1.weight.detach().abs().max()) == 1
    torch.testing.assert_close(model.fc1.weight.detach(), given / given.abs().max())


def test_a_float_network_is_a_good_start() -> None:
    data = load("digits")
    source = mlp((1, 8, 8), [24], 10, **METHODS["float"])
    fit(source, data, RECIPE)
    once = RECIPE.model_copy(update={"epochs": 1})
    (stage,) = descend_bits(build, data, once, bits=[8], start=source)
    assert evaluate(stage.model, data.x_test, data.y_test) > 0.8


def test_other_shapes_are_refused() -> None:
    with pytest.raises(InputError, match=r"fc1.weight of shape \(24, 64\) has shape \(5, 64\)"):
        initialise(build(2), mlp((1, 8, 8), [5], 10, **METHODS["float"]))
    with pytest.raises(InputError, match="is missing"):
        initialise(build(2), torch.nn.Linear(2, 2))
    with pytest.raises(InputError, match="bits is empty"):
        descend_bits(build, load("digits"), RECIPE, bits=[])
