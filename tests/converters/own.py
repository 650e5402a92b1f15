"""Building blocks for networks of one's own."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gxnor_converters import from_torch, verify
from gxnor_sims import simulate
from gxnor_snn.graph import EventGraph
from gxnor_snn.layers import DiscreteConv2d, DiscreteLinear

from .nets import randomise_batch_norms


def reference(graph: EventGraph, x: np.ndarray) -> Any:
    return simulate(graph, x, engine="reference", record="all")


def ternary(shape: tuple[int, ...], n: int = 40) -> np.ndarray:
    return np.random.default_rng(0).integers(-1, 2, (n, *shape))


def converted(model: nn.Module, shape: tuple[int, ...], given: Any = ("zn", 1)) -> EventGraph:
    """The graph, after comparing it with the model."""
    randomise_batch_norms(model, 1)
    graph = from_torch(model, shape, given)
    certificate = verify(model, graph, ternary(shape), reference, batch=17)
    assert certificate.equal, certificate
    return graph


class Model(nn.Module):
    """Layers by name, and a forward given as a function of them."""

    def __init__(self, forward: Any, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.compute = forward

    def forward(self, x: Tensor) -> Any:
        return self.compute(self, x)


def conv(inputs: int, outputs: int, kernel: int = 3, **more: Any) -> DiscreteConv2d:
    generator = torch.Generator().manual_seed(7)
    return DiscreteConv2d(inputs, outputs, kernel, padding=kernel // 2, generator=generator, **more)


def linear(inputs: int, outputs: int) -> DiscreteLinear:
    return DiscreteLinear(inputs, outputs, generator=torch.Generator().manual_seed(5))
