"""The derivative that stands in for that of a step: a window around each threshold."""

import functools
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

__all__ = ["WINDOWS", "Window", "activation_slope", "through_windows"]

Window = Literal["rect", "tri"]


def activation_slope(x: Tensor, thresholds: tuple[float, ...], a: float, window: Window = "rect") -> Tensor:
    """The derivative used backward, in levels per unit of x: sum over k of window(abs(x) - t_k).

    window(d) is 1 / (2a) for abs(d) <= a ("rect"), or max(0, a - abs(d)) / a^2 ("tri"), else 0: unit area for
    a step of one level (GXNOR-Net, arXiv 1705.09283, sec. 2). The sign (no thresholds) jumps by two levels at
    0: 2 window(abs(x)); with a = 1 and "rect" that is the straight-through estimator of BNN.
    """
    return through_windows(torch.ones_like(x), x, thresholds, a, window)


def through_windows(
    gradient: Tensor, x: Tensor, thresholds: tuple[float, ...], a: float, window: Window = "rect"
) -> Tensor:
    """``gradient * activation_slope(x, ...)``, computed without the slope where a window allows it."""
    centres, height = (thresholds, 1) if thresholds else ((0.0,), 2)
    return WINDOWS[window](gradient, x, centres, a, height)


def _rect(gradient: Tensor, x: Tensor, centres: tuple[float, ...], a: float, height: int) -> Tensor:
    # where t <= a, |x| >= t - a always holds: one window on both sides of 0
    size = x.abs() if centres[-1] > a else x
    parts = (
        _between(gradient, size, t - a, t + a) if t > a else _between(gradient, x, -(t + a), t + a)
        for t in centres
    )
    passed = functools.reduce(Tensor.add_, parts)
    scale = height / (2 * a)
    return passed if scale == 1 else passed.mul_(scale)


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


def _tri(gradient: Tensor, x: Tensor, centres: tuple[float, ...], a: float, height: int) -> Tensor:
    size = x.abs()
    slope = torch.zeros_like(x)
    for t in centres:
        slope += (a - (size - t).abs()).clamp_(min=0)
    return slope.mul_(gradient).mul_(height / a**2)


_Windowed = Callable[[Tensor, Tensor, tuple[float, ...], float, int], Tensor]
WINDOWS: dict[str, _Windowed] = {"rect": _rect, "tri": _tri}
