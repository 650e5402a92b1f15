"""An argument of a wrong kind is named by an error of the project, at once; nothing deep inside fails on it."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn import layers, models, spaces, train
from gxnor_snn.arguments import check_kind, is_integer, is_number, is_one_of
from gxnor_snn.data import Dataset, load
from gxnor_snn.dst import DST, Lut, Power, check_claims, transition
from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteLinear, discrete_parameters

OBJECTS: list[Any] = [object(), 1j, {}, b"x", torch.zeros(2), np.zeros(2)]
NUMBER = [*OBJECTS, None, "1", [1.0], True, float("nan"), float("inf"), 10**400]
INTEGER = [*NUMBER, 1.5]
NAME = [*OBJECTS, 1.5, ["a"], "nonsense", True]
FLAG = [*OBJECTS, None, "yes", 1, [True]]
THING = [*OBJECTS, "a", 3, [1]]
PATH = [*OBJECTS, None, 3, ["a"]]

IMAGES = np.zeros((6, 1, 8, 8), np.uint8)
LABELS = np.array([0, 1] * 3)
DATA = Dataset("d", IMAGES, LABELS, IMAGES, LABELS)
SPACE = spaces.DiscreteSpace(1)
RECIPE = train.Recipe(epochs=1, batch_size=2, lr=(0.1, 0.1), float_lr=(0.1, 0.1))


def net() -> models.DiscreteNet:
    return models.mlp((1, 8, 8), [2], 2, seed=0)


def dst(**arguments: Any) -> DST:
    return DST(**{"params": discrete_parameters(DiscreteLinear(3, 2)), "lr": 0.1, **arguments})


def moved(**arguments: Any) -> torch.Tensor:
    zeros = torch.zeros(3)
    given = {"levels": zeros.to(torch.int8), "update": zeros, "uniform": zeros, "space": spaces.DiscreteSpace(1)}
    return transition(**{**given, **arguments})


def convolution(**arguments: Any) -> nn.Module:
    return layers.DiscreteConv2d(**{"in_channels": 2, "out_channels": 2, "kernel_size": 1, **arguments})


def float_convolution(**arguments: Any) -> nn.Module:
    return layers.FloatConv2d(**{"in_channels": 2, "out_channels": 2, "kernel_size": 1, **arguments})


def block(**arguments: Any) -> nn.Module:
    parts = dict.fromkeys(("conv1", "bn1", "act1", "conv2", "bn2", "act2"), nn.Identity())
    return layers.ResidualBlock(**{**parts, **arguments})


def fitted(**arguments: Any) -> train.History:
    return train.fit(**{"model": net(), "dataset": DATA, "recipe": RECIPE, **arguments})


def polished(**arguments: Any) -> train.Polish:
    x, y = torch.from_numpy(IMAGES), torch.from_numpy(LABELS)
    return train.polish(
        **{"model": net(), "x": x, "y": y, "moves": 1, "generator": torch.Generator(), **arguments}
    )


def activation(**arguments: Any) -> nn.Module:
    return layers.DiscreteActivation(**arguments)


def latent(**arguments: Any) -> nn.Module:
    return layers.LatentLinear(3, 2, **arguments)


def drawn(**arguments: Any) -> object:
    return spaces.DiscreteSpace(1).random(**{"shape": 3, "generator": np.random.default_rng(0), **arguments})


CALLS: list[tuple[Callable[..., Any], dict[str, list[Any]]]] = [
    (lambda n=1, **k: spaces.DiscreteSpace(n, **k), {"n": INTEGER, "half_range": [*NUMBER, 5e-324]}),
    (drawn, {"shape": [*NUMBER, -1, 1.5], "generator": [*THING, None]}),
    (lambda x: spaces.DiscreteSpace(1).project(x), {"x": [object(), "a", {}, 1j, 10**400]}),
    (lambda c="zn", n=1: spaces.code_levels((c, n)), {"c": NAME, "n": INTEGER}),
    (spaces.code_levels, {"code": [*THING, None]}),
    (spaces.nearest_steps, {"code": [*THING, None]}),
    (lambda m=2, **k: spaces.mbn_steps(m, **k), {"m": INTEGER, "half_range": NUMBER, "tie": NAME}),
    (lambda n=2, **k: spaces.log_steps(n, **k), {"n": INTEGER, "half_range": NUMBER}),
    (lambda n=1, r=0.5: spaces.activation_thresholds(n, r), {"n": INTEGER, "r": NUMBER}),
    (
        activation,
        {"n": INTEGER, "r": NUMBER, "a": NUMBER, "half_range": NUMBER, "window": NAME, "tie": NAME}
        | {
            "coding": NAME,
            "learn_r": FLAG,
            "stochastic": FLAG,
            "generator": THING,
            "channels": [1.5, "3", 0, True],
        },
    ),
    (
        lambda **k: DiscreteLinear(**{"in_features": 3, "out_features": 2, **k}),
        {"in_features": INTEGER, "out_features": INTEGER, "space": [*THING, None], "generator": THING}
        | {"max_input": INTEGER, "real_input": FLAG, "gradient_bits": [9, 1.5, "6"]},
    ),
    (
        convolution,
        dict.fromkeys(("in_channels", "out_channels", "kernel_size", "stride", "dilation", "groups"), INTEGER)
        | {"padding": [*INTEGER, (1, 2, 3), (1, -1)]},
    ),
    (float_convolution, {"in_channels": INTEGER, "kernel_size": INTEGER, "padding": INTEGER}),
    (lambda **k: layers.FloatLinear(**{"in_features": 3, "out_features": 2, **k}), {"in_features": INTEGER}),
    (latent, {"code": [*THING, None], "threshold": [*OBJECTS, "a", [1], True, 1.5], "stochastic": FLAG}),
    *[
        (
            lambda kind=kind, **k: kind(**{"num_features": 3, **k}),
            {"num_features": INTEGER, "eps": NUMBER, "momentum": NUMBER},
        )
        for kind in (layers.BatchNorm1d, layers.L1BatchNorm2d, layers.ShiftBatchNorm1d)
    ],
    (layers.ScaleBias, {"num_features": INTEGER}),
    (lambda **k: layers.SumPool2d(**{"kernel_size": 2, **k}), {"kernel_size": INTEGER, "padding": INTEGER}),
    (block, {"conv1": [*THING, None], "act2": [*THING, None], "shortcut": THING, "gain": INTEGER}),
    (
        lambda **k: layers.DiscreteParameter(**{"levels": torch.ones(2, dtype=torch.int64), "space": SPACE, **k}),
        {
            "levels": [*THING, torch.tensor([2]), torch.tensor([300]), torch.ones(2, dtype=torch.bool)],
            "space": THING,
        },
    ),
    (lambda levels: layers.DiscreteParameter(levels, spaces.DiscreteSpace(0)), {"levels": [torch.tensor([0, 1])]}),
    (discrete_parameters, {"module": [*THING, None]}),
    (
        dst,
        {"params": [*THING, None, torch.zeros(2)], "lr": [*NUMBER, 1e300], "m": [*NUMBER, 1e300], "eps": NUMBER}
        | {"betas": [*OBJECTS, 0.9, "ab", (0.9,), [0.9, "a"]], "zero_bias": [*NUMBER, 1e300], "seed": INTEGER}
        | {"rule": [*NAME, None], "rounding": [*NAME, None], "source": [*NAME, None], "moments": [*NAME, None]}
        | {"fused": FLAG, "process_group": [*OBJECTS, "a", True, 3], "generator": THING},
    ),
    (dst, {"params": [[{}], [{"params": None}], [{"params": 3}], [torch.zeros(2)]]}),
    (Power, {"exponent": [*NUMBER, 0.5, 1e300]}),
    (Lut, {"bins": [*INTEGER, 5]}),
    (moved, {"levels": THING, "update": THING, "uniform": THING, "space": THING, "rounding": THING}),
    (moved, {"m": [*NUMBER, 0, -1], "zero_bias": [*NUMBER, -1]}),
    (check_claims, {"model": [*THING, None]}),
    (
        lambda **k: models.mlp(**{"in_features": 4, "hidden": [2], "classes": 2, **k}),
        {"in_features": INTEGER, "hidden": [*INTEGER, ["a"]], "classes": INTEGER}
        | {"n1": INTEGER, "n2": INTEGER, "r": NUMBER, "a": NUMBER, "half_range": NUMBER, "seed": INTEGER}
        | {"weights": NAME, "activation": NAME, "norm": NAME, "coding1": NAME, "coding2": NAME, "window": NAME}
        | {"tie": NAME, "threshold": [*OBJECTS, "a", [1]], "gradient_bits": [1.5, "6", [6]]},
    ),
    (
        lambda **k: models.mlp(4, [2], 2, weights="float", activation="relu", **k),
        {"n1": INTEGER, "n2": INTEGER, "r": NUMBER, "coding2": NAME, "window": OBJECTS},
    ),
    (models.lenet, {"in_shape": [*INTEGER, (1, 2), ("a", 8, 8)], "classes": INTEGER, "channels": [*INTEGER, [0]]}),
    (models.lenet, {"hidden": INTEGER, "kernel": INTEGER, "padding": INTEGER}),
    (models.vgg, {"in_shape": INTEGER, "width": INTEGER, "classes": INTEGER}),
    (models.resnet, {"width": INTEGER, "classes": INTEGER, "depth": INTEGER, "head": NAME}),
    (
        fitted,
        {name: [*THING, None] for name in ("model", "dataset", "recipe")}
        | {"progress": FLAG, "resume": FLAG, "checkpoint_every": INTEGER, "on_epoch": THING, "penalty": THING}
        | {"checkpoint": [*OBJECTS, 3, ["a"]], "history": [*OBJECTS, 3, ["a"]]},
    ),
    (
        RECIPE.replace,
        {name: [*OBJECTS, "a", [1]] for name in ("epochs", "batch_size", "lr", "m")}
        | {name: ["a", 3, [1], object()] for name in ("dst", "augment", "events")},
    ),
    (train.Transitions, {"rule": NAME, "rounding": NAME, "moments": NAME, "source": NAME, "zero_bias": ["a", -1]}),
    (train.Recipe.from_toml, {"path": PATH}),
    (train.load_checkpoint, {"path": PATH}),
    (
        lambda **k: train.save_checkpoint(**{"path": os.devnull, "model": net(), **k}),
        {"path": PATH, "history": THING},
    ),
    (
        lambda **k: train.evaluate(**{"model": net(), "x": IMAGES, "y": LABELS, **k}),
        {"model": [*THING, None], "x": [*THING, None], "y": [*THING, None], "batch_size": [*INTEGER, 0]},
    ),
    (polished, {"model": THING, "x": [*THING, None], "y": THING, "moves": INTEGER, "generator": [*THING, None]}),
    (load, {"name_or_path": PATH}),
    (lambda root: load("mnist", root), {"root": [*OBJECTS, 3, ["a"]]}),
    (
        lambda **k: Dataset(
            **{"name": "d", **dict.fromkeys(("x_train", "x_test"), IMAGES), "y_train": LABELS, **k}
        ),
        {"y_test": [*THING, None]},
    ),
]


def cases() -> Iterator[Any]:
    for number, (call, parameters) in enumerate(CALLS):
        for name, values in parameters.items():
            yield pytest.param(call, name, values, id=f"{number}-{name}")


@pytest.mark.parametrize(("call", "name", "values"), list(cases()))
def test_wrong_kinds_are_named(call: Callable[..., Any], name: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(GxnorError) as raised:
            call(**{name: value})
        assert str(raised.value)


def test_the_message_names_what_was_given_and_what_is_allowed() -> None:
    with pytest.raises(InputError, match=r"fit: model is a str; allowed is Module"):
        fitted(model="net")
    with pytest.raises(InputError, match="x is a int; allowed is str or None"):
        check_kind("x", 3, str, type(None))


def test_numbers_of_numpy_are_numbers() -> None:
    assert all(map(is_number, (1, 1.5, np.float32(2), np.float64(2), np.int8(3))))
    assert all(map(is_integer, (0, -3, np.int8(3), np.uint64(7), 2**63 - 1)))
    assert not any(map(is_integer, (1.0, np.float32(2), True, np.True_, 2**63, "1")))
    assert not is_integer(0, 1)
    assert is_one_of("a", ("a", "b"))
    assert not is_one_of(["a"], ("a", "b"))
    layer = DiscreteLinear(np.int64(300), np.int32(2), max_input=np.int8(100))
    assert layer.max_sum == 30_000
    assert spaces.DiscreteSpace(np.int64(8), np.float32(0.5)).max_level == 128
