"""The zero window as a parameter per channel."""

from typing import Any

import torch
from torch import Tensor

from gxnor_snn.spaces import StepFunction, Tie, symmetric_steps, window_slopes, window_thresholds

from .quantise import as_float, float_levels
from .windows import Shape, shape_of_window

__all__ = ["learnable_levels", "r_range", "steps_of_r"]


def r_range(n: int, half_range: float) -> tuple[float, float]:
    """Where a learnable r may be: [H / 1024, 4 H] for n = 1, and to 15 H / 16 for more levels, which end at H."""
    return half_range / 1024, (4 if n == 1 else 15 / 16) * half_range


def steps_of_r(r: Tensor, n: int, half_range: float, tie: Tie) -> StepFunction:
    """The step function of an activation in Z_n with one r per channel, clamped to `r_range`."""
    clamped = r.detach().double().clamp(*r_range(n, half_range)).cpu().numpy()
    return symmetric_steps(window_thresholds(n, clamped, half_range), tie)


def learnable_levels(x: Tensor, r: Tensor, n: int, a: float, window: Shape, tie: Tie, half_range: float) -> Tensor:
    """Levels of x (float32) whose gradient reaches r (C,) too; channels are axis 1 of x.

    With the thresholds t_k(r) of `gxnor_snn.spaces.activation_thresholds` and the window of the activation,

        d level / d x =  sum_k window(|x| - t_k)
        d level / d r = -sum_k sign(x) window(|x| - t_k) d t_k / d r,

    because a threshold that moves by d acts on a positive x like x moving by -d. Where r is outside `r_range`,
    levels are those of the nearest end, and the gradient passes as if r were there.
    """
    steps = steps_of_r(r, n, half_range, tie)
    out: Tensor = _Learnable.apply(as_float(x), r, steps, n, a, window)  # type: ignore[no-untyped-call]
    return out


class _Learnable(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, r: Tensor, steps: StepFunction, n: int, a: float, window: Shape) -> Tensor:
        ctx.save_for_backward(x)
        ctx.rest = [x.new_tensor(step.at) for step in steps.steps[len(steps.steps) // 2 :]], n, a, window, r.dtype
        return float_levels(x.detach(), steps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        thresholds, n, a, window, r_dtype = ctx.rest
        gradient = gradient.to(x.dtype)
        size, sign = x.abs(), x.sign()
        others = [axis for axis in range(x.ndim) if axis != 1]
        to_x, to_r = torch.zeros_like(x), x.new_zeros(x.shape[1])
        for t, slope in zip(thresholds, window_slopes(n), strict=True):
            part = shape_of_window(size - t.reshape(-1, *[1] * (x.ndim - 2)), a, window).mul_(gradient)
            to_x += part
            to_r -= slope * part.mul_(sign).sum(others)
        return to_x, to_r.to(r_dtype), None, None, None, None
