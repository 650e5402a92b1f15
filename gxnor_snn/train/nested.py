"""Nested states of optimisers as flat tensors and scalars, and back by the pattern of another such state.

What comes from a file is never believed: `rebuild` walks a pattern of the same kind and takes only what fits it.
"""

from collections.abc import Iterator
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from .weights import restored, stored

__all__ = ["Scalar", "flatten", "rebuild"]

Scalar = bool | int | float | str | None


def flatten(value: Any, path: str) -> Iterator[tuple[str, NDArray[Any] | Scalar]]:
    """Every leaf of nested dicts, lists and tuples with its path: tensors as arrays, others as they are."""
    if isinstance(value, Tensor):
        yield path, stored(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from flatten(item, f"{path}/{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from flatten(item, f"{path}/{index}")
    else:
        yield path, value


def rebuild(pattern: Any, path: str, arrays: dict[str, NDArray[Any]], scalars: dict[str, Scalar]) -> Any:
    """A value like `pattern` whose leaves are those stored under `path`; what is used is removed from both dicts.

    Raises
    ------
    ValueError
        If a leaf is missing or of another type or shape, a float is not finite, or a counter is negative.
    """
    if isinstance(pattern, dict):
        return {key: rebuild(item, f"{path}/{key}", arrays, scalars) for key, item in pattern.items()}
    if isinstance(pattern, list | tuple):
        return type(pattern)(
            rebuild(item, f"{path}/{index}", arrays, scalars) for index, item in enumerate(pattern)
        )
    if isinstance(pattern, Tensor):
        if path not in arrays:
            raise ValueError(f"the tensor {path!r} is missing")
        array = arrays.pop(path)
        if not array.ndim and array < 0:
            raise ValueError(f"{path} is {array}; a counter is not negative")
        return restored(path, array, torch.empty_like(pattern, device="meta")).to(pattern.device)
    if path not in scalars or type(scalars[path]) is not type(pattern):
        raise ValueError(f"{path} is {scalars.get(path)!r}; a {type(pattern).__name__} is needed")
    scalar = scalars.pop(path)
    if isinstance(scalar, int | float) and not 0 <= scalar < 2**53:
        raise ValueError(f"{path} is {scalar}; allowed are 0 to 2^53")
    return scalar
