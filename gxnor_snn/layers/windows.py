"""What stands in for the derivative of a step function: windows, the straight-through rule, the encoding's sines.

Every stand-in is a function ``(gradient, x) -> gradient * slope(x)``, in levels per unit of x.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Shape",
    "StandIn",
    "Window",
    "activation_slope",
    "shape_of_window",
    "through_clip",
    "through_sines",
    "through_windows",
]

Shape = Literal["rect", "tri"]
Window = Literal["rect", "tri", "ste", "clip", "encoding"]
StandIn = Callable[[Tensor, Tensor], Tensor]


def activation_slope(x: Tensor, thresholds: Sequence[float], a: float, window: Shape = "rect") -> Tensor:
    """The derivative of the multi-step activation, in levels per unit of x: sum over k of window(abs(x) - t_k).

    window(d) is 1 / (2a) for abs(d) <= a ("rect"), or max(0, a - abs(d)) / a^2 ("tri"), else 0: unit area for
    a step of one level (GXNOR-Net, arXiv 1705.09283, sec. 2). The sign (no thresholds) jumps by two levels at
    0: 2 window(abs(x)); with a = 1 and "rect" that is the straight-through estimator of BNN.
    """
    return through_windows(torch.ones_like(x), x, thresholds, a, window)


def through_windows(gradient: Tensor, x: Tensor, thresholds: Sequence[float], a: float, window: Shape) -> Tensor:
    """``gradient * activation_slope(x, ...)``, without computing the slope where the window allows it."""
    centres, height = (thresholds, 1) if thresholds else ((0.0,), 2)
    whole = _through_rect if window == "rect" else _through_tri
    return whole(gradient, x, centres, a, height)


def _through_rect(gradient: Tensor, x: Tensor, centres: Sequence[float], a: float, height: int) -> Tensor:
    # where t <= a, |x| >= t - a always holds: one window on both sides of 0
    size = x.abs() if centres[-1] > a else x
    parts = (
        _between(gradient, size, t - a, t + a) if t > a else _between(gradient, x, -(t + a), t + a)
        for t in centres
    )
    passed = functools.reduce(Tensor.add_, parts)
    return _scaled(passed, height / (2 * a))


def _through_tri(gradient: Tensor, x: Tensor, centres: Sequence[float], a: float, height: int) -> Tensor:
    size = x.abs()
    slope = functools.reduce(Tensor.add_, ((a - (size - t).abs()).clamp_(min=0) for t in centres))
    return slope.mul_(gradient).mul_(height / a**2)


def shape_of_window(distance: Tensor, a: float, window: Shape) -> Tensor:
    """window(d) of `activation_slope`, for any tensor of distances."""
    size = distance.abs_()
    if window == "rect":
        return _scaled(torch.le(size, a, out=torch.empty_like(size)), 1 / (2 * a))
    return (a - size).clamp_(min=0).mul_(1 / a**2)


def through_clip(gradient: Tensor, x: Tensor, low: float, high: float, slope: float) -> Tensor:
    """The straight-through rule: the gradient passes where low <= x <= high, times `slope` levels per unit.

    That is the derivative of the clip in front of a quantiser, the quantiser being taken for the identity (BNN,
    arXiv 1602.02830, sec. 1.3).
    """
    return _scaled(_between(gradient, x, low, high), slope)


def through_sines(gradient: Tensor, x: Tensor, m: int, half_range: float) -> Tensor:
    """The encoding gradient of the M-bit {-1, +1} code (arXiv 1905.13389), 0 outside [-H, H].

    Bit j = 0 .. M-1 of the code is the sign of a sine, c_j = -+sin(w_j x), w_j = pi (2^M - 1) / 2^(j+1), + for
    the highest bit only; with level = sum_j 2^j c_j, the derivative of the sines gives

        d level / d x = pi (2^M - 1) / 2 * (cos(w_(M-1) x) - sum over j < M-1 of cos(w_j x)), x in units of H.
    """
    top = math.pi * ((1 << m) - 1)
    scaled = x / half_range
    slope = torch.cos(scaled * (top / (1 << m)))
    for j in range(m - 1):
        slope -= torch.cos(scaled * (top / (2 << j)))
    return slope.mul_(_between(gradient, x, -half_range, half_range)).mul_(top / 2 / half_range)


def _between(gradient: Tensor, x: Tensor, low: float, high: float) -> Tensor:
    """The gradient where low <= x <= high, else 0; the bounds are float64, whatever the type of x."""
    kind = np.float64 if x.dtype == torch.float64 else np.float32
    # hardtanh's derivative passes between its bounds, without them: one fused pass
    passed: Tensor = torch.ops.aten.hardtanh_backward(gradient, x, _below(low, kind), -_below(-high, kind))
    return passed


def _below(bound: float, kind: type[np.floating[Any]]) -> float:
    """The largest number of a float type that is smaller than `bound`."""
    near = kind(bound)
    return float(near) if float(near) < bound else float(np.nextafter(near, kind(-math.inf)))


def _scaled(fresh: Tensor, factor: float) -> Tensor:
    """Scale a tensor that nobody else holds."""
    return fresh if factor == 1 else fresh.mul_(factor)
