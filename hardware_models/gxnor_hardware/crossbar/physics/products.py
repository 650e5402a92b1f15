"""The two products that arrays compute, many draws of devices at once: dense and convolution.

A product knows how a projection's weights lie as matrices (`matrix`), brings the drive of the rows (`rows`) and
the cells of a tile (`kernel`) into the form in which it multiplies them fast, and multiplies (`apply`). Signals
are (draws or 1, samples, *source shape): the network's input is the same for all draws and is held once.
Convolutions never unfold: each tile convolves the channels that it reads with kernels that are zero elsewhere.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from gxnor_snn.errors import UnsupportedGraphError
from gxnor_snn.graph import Conv2d, Dense, Weighted

__all__ = ["Kernel", "Product", "product_of"]


@dataclass(frozen=True)
class Kernel:
    """Cells of one tile in the form a product multiplies.

    Attributes
    ----------
    values
        As the product made it.
    inputs
        (start, stop) along what the product slices: inputs of a dense layer, channels of a group.
    columns
        Columns of one group.
    """

    values: Tensor
    inputs: tuple[int, int]
    columns: int


class Product(ABC):
    """One projection's product.

    Attributes
    ----------
    groups
        Blocks of outputs with arrays of their own.
    fan_in
        Inputs of one output.
    """

    groups: int
    fan_in: int

    @abstractmethod
    def matrix(self, weights: NDArray[np.int8]) -> NDArray[np.int8]:
        """Weights, or a plane of them, as (groups, fan-in, outputs of a group)."""

    @abstractmethod
    def rows(self, signal: Tensor) -> Tensor:
        """A drive (draws or 1, samples, *source shape) in the form that `apply` slices."""

    @abstractmethod
    def kernel(self, cells: Tensor, start: int, stop: int) -> Kernel:
        """Cells (draws, groups, rows, columns) of inputs `start` to `stop`: all first rows, then all second."""

    @abstractmethod
    def apply(self, rows: tuple[Tensor, ...], kernel: Kernel) -> Tensor:
        """Column sums (draws, samples, groups, columns, *positions)."""


class DenseProduct(Product):
    """Rows are the inputs."""

    def __init__(self, projection: Weighted) -> None:
        self.groups, self.fan_in = 1, projection.weights.shape[1]

    def matrix(self, weights: NDArray[np.int8]) -> NDArray[np.int8]:
        return np.ascontiguousarray(weights.T)[None]

    def rows(self, signal: Tensor) -> Tensor:
        return signal.flatten(2)

    def kernel(self, cells: Tensor, start: int, stop: int) -> Kernel:
        return Kernel(cells[:, 0].contiguous(), (start, stop), cells.shape[3])

    def apply(self, rows: tuple[Tensor, ...], kernel: Kernel) -> Tensor:
        start, stop = kernel.inputs
        driven = _joined([r[..., start:stop] for r in rows], -1)
        draws = len(kernel.values)
        if len(driven) == draws:
            return torch.bmm(driven, kernel.values).unsqueeze(2)
        wide = driven[0] @ kernel.values.transpose(0, 1).flatten(1)
        return wide.view(len(wide), draws, 1, -1).transpose(0, 1)


class ConvProduct(Product):
    """Rows are the taps of a window, channel by channel."""

    def __init__(self, projection: Weighted) -> None:
        conv = cast(Conv2d, projection)
        self.groups, self.fan_in = conv.groups, int(np.prod(conv.weights.shape[1:]))
        self._channels, self._size = conv.weights.shape[1], conv.weights.shape[2:]
        top, bottom, left, right = conv.padding
        self._padding = (left, right, top, bottom)
        self._stride, self._dilation = conv.stride, conv.dilation

    def matrix(self, weights: NDArray[np.int8]) -> NDArray[np.int8]:
        by_group = weights.reshape(self.groups, -1, self.fan_in)
        return np.ascontiguousarray(by_group.transpose(0, 2, 1))

    def rows(self, signal: Tensor) -> Tensor:
        if any(self._padding):
            signal = F.pad(signal, self._padding)
        return torch.unflatten(signal, 2, (self.groups, self._channels))

    def kernel(self, cells: Tensor, start: int, stop: int) -> Kernel:
        draws, groups, rows, columns = cells.shape
        area = self._size[0] * self._size[1]
        first, last = start // area, -(-stop // area)
        blocks = rows // (stop - start)
        values = cells.new_zeros(draws, groups, columns, blocks, (last - first) * area)
        values[..., start - first * area : stop - first * area] = torch.unflatten(
            cells.transpose(2, 3), 3, (blocks, -1)
        )
        shape = (draws, groups * columns, blocks * (last - first), *self._size)
        return Kernel(values.reshape(shape), (first, last), columns)

    def apply(self, rows: tuple[Tensor, ...], kernel: Kernel) -> Tensor:
        first, last = kernel.inputs
        driven = _joined([r[:, :, :, first:last] for r in rows], 3).flatten(2, 3)
        draws = len(kernel.values)
        if len(driven) == 1 and self.groups == 1:
            sums = self._convolve(driven[0], kernel.values.flatten(0, 1))
            return torch.unflatten(sums, 1, (draws, 1, -1)).transpose(0, 1)
        if draws == 1:
            return torch.unflatten(self._convolve(driven[0], kernel.values[0]), 1, (self.groups, -1))[None]
        # one convolution per draw: a grouped one over all draws takes twice the time on a CPU
        parts = [self._convolve(driven[d % len(driven)], kernel.values[d]) for d in range(draws)]
        return torch.unflatten(torch.stack(parts), 2, (self.groups, -1))

    def _convolve(self, images: Tensor, kernels: Tensor) -> Tensor:
        # NNPACK's and cuDNN's shortcuts round; sums of integers stay exact without them
        with (
            torch.backends.nnpack.flags(enabled=False),
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False),
        ):
            return F.conv2d(images, kernels, None, self._stride, 0, self._dilation, self.groups)


def _joined(parts: list[Tensor], dim: int) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=dim)


_PRODUCTS: dict[str, Callable[[Weighted], Product]] = {Dense.kind: DenseProduct, Conv2d.kind: ConvProduct}


def product_of(projection: Weighted) -> Product:
    """The product of a projection.

    Raises
    ------
    UnsupportedGraphError
        If arrays compute no projection of its kind.
    """
    if projection.kind not in _PRODUCTS:
        raise UnsupportedGraphError(
            f"{projection.where}: kind is {projection.kind!r}, crossbars compute {', '.join(_PRODUCTS)}"
        )
    return _PRODUCTS[projection.kind](projection)
