import copy
import hashlib
import json

import numpy as np
import pytest
import torch

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteConv2d, DiscreteLinear, discrete_parameters
from gxnor_snn.models import DiscreteNet, NetSpec, lenet, mlp

OLD = {"n1": 1, "n2": 1, "r": 0.5, "a": 0.5, "window": "rect", "tie": None, "half_range": 1.0, "seed": 4}


def pixels(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_lenet_is_the_published_network() -> None:
    net = lenet()
    assert [name for name, _ in net.named_children()] == [
        *["encoder", "conv1", "pool1", "bn1", "act1", "conv2", "pool2", "bn2", "act2"],
        *["flatten", "fc1", "bn3", "act3", "fc2", "bn4"],
    ]
    assert [tuple(p.shape) for p in discrete_parameters(net)] == [
        (32, 1, 5, 5),
        (64, 32, 5, 5),
        (512, 1024),
        (10, 512),
    ]
    assert net.input_shape == (1, 28, 28)


def test_mlp_names_and_sizes() -> None:
    net = mlp(784, [30, 20], 10)
    assert [name for name, _ in net.named_children()] == [
        *["encoder", "flatten", "fc1", "bn1", "act1", "fc2", "bn2", "act2", "fc3", "bn3"],
    ]
    assert [tuple(p.shape) for p in discrete_parameters(net)] == [(30, 784), (20, 30), (10, 20)]
    assert net.input_shape == (1, 1, 784)
    assert mlp((3, 4, 5), [7], 2).input_shape == (3, 4, 5)


@pytest.mark.parametrize(
    ("net", "shape"),
    [
        (lenet((1, 8, 8), channels=(4, 5), hidden=9, kernel=3, padding=1), (3, 8, 8)),
        (lenet((2, 12, 16), 5, channels=(4,), hidden=9, kernel=3), (3, 2, 12, 16)),
        (mlp((1, 6, 7), [9], 10, n1=3, n2=4, tie="even"), (3, 6, 7)),
        (mlp(42, [9], 4, n1=0, n2=0, a=1.0), (3, 1, 6, 7)),
    ],
)
def test_nets_take_bytes_and_give_logits(net: DiscreteNet, shape: tuple[int, ...]) -> None:
    classes = net.spec.kwargs["classes"]
    train = net(pixels(*shape))
    assert (train.shape, train.dtype) == ((3, classes), torch.float32)
    out = net.eval()(pixels(*shape))
    assert (out.shape, out.dtype) == ((3, classes), torch.float64)


def test_every_stage_of_eval_mode_is_on_integers() -> None:
    net = lenet((1, 8, 8), channels=(4, 5), hidden=9, kernel=3, padding=1, n1=2, n2=2).eval()
    x: torch.Tensor = pixels(5, 8, 8)
    for module in net:
        before, x = x, module(x)
        if isinstance(module, DiscreteConv2d | DiscreteLinear):
            assert torch.equal(x, x.round())
            assert before.abs().max() <= module.max_input


def test_the_seed_decides_the_weights() -> None:
    first, again, other = lenet(seed=1), lenet(seed=1), lenet(seed=2)
    assert torch.equal(first.fc1.levels, again.fc1.levels)
    assert not torch.equal(first.fc1.levels, other.fc1.levels)


@pytest.mark.parametrize(
    "net", [mlp((1, 8, 8), [16], 10, r=0.25, seed=3), lenet((1, 8, 8), kernel=3, padding=1, tie="fire")]
)
def test_the_spec_survives_json_and_rebuilds_the_network(net: DiscreteNet) -> None:
    spec = json.loads(json.dumps({"factory": net.spec.factory, "kwargs": dict(net.spec.kwargs)}))
    again = NetSpec(**spec).build()
    x = pixels(2, 1, 8, 8)
    assert torch.equal(net.eval()(x), again.eval()(x))
    assert str(net) == str(again)


def test_a_copy_is_independent() -> None:
    net = mlp(4, [3], 2)
    twin = copy.deepcopy(net)
    assert isinstance(twin, DiscreteNet)
    assert twin.spec == net.spec
    with torch.no_grad():
        twin.fc1.levels.fill_(1)
    assert not torch.equal(net.fc1.levels, twin.fc1.levels)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lenet((1, 8, 8)), "too small"),
        (lambda: lenet((8, 8)), r"image shape is \(8, 8\)"),
        (lambda: lenet(n1=9), "n is 9"),
        (lambda: lenet(r=-1.0), "r is -1.0"),
        (lambda: mlp(0, [3], 2), "in_features is 0"),
        (lambda: mlp(4, [0], 2), "at least 1"),
        (lambda: NetSpec("vit", {}).build(), "model 'vit' is unknown; allowed are mlp, lenet, vgg, resnet"),
        (lambda: NetSpec("mlp", {"depth": 3}).build(), "does not take these arguments"),
        (lambda: mlp(4, [3], 2)(pixels(1, 1, 3, 3)), "takes images of shape"),
        (lambda: mlp(4, [3], 2)(torch.zeros(1, 1, 2, 2)), "uint8"),
    ],
)
def test_bad_input_is_named(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_predictions_do_not_depend_on_the_batch() -> None:
    net = lenet((1, 8, 8), channels=(6, 7), hidden=20, kernel=3, padding=1).eval()
    x = pixels(33, 8, 8)
    together = net(x).detach().numpy()
    alone = np.concatenate([net(x[i : i + 1]).detach().numpy() for i in range(33)])
    np.testing.assert_array_equal(together, alone)


def test_specs_of_older_checkpoints_build_the_same_network() -> None:
    """Before there were more keywords, a spec held these."""
    spec = NetSpec("mlp", {"in_features": [1, 2, 3], "hidden": [5], "classes": 2, **OLD})
    again = mlp((1, 2, 3), [5], 2, seed=4)
    assert str(spec.build()) == str(again)
    assert torch.equal(spec.build().fc1.levels, again.fc1.levels)


def test_first_weights_do_not_change_from_version_to_version() -> None:
    digest = hashlib.sha256()
    for net in (lenet(), lenet(seed=3, n1=2), mlp(784, [30, 20], 10, seed=5, n1=3)):
        for p in discrete_parameters(net):
            digest.update(p.detach().numpy().tobytes())
    assert digest.hexdigest()[:16] == "534b9a8c71994c7b"
