"""Makes the layers of one network, all from one set of options and one generator."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLayer,
    DiscreteLinear,
    FloatConv2d,
    FloatLinear,
    L1BatchNorm1d,
    L1BatchNorm2d,
    LatentConv2d,
    LatentLinear,
    PixelEncoder,
    ShiftBatchNorm1d,
    ShiftBatchNorm2d,
)
from gxnor_snn.spaces import DiscreteSpace, code_levels

from .options import NetOptions

__all__ = ["Parts"]

_NORMS: Mapping[str, tuple[type[nn.Module], type[nn.Module]]] = {
    "l2": (BatchNorm1d, BatchNorm2d),
    "l1": (L1BatchNorm1d, L1BatchNorm2d),
    "shift": (ShiftBatchNorm1d, ShiftBatchNorm2d),
}


class Parts:
    """Layers of one network.

    Attributes
    ----------
    pixels
        The largest level of the input.
    sent
        The largest level that an activation sends; None where activations are real.
    """

    pixels = PixelEncoder.max_level

    def __init__(self, options: NetOptions) -> None:
        self.options = options
        self._generator = torch.Generator().manual_seed(options.seed)
        self._norm1d, self._norm2d = _NORMS[options.norm]
        discrete = options.activation == "discrete"
        self.sent = code_levels((options.coding2, options.n2))[-1] if discrete else None

    def linear(self, size_in: int, size_out: int, max_input: int | None) -> nn.Module:
        """A dense layer without bias; `max_input` is None where its input is real."""
        match self.options.weights:
            case "dst":
                return DiscreteLinear(size_in, size_out, self._space, **self._common(max_input))
            case "latent":
                return LatentLinear(size_in, size_out, **self._latent(max_input))
            case "float":
                return FloatLinear(size_in, size_out, generator=self._generator)

    def conv(
        self,
        size_in: int,
        size_out: int,
        kernel: int,
        max_input: int | None,
        *,
        stride: int = 1,
        padding: int = 0,
    ) -> nn.Module:
        """A convolution without bias; `max_input` is None where its input is real."""
        geometry = (size_in, size_out, kernel, stride, padding)
        match self.options.weights:
            case "dst":
                return DiscreteConv2d(*geometry, space=self._space, **self._common(max_input))
            case "latent":
                return LatentConv2d(*geometry, **self._latent(max_input))
            case "float":
                return FloatConv2d(*geometry, generator=self._generator)

    @property
    def _space(self) -> DiscreteSpace:
        return DiscreteSpace(self.options.n1)

    def _latent(self, max_input: int | None) -> dict[str, Any]:
        """What latent layers are told besides their sizes."""
        o = self.options
        rounding = {"code": o.weight_code, "threshold": o.threshold, "stochastic": o.stochastic_weights}
        return {**rounding, **self._common(max_input)}

    def _common(self, max_input: int | None) -> dict[str, Any]:
        """What all layers with discrete weights are told."""
        return {
            "generator": self._generator,
            "max_input": max_input or 1,
            "real_input": max_input is None,
            "gradient_bits": self.options.gradient_bits,
        }

    def norm1d(self, channels: int) -> nn.Module:
        """A batch norm of vectors."""
        return self._norm1d(channels)

    def norm2d(self, channels: int) -> nn.Module:
        """A batch norm of images."""
        return self._norm2d(channels)

    def activation(self, channels: int) -> nn.Module:
        """An activation of that many channels."""
        o = self.options
        match o.activation:
            case "discrete":
                return DiscreteActivation(
                    o.n2,
                    o.r,
                    o.a,
                    o.window,
                    o.tie,
                    o.half_range,
                    o.coding2,
                    channels=channels,
                    learn_r=o.learn_r,
                    stochastic=o.stochastic_activations,
                    generator=self._generator,
                )
            case "hardtanh":
                return nn.Hardtanh()
            case "relu":
                return nn.ReLU()

    def spread(self, layer: nn.Module) -> float:
        """How much the layer's sums vary, for independent inputs of unit variance and freshly drawn weights."""
        if isinstance(layer, DiscreteLayer):
            levels = torch.tensor(layer.level_values, dtype=torch.float64, device="cpu")
            return math.sqrt(layer.fan_in * float(levels.square().mean()))
        return math.sqrt(1 / 3)  # of weights drawn from [-1, 1) / sqrt(fan_in)
