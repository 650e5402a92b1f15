"""Integers as digits that fit int8: v = offset + sum_i 2^(width i) d_i with -2^(width-1) <= d_i < 2^(width-1)."""

from dataclasses import dataclass
from typing import Any

__all__ = ["Digits"]


@dataclass(frozen=True)
class Digits:
    """How every integer of a range is written; 0 always belongs to the range, padding holds it.

    A range of at most 2^width integers takes one digit: where it does not lie around 0 (pixel bytes), an offset is
    taken off first. A wider range takes balanced digits and no offset.

    Attributes
    ----------
    width
        Bits per digit, 8 or 7.
    offset
        What is taken off before.
    largest
        Largest magnitude of each digit, the lowest first.
    """

    width: int
    offset: int
    largest: tuple[int, ...]

    @classmethod
    def of(cls, lo: int, hi: int, width: int, shift: bool = True) -> "Digits":
        """The digits of lo..hi and 0; without `shift` the offset is 0."""
        lo, hi = min(lo, 0), max(hi, 0)
        half = 1 << (width - 1)
        if shift and hi - lo < 2 * half:
            offset = 0 if -half <= lo and hi < half else lo + half
            return cls(width, offset, (max(offset - lo, hi - offset),))
        largest = []
        while lo < -half or hi >= half:
            largest.append(half)
            lo, hi = (lo + half) >> width, (hi + half) >> width
        return cls(width, 0, (*largest, max(-lo, hi)))

    @property
    def count(self) -> int:
        """Number of digits."""
        return len(self.largest)

    def split(self, values: Any) -> list[Any]:
        """The digits of a numpy array or torch tensor of signed integers, lowest first, in its dtype.

        The dtype must hold 2^(width-1) more than any value where there are several digits.
        """
        half = 1 << (self.width - 1)
        rest = values - self.offset if self.offset else values
        parts = []
        for _ in self.largest[1:]:
            digit = ((rest + half) & (2 * half - 1)) - half
            parts.append(digit)
            rest = (rest - digit) >> self.width
        return [*parts, rest]
