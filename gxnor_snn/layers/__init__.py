"""Discrete layers for torch: weights are integer levels, activations are integer levels in float tensors."""

from .activation import DiscreteActivation
from .batchnorm import BatchNorm1d, BatchNorm2d
from .clip import clip_latent
from .discrete import DiscreteConv2d, DiscreteLayer, DiscreteLinear
from .encoder import PixelEncoder
from .gradient import quantise_gradient
from .latent import LatentConv2d, LatentLayer, LatentLinear
from .noise import Noise
from .parameter import DiscreteParameter, discrete_parameters

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "DiscreteActivation",
    "DiscreteConv2d",
    "DiscreteLayer",
    "DiscreteLinear",
    "DiscreteParameter",
    "LatentConv2d",
    "LatentLayer",
    "LatentLinear",
    "Noise",
    "PixelEncoder",
    "clip_latent",
    "discrete_parameters",
    "quantise_gradient",
]
