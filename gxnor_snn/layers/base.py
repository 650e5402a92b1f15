"""The contract of every layer with discrete weights."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.errors import InputError
from gxnor_snn.spaces import Code, DiscreteSpace, code_levels

from .gradient import check_gradient_bits, quantise_gradient
from .noise import Noise, check_not_repeated
from .product import exact_dtype, exact_product
from .untraced import untraced

__all__ = ["DiscreteLayer"]


class DiscreteLayer(nn.Module, ABC):
    """A linear map without bias whose weights are integer levels of one code.

    In training the product runs in float32 on a float copy of the levels that is made for the pass. In eval mode
    every output is the exact integer sum; it has no gradient. Autocast never reaches the product.

    A subclass must say what the map is (`product`, `check_shape`; see `LinearMap`, `Conv2dMap`) and where its
    levels come from (`levels`, `training_levels`): from themselves, trained by DST, or from a latent weight.

    Attributes
    ----------
    levels
        The weights: integer levels, int8, or int16 where they reach beyond 127.
    space
        Their space Z_n, where the coding is "zn".
    code
        Their code, ("zn", n), ("mbn", m) or ("log", n); see `gxnor_snn.spaces.code_levels`.
    max_input
        The largest |level| the input may have.
    real_input
        The input may hold any real numbers (BWN, TWN). Such a layer has no integer sums, hence no event graph.
    fan_in
        Weights of one output.
    max_sum
        No integer sum of the layer is larger in magnitude.
    probe
        Called with (layer, x, levels) before each product in training, where it is set; both tensors are part of
        the autograd graph.
    disturb
        Gives (layer, levels) the levels that the product sees in training, where it is set; `probe` sees those
        before it. See `attached`.
    """

    levels: Tensor
    space: DiscreteSpace
    disturb: Callable[["DiscreteLayer", Tensor], Tensor] | None = None
    probe: Callable[["DiscreteLayer", Tensor, Tensor], None] | None = None

    def __init__(
        self,
        shape: tuple[int, ...],
        code: Code,
        generator: torch.Generator | None,
        max_input: int,
        real_input: bool,
        gradient_bits: int | None,
    ) -> None:
        super().__init__()
        if not all(is_integer(s, 1) for s in shape):
            raise InputError(f"{type(self).__name__}: weight shape is {shape}; sizes are integers of at least 1")
        check_kind(f"{type(self).__name__}: real_input", real_input, bool)
        if not is_integer(max_input, 1):
            raise InputError(
                f"{type(self).__name__}: max_input is {max_input!r}; it must be an integer of at least 1"
            )
        self.code = code
        self.level_values = code_levels(code)
        self.max_input = int(max_input)
        self.real_input = real_input
        self.fan_in = math.prod(int(size) for size in shape[1:])
        self.max_sum = self.max_input * self.fan_in * self.max_level
        self._exact_dtype = exact_dtype(self.max_sum)
        self._draw_weights(shape, generator)
        self.gradient_bits = gradient_bits
        if gradient_bits is not None:
            check_gradient_bits(gradient_bits)
            self.gradient_noise = Noise.seeded_by(generator)

    @abstractmethod
    def _draw_weights(self, shape: tuple[int, ...], generator: torch.Generator | None) -> None:
        """Make the first weights."""

    @abstractmethod
    def training_levels(self) -> Tensor:
        """The levels as float32, linked to what is trained."""

    @abstractmethod
    def product(self, x: Tensor, levels: Tensor) -> Tensor:
        """The linear map of the layer on float tensors."""

    @abstractmethod
    def check_shape(self, x: Tensor) -> None:
        """Raise `InputError` if `x` does not have the shape the layer takes."""

    @property
    def max_level(self) -> int:
        """The largest level of a weight."""
        return self.level_values[-1]

    @property
    def has_zero(self) -> bool:
        """Whether a weight can be 0, hence silent."""
        return 0 in self.level_values

    @property
    def sum_dtype(self) -> torch.dtype:
        """The float type of the sums in eval mode on a CPU."""
        return self._exact_dtype

    def widen(self, bound: int) -> None:
        """Give sums a float type in which what is made of them is exact up to `bound` (a residual sum, say).

        Raises
        ------
        InputError
            If not even float64 holds the bound.
        """
        self._exact_dtype = exact_dtype(max(bound, self.max_sum))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer to integer levels in a float tensor (or to real numbers, with ``real_input``).

        Raises
        ------
        InputError
            If the shape does not fit or, in eval mode, x is not of integers within ``max_input``.
        """
        return untraced(self._forward, x)

    def _forward(self, x: Tensor) -> Tensor:
        self.check_shape(x)
        if self.training:
            with torch.autocast(x.device.type, enabled=False):
                return self._train(x.to(torch.float32))
        if self.real_input:
            with torch.autocast(x.device.type, enabled=False):
                return self.product(x.to(torch.float32), self.levels.detach().to(torch.float32))
        if not _are_levels(x, self.max_input):
            raise InputError(
                f"{type(self).__name__}: the input must hold integer levels of magnitude up to "
                f"{self.max_input} (max_input); got other values"
            )
        return self.exact_sums(x, self.levels)

    def exact_sums(self, x: Tensor, levels: Tensor) -> Tensor:
        """The product of integer levels x with `levels` (or output channels of them), exact, without gradient."""
        return exact_product(self.product, x, levels.detach(), self._exact_dtype)

    def _train(self, x: Tensor) -> Tensor:
        levels = self.training_levels()
        if self.probe is not None:
            self.probe(self, x, levels)
        if self.disturb is not None:
            check_not_repeated()
            levels = self.disturb(self, levels)
        sums = self.product(x, levels)
        if self.gradient_bits is None:
            return sums
        return quantise_gradient(sums, self.gradient_noise, self.gradient_bits)

    def extra_repr(self) -> str:
        """Sizes and code for ``print(model)``."""
        parts = [str(tuple(self.levels.shape)), f"code={self.code}", f"max_input={self.max_input}"]
        parts += [f"gradient_bits={self.gradient_bits}"] * (self.gradient_bits is not None)
        return ", ".join(parts + ["real_input=True"] * self.real_input)


def _are_levels(x: Tensor, most: int) -> bool:
    if not x.numel():
        return True
    low, high = x.aminmax()  # NaN if any is
    return bool(low >= -most) and bool(high <= most) and torch.equal(x, x.round())
