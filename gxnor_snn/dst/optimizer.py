"""The optimiser of discrete weights: settings, state and the order of a step.

Weights freeze only as the learning rate decays by decades, which makes it the temperature of an annealing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import torch
from torch import Tensor

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteParameter

from .claims import check_discrete, listed
from .distributed import SharedGradients, check_alike, check_group
from .draws import Draws, Scratch, seeded_stream
from .options import check_settings, make_rounding, make_rule, make_source
from .saved import check_held, check_saved
from .stepper import Stepper

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

__all__ = ["DST"]


class DST(torch.optim.Optimizer):
    """A step rule on discrete weights, each step realised by a discrete state transition (`transition`).

    Parameters
    ----------
    params
        Discrete parameters (`gxnor_snn.layers.discrete_parameters`) or groups of them. Groups may have an `lr`,
        `m`, `betas`, `eps` and `zero_bias` of their own.
    lr
        Learning rate, in units of the weights. May be left out for "adamax_shift" only: 2^-10.
    m
        Steepness of the transition probability tanh(m |nu| / dz).
    betas
        Memory of the two moments; (0.9, 0.999) for "adam" unless given. A longer first memory (0.99 and above)
        averages the gradient before it may flip a weight, and trains better than Adam's usual 0.9.
    eps
        Added to sqrt(vhat) by "adam".
    rule
        "adam" (arXiv 1412.6980), "adamax_shift" (every factor a power of two; BNN, arXiv 1602.02830, alg. 4) or
        "sgd" (momentum = the first of `betas`, 0.9 unless given).
    moments
        What a moment takes per weight: "float32", "bfloat16", "int8" (blocks of 64 share a scale), all but the
        first rounded at random so that no memory stalls. A pair (first, second) names them one by one: the first
        may also be "int7", the second of "adam" also "factored" (a number per row and column, Adafactor, arXiv
        1804.04235). "factored" alone is ("float32", "factored").
    rounding
        Jump probability of p = |nu| / dz: "tanh"; "power2", "power3", "power4" (powers of tanh(m p)); "unbiased"
        (p itself); "lut4", "lut8", "lut16", "lut24", "lut32" (a table of tanh(m p)); "piecewise" (two lines near
        tanh(3 p)). "unbiased" and "piecewise" have no m.
    source
        Of the draws: "generator", or "lfsr3", "lfsr5", "lfsr7", "lfsr15", "lfsr32" (a shift register per weight).
    zero_bias
        z >= 0: jumps towards zero are (1 + z) times as probable, others 1 / (1 + z) times; 0 is symmetric.
    reset
        True: after a jump the first moment of that weight begins at zero again, so that the next jump needs new
        evidence, as a neuron that integrates and fires; without it, what made a weight jump goes on pushing it.
        This project's own variant. Learning rates may be hotter with it.
    fused
        False: gradients are kept until `step`, so that accumulation, clipping, mixed precision and processes work
        as with any optimiser. True: `backward` moves each weight as soon as its gradient is there and drops the
        gradient; `step` then closes the step. Both give the same weights bit for bit. What needs the gradient
        later (a second `backward` or a layer used twice in one step, reading or clipping ``grad``,
        `torch.amp.GradScaler`, `process_group`) raises.
    process_group
        Processes that share the training: `average_gradients`, called by `step` where it has not been called
        before, averages the gradients over them. DDP does not do that, since discrete parameters have
        ``requires_grad=False``. Where several processes run, it must be given; False says that each trains on its
        own. Settings, seed and parameters must be the same in all of them.
    generator
        Its next number is the seed, instead of `seed`; of equal state in all processes of `process_group`.
    seed
        Every parameter draws from a stream of its own, seeded by this number and its place among the
        parameters; the states of the streams are part of the ``state_dict``.

    Raises
    ------
    InputError
        If a value is not allowed, a parameter is not discrete or is claimed twice (by another DST that still
        exists, too), or processes run and `process_group` is not given or was given other settings elsewhere.
    """

    def __init__(
        self,
        params: Iterable[DiscreteParameter] | Iterable[dict[str, Any]],
        lr: float | None = None,
        m: float = 3.0,
        betas: tuple[float, float] | None = None,
        eps: float = 1e-8,
        *,
        rule: str = "adam",
        moments: str | Sequence[str] = "float32",
        rounding: str = "tanh",
        source: str = "generator",
        zero_bias: float = 0.0,
        reset: bool = False,
        fused: bool = False,
        process_group: "ProcessGroup | Literal[False] | None" = None,
        generator: torch.Generator | None = None,
        seed: int = 0,
    ) -> None:
        for name, flag in ("reset", reset), ("fused", fused):
            check_kind(f"DST: {name}", flag, bool)
        check_kind("DST: generator", generator, torch.Generator, type(None))
        if not is_integer(seed):
            raise InputError(f"DST: seed is {seed!r}; allowed are integers")
        given = listed(params)
        if not given:
            raise InputError("DST got no parameters; it takes discrete_parameters(model), at least one")
        made = make_rule(rule, moments)
        lr = made.default_lr if lr is None else lr
        if lr is None:
            raise InputError(f"DST: lr is missing; rule {rule!r} has none of its own")
        check_group(process_group, fused)
        if generator is not None:
            seed = int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device))
        self._form = {
            "rule": rule,
            "moments": moments if isinstance(moments, str) else "+".join(moments),
            "rounding": rounding,
            "source": source,
        }
        self._stepper = Stepper(made, make_rounding(rounding), make_source(source), reset=reset)
        self._fused = fused
        self._process_group = process_group or None
        self._seed = seed
        self._transitions: Tensor | int = 0
        self._start()
        betas = made.default_betas if betas is None else betas
        try:
            super().__init__(given, {"lr": lr, "m": m, "betas": betas, "eps": eps, "zero_bias": zero_bias})
            if self._process_group is not None:
                check_alike(self.param_groups, {**self._form, "reset": reset, "seed": seed}, self._process_group)
        except Exception:
            self.release()
            raise

    def _start(self) -> None:
        """Set what no copy and no state holds."""
        self._streams: dict[DiscreteParameter, torch.Generator] = {}
        self._scratch: dict[torch.device, Scratch] = {}
        self._consumed: set[DiscreteParameter] = set()
        self._shared = SharedGradients(self._process_group)
        # torch's GradScaler leaves it to such optimisers to skip a step: no process may decide that alone
        self._step_supports_amp_scaling = self._process_group is not None

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of discrete parameters; missing settings are those of the constructor."""
        group = {**self.defaults, **param_group}
        params = listed(group.get("params"), one=True)
        check_discrete(params, self._parameters())
        check_settings({**group, "params": params})
        try:
            for p in params:
                p.claim(self)
        except InputError:
            for p in params:
                p.release(self)
            raise
        super().add_param_group({**param_group, "params": params})
        for p in params:
            self._streams[p] = seeded_stream(self._seed, len(self._streams), p.device)

    def release(self) -> None:
        """Give up all parameters, so that another DST may claim them; this one must not be used any more."""
        for p in self._parameters():
            p.release(self)

    @property
    def transitions(self) -> int:
        """How many weights have changed their level so far, over all steps."""
        return int(self._transitions)

    @property
    def consumes(self) -> bool:
        """Whether gradients are consumed during backward (``fused=True``)."""
        return self._fused

    @torch.no_grad()
    def consume(self, parameter: DiscreteParameter, gradient: Tensor) -> None:
        """Move a parameter by a gradient that has just been made; what ``fused=True`` does during backward.

        Raises
        ------
        GxnorError
            If the parameter has moved since the last `step`, or the gradient is not finite.
        """
        if parameter in self._consumed:
            raise GxnorError(
                f"DST (fused=True) got a second gradient of a parameter of shape {tuple(parameter.shape)} before "
                "step(): it moves weights during backward, so gradients cannot be accumulated and a layer cannot "
                "be used twice in one step; use fused=False"
            )
        self._consumed.add(parameter)
        group = next(group for group in self.param_groups if any(parameter is p for p in group["params"]))
        self._move(parameter, gradient, group)

    def holds(self, parameter: DiscreteParameter, gradient: Tensor | None) -> None:
        """Hear what a parameter holds now: a gradient that was set or added to, or none any more."""
        self._shared.holds(parameter, gradient)

    def check_readable(self, parameter: DiscreteParameter) -> None:
        """Raise `GxnorError` if the gradient of this step has been consumed."""
        if parameter in self._consumed:
            raise GxnorError(
                f"the gradient of a discrete parameter of shape {tuple(parameter.shape)} is not there any more: "
                "DST (fused=True) has moved the weights by it during backward, so it cannot be read, clipped or "
                "unscaled (GradScaler); call step() to close the step, or use fused=False"
            )

    @torch.no_grad()
    def average_gradients(self) -> None:
        """Replace the gradients by their means over `process_group`; without one, do nothing.

        Every process must call it, after the last backward of a step and before the gradients are clipped or
        unscaled, as those that DDP has averaged may be; `step` does where nobody has.

        Raises
        ------
        GxnorError
            If a gradient has been changed in place already: each process would have done that by numbers of its
            own, and their weights would part.
        """
        self._shared.average(self._parameters())

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every parameter that has a gradient; with ``fused=True`` they have moved, and the next step begins.

        Raises
        ------
        GxnorError
            If a gradient is not finite; no weight of that parameter has moved then, but its moments hold it, so
            that a run goes on from an earlier state only. If weights were moved to another device after this
            optimiser was made. If gradients came after `average_gradients`, or were changed before it.
        InputError
            If a setting of a group has been changed to what is not allowed; lr may have come down to 0.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        try:
            if not self._shared.complete(list(self._parameters()), self.__dict__):
                return loss
            for group in self.param_groups if not self._fused else ():
                for p in group["params"]:
                    if (gradient := p.grad) is not None:
                        self._move(p, gradient, group)
        finally:
            self._shared.forget()
        self._consumed.clear()
        for scratch in self._scratch.values():
            scratch.clear()
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients that are held.

        Raises
        ------
        GxnorError
            If ``fused=True`` and gradients have been consumed since the last `step`: they cannot be forgotten.
        """
        for p in self._consumed:
            self.check_readable(p)
        self._shared.forget()
        super().zero_grad(set_to_none)

    def _move(self, p: DiscreteParameter, gradient: Tensor, group: dict[str, Any]) -> None:
        made_on = self._streams[p].device
        if p.device != made_on:
            raise GxnorError(
                f"DST was made when a parameter of shape {tuple(p.shape)} was on {made_on}, now it is on "
                f"{p.device}; move the model first, then make the optimiser"
            )
        check_settings(group, idle=True)  # schedules and users change them
        draws, held = self._draws(p), self.state[p]
        if not held:
            held.update(self._stepper.create(p, draws))
        self._transitions += self._stepper.move(p, gradient, p.space, held, group, draws)

    def _draws(self, p: DiscreteParameter) -> Draws:
        if p.device not in self._scratch:
            self._scratch[p.device] = Scratch(p.device)
        return Draws(self._streams[p], self._scratch[p.device])

    def _parameters(self) -> Iterator[DiscreteParameter]:
        for group in self.__dict__.get("param_groups", ()):
            yield from group["params"]

    def state_dict(self) -> dict[str, Any]:
        """Moments, registers, settings, the states of the random streams and the number of transitions."""
        streams = [self._streams[p].get_state() for p in self._parameters()]
        form = {**self._form, "reset": True} if self._stepper.reset else self._form
        return {**super().state_dict(), "generators": streams, "transitions": self.transitions, **form}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` gave; the run goes on as if it had not been interrupted.

        Raises
        ------
        InputError
            If it is not the state of a DST optimiser of this form with as many parameters.
        """
        form = {**self._form, "reset": self._stepper.reset}
        state = {"reset": False, **state_dict} if isinstance(state_dict, Mapping) else state_dict  # of old: False
        check_saved(state, form, self.param_groups)
        streams, transitions = state.pop("generators"), state.pop("transitions")
        state = {key: value for key, value in state.items() if key not in form}
        for number, p in enumerate(self._parameters()):
            if number in state["state"]:
                check_held(state["state"][number], self._stepper.create(p, self._draws(p)), tuple(p.shape))
        super().load_state_dict(state)
        for p, stream in zip(self._parameters(), streams, strict=True):
            self._streams[p].set_state(stream.cpu())
        self._transitions = int(transitions)
        self._consumed.clear()
        self._shared.forget()

    def __getstate__(self) -> dict[str, Any]:
        own = {key: getattr(self, key) for key in ("_form", "_stepper", "_fused", "_process_group", "_seed")}
        streams = [(self._streams[p].device, self._streams[p].get_state()) for p in self._parameters()]
        return {**super().__getstate__(), **own, "_transitions": self.transitions, "streams": streams}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over a copy or a pickle (then with streams), or what `load_state_dict` prepares."""
        streams = state.get("streams")
        super().__setstate__({key: value for key, value in state.items() if key != "streams"})
        if streams is not None:
            self._start()
            for p, (device, stream) in zip(self._parameters(), streams, strict=True):
                p.claim(self)
                self._streams[p] = torch.Generator(device)
                self._streams[p].set_state(stream)
