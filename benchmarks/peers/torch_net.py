"""A net in plain torch: float32 layers with batch norm folded in, ReLU after each."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from . import Contestant, quickest, versions
from .twin import Stage, layers_of

__all__ = ["Levels", "batched", "fastest", "float_net", "predictions"]


class Levels(nn.Module):
    """Ternary levels of y: +1 above 1, -1 below -1."""

    def forward(self, y: Tensor) -> Tensor:
        return (y > 1).float() - (y < -1).float()


def batched(run: Callable[[Tensor], Tensor], x: Tensor, batch: int) -> Callable[[], Tensor]:
    """All of `x` through `run`, `batch` samples at a time."""

    def go() -> Tensor:
        with torch.inference_mode():
            return torch.cat([run(part) for part in x.split(batch)])

    return go


def fastest(
    make: Callable[[], nn.Module], x: NDArray[Any], batches: tuple[int, ...], trial: int, reset: Any = None
) -> tuple[Callable[[], Tensor], str]:
    """A net over all of `x` in the memory format and batch size that are quickest on the first `trial` samples.

    `reset(net)` is called before every batch.
    """
    ready = torch.from_numpy(x).float()
    forms: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {}
    for name, layout in (("contiguous", torch.contiguous_format), ("channels last", torch.channels_last)):
        net = make().to(memory_format=layout)  # type: ignore[call-overload]
        forms[name] = (_resetting(net, reset) if reset else net, ready.contiguous(memory_format=layout))
    candidates = {
        f"{name}, batches of {size}": batched(net, data[:trial], size)
        for name, (net, data) in forms.items()
        for size in batches
    }
    best, tried = quickest(candidates)
    name, _, size = best.partition(", batches of ")
    return batched(*forms[name], int(size)), f"on {trial} samples: {tried}"


def _resetting(net: nn.Module, reset: Callable[[nn.Module], object]) -> Callable[[Tensor], Tensor]:
    def run(part: Tensor) -> Tensor:
        reset(net)
        logits: Tensor = net(part)
        return logits

    return run


def predictions(logits: Tensor) -> NDArray[Any]:
    return logits.argmax(1).numpy()


def float_net(
    stages: list[Stage], x: NDArray[Any], expected: NDArray[Any], batches: tuple[int, ...], trial: int
) -> Contestant:
    """The plain float copy of a net.

    Parameters
    ----------
    stages
        Of the net.
    x
        Its input.
    expected
        Predictions of the native engine for the first samples; the layers with ternary levels must give the same.
    batches
        Batch sizes to try.
    trial
        Samples that settings are tried on.
    """
    same = batched(layers_of(stages, Levels), torch.from_numpy(x[: len(expected)]).float(), 100)
    np.testing.assert_array_equal(predictions(same()), expected)
    run, tried = fastest(lambda: layers_of(stages, lambda: nn.ReLU(inplace=True)), x, batches, trial)
    equal = f"with ternary levels the predictions of {len(expected)} samples; timed with ReLU, which is quicker"
    return Contestant(run, tried, equal, versions("torch"))
