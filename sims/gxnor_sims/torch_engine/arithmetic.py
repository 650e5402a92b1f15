"""The one operation everything rests on: int8 matrices multiplied into int32, on one device, tried before used."""

from collections.abc import Callable
from functools import cache

import torch

from gxnor_snn.errors import EngineError, InputError

__all__ = ["Arithmetic", "arithmetic_of", "device_named"]

# Rows, columns and shared axis of matrices that a device is tried with: thin, wide, odd, long.
_TRIED = ((1, 3, 1), (24, 8, 8), (17, 64, 10), (64, 1000, 16), (96, 512, 200))
_WIDTHS = (8, 7)
_CUDA_MULTIPLE, _CUDA_ROWS = 8, 24  # cuBLAS: rows > 16, all axes multiples of 8

Multiply = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class Arithmetic:
    """int8 x int8 -> int32 on one device.

    Attributes
    ----------
    device
        Where.
    width
        Bits of the digits whose products are exact there: 8, or 7 (-64..63) on CPUs without 8-bit dot-product
        instructions, whose 16-bit partial sums saturate beyond.
    multiple, least_rows
        Every axis is padded to a multiple, rows to a least number as well; both 1 on CPU.
    """

    def __init__(self, device: torch.device, width: int, multiple: int = 1, least_rows: int = 1) -> None:
        self.device = device
        self.width = width
        self.multiple = multiple
        self.least_rows = least_rows

    def padded(self, size: int) -> int:
        """A size as the device takes it."""
        return -(-size // self.multiple) * self.multiple

    def product(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """Multiply left (M, K) by right (K, N), both contiguous int8, K and N padded: int32 (M, N)."""
        rows = len(left)
        if not rows:
            return torch.zeros((0, right.shape[1]), dtype=torch.int32, device=self.device)
        wanted = max(self.padded(rows), self.least_rows)
        if wanted > rows:
            left = torch.cat([left, left.new_zeros((wanted - rows, left.shape[1]))])
        return torch._int_mm(left, right)[:rows]


def device_named(name: str) -> torch.device:
    """The device of that name.

    Raises
    ------
    InputError
        If the name is none of cpu, cuda, cuda:N.
    EngineError
        If this machine has no such GPU, or torch was built without CUDA.
    """
    text = str(name)
    kind, _, index = text.partition(":")
    if kind not in ("cpu", "cuda") or (":" in text and not (kind == "cuda" and index.isdecimal())):
        raise InputError(f"engine 'torch': device is {name!r}, allowed are cpu, cuda and cuda:N")
    if kind == "cpu":
        return torch.device("cpu")
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(index or 0) >= found:
        allowed = ", ".join(["cpu", *(f"cuda:{k}" for k in range(found))])
        raise EngineError(
            f"engine 'torch': device {text!r} is not there; torch {torch.__version__} finds {found} CUDA GPUs on "
            f"this machine; allowed here are {allowed}"
        )
    return torch.device(text if index else "cuda:0")


@cache  # a device's answer never changes within a process
def arithmetic_of(device: torch.device) -> Arithmetic:
    """The arithmetic of a device, tried once per process.

    Raises
    ------
    EngineError
        If int8 products on that device are wrong, or do not run.
    """
    padding = (_CUDA_MULTIPLE, _CUDA_ROWS) if device.type == "cuda" else (1, 1)
    for width in _WIDTHS:
        arithmetic = Arithmetic(device, width, *padding)
        try:
            if exact(arithmetic.product, arithmetic):
                return arithmetic
        except RuntimeError as error:
            raise EngineError(f"engine 'torch': int8 products do not run on {device}: {error}") from error
    raise EngineError(
        f"engine 'torch': torch {torch.__version__} multiplies int8 matrices wrongly on {device}; "
        f"engines native and reference do not depend on it"
    )


def exact(product: Multiply, arithmetic: Arithmetic) -> bool:
    """Whether products of digits are right for every pair of extreme digits, and for mixed ones."""
    half = 1 << (arithmetic.width - 1)
    ends = torch.tensor([-half, half - 1], dtype=torch.int8)
    draws = torch.Generator().manual_seed(0)
    for rows, shared, columns in _TRIED:
        inner, outer = arithmetic.padded(shared), arithmetic.padded(columns)
        shapes = ((rows, inner), (inner, outer))
        pairs = [tuple(v.expand(s).contiguous() for v, s in zip(p, shapes, strict=True)) for p in _pairs(ends)]
        pairs.append(tuple(torch.randint(-half, half, s, dtype=torch.int8, generator=draws) for s in shapes))
        for left, right in pairs:
            got = product(left.to(arithmetic.device), right.to(arithmetic.device)).cpu()
            if not torch.equal(got.double(), left.double() @ right.double()):
                return False
    return True


def _pairs(ends: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(a, b) for a in ends for b in ends]
