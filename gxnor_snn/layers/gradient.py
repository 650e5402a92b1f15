"""Gradients of few bits: powers of two by unbiased stochastic rounding, as QNN's backward pass may use."""

from typing import Any

import torch
from torch import Tensor

from gxnor_snn.arguments import is_integer
from gxnor_snn.errors import InputError

from .noise import Noise

__all__ = ["check_gradient_bits", "log_rounded", "quantise_gradient"]


def quantise_gradient(x: Tensor, noise: Noise, bits: int = 6) -> Tensor:
    """Return x itself, whose gradient is rounded to `bits` bits on its way back (`log_rounded`).

    QNN (arXiv 1609.07061) reports that gradients of 6 bits suffice. The rounding it used is not known to us in
    detail (unverified), so this one is our own. Behind a product it acts on the gradients of weights and inputs
    alike.

    Parameters
    ----------
    x
        Any float tensor.
    noise
        Draws the roundings.
    bits
        2 to 8.

    Raises
    ------
    InputError
        If `bits` is out of range.
    """
    check_gradient_bits(bits)
    out: Tensor = _Rounded.apply(x, noise, bits)  # type: ignore[no-untyped-call]
    return out


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, noise: Noise, bits: int) -> Tensor:
        ctx.rest = noise, bits
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        noise, bits = ctx.rest
        return log_rounded(gradient, noise.uniform(gradient), bits), None, None


def check_gradient_bits(bits: int) -> None:
    """Raise `InputError` unless `bits` is an integer from 2 to 8."""
    if not is_integer(bits, 2) or bits > 8:
        raise InputError(f"gradient_bits is {bits!r}; allowed are the integers 2 to 8")


def log_rounded(values: Tensor, uniform: Tensor, bits: int) -> Tensor:
    """Each value rounded to 0 or +-2^e, the expected result being the value.

    One bit is the sign, the others say one of 2^(bits-1) magnitudes: 0 and the powers 2^E, 2^(E-1), ... below the
    smallest 2^E that reaches the largest magnitude of the tensor. Between two neighbours the upper one is drawn
    with probability (|v| - lower) / (upper - lower). A tensor that is not finite is returned as it is.

    Parameters
    ----------
    values
        Float tensor.
    uniform
        Draws from [0, 1) of its shape.
    bits
        2 to 8.
    """
    if not values.numel():
        return values
    size = values.abs()
    largest = size.amax()
    first = torch.frexp(largest).mantissa  # largest = first 2^e, first in [1/2, 1): divisions by it are exact
    top = largest / torch.where(first == 0.5, 1.0, first)
    least = top * 2.0 ** (2 - (1 << (bits - 1)))
    mantissa = torch.frexp(size).mantissa.masked_fill_(size == 0, 0.5)
    power = size / torch.where(uniform < 2 * mantissa - 1, mantissa, 2 * mantissa)
    small = (uniform < size / least) * least
    rounded = torch.where(size < least, small, power) * values.sign()
    return torch.where(largest.isfinite() & (largest > 0), rounded, values)
