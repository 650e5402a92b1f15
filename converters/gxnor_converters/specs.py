"""Shapes and types of the tensors in a forward pass, computed without tensors."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from gxnor_snn.errors import InputError
from gxnor_snn.graph.window import Window

__all__ = ["BatchSize", "Spec", "changed", "combined", "flattened", "joined", "padded", "reshaped", "windowed"]


class BatchSize(int):
    """The number of samples in a shape, which no value of a network may depend on."""


@dataclass(frozen=True)
class Spec:
    """Shape (batch first) and type of a tensor."""

    shape: torch.Size
    dtype: torch.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def shaped(self, *shape: int) -> "Spec":
        """The same type in another shape."""
        return replace(self, shape=torch.Size(shape))

    def of(self, dtype: torch.dtype) -> "Spec":
        """The same shape in another type."""
        return replace(self, dtype=dtype)


def windowed(x: Spec, channels: int, window: Window, where: str) -> Spec:
    """What a window that slides over images gives; raises `InputError` where it takes no images."""
    if x.ndim != 4:
        raise InputError(f"{where} takes (B, C, H, W), got shape {tuple(x.shape)}")
    return x.shaped(x.shape[0], channels, *window.output_size(x.shape[2], x.shape[3], where))


def padded(x: Spec, top: int, bottom: int, left: int, right: int) -> Spec:
    """Images with a border."""
    if x.ndim != 4:
        raise InputError(f"padding of four sides takes (B, C, H, W), got shape {tuple(x.shape)}")
    batch, channels, height, width = x.shape
    return x.shaped(batch, channels, height + top + bottom, width + left + right)


def flattened(x: Spec, start: int, end: int) -> Spec:
    """Axes start..end in one."""
    first, last = start % x.ndim, end % x.ndim
    middle = math.prod(x.shape[first : last + 1])
    return x.shaped(*x.shape[:first], middle, *x.shape[last + 1 :])


def reshaped(x: Spec, sizes: Sequence[int]) -> Spec:
    """As `torch.reshape`."""
    known = math.prod(n for n in sizes if n != -1)
    total = math.prod(x.shape)
    if sizes.count(-1) > 1 or not known or total % known or (-1 not in sizes and known != total):
        raise InputError(f"shape {tuple(x.shape)} cannot become {tuple(sizes)}")
    return x.shaped(*(total // known if n == -1 else n for n in sizes))


def combined(*parts: Any) -> Spec:
    """What an elementwise operation on tensors (and numbers) gives."""
    tensors = [p for p in parts if isinstance(p, Spec)]
    dtype = tensors[0].dtype
    for other in tensors[1:]:
        dtype = torch.promote_types(dtype, other.dtype)
    try:
        shape = np.broadcast_shapes(*(t.shape for t in tensors))
    except ValueError as error:
        raise InputError(f"shapes {' and '.join(str(tuple(t.shape)) for t in tensors)} do not fit") from error
    return Spec(torch.Size(shape), dtype)


def changed(first: Spec, *rest: Any) -> Spec:
    """What an elementwise operation in place gives: `first` keeps its shape and type."""
    if combined(first, *rest).shape != first.shape:
        raise InputError(f"shape {tuple(first.shape)} cannot hold the result")
    return first


def joined(parts: Sequence[Spec], axis: int) -> Spec:
    """What `torch.cat` gives."""
    first = parts[0]
    axis %= first.ndim
    rest = {(*p.shape[:axis], *p.shape[axis + 1 :]) for p in parts}
    if len(rest) > 1:
        raise InputError(f"shapes {' and '.join(str(tuple(p.shape)) for p in parts)} cannot be joined")
    size = sum(p.shape[axis] for p in parts)
    return combined(*(p.shaped() for p in parts)).shaped(*first.shape[:axis], size, *first.shape[axis + 1 :])
