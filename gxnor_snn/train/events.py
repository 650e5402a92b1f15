"""Event-aware training: a differentiable penalty on the expected number of gated events.

A synapse works only where a nonzero weight meets a nonzero activation. With [.] the truth value, a layer l has

    E_l = mean over the batch of sum over synapses (i, o) of [x_i != 0] [w_oi != 0]

gated events per sample, out of D_l synapses, and the penalty is their share, weighted by what an event costs:

    P = sum_l cost_l E_l / sum_l cost_l D_l, between 0 and 1.

Forward it is the exact count. Backward, [v != 0] = min(|v|, 1) has the slope sign(v) for |v| <= 1, so a level of
+-1 is pushed to 0 and an activation is pushed through the derivative window of its own threshold (that of
GXNOR-Net, arXiv 1705.09283, sec. 2); with a learnable window r, r is pushed wider. Because the sum over outputs
goes inside, one layer costs a product with a single output channel per group.
"""

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteActivation, DiscreteLayer

from .settings import Settings
from .watching import WatchingPenalty

__all__ = ["EventPenalty", "EventSettings"]


class EventSettings(Settings):
    """The table ``[events]`` of a recipe.

    Attributes
    ----------
    weight
        What is added to the loss is weight times P.
    costs
        Cost of one gated event by path of the layer, in any one unit (joule of a hardware card, say); a layer
        that is not named costs nothing. Without costs every layer counts 1, but for the first, which reads pixels.
    warm_up
        Share of all steps over which the weight rises linearly from 0.

    Raises
    ------
    RecipeError
        If a value is unknown or out of range.
    """

    what: ClassVar[str] = "events"

    weight: float = Field(gt=0, allow_inf_nan=False)
    costs: dict[str, float] | None = None
    warm_up: float = Field(default=0.0, ge=0, le=1)


class EventPenalty(WatchingPenalty):
    """Watches the products of a model in training, as a context around the forward pass, and says what they cost.

    It is a `gxnor_snn.train.Penalty`; in a training loop of one's own::

        events = EventPenalty(model, EventSettings(weight=0.5))
        with events:
            logits = model(images)
        loss = cross_entropy(logits, labels) + events.value(done=1.0)

    Parameters
    ----------
    model
        Its layers with discrete weights are watched.
    settings
        Weight, costs, warm-up.

    Raises
    ------
    InputError
        If a cost is negative, not finite or names no discrete layer, no layer would cost anything, or one that
        does reads real numbers, which are no events.
    """

    def __init__(self, model: nn.Module, settings: EventSettings) -> None:
        self._costs = _costs_by_layer(model, settings.costs)
        super().__init__(self._costs, settings)
        self._sizes: dict[tuple[DiscreteLayer, tuple[int, ...]], float] = {}
        self._spent: list[Tensor] = []
        self._dense = 0.0
        sent = [0 in m.level_values for m in model.modules() if isinstance(m, DiscreteActivation)]
        self._zeros_only_if_seen = not sent or not all(sent)

    def _begin(self) -> None:
        self._spent, self._dense = [], 0.0

    def share(self) -> Tensor:
        """P of the pass that was watched, between 0 and 1.

        Raises
        ------
        InputError
            If no watched layer has run in training mode inside the context.
        """
        return self._sum(self._spent) / self._dense

    def _watch(self, layer: DiscreteLayer, x: Tensor, levels: Tensor) -> None:
        """Add the events of one product of `x` with the float `levels` of the layer."""
        cost = self._costs[layer]
        # a coding without zero has nothing to push: all its gates count, and none has a slope; where activations
        # of both kinds are about, x tells which it is
        weights = _nonzero(levels) if layer.has_zero else torch.ones_like(levels)
        without_zero = self._zeros_only_if_seen and not bool((x == 0).any())
        active = torch.ones_like(x) if without_zero else _nonzero(x)
        events = layer.product(active.mean(0, keepdim=True), _per_group(layer, weights)).sum()
        self._spent.append(cost * events)
        self._dense += cost * self._synapses(layer, x, levels)

    def _synapses(self, layer: DiscreteLayer, x: Tensor, levels: Tensor) -> float:
        """D_l: synapses of one sample; padding makes none."""
        key = (layer, tuple(x.shape[1:]))
        if key not in self._sizes:
            ones = torch.ones_like(levels.detach(), dtype=torch.float64)
            reached = layer.product(torch.ones_like(x[:1], dtype=torch.float64), _per_group(layer, ones))
            self._sizes[key] = float(reached.detach().sum())
        return self._sizes[key]


def _nonzero(values: Tensor) -> Tensor:
    """[v != 0] of integer levels, with the slope sign(v) where |v| <= 1."""
    return values.abs().clamp(max=1)


def _per_group(layer: DiscreteLayer, weights: Tensor) -> Tensor:
    """Weights summed over the output channels of each group, so that a product has one channel per group."""
    groups: int = getattr(layer, "groups", 1)
    return weights.reshape(groups, len(weights) // groups, *weights.shape[1:]).sum(1)


def _costs_by_layer(model: nn.Module, costs: Mapping[str, float] | None) -> dict[DiscreteLayer, float]:
    layers = {path: m for path, m in model.named_modules() if isinstance(m, DiscreteLayer)}
    if costs is None:
        costs = dict.fromkeys(list(layers)[1:] or layers, 1.0)
    for path, cost in costs.items():
        if path not in layers:
            raise InputError(
                f"event costs: {path!r} is no layer with discrete weights; allowed are {', '.join(layers)}"
            )
        if not (math.isfinite(cost) and cost >= 0):
            raise InputError(f"event costs: {path!r} costs {cost!r}; allowed are finite numbers >= 0")
    positive = {layers[path]: float(cost) for path, cost in costs.items() if cost > 0}
    if not positive:
        raise InputError("event costs: no layer costs anything; at least one cost must be positive")
    for path, layer in layers.items():
        if layer in positive and layer.real_input:
            raise InputError(f"event costs: {path!r} reads real numbers (real_input), which are no events")
    most = max(positive.values())  # P does not depend on the unit; float32 does
    return {layer: cost / most for layer, cost in positive.items()}
