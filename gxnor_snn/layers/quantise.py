"""Step functions on float tensors: fast, exact forward; a stand-in for their derivative backward."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gxnor_snn.spaces import Step, StepFunction

from .windows import StandIn

__all__ = ["as_float", "float_levels", "quantised", "sampled_sign"]

_FEW = 16  # up to here, comparing x with every threshold beats searching


def quantised(x: Tensor, forward: Callable[[Tensor], Tensor], stand_in: StandIn) -> Tensor:
    """``forward(x)`` as float32, whose gradient is ``stand_in(gradient, x)``."""
    out: Tensor = _Quantised.apply(as_float(x), forward, stand_in)  # type: ignore[no-untyped-call]
    return out


class _Quantised(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, forward: Callable[[Tensor], Tensor], stand_in: StandIn) -> Tensor:
        ctx.save_for_backward(x)
        ctx.stand_in = stand_in
        return forward(x.detach())

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        return ctx.stand_in(gradient.to(x.dtype), x), None, None


def as_float(x: Tensor) -> Tensor:
    """The tensor itself where it is float32 or float64, else as float32."""
    return x if x.dtype == torch.float64 else x.to(torch.float32)


def float_levels(x: Tensor, steps: StepFunction, channel_axis: int = 1) -> Tensor:
    """`StepFunction.levels_of` of a float tensor, as float32.

    Float32 is compared in float32, with bounds (`StepFunction.bounds`) that give the very levels of float64.
    """
    x = as_float(x)
    bounds = steps.bounds(np.float64 if x.dtype == torch.float64 else np.float32)
    if len(bounds) > _FEW and not steps.per_channel:
        return _searched(x, torch.from_numpy(np.sort(bounds)), steps.values)
    limits: list[Any] = bounds.tolist()
    if steps.per_channel:
        along = [-1 if axis == channel_axis % x.ndim else 1 for axis in range(x.ndim)]
        limits = list(x.new_tensor(bounds).reshape(len(bounds), *along))
    # from the level nearest to zero: up by the steps passed, down by those below zero that are not
    levels = torch.full_like(x, max((v for v in steps.values if v <= 0), default=steps.values[0]))
    for step, limit, (low, high) in zip(steps.steps, limits, pairwise(steps.values), strict=True):
        up = high > 0
        levels.add_(_compared(x, step, limit, passed=up), alpha=high - low if up else low - high)
    return levels.to(torch.float32)


def _compared(x: Tensor, step: Step, bound: Any, *, passed: bool) -> Tensor:
    """1 where x has passed the step (or has not), else 0, in the type of x."""
    # comparisons that write floats: several times faster than truth values that are converted
    out = torch.empty_like(x)
    if isinstance(step.at, float) and step.at == 0 and step.closed:
        # x >= 0 rather than x > -(smallest number), which a processor set to flush such numbers misreads
        return torch.ge(x, 0, out=out) if passed else torch.lt(x, 0, out=out)
    return torch.gt(x, bound, out=out) if passed else torch.le(x, bound, out=out)


def _searched(x: Tensor, bounds: Tensor, values: tuple[int, ...]) -> Tensor:
    image = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last)
    flat = x.permute(0, 2, 3, 1) if image else x.contiguous()
    table = torch.tensor(values, dtype=torch.float32, device=x.device)
    passed = torch.bucketize(flat, bounds.to(x.device, x.dtype), out_int32=True)  # how many bounds are < x
    levels = table[passed]
    return levels.permute(0, 3, 1, 2) if image else levels


def sampled_sign(x: Tensor, uniform: Tensor) -> Tensor:
    """+1 with probability clip((x + 1) / 2, 0, 1), else -1 (BNN, arXiv 1602.02830, eq. 2), as float32.

    Parameters
    ----------
    x
        Real numbers.
    uniform
        Draws from [0, 1), of the shape of x.
    """
    probability = x.add(1).div_(2)
    return torch.lt(uniform, probability).to(torch.float32).mul_(2).sub_(1)
