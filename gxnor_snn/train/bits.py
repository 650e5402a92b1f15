"""From many bits to few: each network starts from the one before (arXiv 1905.13389, sec. on training)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteLayer, LatentLayer

from .history import History
from .loop import fit
from .recipe import Recipe

__all__ = ["Stage", "descend_bits", "initialise"]


@dataclass(frozen=True)
class Stage:
    """One number of bits: the trained network and the course of its training."""

    bits: int
    model: nn.Module
    history: History


def descend_bits(
    build: Callable[[int], nn.Module],
    dataset: Dataset,
    recipe: Recipe | Callable[[int], Recipe],
    *,
    bits: Iterable[int] = range(8, 0, -1),
    start: nn.Module | None = None,
    on_stage: Callable[[Stage], None] | None = None,
) -> tuple[Stage, ...]:
    """Train networks of fewer and fewer bits, each initialised from the previous: 8 -> 7 -> ... -> 1.

    ::

        def build(bits):
            return lenet(**{**METHODS["mbn"], "n1": bits, "n2": bits})

    Parameters
    ----------
    build
        Makes the network of so many bits, with latent weights.
    dataset, recipe
        As for `gxnor_snn.train.fit`; a function gives each number of bits its own recipe.
    bits
        Numbers of bits, in the order in which they are trained.
    start
        What the first network is initialised from (a trained float network of the same layers, say); None leaves
        it as `build` made it.
    on_stage
        Called after each.

    Returns
    -------
    tuple of Stage
        In the order of `bits`; models are in eval mode.

    Raises
    ------
    InputError
        If `bits` is empty, or as `initialise` and `fit`.
    """
    stages: list[Stage] = []
    for count in bits:
        model = build(count)
        if start is not None:
            initialise(model, start)
        history = fit(model, dataset, recipe(count) if callable(recipe) else recipe)
        stages.append(Stage(count, model, history))
        if on_stage is not None:
            on_stage(stages[-1])
        start = model
    if not stages:
        raise InputError("descend_bits: bits is empty; give at least one number of bits")
    return tuple(stages)


@torch.no_grad()
def initialise(model: nn.Module, source: nn.Module) -> None:
    """Give a network the weights of another one of the same layers, in place.

    Latent weights take those of latent layers as they are, and real weights (or integer levels) divided by the
    largest magnitude of the layer, so that they fill [-1, 1]; batch norm behind them makes up for the factor. All
    other parameters are copied by name. Statistics of batch norms start anew: sums count in another unit.

    Raises
    ------
    InputError
        If a layer or parameter of `model` has no counterpart of its shape in `source`.
    """
    layers, given = dict(source.named_modules()), dict(source.named_parameters())
    latent = {f"{path}.weight": (path, m) for path, m in model.named_modules() if isinstance(m, LatentLayer)}
    for name, parameter in model.named_parameters():
        found: Tensor | None = given.get(name)
        if name in latent:
            found = _latent_weights(layers.get(latent[name][0]))
        if found is None or found.shape != parameter.shape:
            shape = "is missing" if found is None else f"has shape {tuple(found.shape)}"
            raise InputError(f"initialise: {name} of shape {tuple(parameter.shape)} {shape} in the source")
        parameter.copy_(found)


def _latent_weights(layer: nn.Module | None) -> Tensor | None:
    """What latent weights take from a layer of any kind, in [-1, 1]; None if it has no weights."""
    if isinstance(layer, LatentLayer):
        return layer.weight.detach()
    weight = layer.levels.detach() if isinstance(layer, DiscreteLayer) else getattr(layer, "weight", None)
    if not isinstance(weight, Tensor):
        return None
    real = weight.detach().float()
    return real / real.abs().max().clamp(min=torch.finfo(real.dtype).tiny)
