"""Discrete layers for torch: weights are int8 levels, activations are integer levels in float tensors."""

from .activation import DiscreteActivation
from .batchnorm import BatchNorm1d, BatchNorm2d
from .discrete import DiscreteConv2d, DiscreteLinear
from .encoder import PixelEncoder
from .parameter import DiscreteParameter, discrete_parameters

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "DiscreteActivation",
    "DiscreteConv2d",
    "DiscreteLinear",
    "DiscreteParameter",
    "PixelEncoder",
    "discrete_parameters",
]
