import copy

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import (
    Affine,
    BatchNorm1d,
    BatchNorm2d,
    L1BatchNorm1d,
    L1BatchNorm2d,
    ScaleBias,
    ShiftBatchNorm1d,
    ShiftBatchNorm2d,
)

KINDS = [ScaleBias, BatchNorm1d, BatchNorm2d, L1BatchNorm1d, L1BatchNorm2d, ShiftBatchNorm1d, ShiftBatchNorm2d]
SHAPES = {1: [(7, 5), (7, 5, 3)], 2: [(7, 5, 4, 3)]}


def randomised(layer: nn.Module, seed: int = 0) -> nn.Module:
    """Random parameters of any sign, random statistics (those that divide stay positive)."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in [*layer.named_parameters(), *layer.named_buffers()]:
            drawn = torch.rand(value.shape, generator=g) * 50
            value.copy_(drawn if name in ("running_var", "running_spread", "running_inverse") else drawn - 25)
    return layer


@pytest.mark.parametrize("kind", KINDS)
def test_eval_mode_is_two_float64_operations(kind: type[Affine]) -> None:
    layer = randomised(kind(5)).eval()
    a, b = (v.detach().numpy() for v in layer.affine())
    assert a.dtype == b.dtype == np.float64
    for shape in SHAPES[1] * (not kind.__name__.endswith("2d")) + SHAPES[2] * (not kind.__name__.endswith("1d")):
        x = torch.randint(-300, 300, shape, generator=torch.Generator().manual_seed(1)).float()
        y = layer(x)
        assert y.dtype == torch.float64
        along = (-1,) + (1,) * (x.ndim - 2)
        expected = x.numpy().astype(np.float64) * a.reshape(along)
        expected = expected + b.reshape(along)
        np.testing.assert_array_equal(y.detach().numpy(), expected)  # bit for bit


@pytest.mark.parametrize("kind", KINDS)
def test_eval_mode_keeps_the_gradient_of_weight_and_bias(kind: type[Affine]) -> None:
    layer = kind(3).eval()
    layer(torch.ones((2, 3, 1, 1) if kind.__name__.endswith("2d") else (2, 3))).sum().backward()
    assert layer.weight.grad.abs().min() > 0
    assert layer.bias.grad.tolist() == [2, 2, 2]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("kind", KINDS[1:])
def test_parameters_of_other_types_evaluate_but_do_not_train(kind: type[Affine], dtype: torch.dtype) -> None:
    layer = randomised(kind(3)).to(dtype)
    x = torch.ones((2, 3, 1, 1) if kind.__name__.endswith("2d") else (2, 3))
    with pytest.raises(InputError, match=f"in training has parameters of {dtype}; allowed is torch.float32"):
        layer.train()(x)
    wide = copy.deepcopy(layer).double().eval()
    assert torch.equal(layer.eval()(x), wide(x))


@pytest.mark.parametrize("kind", KINDS)
def test_training_is_in_float32_outside_autocast(kind: type[Affine]) -> None:
    layer = kind(3)
    x = torch.rand((4, 3, 2, 2) if kind.__name__.endswith("2d") else (4, 3), dtype=torch.float64) * 1000
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.float32
    assert torch.equal(y, kind(3)(x))


def test_scale_and_bias_do_just_that() -> None:
    layer = randomised(ScaleBias(2))
    x = torch.randint(-9, 9, (3, 2, 2, 2)).float()
    expected = x * layer.weight.reshape(2, 1, 1) + layer.bias.reshape(2, 1, 1)
    assert torch.equal(layer(x), expected)
    a, b = layer.affine()
    assert torch.equal(a, layer.weight.double())
    assert torch.equal(b, layer.bias.double())


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_shape_is_refused(kind: type[Affine]) -> None:
    with pytest.raises(InputError, match="got shape"):
        kind(3)(torch.zeros(2, 4))
    with pytest.raises(InputError, match="num_features is 0"):
        kind(0)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_training_refuses_a_single_value_per_channel(kind: type[Affine]) -> None:
    with pytest.raises(InputError, match="more than one value"):
        kind(3)(torch.zeros((1, 3, 1, 1) if kind.__name__.endswith("2d") else (1, 3)))


@pytest.mark.parametrize("kind", [BatchNorm1d, L1BatchNorm2d, ShiftBatchNorm1d])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"eps": -1.0}, r"eps is -1\.0"),
        ({"eps": float("nan")}, "eps is nan"),
        ({"momentum": 0.0}, r"momentum is 0\.0"),
        ({"momentum": 5.0}, r"momentum is 5\.0; allowed are numbers in \(0, 1\]"),
    ],
)
def test_settings_without_sense_are_named(kind: type[Affine], bad: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=f"{kind.__name__}: {message}"):
        kind(3, **bad)
