"""Keeping float parameters in their range after a step of an optimiser."""

from torch import nn

from .activation import DiscreteActivation
from .latent import LatentLayer

__all__ = ["clip_latent"]


def clip_latent(module: nn.Module) -> None:
    """Clip every latent weight to [-1, 1] and every learnable r to its range; call it after each optimiser step.

    BNN (arXiv 1602.02830, sec. 1.2): without it latent weights grow where their sign no longer changes.
    """
    for child in module.modules():
        if isinstance(child, LatentLayer | DiscreteActivation):
            child.clip_()
