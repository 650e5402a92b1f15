import pytest
import torch
import torch.nn.functional as F

from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import product
from gxnor_snn.layers.product import exact_dtype, exact_product


def test_the_float_type_follows_the_bound() -> None:
    assert exact_dtype(2**24 - 1) == torch.float32
    assert exact_dtype(2**24) == torch.float64
    assert exact_dtype(2**53 - 1) == torch.float64
    with pytest.raises(InputError, match="below 2\\^53"):
        exact_dtype(2**53)


@pytest.fixture
def fresh_self_test() -> None:
    product._self_test.cache_clear()
    yield
    product._self_test.cache_clear()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.usefixtures("fresh_self_test")
def test_this_machine_passes_the_self_test_once(dtype: torch.dtype) -> None:
    x, levels = torch.ones(1, 3), torch.ones(2, 3)
    for _ in range(2):
        assert exact_product(F.linear, x, levels, dtype).tolist() == [[3, 3]]
    assert product._self_test.cache_info().misses == 1


@pytest.mark.usefixtures("fresh_self_test")
def test_inexact_sums_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    right = F.conv2d
    monkeypatch.setattr(F, "conv2d", lambda x, w: right(x, w) * (1 + 1e-6))
    with pytest.raises(GxnorError, match=r"device cpu does not compute exact integer sums in torch.float32"):
        exact_product(F.linear, torch.ones(1, 3), torch.ones(2, 3), torch.float32)


def test_lowered_precision_of_torch_does_not_reach_the_product() -> None:
    torch.set_float32_matmul_precision("medium")
    try:
        got = exact_product(F.linear, torch.full((4, 1000), 255.0), torch.ones(8, 1000), torch.float32)
    finally:
        torch.set_float32_matmul_precision("highest")
    assert got.dtype == torch.float64
    assert torch.equal(got, torch.full((4, 8), 255_000.0, dtype=torch.float64))


def test_autocast_does_not_reach_the_product() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = exact_product(F.linear, torch.full((1, 257), 255.0), torch.ones(1, 257), torch.float32)
    assert got.dtype == torch.float32
    assert got.item() == 255 * 257
