"""Ternary values in two bits each, four to a byte: how checkpoints and graph files store ternary weights.

Value k of a run lies in bits 2(k mod 4) and 2(k mod 4) + 1 of byte k // 4 (lowest bits first). The codes are
0 -> 0, +1 -> 1, -1 -> 2; code 3 is not used, and unused bits of the last byte are zero, so that every array
has exactly one packed form.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack_ternary", "packed_size", "unpack_ternary"]

_SHIFTS = np.array([0, 2, 4, 6], dtype=np.uint8)
_VALUES = np.array([0, 1, -1], dtype=np.int8)


def packed_size(count: int) -> int:
    """Bytes that `count` packed values take."""
    return (count + 3) // 4


def pack_ternary(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Pack an integer array of -1, 0 and +1, read in C order, four values to a byte.

    Returns
    -------
    numpy.ndarray
        uint8 of shape (ceil(values.size / 4),).

    Raises
    ------
    ValueError
        If the array is not of integers, or holds anything but -1, 0 and 1.
    """
    if values.dtype.kind not in "iu":
        raise ValueError(f"pack_ternary takes integers, got dtype {values.dtype}")
    flat = values.reshape(-1)
    if flat.size and (flat.min() < -1 or flat.max() > 1):
        raise ValueError(f"pack_ternary takes -1, 0 and 1, got values in [{flat.min()}, {flat.max()}]")
    codes = np.zeros(4 * packed_size(flat.size), dtype=np.uint8)
    codes[: flat.size] = np.where(flat < 0, 2, flat)
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(codes.reshape(-1, 4) << _SHIFTS, axis=1)
    return packed


def unpack_ternary(packed: NDArray[np.uint8], count: int) -> NDArray[np.int8]:
    """Undo `pack_ternary`: the first `count` values, int8 of shape (count,).

    Raises
    ------
    ValueError
        If `packed` is not a uint8 vector of exactly the bytes that `count` values take, holds the unused
        code 3, or has nonzero bits behind the last value.
    """
    if packed.dtype != np.uint8 or packed.ndim != 1:
        raise ValueError(f"packed ternary data is a uint8 vector, got {packed.dtype} of shape {packed.shape}")
    if count < 0 or packed.size != packed_size(count):
        raise ValueError(f"{packed.size} bytes cannot be {count} packed ternary values")
    codes = ((packed[:, None] >> _SHIFTS) & 3).reshape(-1)
    if (codes == 3).any():
        raise ValueError(f"packed ternary data has the unused code 3 at value {int((codes == 3).argmax())}")
    if codes[count:].any():
        raise ValueError(f"packed ternary data has nonzero bits behind its {count} values")
    values: NDArray[np.int8] = _VALUES[codes[:count]]
    return values
