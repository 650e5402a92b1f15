"""A torch network whose forward runs a list of steps, and what it has of the forms that must convert."""

from typing import Any

import torch
from torch import Tensor, nn

from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteLayer,
    L1BatchNorm1d,
    L1BatchNorm2d,
    ScaleBias,
    ShiftBatchNorm1d,
    ShiftBatchNorm2d,
)

NORMS = {
    "batch": (BatchNorm1d, BatchNorm2d),
    "l1": (L1BatchNorm1d, L1BatchNorm2d),
    "shift": (ShiftBatchNorm1d, ShiftBatchNorm2d),
    "scale": (ScaleBias, ScaleBias),
    "stock": (nn.BatchNorm1d, nn.BatchNorm2d),
}


class Net(nn.Module):
    """Runs steps (target, operation, sources); an operation is a module's name or a function of `OPERATIONS`."""

    def __init__(
        self, modules: dict[str, nn.Module], steps: list[tuple[str, str, tuple[Any, ...]]], out: Any
    ) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)
        self.steps, self.out = steps, out

    def forward(self, x: Tensor) -> Any:
        values: dict[str, Tensor] = {"x": x}
        for target, operation, sources in self.steps:
            arguments = [values[s] if isinstance(s, str) else s for s in sources]
            if operation in OPERATIONS:
                values[target] = OPERATIONS[operation](*arguments)
            else:
                values[target] = getattr(self, operation)(*arguments)
        if isinstance(self.out, str):
            return values[self.out]
        if isinstance(self.out, dict):
            return {key: values[name] for key, name in self.out.items()}
        return tuple(values[name] for name in self.out)


OPERATIONS = {
    "add": lambda a, b, gain: a + gain * b if gain != 1 else a + b,
    "sub": lambda a, b, gain: a - b * gain,
    "torch.add": lambda a, b, gain: torch.add(a, b, alpha=gain),
    "iadd": lambda a, b, gain: _iadd(a, b),
    "neg": lambda a: -a,
    "cat": lambda a, b: torch.cat([a, b], dim=1),
    "concat": lambda a, b: torch.concat((a, b), 1),
    "flat": lambda a: a.flatten(1),
    "view": lambda a: a.reshape(a.shape[0], -1),
    "pad": lambda a, sides: nn.functional.pad(a, sides),
}


def _iadd(a: Tensor, b: Tensor) -> Tensor:
    total = a * 1
    total += b
    return total


def traits(model: Net, given: Any) -> set[str]:
    """What a network has of the forms that must convert."""
    found = {f"input {given if isinstance(given, str) else given[0]}"}
    found |= {operation for _, operation, _ in model.steps if operation in OPERATIONS}
    found |= {"tuple"} if isinstance(model.out, list) else {"dict"} if isinstance(model.out, dict) else set()
    read = [s for _, operation, sources in model.steps for s in sources if isinstance(s, str)]
    found |= {"shared value"} if len(set(read)) < len(read) else set()
    for module in model.modules():
        stock = type(module).__module__.startswith("torch") and "BatchNorm" in type(module).__name__
        found.add("stock batch norm" if stock else type(module).__name__)
        if isinstance(module, DiscreteLayer):
            found.add(f"weights {module.code}")
            found |= {"groups"} if getattr(module, "groups", 1) > 1 else set()
            found |= {name for name in ("stride", "dilation", "padding", "kernel_size") if _uneven(module, name)}
        elif isinstance(module, DiscreteActivation):
            found |= {f"activation {module.code}", f"tie {module.tie}"}
            found |= {"learnable r"} if module.learn_r else set()
        elif isinstance(module, nn.MaxPool2d):
            found |= {"ceil mode"} if module.ceil_mode else set()
        weight = getattr(module, "weight", None)
        if isinstance(module, tuple(n for pair in NORMS.values() for n in pair)):
            found |= {"negative gain"} if bool((weight < 0).any()) else set()
            found |= {"zero gain"} if bool((weight == 0).any()) else set()
    return found


def _uneven(module: nn.Module, name: str) -> bool:
    pair = getattr(module, name, (0, 0))
    return pair[0] != pair[1]
