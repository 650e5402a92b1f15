"""The discrete activation: integer levels forward, a window around each threshold backward."""

import functools
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace, Tie, activation_thresholds, check_tie, comparison_bounds

from .windows import WINDOWS, Window, activation_slope, through_windows

__all__ = ["DiscreteActivation", "activation_slope", "float_levels"]


def float_levels(x: Tensor, thresholds: tuple[float, ...], tie: Tie) -> Tensor:
    """`gxnor_snn.spaces.activation_levels` of a float tensor, as float32 and in its own precision.

    The levels are those of float64 arithmetic for float32 x too (`comparison_bounds`), without its cost.
    """
    x = x if x.dtype == torch.float64 else x.to(torch.float32)
    if not thresholds:
        return torch.ge(x, 0, out=torch.empty_like(x)).mul_(2).sub_(1).to(torch.float32)
    kind = np.float64 if x.dtype == torch.float64 else np.float32
    steps = (_step(x, above, below) for above, below in comparison_bounds(thresholds, tie, kind))
    return functools.reduce(Tensor.add_, steps).to(torch.float32)


def _step(x: Tensor, above: float, below: float) -> Tensor:
    # comparisons that write floats: several times faster than truth values that are converted
    step = torch.gt(x, above, out=torch.empty_like(x))
    return step.sub_(torch.lt(x, -below, out=torch.empty_like(x)))


class _Quantise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, thresholds: tuple[float, ...], tie: Tie, a: float, window: Window) -> Tensor:
        ctx.save_for_backward(x)
        ctx.rest = thresholds, a, window
        return float_levels(x.detach(), thresholds, tie)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        return through_windows(gradient.to(x.dtype), x, *ctx.rest), None, None, None, None


class DiscreteActivation(nn.Module):
    """level = #{k : x beyond t_k} - #{k : x beyond -t_k}, as float32 (GXNOR-Net, arXiv 1705.09283, sec. 2).

    Thresholds and ties are those of `gxnor_snn.spaces.activation_levels`; the derivative is
    `activation_slope`.

    Parameters
    ----------
    n
        Exponent of the output's space Z_n: 1 is ternary, 0 the sign.
    r
        Half-width of the zero window, in units of x; ignored for n = 0.
    a
        Half-width of the derivative window, in units of x.
    window
        "rect" or "tri".
    tie
        "strict" (paper), "fire" (published code), "up" or "even". Unless given: "strict", and "up" for n = 0,
        which has no other.
    half_range
        H, where several levels end, in units of x.
    coding
        "zn": the levels of Z_n.

    Raises
    ------
    InputError
        If an argument is not one of these.
    """

    def __init__(
        self,
        n: int = 1,
        r: float = 0.5,
        a: float = 0.5,
        window: Window = "rect",
        tie: Tie | None = None,
        half_range: float = 1.0,
        coding: Literal["zn"] = "zn",
    ) -> None:
        super().__init__()
        if window not in WINDOWS:
            raise InputError(f"DiscreteActivation: window is {window!r}; allowed are 'rect' and 'tri'")
        if coding != "zn":
            raise InputError(f"DiscreteActivation: coding is {coding!r}; allowed is 'zn'")
        if not 0 < a < float("inf"):
            raise InputError(f"DiscreteActivation: a is {a!r}; it must be a positive finite number")
        self.thresholds = activation_thresholds(n, r, half_range)
        self.tie: Tie = tie if tie is not None else ("strict" if n else "up")
        check_tie(self.thresholds, self.tie)
        self.n, self.r, self.a = n, r, a
        self.window: Window = window
        self.half_range = half_range
        self.coding = coding
        self.space = DiscreteSpace(n, half_range)

    def forward(self, x: Tensor) -> Tensor:
        """Integer levels (float32) of real x, any shape."""
        x = x if x.dtype == torch.float64 else x.to(torch.float32)
        levels: Tensor = _Quantise.apply(x, self.thresholds, self.tie, self.a, self.window)  # type: ignore[no-untyped-call]
        return levels

    def extra_repr(self) -> str:
        """Arguments for ``print(model)``."""
        return f"n={self.n}, r={self.r}, a={self.a}, window={self.window!r}, tie={self.tie!r}"
