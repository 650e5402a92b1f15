"""Who moves which parameter: DST the discrete ones, Adam all others."""

from collections.abc import Iterator

import torch
from torch import nn

from gxnor_snn.dst import DST, check_claims
from gxnor_snn.errors import InputError
from gxnor_snn.layers import clip_latent, discrete_parameters

from .levels import LatentFlips
from .recipe import Recipe
from .schedule import learning_rate

__all__ = ["Optimizers"]

Ends = tuple[float, float]


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
        self._ends: dict[str, list[Ends]] = {}
        self.members: dict[str, torch.optim.Optimizer] = {}
        self._dst: DST | None = None
        self._latent = LatentFlips(model)
        discrete = list(discrete_parameters(model))
        if discrete:
            options = recipe.dst.model_dump()
            self._dst = DST(discrete, recipe.lr[0], recipe.m, recipe.betas, seed=seed, **options)
            self.members["dst"], self._ends["dst"] = self._dst, [recipe.lr]
        floats = [p for p in model.parameters() if p.requires_grad]
        weights = {"params": [p for p in floats if p.ndim > 1], "weight_decay": recipe.weight_decay}
        others = {"params": [p for p in floats if p.ndim <= 1], "weight_decay": 0.0}
        rated = [(weights, recipe.weight_lr or recipe.float_lr), (others, recipe.float_lr)]
        rated = [(group, ends) for group, ends in rated if group["params"]]
        if rated:
            self._ends["adam"] = [ends for _, ends in rated]
            self.members["adam"] = torch.optim.AdamW(
                [group for group, _ in rated], rated[0][1][0], betas=recipe.float_betas
            )
        if not self.members:
            raise InputError(f"fit takes a model with parameters to train; {type(model).__name__} has none")
        check_claims(model, *self.members.values())

    @property
    def lr(self) -> float:
        """Learning rate of the weights at the last step."""
        rate: float = next(iter(self.members.values())).param_groups[0]["lr"]
        return rate

    @property
    def flips(self) -> int:
        """How many weights have changed their level so far, over all steps."""
        return (self._dst.transitions if self._dst is not None else 0) + int(self._latent.total)

    def begin(self) -> None:
        """Look at the weights before the first of some steps."""
        self._latent.begin()

    def set_rates(self, step: int, steps: int, warmup: int) -> None:
        """Set the learning rates for step 0, 1, ..., steps - 1."""
        for name, optimizer in self.members.items():
            for group, ends in zip(optimizer.param_groups, self._ends[name], strict=True):
                group["lr"] = learning_rate(ends, step, steps, schedule=self._recipe.schedule, warmup=warmup)

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
