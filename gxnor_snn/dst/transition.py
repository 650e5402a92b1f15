"""One discrete state transition, as a pure function."""

from torch import Tensor

from gxnor_snn.spaces import DiscreteSpace

from .rounding import Rounding, Tanh

__all__ = ["jump", "transition"]

_TANH = Tanh()


def transition(levels: Tensor, update: Tensor, uniform: Tensor, space: DiscreteSpace, m: float) -> Tensor:
    """The levels after one discrete state transition.

    An update dW of a weight w in Z_N with step dz and half-range H becomes a random transition between levels
    (GXNOR-Net, arXiv 1705.09283, sec. 2):

    1. boundary projection: rho = dW clipped to [-H - w, H - w];
    2. split: kappa = trunc(rho / dz), nu = rho - kappa dz, so |nu| < dz with the sign of rho;
    3. w <- w + kappa dz + sign(nu) dz Bernoulli(tanh(m |nu| / dz)).

    The expected jump is m times nu while tanh is linear: m acts as a multiplier of the learning rate.

    Parameters
    ----------
    levels
        Levels of `space` before; any shape.
    update
        dW in real units of the space, same shape, not NaN.
    uniform
        Draws from [0, 1), same shape: the jump to the next value happens where uniform < tanh(m |nu| / dz).
    space
        The space of the weights.
    m
        Steepness of the transition probability.

    Returns
    -------
    torch.Tensor
        Levels of `space`, of the dtype of `levels`.
    """
    return jump(levels, update / space.step, uniform, space, m, _TANH)


def jump(
    levels: Tensor, steps: Tensor, uniform: Tensor, space: DiscreteSpace, m: float, rounding: Rounding
) -> Tensor:
    """`transition` with the update in units of dz and any `Rounding`.

    The boundary projection is done last, as a clip: +-H are whole steps away, so that an update beyond them and
    its projection end at the same level, whatever the draw.
    """
    kappa = steps.trunc()
    nu = steps - kappa
    jumps = uniform < rounding.probability(nu.abs(), m)
    moved = kappa.add_(jumps.to(nu.dtype).copysign_(nu)).mul_(space.level_step).add_(levels)
    return moved.clamp_(-space.max_level, space.max_level).to(levels.dtype)
