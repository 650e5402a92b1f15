"""What the row drivers send: levels cut into digits, digits sent in one or two reads."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gxnor_snn.graph import Coding

from .array import ArraySpec

__all__ = ["Read", "largest_digit", "reads"]


@dataclass(frozen=True)
class Read:
    """One read of all arrays of a projection.

    Attributes
    ----------
    rows
        What drives the rows, in units of the read voltage: one tensor of the levels' shape, or with two rows per
        input two of them, for positive and for negative levels.
    factor
        What the converted sums count for.
    """

    rows: tuple[Tensor, ...]
    factor: int


def largest_digit(coding: Coding, bits: int) -> int:
    """Largest magnitude that one driver sends."""
    return coding.max_abs if bits >= coding.n_planes else (1 << bits) - 1


def reads(levels: Tensor, coding: Coding, array: ArraySpec, dtype: torch.dtype) -> Iterator[Read]:
    """The reads that send integer levels of this coding, one after the other, as floats of this type.

    Their sum, each with its factor, is the levels. A coding without negative levels takes no second phase.
    """
    for digits, factor in _digits(levels, coding, array.dac_bits):
        drive = digits.to(dtype)
        if array.drive == "bipolar" or (array.drive == "two_phase" and coding.lo >= 0):
            yield Read((drive,), factor)
        elif array.drive == "two_phase":
            if coding.hi > 0:
                yield Read((drive.clamp(min=0),), factor)
            yield Read((drive.neg().clamp_(min=0),), -factor)
        else:
            yield Read((drive.clamp(min=0), drive.neg().clamp_(min=0)), factor)


def _digits(levels: Tensor, coding: Coding, bits: int) -> Iterator[tuple[Tensor, int]]:
    """(digits, factor): levels = sum of factor * digits, with `bits` planes in each digit."""
    if bits >= coding.n_planes:
        yield levels, 1
        return
    odd = coding.kind == "pm1"
    sign = levels.sign()
    code = (levels + ((1 << coding.n_planes) - 1)) >> 1 if odd else levels.abs()
    for shift in range(0, coding.n_planes, bits):
        mask = (1 << min(bits, coding.n_planes - shift)) - 1
        part = (code >> shift) & mask
        yield (2 * part - mask if odd else part * sign), 1 << shift
