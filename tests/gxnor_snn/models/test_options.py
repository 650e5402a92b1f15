import dataclasses
import json
import typing

import pytest
import torch
from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import (
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    FloatConv2d,
    L1BatchNorm2d,
    LatentConv2d,
    LatentLayer,
    ShiftBatchNorm2d,
    clip_latent,
)
from gxnor_snn.models import FACTORIES, METHODS, DiscreteNet, NetKeywords, NetOptions, NetSpec, lenet, mlp


def small(**keywords: object) -> DiscreteNet:
    return lenet((1, 8, 8), channels=(4, 5), hidden=9, kernel=3, padding=1, **keywords)


def pixels(batch: int = 6) -> torch.Tensor:
    return torch.randint(0, 256, (batch, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_keywords_and_options_are_the_same_list() -> None:
    options = {field.name: field.type for field in dataclasses.fields(NetOptions)}
    assert options == typing.get_type_hints(NetKeywords) | {k: v for k, v in options.items() if isinstance(v, str)}
    assert set(options) == set(NetKeywords.__annotations__)


@pytest.mark.parametrize("factory", FACTORIES)
@pytest.mark.parametrize("method", METHODS)
def test_every_network_trains_by_every_method(factory: str, method: str) -> None:
    sizes = {
        "mlp": {"in_features": [1, 8, 8], "hidden": [7], "classes": 10},
        "lenet": {"in_shape": [1, 8, 8], "channels": [4, 5], "hidden": 9, "kernel": 3, "padding": 1},
        "vgg": {"in_shape": [1, 8, 8], "width": 2},
        "resnet": {"in_shape": [1, 8, 8], "width": 3, "depth": 8},
    }
    net = NetSpec(factory, {**sizes[factory], **METHODS[method]}).build()
    nn.functional.cross_entropy(net(pixels()), torch.arange(6)).backward()
    clip_latent(net)
    weights = [p for p in net.parameters() if p.ndim > 1]
    assert weights
    assert all(p.grad is not None and p.grad.isfinite().all() for p in weights)
    out = net.eval()(pixels())
    assert (out.shape, out.dtype) == ((6, 10), torch.float64)
    spec = json.loads(json.dumps(dict(net.spec.kwargs)))
    again = NetSpec(factory, spec).build()
    assert str(again) == str(net)
    assert [n for n, _ in again.named_parameters()] == [n for n, _ in net.named_parameters()]


@pytest.mark.parametrize(
    ("keywords", "kind"),
    [({}, DiscreteConv2d), ({"weights": "latent"}, LatentConv2d), ({"weights": "float"}, FloatConv2d)],
)
def test_weights_choose_the_layers(keywords: dict, kind: type) -> None:
    net = small(**keywords)
    assert type(net.conv1) is type(net.conv2) is kind
    assert net.conv2.bias is None if kind is FloatConv2d else net.conv2.max_input == 1


@pytest.mark.parametrize(
    ("keywords", "kind"),
    [({}, DiscreteActivation), ({"activation": "hardtanh"}, nn.Hardtanh), ({"activation": "relu"}, nn.ReLU)],
)
def test_activations_choose_what_travels(keywords: dict, kind: type) -> None:
    net = small(**keywords)
    assert type(net.act1) is kind
    assert not net.conv1.real_input
    assert net.conv2.real_input == net.fc2.real_input == (kind is not DiscreteActivation)


@pytest.mark.parametrize(
    ("norm", "kind"), [("l2", BatchNorm2d), ("l1", L1BatchNorm2d), ("shift", ShiftBatchNorm2d)]
)
def test_norms(norm: str, kind: type) -> None:
    assert type(small(norm=norm).bn1) is kind


def test_options_reach_the_layers() -> None:
    net = small(
        weights="latent",
        n1=0,
        stochastic_weights=True,
        n2=0,
        stochastic_activations=True,
        gradient_bits=6,
        window="ste",
    )
    assert net.fc1.stochastic
    assert net.act1.stochastic
    assert net.conv1.gradient_bits == 6
    twn = small(**METHODS["twn"])
    assert twn.conv1.threshold == "twn"
    learnable = small(learn_r=True, r=0.25)
    assert learnable.act1.r.tolist() == [0.25] * 4
    mbn = small(weights="latent", coding1="mbn", n1=3, coding2="hrelu", n2=2)
    assert (mbn.fc1.code, mbn.act1.code, mbn.fc1.max_input) == (("mbn", 3), ("hrelu", 2), 3)


def test_qnn_rounds_to_the_nearest_level() -> None:
    act = small(**METHODS["qnn"]).act1
    y = torch.linspace(-1.2, 1.2, 1001, dtype=torch.float64)
    assert torch.equal(act.levels_of(y), (y * 2).round().clamp(-2, 2).long())
    ties = torch.tensor([-0.75, -0.25, 0.25, 0.75], dtype=torch.float64)
    assert act.levels_of(ties).tolist() == (ties * 2).round().long().tolist()  # half to even


def test_bnn_is_two_signs_and_a_clip() -> None:
    net = small(**METHODS["bnn"])
    assert net.conv1.levels.unique().tolist() == [-1, 1]
    x = torch.tensor([-1.01, -1.0, 0.0, 1.0, 1.01], requires_grad=True)
    out = net.act1(x)
    out.sum().backward()
    assert out.tolist() == [-1, -1, 1, 1, 1]
    assert x.grad.tolist() == [0, 1, 1, 1, 0]


def test_float_weights_are_drawn_like_torch_s_from_the_seed_alone() -> None:
    state = torch.get_rng_state()
    first, again, other = (mlp(100, [300], 10, weights="float", seed=s) for s in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first.fc1.weight, again.fc1.weight)
    assert not torch.equal(first.fc1.weight, other.fc1.weight)
    assert first.fc1.weight.abs().max() <= 0.1
    assert first.fc1.weight.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.02)


def test_on_the_meta_device_nothing_is_drawn() -> None:
    for method in METHODS.values():
        with torch.device("meta"):
            net = small(**method)
        assert all(p.is_meta for p in net.parameters())
        assert {n: p.shape for n, p in net.named_parameters()} == {
            n: p.shape for n, p in small(**method).named_parameters()
        }


def test_methods_without_latent_weights_are_one_keyword_away() -> None:
    net = small(**{**METHODS["bnn"], "weights": "dst"})
    assert not any(isinstance(m, LatentLayer) for m in net.modules())
    assert net.conv1.levels.unique().tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"weights": "none"}, "weights is 'none'; allowed are 'dst', 'latent', 'float'"),
        ({"activation": "gelu"}, "activation is 'gelu'"),
        ({"norm": "group"}, "norm is 'group'"),
        ({"coding1": "mbn"}, "coding1 is 'mbn' with weights 'dst'"),
        ({"threshold": "twn"}, "threshold is 'twn' with weights 'dst'"),
        ({"stochastic_weights": True}, "stochastic_weights is True"),
        ({"stochastic_activations": True, "activation": "relu"}, "stochastic_activations is True"),
        ({"learn_r": True, "activation": "relu"}, "learn_r is True"),
        ({"learn_r": "False"}, "learn_r is 'False'; allowed are True and False"),
        ({"stochastic_activations": 1, "n2": 0}, "stochastic_activations is 1"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"seed": 2**70}, "seed is 1180591620717411303424"),
        ({"weights": "float", "gradient_bits": 6}, "gradient_bits is 6"),
        ({"coding2": "mbn", "window": "rect"}, "window with coding 'mbn' is 'rect'"),
    ],
)
def test_what_does_not_go_together_is_refused(keywords: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        small(**keywords)
