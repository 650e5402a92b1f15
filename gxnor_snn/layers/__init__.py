"""Discrete layers for torch: weights are integer levels, activations are integer levels in float tensors."""

from .activation import DiscreteActivation
from .affine import Affine, ScaleBias
from .batchnorm import BatchNorm1d, BatchNorm2d
from .clip import clip_latent
from .discrete import DiscreteConv2d, DiscreteLayer, DiscreteLinear
from .encoder import PixelEncoder
from .gradient import quantise_gradient
from .l1norm import L1BatchNorm1d, L1BatchNorm2d
from .latent import LatentConv2d, LatentLayer, LatentLinear
from .noise import Noise
from .on_device import attached, levels_on_device
from .parameter import DiscreteParameter, discrete_parameters
from .pooling import SumPool2d
from .real import FloatConv2d, FloatLinear
from .residual import ResidualBlock
from .shiftnorm import ShiftBatchNorm1d, ShiftBatchNorm2d

__all__ = [
    "Affine",
    "BatchNorm1d",
    "BatchNorm2d",
    "DiscreteActivation",
    "DiscreteConv2d",
    "DiscreteLayer",
    "DiscreteLinear",
    "DiscreteParameter",
    "FloatConv2d",
    "FloatLinear",
    "L1BatchNorm1d",
    "L1BatchNorm2d",
    "LatentConv2d",
    "LatentLayer",
    "LatentLinear",
    "Noise",
    "PixelEncoder",
    "ResidualBlock",
    "ScaleBias",
    "ShiftBatchNorm1d",
    "ShiftBatchNorm2d",
    "SumPool2d",
    "attached",
    "clip_latent",
    "discrete_parameters",
    "levels_on_device",
    "quantise_gradient",
]
