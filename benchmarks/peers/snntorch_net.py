"""The same net in snnTorch: one time step, two `Leaky` neurons without leak or reset make a ternary level."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from . import Contestant, require, versions
from .torch_net import fastest, predictions
from .twin import Stage, layers_of


def snntorch_net(
    stages: list[Stage], x: NDArray[Any], expected: NDArray[Any], batches: tuple[int, ...]
) -> Contestant:
    """The net and what it was checked against: all predictions."""
    snn: Any = require("snntorch", "snntorch==1.0.0")

    class Ternary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.up = snn.Leaky(beta=0.0, threshold=1.0, reset_mechanism="none")
            self.down = snn.Leaky(beta=0.0, threshold=1.0, reset_mechanism="none")

        def forward(self, y: Tensor) -> Tensor:
            up, _ = self.up(y)
            down, _ = self.down(-y)
            return up - down

    run, tried = fastest(lambda: layers_of(stages, Ternary), x, batches, min(2000, len(x)))
    np.testing.assert_array_equal(predictions(run()), expected)
    return Contestant(run, tried, f"all {len(expected)} predictions", versions("snntorch", "torch"))
