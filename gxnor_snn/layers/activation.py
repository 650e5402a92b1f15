"""The discrete activation: integer levels forward, a window around each threshold backward."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace, Tie, activation_levels, activation_thresholds, check_tie

__all__ = ["DiscreteActivation", "activation_slope"]

Window = Literal["rect", "tri"]

_WINDOWS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "rect": lambda distance, a: (distance.abs() <= a).to(distance.dtype) / (2 * a),
    "tri": lambda distance, a: (a - distance.abs()).clamp(min=0) / a**2,
}


def activation_slope(x: Tensor, thresholds: tuple[float, ...], a: float, window: Window = "rect") -> Tensor:
    """The derivative used backward, in levels per unit of x: sum over k of window(abs(x) - t_k).

    window(d) is 1 / (2a) for abs(d) <= a ("rect"), or max(0, a - abs(d)) / a^2 ("tri"), else 0: unit area for
    a step of one level (GXNOR-Net, arXiv 1705.09283, sec. 2). The sign (no thresholds) jumps by two levels at
    0: 2 window(abs(x)); with a = 1 and "rect" that is the straight-through estimator of BNN.
    """
    shape = _WINDOWS[window]
    size = x.abs()
    if not thresholds:
        return 2 * shape(size, a)
    slope = shape(size - thresholds[0], a)
    for t in thresholds[1:]:
        slope = slope + shape(size - t, a)
    return slope


class _Quantise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, thresholds: tuple[float, ...], tie: Tie, a: float, window: Window) -> Tensor:
        ctx.save_for_backward(x)
        ctx.rest = thresholds, a, window
        # thresholds are float64: beside float32 they would be rounded before they are compared
        levels: Tensor = activation_levels(x.double(), thresholds, tie)
        return levels.to(torch.float32)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        return gradient.to(x.dtype) * activation_slope(x, *ctx.rest), None, None, None, None


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
        if window not in _WINDOWS:
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
        levels: Tensor = _Quantise.apply(x, self.thresholds, self.tie, self.a, self.window)  # type: ignore[no-untyped-call]
        return levels

    def extra_repr(self) -> str:
        """Arguments for ``print(model)``."""
        return f"n={self.n}, r={self.r}, a={self.a}, window={self.window!r}, tie={self.tie!r}"
