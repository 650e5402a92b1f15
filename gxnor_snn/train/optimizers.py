"""Who moves which parameter: DST the discrete ones, Adam all others."""

import math
from collections.abc import Iterator

import torch
from torch import nn

from gxnor_snn.dst import DST, check_claims
from gxnor_snn.errors import InputError
from gxnor_snn.layers import LatentLayer, clip_latent, discrete_parameters

from .levels import LatentFlips
from .recipe import Recipe
from .schedule import learning_rate

__all__ = ["Optimizers", "glorot_scales"]

Ends = tuple[float, float]


def glorot_scales(model: nn.Module) -> dict[nn.Parameter, float]:
    """What the learning rate of each latent weight is multiplied by: sqrt((fan_in + fan_out) / 1.5).

    That is 1 over sqrt(1.5 / (fan_in + fan_out)), the size of weights in its Glorot initialisation: each step is
    taken in units of the size that float weights of the layer would have (BNN, arXiv 1602.02830;
    github.com/MatthieuCourbariaux/BinaryNet, ``binary_net.py``). fan_in and fan_out of a convolution are the input
    and output channels of its weight times the area of the kernel.
    """
    scales = {}
    for layer in model.modules():
        if isinstance(layer, LatentLayer):
            out, into, *kernel = layer.weight.shape
            scales[layer.weight] = math.sqrt((out + into) * math.prod(kernel) / 1.5)
    return scales


class Optimizers:
    """The optimisers of one run; a model without discrete parameters is trained by Adam alone.

    Attributes
    ----------
    members
        Optimisers by name: "dst" and "adam", as far as there is something for them to move.

    Raises
    ------
    InputError
        If the model has no parameters.
    """

    def __init__(self, model: nn.Module, recipe: Recipe, seed: int) -> None:
        self._model = model
        self._recipe = recipe
        self._rates: dict[str, list[tuple[Ends, float]]] = {}
        self._rate = 0.0
        self.members: dict[str, torch.optim.Optimizer] = {}
        self._dst: DST | None = None
        self._latent = LatentFlips(model)
        discrete = list(discrete_parameters(model))
        if discrete:
            options = recipe.dst.model_dump()
            self._dst = DST(discrete, recipe.lr[0], recipe.m, recipe.betas, seed=seed, **options)
            self.members["dst"], self._rates["dst"] = self._dst, [(recipe.lr, 1.0)]
        floats = [p for p in model.parameters() if p.requires_grad]
        scaled = glorot_scales(model) if recipe.weight_lr_scale == "glorot" else {}
        ends = recipe.weight_lr or recipe.float_lr
        rated = [([p], ends, scaled[p], recipe.weight_decay) for p in floats if p in scaled]
        rated.append(([p for p in floats if p.ndim > 1 and p not in scaled], ends, 1.0, recipe.weight_decay))
        rated.append(([p for p in floats if p.ndim <= 1], recipe.float_lr, 1.0, 0.0))
        rated = [group for group in rated if group[0]]
        if rated:
            self._rates["adam"] = [(ends, scale) for _, ends, scale, _ in rated]
            groups = [{"params": params, "weight_decay": decay} for params, _, _, decay in rated]
            self.members["adam"] = torch.optim.AdamW(groups, rated[0][1][0], betas=recipe.float_betas)
        if not self.members:
            raise InputError(f"fit takes a model with parameters to train; {type(model).__name__} has none")
        check_claims(model, *self.members.values())

    @property
    def lr(self) -> float:
        """Learning rate of the weights at the last step, before any scale."""
        return self._rate

    @property
    def flips(self) -> int:
        """How many weights have changed their level so far, over all steps."""
        return (self._dst.transitions if self._dst is not None else 0) + int(self._latent.total)

    def release(self) -> None:
        """Give up the discrete parameters."""
        if self._dst is not None:
            self._dst.release()

    def begin(self) -> None:
        """Look at the weights before the first of some steps."""
        self._latent.begin()

    def set_rates(self, step: int, steps: int, warmup: int) -> None:
        """Set the learning rates for step 0, 1, ..., steps - 1."""
        first = next(iter(self._rates.values()))[0][0]
        self._rate = learning_rate(first, step, steps, schedule=self._recipe.schedule, warmup=warmup)
        for name, optimizer in self.members.items():
            for group, (ends, scale) in zip(optimizer.param_groups, self._rates[name], strict=True):
                rate = learning_rate(ends, step, steps, schedule=self._recipe.schedule, warmup=warmup)
                group["lr"] = rate * scale

    def step(self) -> None:
        """Move everything by the gradients and forget them; latent weights and windows stay in their range."""
        if self._recipe.clip_gradient is not None:
            nn.utils.clip_grad_norm_(self._parameters(), self._recipe.clip_gradient)
        for optimizer in self.members.values():
            optimizer.step()
            optimizer.zero_grad()
        clip_latent(self._model)
        self._latent.count()

    def _parameters(self) -> Iterator[nn.Parameter]:
        for optimizer in self.members.values():
            for group in optimizer.param_groups:
                yield from group["params"]
