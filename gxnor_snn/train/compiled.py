"""The forward pass of a model, compiled."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from gxnor_snn.layers import DiscreteActivation, DiscreteLayer

__all__ = ["compiled"]


@contextlib.contextmanager
def compiled(model: nn.Module, backend: str = "inductor") -> Iterator[Callable[..., Any]]:
    """Yield what computes the same as `model`, compiled (`torch.compile`), while the context is open.

    Discrete layers and activations run as they are: their hooks, draws and exact comparisons are nothing that the
    compiler can trace. What stands between them (batch norm, pools, residual sums, real layers) is compiled by
    `backend`, one of torch's.
    """
    eager = [module for module in model.modules() if isinstance(module, DiscreteLayer | DiscreteActivation)]
    for module in eager:
        vars(module)["forward"] = torch.compiler.disable(module.forward)  # type: ignore[no-untyped-call]
    try:
        yield torch.compile(model, dynamic=False, backend=backend)
    finally:
        for module in eager:
            del vars(module)["forward"]
