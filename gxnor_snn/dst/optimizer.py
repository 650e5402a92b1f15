"""The optimiser of discrete weights: settings, state and the order of a step.

Weights freeze only as the learning rate decays by decades, which makes it the temperature of an annealing.
"""

from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch import Tensor

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteParameter

from .draws import Draws, Scratch, seeded_stream
from .moments import Float32
from .rounding import Tanh
from .rules import Adam
from .stepper import Stepper

__all__ = ["DST"]


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
        Its next number is the seed, instead of `seed`.
    seed
        Every parameter draws from a stream of its own, seeded by this number and its place among the
        parameters; the states of the streams are part of the ``state_dict``.
    fused
        False: gradients are kept until `step`. No other form exists.

    Raises
    ------
    InputError
        If a value is out of range, or a parameter is claimed twice or is not discrete.
    """

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
        if generator is not None:
            seed = int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device))
        self._seed = seed
        self._streams: dict[Tensor, torch.Generator] = {}
        self._scratch: dict[torch.device, Scratch] = {}
        self._transitions: Tensor | int = 0
        self._stepper = Stepper(Adam(Float32("exp_avg"), Float32("exp_avg_sq")), Tanh())
        super().__init__(given, {"lr": lr, "m": m, "betas": betas, "eps": eps})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of discrete parameters; missing settings are those of the constructor."""
        group = {**self.defaults, **param_group}
        params = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        _check_settings(group["lr"], group["m"], group["betas"], group["eps"])
        claimed = {id(p) for existing in self.param_groups for p in existing["params"]}
        for p in params:
            if not isinstance(p, DiscreteParameter):
                raise InputError(
                    f"DST takes discrete parameters only, got a {type(p).__name__} of shape {tuple(p.shape)}"
                )
            if id(p) in claimed:
                raise InputError(f"DST: a discrete parameter of shape {tuple(p.shape)} is claimed twice")
            claimed.add(id(p))
        super().add_param_group({**param_group, "params": params})
        for p in params:
            self._streams[p] = seeded_stream(self._seed, len(self._streams), p.device)

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
                    self._move(p, p.grad, group)
        return loss

    def _move(self, p: DiscreteParameter, gradient: Tensor, group: dict[str, Any]) -> None:
        held = self.state[p]
        if not held:
            held.update(self._stepper.create(p))
        if p.device not in self._scratch:
            self._scratch[p.device] = Scratch(p.device)
        draws = Draws(self._streams[p], self._scratch[p.device])
        self._transitions += self._stepper.move(p, gradient, p.space, held, group, draws)

    def state_dict(self) -> dict[str, Any]:
        """Moments, settings and the states of the random streams."""
        states = [stream.get_state() for stream in self._streams.values()]
        return {**super().state_dict(), "generators": states}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises
        ------
        InputError
            If it is not the state of a DST optimiser.
        """
        if "generators" not in state_dict:
            raise InputError("DST.load_state_dict: the entry 'generators' is missing; give a DST state_dict")
        rest = dict(state_dict)
        states = rest.pop("generators")
        super().load_state_dict(rest)
        for stream, state in zip(self._streams.values(), states, strict=True):
            stream.set_state(state.cpu())


def _check_settings(lr: float, m: float, betas: tuple[float, float], eps: float) -> None:
    for name, value in (("lr", lr), ("m", m), ("eps", eps)):
        if not 0 < value < float("inf"):
            raise InputError(f"DST: {name} is {value!r}; it must be a positive finite number")
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise InputError(f"DST: betas is {betas!r}; allowed are two numbers in [0, 1)")
