"""An exact product of integer matrices, made of int8 products whose int32 sums are proven to fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .arithmetic import Arithmetic
from .digits import Digits

__all__ = ["ExactProduct", "Piece", "pieces_of"]

INT32 = (1 << 31) - 1
_ROWS_AT_ONCE = 512


@dataclass(frozen=True)
class Piece:
    """One digit of the weights over one part of the shared axis.

    Attributes
    ----------
    digit
        Which digit, the lowest 0.
    start, stop
        The part.
    bound
        No partial sum of the product with any digit of the activations passes this magnitude.
    """

    digit: int
    start: int
    stop: int
    bound: int


def pieces_of(parts: list[NDArray[Any]], largest: int, limit: int = INT32) -> list[Piece]:
    """Cut the shared axis so that every int32 sum fits.

    The bound of a part is max over outputs of sum_k |w_k|, times the largest activation digit: it holds for every
    order of addition. Parts are halved until it does not pass `limit`; one product of two int8 always fits.

    Parameters
    ----------
    parts
        Digits of the weights, (outputs, K) each.
    largest
        Largest magnitude of an activation digit.
    limit
        Largest magnitude allowed.
    """
    found = []
    for digit, weights in enumerate(parts):
        magnitudes = np.abs(weights.astype(np.promote_types(weights.dtype, np.int16)))  # |-128| is no int8
        open_parts = [(0, weights.shape[1])]
        while open_parts:
            start, stop = open_parts.pop()
            bound = int(magnitudes[:, start:stop].sum(axis=1, dtype=np.int64).max(initial=0)) * largest
            if bound > limit and stop - start > 1:
                middle = (start + stop) // 2
                open_parts += [(middle, stop), (start, middle)]
            elif bound:  # weights of 0 add nothing
                found.append(Piece(digit, start, stop, bound))
    return found


class ExactProduct:
    """sum_k w_ok a_mk for fixed integer weights and activations of a stated range.

    Both sides are split into digits, every pair of digits is one int8 product, and int64 puts them together. One
    digit on both sides, no offset and no cut leave the int32 sums as they are.

    Parameters
    ----------
    weights
        Integers (outputs, K).
    lo, hi
        Range of the activations; 0 is always allowed as well.
    arithmetic
        Of the device.
    limit
        Largest sum that one int8 product may give.

    Attributes
    ----------
    digits, weight_digits
        Of the activations and of the weights.
    pieces
        The int8 products per digit of the activations, with the proof that they fit.
    """

    def __init__(
        self, weights: NDArray[Any], lo: int, hi: int, arithmetic: Arithmetic, limit: int = INT32
    ) -> None:
        wide = weights.astype(np.int16 if weights.dtype == np.int8 else np.int64)  # room for a carry, not more
        self.arithmetic = arithmetic
        self.outputs, self.shared = len(wide), int(wide.shape[1])
        self.digits = Digits.of(lo, hi, arithmetic.width)
        self.weight_digits = Digits.of(int(wide.min()), int(wide.max()), arithmetic.width, shift=False)
        parts = self.weight_digits.split(wide)
        self.pieces = pieces_of(parts, max(self.digits.largest), limit)
        self._matrices = [self._moved(parts[p.digit][:, p.start : p.stop]) for p in self.pieces]
        offset = self.digits.offset
        self._correction = self._on_device(offset * wide.sum(axis=1, dtype=np.int64)) if offset else None
        self._plain = self.digits.count * len(self.pieces) == 1 and not offset and self.weight_digits.count == 1

    def _on_device(self, array: NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.arithmetic.device)

    def _moved(self, part: NDArray[Any]) -> torch.Tensor:
        """A digit of the weights as the right-hand matrix (K, outputs), padded."""
        outputs, shared = part.shape
        padded = np.zeros((self.arithmetic.padded(shared), self.arithmetic.padded(outputs)), np.int8)
        for start in range(0, shared, _ROWS_AT_ONCE):  # an interrupt is heard in between
            stop = min(start + _ROWS_AT_ONCE, shared)
            padded[start:stop, :outputs] = part[:, start:stop].T
        return torch.from_numpy(padded).to(self.arithmetic.device)

    @property
    def n_bytes(self) -> int:
        """Bytes of the weights on the device."""
        return sum(m.numel() for m in self._matrices)

    @property
    def blank(self) -> int:
        """The digit of a place that holds 0."""
        return -self.digits.offset

    def split(self, levels: torch.Tensor) -> list[torch.Tensor]:
        """Digits of activations of any shape, int8, lowest first."""
        if self.digits.count == 1 and not self.digits.offset:
            return [levels.to(torch.int8)]
        return [part.to(torch.int8) for part in self.digits.split(levels.to(torch.int32))]

    def sum(self, columns: Iterable[torch.Tensor], rows: int) -> torch.Tensor:
        """Sums (rows, outputs), int32 or int64, of digit matrices (rows, K), lowest digit first, one at a time."""
        total: torch.Tensor | None = None
        for k, matrix in enumerate(columns):
            for piece, weights in zip(self.pieces, self._matrices, strict=True):
                part = self._multiplied(matrix, piece, weights)
                if self._plain:
                    return part
                shifted = part.to(torch.int64) << (self.arithmetic.width * (k + piece.digit))
                total = shifted if total is None else total.add_(shifted)
        if total is None:
            total = torch.zeros((rows, self.outputs), dtype=torch.int64, device=self.arithmetic.device)
        return total if self._correction is None else total + self._correction

    def _multiplied(self, matrix: torch.Tensor, piece: Piece, weights: torch.Tensor) -> torch.Tensor:
        part = matrix[:, piece.start : piece.stop]
        missing = len(weights) - part.shape[1]
        part = torch.nn.functional.pad(part, (0, missing)) if missing else part.contiguous()
        return self.arithmetic.product(part, weights)[:, : self.outputs]

    def __call__(self, levels: torch.Tensor) -> torch.Tensor:
        """Sums (M, outputs) of activations (M, K)."""
        return self.sum(self.split(levels), len(levels))
