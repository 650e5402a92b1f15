import numpy as np
import pytest
import torch

from gxnor_snn.layers import L1BatchNorm1d, L1BatchNorm2d

from .test_affine import randomised


def published(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float) -> tuple[np.ndarray, ...]:
    """The formula of arXiv 1802.09769 in float64, channels last: the output, the mean and the spread."""
    flat = x.reshape(-1, x.shape[-1])
    mean = flat.mean(0)
    spread = np.sqrt(np.pi / 2) * np.abs(flat - mean).mean(0)
    return (x - mean) / (spread + eps) * weight + bias, mean, spread


@pytest.mark.parametrize(("kind", "shape"), [(L1BatchNorm1d, (9, 3)), (L1BatchNorm2d, (4, 3, 5, 2))])
def test_training_is_the_published_formula(kind: type, shape: tuple[int, ...]) -> None:
    norm = randomised(kind(3, eps=0.5, momentum=0.25))
    before = norm.running_mean.clone(), norm.running_spread.clone()
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 7 + 3
    y, mean, spread = published(
        x.double().moveaxis(1, -1).numpy(), *(p.detach().double().numpy() for p in (norm.weight, norm.bias)), 0.5
    )
    np.testing.assert_allclose(norm(x).detach().moveaxis(1, -1).numpy(), y, rtol=1e-4, atol=1e-4)
    for running, old, new in zip((norm.running_mean, norm.running_spread), before, (mean, spread), strict=True):
        np.testing.assert_allclose(running.numpy(), 0.75 * old.numpy() + 0.25 * new, rtol=1e-5)


def test_eval_mode_takes_the_running_statistics() -> None:
    norm = randomised(L1BatchNorm1d(64)).eval()
    weight, bias, mean, spread = (
        v.detach().numpy().astype(np.float64)
        for v in (norm.weight, norm.bias, norm.running_mean, norm.running_spread)
    )
    a, b = (v.detach().numpy() for v in norm.affine())
    np.testing.assert_array_equal(a, weight / (spread + 1e-4))
    np.testing.assert_array_equal(b, bias - mean * a)


def test_gradients_are_those_of_the_formula() -> None:
    norm = L1BatchNorm1d(2).double()
    x = torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, w, b: _double(norm, x, w, b), (x, norm.weight, norm.bias))


def _double(norm: L1BatchNorm1d, x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return norm._normalise(x)


def test_on_gaussian_input_the_spread_is_the_standard_deviation() -> None:
    x = torch.randn(40_000, 1, generator=torch.Generator().manual_seed(0)) * 3
    assert L1BatchNorm1d(1)(x).std().item() == pytest.approx(1, rel=0.01)
