"""Which network and which recipe are chosen."""

import contextlib

import numpy as np
import pytest
import torch

from gxnor_snn.cli.training import parse_settings, plan_training, torch_threads
from gxnor_snn.data import Dataset, load
from gxnor_snn.errors import InputError
from gxnor_snn.models import METHODS, NetKeywords
from gxnor_snn.train import PRESETS, demo_setup

COLOUR = Dataset(
    "mine",
    np.zeros((4, 3, 32, 32), np.uint8),
    np.arange(4),
    np.zeros((4, 3, 32, 32), np.uint8),
    np.arange(4),
)


def test_digits_have_a_net_and_a_recipe_of_their_own() -> None:
    plan = plan_training(load("digits"))
    spec, recipe = demo_setup("digits")
    assert plan.spec.factory == spec.factory
    assert {k: plan.spec.kwargs[k] for k in spec.kwargs} == dict(spec.kwargs)
    assert plan.recipe == recipe


def test_other_data_get_a_lenet_of_their_shape_and_the_best_recipe() -> None:
    plan = plan_training(COLOUR)
    assert plan.spec.factory == "lenet"
    assert plan.spec.kwargs["in_shape"] == [3, 32, 32]
    assert plan.spec.kwargs["classes"] == 4
    assert plan.recipe == PRESETS["best"].recipe
    assert plan.spec.kwargs["r"] == PRESETS["best"].model["r"]


def test_what_is_given_goes_before_what_is_chosen() -> None:
    settings = parse_settings(["hidden=[5]", "r=0.25", "tie=up"])
    plan = plan_training(COLOUR, model="mlp", settings=settings, recipe="paper", epochs=3, seed=8)
    kwargs = plan.spec.kwargs
    assert (kwargs["hidden"], kwargs["r"], kwargs["tie"], kwargs["seed"]) == ([5], 0.25, "up", 8)
    assert (plan.recipe.epochs, plan.recipe.seed, plan.recipe.batch_size) == (3, 8, 10_000)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("recipe", [None, "paper", "repo", "best", "few_samples", "sparse"])
def test_a_method_says_what_weights_and_activations_are(name: str, recipe: str | None) -> None:
    for data in (COLOUR, load("digits")):
        plan = plan_training(data, method=name, recipe=recipe, settings={"channels": [4], "hidden": 6})
        given = {key: plan.spec.kwargs[key] for key in plan.spec.kwargs if key in NetKeywords.__annotations__}
        assert given == {**METHODS[name], "seed": 0}
        assert plan.build().spec.kwargs["classes"] == data.classes
    plan = plan_training(load("digits"), method=name, settings={"seed": 3, "norm": "l1"})
    assert plan.spec.kwargs["norm"] == "l1"
    assert plan.spec.kwargs["kernel"] == demo_setup("digits")[0].kwargs["kernel"]


def test_an_unknown_method_is_named() -> None:
    with pytest.raises(InputError, match="method 'svm' is unknown; allowed are gxnor, bnn"):
        plan_training(COLOUR, method="svm")


def test_threads_inside_and_after() -> None:
    before = torch.get_num_threads()
    with torch_threads(3):
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
    with contextlib.suppress(ZeroDivisionError), torch_threads(None):
        assert torch.get_num_threads() == 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("word", ["", "r", "=3", "seed=1"])
def test_words_that_are_no_setting(word: str) -> None:
    with pytest.raises(InputError, match="--set"):
        parse_settings([word])


def test_settings_are_json_or_words() -> None:
    words = ["a=[1,2]", "b=0.5", "c=tri", "d=true", "e=x=y"]
    assert parse_settings(words) == {"a": [1, 2], "b": 0.5, "c": "tri", "d": True, "e": "x=y"}
    assert parse_settings(None) == {}
