"""Gradients of several processes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import torch
from torch import distributed

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteParameter

if TYPE_CHECKING:  # a torch built without processes has no such class
    from torch.distributed import ProcessGroup

__all__ = ["check_group", "mean_gradients"]


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


def mean_gradients(parameters: Iterable[DiscreteParameter], group: "ProcessGroup") -> None:
    """Replace every gradient by its mean over the processes, in place.

    A process that has no gradient of a parameter counts as zero; where none has one, none is made.
    """
    everyone = list(parameters)
    has = torch.tensor([p.grad is not None for p in everyone], dtype=torch.int32, device=everyone[0].device)
    distributed.all_reduce(has, group=group)
    shared = [p for p, number in zip(everyone, has.tolist(), strict=True) if number]
    for p in shared:
        if p.grad is None:
            p.grad = torch.zeros(p.shape, device=p.device)
    works = [distributed.all_reduce(p.grad, group=group, async_op=True) for p in shared]
    size = distributed.get_world_size(group)
    for p, work in zip(shared, works, strict=True):
        work.wait()
        if p.grad is not None:
            p.grad.div_(size)
