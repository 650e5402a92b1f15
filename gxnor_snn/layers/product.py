"""Products of integers in floating point that are exact, and the self-test that proves it per device.

A sum of integers is exact in float32 while every partial sum stays below 2^24, in any order of summation;
in float64 below 2^53. Kernels that transform their operands first (Winograd, FFT) or round them (TF32, bf16)
break this, so they are avoided, and what remains is tested once per device.
"""

import functools
import itertools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gxnor_snn.errors import GxnorError, InputError

__all__ = ["Product", "exact_dtype", "exact_product"]

Product = Callable[[Tensor, Tensor], Tensor]

_FULL_PRECISION = ("none", "ieee")


def exact_dtype(bound: int) -> torch.dtype:
    """The float type in which integer sums of magnitude up to `bound` are exact.

    Raises
    ------
    InputError
        If not even float64 holds them.
    """
    if bound < 2**24:
        return torch.float32
    if bound < 2**53:
        return torch.float64
    raise InputError(f"sums of magnitude up to {bound} are not exact in float64; allowed are sums below 2^53")


def exact_product(product: Product, x: Tensor, levels: Tensor, dtype: torch.dtype) -> Tensor:
    """``product(x, levels)`` on integers, exact, as integers in a float tensor.

    Parameters
    ----------
    product
        A linear map or convolution of two float tensors.
    x, levels
        Integer values, any dtype.
    dtype
        Of `exact_dtype`. Float64 is taken instead on other devices than the CPU, and where float32 products
        were set to a lower precision (`torch.set_float32_matmul_precision`).

    Raises
    ------
    GxnorError
        If the self-test finds products on this device that are not exact.
    """
    if x.device.type != "cpu" or _lowered_precision():
        dtype = torch.float64
    _self_test(x.device, dtype)
    return _plain(product, x.to(dtype), levels.to(dtype)).round_()


def _lowered_precision() -> bool:
    onednn = torch.backends.mkldnn
    used = (onednn.conv.fp32_precision, onednn.matmul.fp32_precision)  # type: ignore[attr-defined]
    return any(precision not in _FULL_PRECISION for precision in used)


def _plain(product: Product, x: Tensor, levels: Tensor) -> Tensor:
    """The product without autocast and without NNPACK, whose Winograd transform rounds."""
    with torch.autocast(x.device.type, enabled=False), torch.backends.nnpack.flags(enabled=False):
        return product(x, levels)


@functools.cache
def _self_test(device: torch.device, dtype: torch.dtype) -> None:
    """Compare products near the bound of float32 with int64 sums: 3x3, 5x5 and dense, batch 1 and 16."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(64, 32, 3, 10), (1860, 2, 3, 4), (32, 32, 5, 9), (670, 2, 5, 6), (16_500, 4, 1, 1)]
    for channels, out, kernel, size in shapes:
        x = torch.randint(128, 256, (16, channels, size, size), generator=generator, device="cpu")
        weight = torch.randint(-1, 2, (out, channels, kernel, kernel), generator=generator, device="cpu")
        weight[0] = 1  # the largest sums
        weight *= (2**24 - 1) // (255 * channels * kernel * kernel)
        wanted = _integer_convolution(x, weight)
        for batch, layout in itertools.product((1, 16), (torch.contiguous_format, torch.channels_last)):
            part = x[:batch].to(device, dtype).contiguous(memory_format=layout)
            got = _plain(F.conv2d, part, weight.to(device, dtype)).round()
            if not torch.equal(got.to("cpu", torch.int64), wanted[:batch]):
                raise GxnorError(
                    f"device {device} does not compute exact integer sums in {dtype} ({kernel}x{kernel} "
                    f"convolution, {channels} channels, batch {batch}, {layout}); use another device"
                )


def _integer_convolution(x: Tensor, weight: Tensor) -> Tensor:
    """Cross-correlation in int64 as a sum over kernel offsets; (B, C, H, W) with (O, C, k, k)."""
    k = weight.shape[-1]
    size = x.shape[-1] - k + 1
    total = x.new_zeros(x.shape[0], size * size, weight.shape[0])
    for i in range(k):
        for j in range(k):
            patch = x[:, :, i : i + size, j : j + size].flatten(2).transpose(1, 2)
            total += patch @ weight[:, :, i, j].T
    return total.transpose(1, 2).reshape(x.shape[0], -1, size, size)
