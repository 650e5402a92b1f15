"""Gradients of several processes."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, distributed

from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteParameter

if TYPE_CHECKING:  # a torch built without processes has no such class
    from torch.distributed import ProcessGroup

__all__ = ["SharedGradients", "check_alike", "check_group"]


def check_group(process_group: "ProcessGroup | Literal[False] | None", fused: bool) -> None:
    """Check that it is said what to do where several processes run.

    Raises
    ------
    InputError
        If nothing is said, the group is none, or a fused optimiser is to average gradients.
    """
    known = process_group is None or process_group is False
    if not known and fused:
        raise InputError("DST: process_group needs gradients that are kept until step(); give fused=False with it")
    if not known and not (distributed.is_available() and isinstance(process_group, distributed.ProcessGroup)):
        raise InputError(
            f"DST: process_group is a {type(process_group).__name__}; allowed are None, False and a ProcessGroup"
        )
    running = distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
    if process_group is None and running:
        raise InputError(
            f"DST: {distributed.get_world_size()} processes run and process_group is None; give "
            "torch.distributed.group.WORLD to average gradients (DDP leaves discrete parameters out), or False if "
            "each process trains on its own"
        )


def check_alike(groups: Iterable[Mapping[str, Any]], form: Mapping[str, Any], group: "ProcessGroup") -> None:
    """Check that every process has made the same optimiser: with other draws their weights would part.

    Raises
    ------
    InputError
        In all of them, if one differs.
    """
    own: list[Any] = [sorted(form.items())]
    for settings in groups:
        params = [(tuple(p.shape), p.space) for p in settings["params"]]
        own.append([params, *(settings[key] for key in ("lr", "m", "betas", "eps", "zero_bias"))])
        device = settings["params"][0].device
    number = int.from_bytes(hashlib.sha256(repr(own).encode()).digest()[:7], "big")
    ends = torch.tensor([number, -number], dtype=torch.int64, device=device)
    distributed.all_reduce(ends, distributed.ReduceOp.MAX, group=group)
    largest, negative_of_smallest = ends.tolist()
    if largest != -negative_of_smallest:
        raise InputError(
            "DST: settings, seed or parameters differ between the processes of process_group (here: "
            f"{', '.join(f'{key} = {value!r}' for key, value in form.items())}); they must be the same in all"
        )


class SharedGradients:
    """The gradients of one step in processes that share a training; without a group there is nothing to do."""

    def __init__(self, group: "ProcessGroup | None") -> None:
        self._group = group
        self._local: dict[DiscreteParameter, int] = {}  # gradients of this process alone: their version in torch
        self._averaged = False

    def holds(self, parameter: DiscreteParameter, gradient: Tensor | None) -> None:
        """What a parameter has got from this process, or lost."""
        if self._group is None:
            return
        if gradient is not None:
            self._local[parameter] = gradient._version
        else:
            self._local.pop(parameter, None)
            self._averaged = False

    def average(self, parameters: Iterable[DiscreteParameter]) -> None:
        """Replace every gradient by its mean over the processes."""
        if self._group is None:
            return
        for p, version in self._local.items():
            if p.grad is not None and p.grad._version != version:
                raise GxnorError(
                    f"the gradient of a discrete parameter of shape {tuple(p.shape)} was changed before the "
                    "processes averaged it (clipped, say): call average_gradients() of its DST in every process "
                    "after backward, before anything changes gradients"
                )
        mean_gradients(parameters, self._group)
        self._local.clear()
        self._averaged = True

    def complete(self, parameters: Sequence[DiscreteParameter], scaling: dict[str, Any]) -> bool:
        """Average before a step, where that has not been done; False where the step is to be left out.

        `scaling` holds what `torch.amp.GradScaler` says of the step: ``found_inf``, whether a gradient that it has
        seen is not finite, and ``grad_scale``, by which gradients are yet to be divided, or None.
        """
        if "found_inf" in scaling and not self._averaged:
            del scaling["found_inf"], scaling["grad_scale"]
            raise GxnorError(
                "GradScaler has seen gradients of this process alone, so each process would scale and skip by "
                "numbers of its own: call average_gradients() of the DST in every process after backward, before"
            )
        if not self._averaged:
            self.average(parameters)
        elif self._local:
            raise GxnorError(
                "DST got a gradient after average_gradients(); call that after the last backward of a step"
            )
        if "found_inf" not in scaling:
            return True
        if scaling["grad_scale"] is not None:
            for p in parameters:
                if p.grad is not None:
                    p.grad.div_(scaling["grad_scale"])
        return not scaling["found_inf"]

    def forget(self) -> None:
        """The step is over, or its gradients are dropped."""
        self._local.clear()
        self._averaged = False


def mean_gradients(parameters: Iterable[DiscreteParameter], group: "ProcessGroup") -> None:
    """Replace every gradient by its mean over the processes, in place.

    A process that has no gradient of a parameter counts as zero; where none has one, none is made.
    """
    everyone = list(parameters)
    has = torch.tensor([p.grad is not None for p in everyone], dtype=torch.int32, device=everyone[0].device)
    distributed.all_reduce(has, group=group)
    shared = [p for p, number in zip(everyone, has.tolist(), strict=True) if number]
    gradients = []
    for p in shared:
        if (gradient := p.grad) is None:
            p.grad = gradient = torch.zeros(p.shape, device=p.device)
        gradients.append(gradient)
    works = [distributed.all_reduce(gradient, group=group, async_op=True) for gradient in gradients]
    size = distributed.get_world_size(group)
    for gradient, work in zip(gradients, works, strict=True):
        work.wait()
        gradient.div_(size)
