"""A chain graph of layers as the plain numbers other libraries take: float weights, scales and offsets.

Thresholds t_1 <= t_2 of a ternary neuron become an affine step y = (s - c) / h with c, h such that y > 1 is level
+1, y < -1 level -1, for every integer s with a margin of half a unit: any rounding of float32 keeps the levels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gxnor_snn.graph import EventGraph

__all__ = ["Affine", "Stage", "layers_of", "stages_of"]


@dataclass(frozen=True)
class Stage:
    """A product, a 2x2 max-pool where there is one, and an affine step per channel.

    Attributes
    ----------
    weights
        int8 (O, I) or (O, I, kh, kw).
    scale, offset
        float64 (O,): y = s * scale + offset; of the last stage the logits.
    padding
        Of a convolution.
    pooled
        A 2x2 max-pool of the sums follows the product.
    """

    weights: NDArray[np.int8]
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    padding: int
    pooled: bool

    @property
    def folds(self) -> bool:
        """The affine step may move in front of the pool: it never turns the order round."""
        return not self.pooled or bool((self.scale > 0).all())


def stages_of(graph: EventGraph) -> list[Stage]:
    """The stages of a graph that is one chain of ternary layers from its input to its readout.

    Raises
    ------
    ValueError
        If it is not.
    """
    stages = []
    for name, population in graph.populations.items():
        for projection in graph.incoming(name):
            if not projection.weighted:
                continue
            edge: Any = projection
            readers = [p.kind for p in graph.outgoing(name)] if population.has_outputs else []
            if len(graph.incoming(name)) != 1 or len(readers) > 1:
                raise ValueError(f"population {name!r}: the graph is no chain")
            scale, offset = _affine(population)
            padding = set(getattr(edge, "padding", (0,)))
            if len(padding) != 1:
                raise ValueError(f"projection {edge.name!r}: padding {edge.padding} is not the same on all sides")
            stages.append(Stage(edge.weights, scale, offset, padding.pop(), readers == ["pool2d"]))
    return stages


def _affine(population: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not population.has_outputs:
        return population.scale, population.offset
    low, high = population.thresholds.astype(np.float64).T
    # increasing: +1 from high on, -1 below low; decreasing: +1 up to low, -1 above high
    sign = np.where(population.increasing, 1.0, -1.0)
    centre = (low + high) / 2 - 0.5 * sign
    half = np.maximum((high - low) / 2, 0.25)
    return sign / half, -centre * sign / half


class Affine(nn.Module):
    """y = s * scale + offset per channel."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        shape = (-1,) + (1,) * (stage.weights.ndim - 2)
        self.scale = torch.tensor(stage.scale, dtype=torch.float32).reshape(shape)
        self.offset = torch.tensor(stage.offset, dtype=torch.float32).reshape(shape)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale + self.offset


def product(stage: Stage) -> nn.Module:
    """A float32 layer with the affine step folded into weights and bias where it may be."""
    weights = torch.tensor(stage.weights, dtype=torch.float32)
    layer: Any
    if weights.ndim == 4:
        layer = nn.Conv2d(*weights.shape[1::-1], tuple(weights.shape[2:]), padding=stage.padding, bias=stage.folds)
    else:
        layer = nn.Linear(*weights.shape[::-1], bias=stage.folds)
    if stage.folds:
        step = torch.tensor(stage.scale).reshape((-1,) + (1,) * (weights.ndim - 1))
        weights = (weights.double() * step).float()
        layer.bias.data = torch.tensor(stage.offset, dtype=torch.float32)
    layer.weight.data = weights
    return layer  # type: ignore[no-any-return]


def layers_of(stages: list[Stage], neuron: Any) -> nn.Sequential:
    """The net in torch, `neuron()` after every stage but the last."""
    layers: list[nn.Module] = []
    for number, stage in enumerate(stages):
        if number and stage.weights.ndim == 2 and stages[number - 1].weights.ndim == 4:
            layers.append(nn.Flatten())
        layers.append(product(stage))
        if stage.pooled:
            layers.append(nn.MaxPool2d(2))
        if not stage.folds:
            layers.append(Affine(stage))
        if number < len(stages) - 1:
            layers.append(neuron())
    return nn.Sequential(*layers).eval()
