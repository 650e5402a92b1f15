"""Linear and convolution layers whose weights are integer levels and nothing else: what DST trains."""

from abc import ABC
from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace

from .base import DiscreteLayer
from .maps import Conv2dMap, LinearMap
from .parameter import DiscreteParameter, check_levels

__all__ = ["DiscreteConv2d", "DiscreteLayer", "DiscreteLinear"]


class _OnlyLevels(DiscreteLayer, ABC):
    """Levels are a `DiscreteParameter`; the gradient of the pass goes to ``levels.grad``."""

    levels: DiscreteParameter

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Move or convert; torch makes a plain parameter where it cannot keep the tensor (``to_empty``)."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._wrap()
        return self

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *more: Any) -> None:
        """Take over levels of the space of this layer; others are an error of the load, as a wrong shape is."""
        key, errors = f"{prefix}levels", more[-1]
        given = state_dict.get(key)
        if isinstance(given, Tensor):
            try:
                check_levels(given, self.space)
            except InputError as error:
                errors.append(f"{key}: {error}")
                state_dict = {**state_dict, key: self.levels.detach()}
        before = self.levels
        super()._load_from_state_dict(state_dict, prefix, *more)
        if self.levels is not before and not before.is_meta:
            # assign=True: the optimiser and layers that share the levels keep the object
            before.data = self.levels.detach().to(before.dtype)
            self.levels = before
        self._wrap()

    def _wrap(self) -> None:
        """Where torch has put a plain parameter in place of levels on the meta device, make it one of them."""
        if not isinstance(self.levels, DiscreteParameter):
            self.levels = DiscreteParameter.unchecked(self.levels, self.space)

    def _draw_weights(self, shape: tuple[int, ...], generator: torch.Generator | None) -> None:
        self.levels = DiscreteParameter.drawn(shape, self.space, generator)

    def training_levels(self) -> Tensor:
        """A float leaf for the pass."""
        return self.levels.leaf()


class DiscreteLinear(LinearMap, _OnlyLevels):
    """y_o = sum_i x_i w_oi with discrete w: (B, in_features) -> (B, out_features), no bias.

    Parameters
    ----------
    in_features, out_features
        Sizes.
    space
        Space of the weights, n = 0 to 8; ternary unless given.
    generator
        Draws the first weights, uniformly over the levels; without one they differ from run to run.
    max_input
        The largest |level| of the input (255 for pixels); decides the float type that keeps sums exact.
    real_input
        The input may hold any real numbers.
    gradient_bits
        Round the gradient that comes back to that many bits (`gxnor_snn.layers.quantise_gradient`).

    Raises
    ------
    InputError
        If a size or `max_input` is no integer of at least 1, `gradient_bits` is not 2 to 8, an argument is of
        another kind, or sums could reach 2^53.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        space: DiscreteSpace = DiscreteSpace(1),  # noqa: B008 - frozen
        *,
        generator: torch.Generator | None = None,
        max_input: int = 255,
        real_input: bool = False,
        gradient_bits: int | None = None,
    ) -> None:
        shape = self._set_geometry(in_features, out_features)
        check_kind(f"{type(self).__name__}: space", space, DiscreteSpace)
        self.space = space
        super().__init__(shape, ("zn", space.n), generator, max_input, real_input, gradient_bits)


class DiscreteConv2d(Conv2dMap, _OnlyLevels):
    """2-D cross-correlation with discrete weights, zero padding, no bias: (B, C, H, W) -> (B, O, H', W').

    Parameters
    ----------
    in_channels, out_channels, kernel_size, stride, padding, dilation, groups
        As in `torch.nn.Conv2d`; the attributes of these names hold pairs (except channels and groups).
    space, generator, max_input, real_input, gradient_bits
        As in `DiscreteLinear`.

    Raises
    ------
    InputError
        If a size is out of range, channels do not divide into groups, or as in `DiscreteLinear`.
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
        space: DiscreteSpace = DiscreteSpace(1),  # noqa: B008 - frozen
        *,
        generator: torch.Generator | None = None,
        max_input: int = 255,
        real_input: bool = False,
        gradient_bits: int | None = None,
    ) -> None:
        shape = self._set_geometry(in_channels, out_channels, kernel_size, stride, padding, dilation, groups)
        check_kind(f"{type(self).__name__}: space", space, DiscreteSpace)
        self.space = space
        super().__init__(shape, ("zn", space.n), generator, max_input, real_input, gradient_bits)
