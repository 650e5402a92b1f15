"""Layers whose discrete weights are the levels of a float latent weight, trained straight-through."""

from abc import ABC
from typing import Literal

import torch
from torch import Tensor, nn

from gxnor_snn.arguments import check_kind, is_number
from gxnor_snn.errors import InputError
from gxnor_snn.spaces import Code, DiscreteSpace, StepFunction, code_unit, nearest_steps, symmetric_steps

from .base import DiscreteLayer
from .maps import Conv2dMap, LinearMap
from .noise import Noise, check_not_repeated, generator_or_new
from .quantise import float_levels, quantised, sampled_sign
from .windows import through_clip

__all__ = ["LatentConv2d", "LatentLayer", "LatentLinear"]

Threshold = float | Literal["twn"] | None

_TWN_SHARE = 0.7
_GRID = 1 << 24


class LatentLayer(DiscreteLayer, ABC):
    """A discrete layer with a float copy of each weight, the latent w in [-1, 1].

    Forward uses the level nearest to w (`gxnor_snn.spaces.nearest_steps`); backward takes that for the identity:
    d level / d w = the largest level, for |w| <= 1 (straight-through; BNN, arXiv 1602.02830). `clip_` keeps w in
    [-1, 1]; call it after each step of the optimiser (`gxnor_snn.layers.clip_latent` does so for a whole model).

    ================ ============================================================================
    code             weights
    ================ ============================================================================
    ("zn", 0)        sign(w), or drawn in training: +1 with probability (w + 1) / 2 (BNN, eq. 1 and 2)
    ("zn", 1)        ternary; with ``threshold="twn"`` 0 for |w| <= 0.7 mean |w| (ternary weight networks, Li et
                     al., arXiv 1605.04711; from memory, unverified)
    ("zn", n)        linear n-bit, symmetric: round(w 2^(n-1)) (QNN, arXiv 1609.07061)
    ("mbn", m)       q_m(w), odd integers (arXiv 1905.13389)
    ("log", n)       powers of two, AP2(w) (QNN)
    ================ ============================================================================

    Attributes
    ----------
    weight
        The latent weights, float32.
    """

    weight: nn.Parameter
    threshold: Threshold
    stochastic: bool

    def _set_rounding(self, code: Code, threshold: Threshold, stochastic: bool) -> None:
        """Take over how levels are found; called before the base class is."""
        self._nearest = nearest_steps(code)
        check_kind(f"{type(self).__name__}: stochastic", stochastic, bool)
        if stochastic and code != ("zn", 0):
            raise InputError(f"{type(self).__name__}: stochastic is True with {code}; allowed with ('zn', 0)")
        named = threshold is None or (isinstance(threshold, str) and threshold == "twn")
        in_range = named or (is_number(threshold) and 0 < threshold < 1)
        if not in_range or (threshold is not None and code != ("zn", 1)):
            raise InputError(
                f"{type(self).__name__}: threshold is {threshold!r} with {code}; allowed are None and, with "
                "('zn', 1), 'twn' or a number between 0 and 1"
            )
        self.threshold, self.stochastic = threshold, stochastic

    def _draw_weights(self, shape: tuple[int, ...], generator: torch.Generator | None) -> None:
        drawn = torch.empty(shape)
        if drawn.device.type != "meta":
            generator = generator_or_new(generator)
            uniform = torch.rand(shape, generator=generator, device=generator.device)
            drawn = uniform.mul_(2).sub_(1).to(drawn.device)
        self.weight = nn.Parameter(drawn)
        if self.stochastic:
            self.noise = Noise.seeded_by(generator)

    @property
    def space(self) -> DiscreteSpace:  # type: ignore[override]
        """The space Z_n of the weights.

        Raises
        ------
        InputError
            If the coding is not "zn".
        """
        coding, n = self.code
        if coding != "zn":
            raise InputError(
                f"{type(self).__name__}: weights of {self.code} are in no space Z_n; see level_values"
            )
        return DiscreteSpace(n)

    @property
    def steps(self) -> StepFunction:
        """The function from latent weights to levels."""
        if self.threshold is None:
            return self._nearest
        return symmetric_steps((self._ternary_threshold(),), "strict")

    def _ternary_threshold(self) -> float:
        if isinstance(self.threshold, float | int):
            return float(self.threshold)
        # in whole multiples of 2^-24, so that the mean does not depend on the order of summation
        sizes = self.weight.detach().abs().mul(_GRID).long()
        return _TWN_SHARE * int(sizes.sum()) / (sizes.numel() * _GRID)

    @property
    def levels(self) -> Tensor:  # type: ignore[override]
        """The levels of the latent weights, integers without gradient.

        Raises
        ------
        InputError
            If a latent weight is NaN.
        """
        weight = self.weight.detach()
        if bool(weight.isnan().any()):
            raise InputError(f"{type(self).__name__}: a latent weight is NaN; lower the learning rate")
        return float_levels(weight, self.steps).to(torch.int8 if self.max_level <= 127 else torch.int16)

    def training_levels(self) -> Tensor:
        """Levels (drawn, if stochastic) whose gradient goes to the latent weights."""
        return quantised(self.weight, self._forward_levels, self._stand_in)

    def _forward_levels(self, weight: Tensor) -> Tensor:
        if self.stochastic:
            check_not_repeated()
            return sampled_sign(weight, self.noise.uniform(weight))
        return float_levels(weight, self.steps)

    def _stand_in(self, gradient: Tensor, weight: Tensor) -> Tensor:
        return through_clip(gradient, weight, -1.0, 1.0, code_unit(self.code))

    @torch.no_grad()
    def clip_(self) -> None:
        """Clip the latent weights to [-1, 1], in place."""
        self.weight.clamp_(-1, 1)


class LatentLinear(LinearMap, LatentLayer):
    """y_o = sum_i x_i w_oi, w the levels of a latent weight: (B, in_features) -> (B, out_features), no bias.

    Parameters
    ----------
    in_features, out_features
        Sizes.
    code
        Of the weights; see `LatentLayer`.
    threshold
        Of ternary weights: between 0 and 1, or "twn"; 1/2 unless given.
    stochastic
        Draw the sign in training; with ("zn", 0).
    generator
        Draws the first latent weights, uniformly from [-1, 1); without one they differ from run to run.
    max_input, real_input, gradient_bits
        As in `DiscreteLinear`.

    Raises
    ------
    InputError
        If an argument is not one of these, or sums could reach 2^53.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        code: Code = ("zn", 1),
        *,
        threshold: Threshold = None,
        stochastic: bool = False,
        generator: torch.Generator | None = None,
        max_input: int = 255,
        real_input: bool = False,
        gradient_bits: int | None = None,
    ) -> None:
        shape = self._set_geometry(in_features, out_features)
        self._set_rounding(code, threshold, stochastic)
        super().__init__(shape, code, generator, max_input, real_input, gradient_bits)


class LatentConv2d(Conv2dMap, LatentLayer):
    """2-D cross-correlation with the levels of a latent weight, zero padding, no bias.

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups
        As in `torch.nn.Conv2d`; the attributes of these names hold pairs (except channels and groups).
    code, threshold, stochastic, generator, max_input, real_input, gradient_bits
        As in `LatentLinear`.

    Raises
    ------
    InputError
        As in `LatentLinear` and `DiscreteConv2d`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        code: Code = ("zn", 1),
        *,
        threshold: Threshold = None,
        stochastic: bool = False,
        generator: torch.Generator | None = None,
        max_input: int = 255,
        real_input: bool = False,
        gradient_bits: int | None = None,
    ) -> None:
        shape = self._set_geometry(in_channels, out_channels, kernel_size, stride, padding, dilation, groups)
        self._set_rounding(code, threshold, stochastic)
        super().__init__(shape, code, generator, max_input, real_input, gradient_bits)
