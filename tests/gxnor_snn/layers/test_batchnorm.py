import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.layers import BatchNorm1d, BatchNorm2d


def randomised(norm: BatchNorm1d | BatchNorm2d, seed: int = 0) -> BatchNorm1d | BatchNorm2d:
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        norm.weight.copy_(torch.rand(norm.num_features, generator=g) * 4 - 2)
        norm.bias.copy_(torch.rand(norm.num_features, generator=g) * 4 - 2)
        norm.running_mean.copy_(torch.rand(norm.num_features, generator=g) * 100 - 50)
        norm.running_var.copy_(torch.rand(norm.num_features, generator=g) * 1000)
    return norm


@pytest.mark.parametrize(
    ("norm", "shape"),
    [(BatchNorm1d(5), (7, 5)), (BatchNorm1d(5), (7, 5, 3)), (BatchNorm2d(5), (7, 5, 4, 3))],
)
def test_eval_mode_is_two_float64_operations_on_affine(norm: nn.Module, shape: tuple[int, ...]) -> None:
    randomised(norm).eval()
    x = torch.randint(-300, 300, shape, generator=torch.Generator().manual_seed(1)).float()
    y = norm(x)
    assert y.dtype == torch.float64
    a, b = (v.detach().numpy() for v in norm.affine())
    weight, bias, mean, var = (
        v.detach().numpy().astype(np.float64)
        for v in (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    )
    np.testing.assert_array_equal(a, weight / np.sqrt(var + 1e-4))
    np.testing.assert_array_equal(b, bias - mean * a)
    per_channel = (-1,) + (1,) * (x.ndim - 2)
    expected = x.numpy().astype(np.float64) * a.reshape(per_channel)
    expected = expected + b.reshape(per_channel)
    np.testing.assert_array_equal(y.detach().numpy(), expected)  # bit for bit


def test_eval_mode_is_ieee_arithmetic_in_every_channel() -> None:
    """4096 channels: a vectorised root that is one ulp off in a few of them shows."""
    rng = np.random.default_rng(0)
    weight, bias, mean = (rng.normal(size=4096).astype(np.float32) for _ in range(3))
    var = rng.uniform(1e-3, 1e6, 4096).astype(np.float32)
    norm = BatchNorm1d(4096).eval()
    norm.load_state_dict(
        {
            name: torch.from_numpy(value)
            for name, value in zip(
                ("weight", "bias", "running_mean", "running_var"), (weight, bias, mean, var), strict=True
            )
        }
    )
    a = weight.astype(np.float64) / np.sqrt(var.astype(np.float64) + 1e-4)
    b = bias.astype(np.float64) - mean.astype(np.float64) * a
    for got, expected in zip(norm.affine(), (a, b), strict=True):
        np.testing.assert_array_equal(got.detach().numpy(), expected)
    np.testing.assert_array_equal(norm(torch.ones(1, 4096)).detach().numpy()[0], a + b)


def test_eval_mode_keeps_the_gradient_of_weight_and_bias() -> None:
    norm = randomised(BatchNorm1d(3)).eval()
    norm(torch.ones(2, 3)).sum().backward()
    root = torch.sqrt(norm.running_var.double() + norm.eps)
    torch.testing.assert_close(norm.weight.grad.double(), 2 * (1 - norm.running_mean) / root, rtol=1e-5, atol=1e-6)
    assert norm.bias.grad.tolist() == [2, 2, 2]


def test_training_matches_torch_and_moves_the_statistics() -> None:
    ours, stock = BatchNorm2d(3), nn.BatchNorm2d(3, eps=1e-4, momentum=0.1)
    x = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 3 + 1
    torch.testing.assert_close(ours(x), stock(x))
    torch.testing.assert_close(ours.running_mean, stock.running_mean)
    torch.testing.assert_close(ours.running_var, stock.running_var)
