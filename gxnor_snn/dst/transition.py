"""One discrete state transition, as a pure function."""

import torch
from torch import Tensor

from gxnor_snn.arguments import check_kind, is_number
from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace

from .rounding import Rounding, Tanh

__all__ = ["jump", "transition"]

_TANH = Tanh()


def transition(
    levels: Tensor,
    update: Tensor,
    uniform: Tensor,
    space: DiscreteSpace,
    m: float = 3.0,
    *,
    rounding: Rounding = _TANH,
    zero_bias: float = 0.0,
) -> Tensor:
    """The levels after one discrete state transition.

    An update dW of a weight w in Z_N with step dz and half-range H becomes a random transition between levels
    (GXNOR-Net, arXiv 1705.09283, sec. 2):

    1. boundary projection: rho = dW clipped to [-H - w, H - w];
    2. split: kappa = trunc(rho / dz), nu = rho - kappa dz, so |nu| < dz with the sign of rho;
    3. w <- w + kappa dz + sign(nu) dz Bernoulli(tau), tau = tanh(m |nu| / dz).

    The expected jump is m times nu while tanh is linear: m acts as a multiplier of the learning rate. With a
    `zero_bias` z the jump of step 3 has the probability min(1, (1 + z) tau) where it leads from w + kappa dz
    towards zero, and tau / (1 + z) where it leads away from it.

    Parameters
    ----------
    levels
        Levels of `space` before; any shape.
    update
        dW in real units of the space, same shape, not NaN.
    uniform
        Draws from [0, 1), same shape: the jump to the next value happens where uniform < tau.
    space
        The space of the weights.
    m
        Steepness of the transition probability.
    rounding
        Another form of tau.
    zero_bias
        z >= 0; 0 is the symmetric transition.

    Returns
    -------
    torch.Tensor
        Levels of `space`, of the dtype of `levels`.

    Raises
    ------
    InputError
        If an argument is of another kind, shapes differ, m is not positive or z negative.
    """
    for name, tensor in ("levels", levels), ("update", update), ("uniform", uniform):
        check_kind(f"transition: {name}", tensor, Tensor)
    if not levels.shape == update.shape == uniform.shape:
        raise InputError(
            f"transition: levels, update, uniform have the shapes {tuple(levels.shape)}, {tuple(update.shape)}, "
            f"{tuple(uniform.shape)}; allowed is one shape for all"
        )
    check_kind("transition: space", space, DiscreteSpace)
    check_kind("transition: rounding", rounding, Rounding)
    if not is_number(m) or m <= 0 or not is_number(zero_bias) or zero_bias < 0:
        raise InputError(f"transition: m is {m!r}, zero_bias {zero_bias!r}; allowed are m > 0 and zero_bias >= 0")
    steps = update / space.step
    return jump(levels, steps, uniform, space, m, rounding, zero_bias, whole=True)


def jump(
    levels: Tensor,
    steps: Tensor,
    uniform: Tensor,
    space: DiscreteSpace,
    m: float,
    rounding: Rounding,
    zero_bias: float,
    *,
    whole: bool,
) -> Tensor:
    """`transition` with the update in units of dz; `whole` says whether any may be 1 or more.

    The boundary projection is done last, as a clip: +-H are whole steps away, so that an update beyond them and
    its projection end at the same level, whatever the draw.
    """
    kappa = steps.trunc() if whole else None
    nu = steps if kappa is None else steps - kappa
    tau = rounding.probability(nu.abs(), m)
    if zero_bias:
        base = levels if kappa is None else kappa * space.level_step + levels
        tau = torch.where(base * nu < 0, tau * (1 + zero_bias), tau / (1 + zero_bias))
    moved = (uniform < tau).to(nu.dtype).copysign_(nu)
    if kappa is not None:
        moved.add_(kappa)
    if space.level_step > 1:
        moved.mul_(space.level_step)
    return moved.add_(levels).clamp_(-space.max_level, space.max_level).to(levels.dtype)
