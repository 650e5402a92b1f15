"""Discrete state transition: training weights that are only ever levels of a discrete space.

GXNOR-Net (arXiv 1705.09283), sec. 2. An update dW of a weight w in Z_N with step dz and half-range H becomes
a random transition between levels:

1. boundary projection: rho = dW clipped to [-H - w, H - w];
2. split: kappa = trunc(rho / dz), nu = rho - kappa dz, so |nu| < dz with the sign of rho;
3. w <- w + kappa dz + sign(nu) dz Bernoulli(tanh(m |nu| / dz)).

The expected jump is m times nu while tanh is linear: m acts as a multiplier of the learning rate. Weights
freeze only as the learning rate decays by decades, which makes it the temperature of an annealing.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor

from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteParameter
from gxnor_snn.spaces import DiscreteSpace

__all__ = ["DST", "transition"]


def transition(levels: Tensor, update: Tensor, uniform: Tensor, space: DiscreteSpace, m: float) -> Tensor:
    """The levels after one discrete state transition.

    Parameters
    ----------
    levels
        Levels of `space` before; any shape.
    update
        dW in real units of the space, same shape, finite.
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
    before = levels.to(update.dtype)
    room = (space.max_level - before) / space.level_step  # whole steps up to H, where rho is exact
    rho = torch.clamp(update / space.step, room - 2 * space.max_level / space.level_step, room)
    kappa = rho.trunc()
    nu = rho.sub_(kappa)
    jumps = uniform < torch.tanh(m * nu.abs())
    moved = kappa.addcmul_(nu.sign_(), jumps.to(nu.dtype)).mul_(space.level_step)
    return moved.add_(before).to(levels.dtype)


class DST(torch.optim.Optimizer):
    """Adam on discrete weights, each step realised by a discrete state transition (`transition`).

    dW = -lr mhat / (sqrt(vhat) + eps) with the bias-corrected moments of Adam (arXiv 1412.6980), float32, in
    real units of each parameter's own space. Gradients are read at `step`, so accumulation and clipping work
    as with any optimiser; learning-rate schedulers do too.

    Parameters
    ----------
    params
        Discrete parameters (`gxnor_snn.layers.discrete_parameters`) or groups of them.
    lr
        Learning rate, in units of the weights.
    m
        Steepness of the transition probability.
    betas
        Memory of the two moments. A longer first memory (0.99 and above) averages the gradient before it may
        flip a weight, and trains better than Adam's usual 0.9.
    eps
        Added to sqrt(vhat).
    generator
        Draws the transitions; on the device of the parameters. Its state is part of the ``state_dict``.
    seed
        Of the generator that is made where none is given.
    fused
        False: gradients are kept until `step`. No other form exists.

    Raises
    ------
    InputError
        If a value is out of range, a parameter is claimed twice or is not discrete, or parameters and
        generator are on different devices.
    """

    _generator: torch.Generator

    def __init__(
        self,
        params: Iterable[DiscreteParameter] | Iterable[dict[str, Any]],
        lr: float,
        m: float = 3.0,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        generator: torch.Generator | None = None,
        seed: int = 0,
        fused: bool = False,
    ) -> None:
        if fused:
            raise InputError("DST: fused is True; allowed is False")
        given: list[Any] = list(params)
        if not given:
            raise InputError("DST got no parameters; it takes discrete_parameters(model), at least one")
        self._given = generator, seed
        self._transitions: Tensor | int = 0
        super().__init__(given, {"lr": lr, "m": m, "betas": betas, "eps": eps})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of discrete parameters; missing settings are those of the constructor."""
        group = {**self.defaults, **param_group}
        params = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        _check_settings(group["lr"], group["m"], group["betas"], group["eps"])
        if not self.param_groups and params:
            generator, seed = self._given
            self._generator = generator or torch.Generator(params[0].device).manual_seed(seed)
        claimed = {id(p) for existing in self.param_groups for p in existing["params"]}
        for p in params:
            if not isinstance(p, DiscreteParameter):
                raise InputError(
                    f"DST takes discrete parameters only, got a {type(p).__name__} of shape {tuple(p.shape)}"
                )
            if id(p) in claimed:
                raise InputError(f"DST: a discrete parameter of shape {tuple(p.shape)} is claimed twice")
            claimed.add(id(p))
            if p.device != self._generator.device:
                raise InputError(
                    f"DST: a parameter is on {p.device}, the generator on {self._generator.device}; "
                    "they must be on one device"
                )
        super().add_param_group({**param_group, "params": params})

    @property
    def transitions(self) -> int:
        """How many weights have changed their level so far, over all steps."""
        return int(self._transitions)

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every parameter that has a gradient.

        Raises
        ------
        GxnorError
            If a gradient is not finite; no weight of that parameter has moved then.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._move(p, p.grad.float(), group)
        return loss

    def _move(self, p: DiscreteParameter, gradient: Tensor, group: dict[str, Any]) -> None:
        update = self._adam(p, gradient, group)
        if not math.isfinite(float(update.sum())):
            raise GxnorError(
                f"DST: the gradient of a parameter of shape {tuple(p.shape)} is not finite; "
                "lower the learning rate"
            )
        levels = p.detach()
        uniform = torch.rand(p.shape, generator=self._generator, device=p.device)
        moved = transition(levels, update, uniform, p.space, group["m"])
        self._transitions = self._transitions + (moved != levels).count_nonzero()
        levels.copy_(moved)

    def _adam(self, p: DiscreteParameter, gradient: Tensor, group: dict[str, Any]) -> Tensor:
        """The update dW of Adam, in real units."""
        state = self.state[p]
        if not state:
            state["step"] = 0
            state["exp_avg"] = torch.zeros_like(gradient)
            state["exp_avg_sq"] = torch.zeros_like(gradient)
        state["step"] += 1
        beta1, beta2 = group["betas"]
        first: Tensor = state["exp_avg"].lerp_(gradient, 1 - beta1)
        second: Tensor = state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        spread = (second / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
        rate: float = -group["lr"] / (1 - beta1 ** state["step"])
        update: Tensor = spread.reciprocal_().mul_(first).mul_(rate)
        return update

    def state_dict(self) -> dict[str, Any]:
        """Moments, settings and the state of the generator."""
        return {**super().state_dict(), "generator": self._generator.get_state()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises
        ------
        InputError
            If it is not the state of a DST optimiser.
        """
        if "generator" not in state_dict:
            raise InputError("DST.load_state_dict: the entry 'generator' is missing; give a DST state_dict")
        rest = dict(state_dict)
        generator_state = rest.pop("generator")
        super().load_state_dict(rest)
        self._generator.set_state(generator_state.cpu())


def _check_settings(lr: float, m: float, betas: tuple[float, float], eps: float) -> None:
    for name, value in (("lr", lr), ("m", m), ("eps", eps)):
        if not 0 < value < float("inf"):
            raise InputError(f"DST: {name} is {value!r}; it must be a positive finite number")
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise InputError(f"DST: betas is {betas!r}; allowed are two numbers in [0, 1)")
