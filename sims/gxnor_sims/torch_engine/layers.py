"""Projections and populations on a device: one class per kind, each made once per plan, listed in two tables."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, Projection

from .arithmetic import Arithmetic
from .product import ExactProduct

__all__ = ["EMITTERS", "PRODUCTS", "Emitter", "Mover", "WeightedProduct", "dtype_for"]

Shape = tuple[int, ...]
_MERGED = 64  # channels up to which neighbouring groups of a convolution share one product


def dtype_for(lo: int, hi: int) -> torch.dtype:
    """The narrowest signed integers that hold a range and its negatives."""
    largest = max(-lo, hi)
    return next(d for d in (torch.int8, torch.int16, torch.int32, torch.int64) if largest <= torch.iinfo(d).max)


class WeightedProduct(ABC):
    """The product of a Dense or Conv2d projection with given weights, without gain.

    Attributes
    ----------
    products
        What it multiplies.
    """

    products: list[ExactProduct]

    @property
    def n_bytes(self) -> int:
        """Bytes of the weights on the device."""
        return sum(p.n_bytes for p in self.products)

    @property
    @abstractmethod
    def batch_bytes(self) -> int:
        """Bytes per sample of a batch that it takes while it runs, beside levels and sums."""

    @abstractmethod
    def __call__(self, levels: torch.Tensor) -> torch.Tensor:
        """Sums (B, *target shape), int32 or int64, of levels (B, *source shape)."""


class DenseProduct(WeightedProduct):
    """Every output reads the source flattened in C order."""

    def __init__(
        self,
        edge: Any,
        weights: NDArray[Any],
        shape: Shape,
        span: tuple[int, int],
        arithmetic: Arithmetic,
        room: int,
    ) -> None:
        self.product = ExactProduct(weights, *span, arithmetic)
        self.products = [self.product]

    @property
    def batch_bytes(self) -> int:
        return 8 * self.product.shared + 24 * self.product.outputs

    def __call__(self, levels: torch.Tensor) -> torch.Tensor:
        return self.product(levels.flatten(1))


class ConvProduct(WeightedProduct):
    """Windows laid out as rows, samples in chunks; taps that never see the image are left out.

    Groups of few channels are merged into one product with zeros between them.
    """

    def __init__(
        self,
        edge: Any,
        weights: NDArray[Any],
        shape: Shape,
        span: tuple[int, int],
        arithmetic: Arithmetic,
        room: int,
    ) -> None:
        _, height, width = shape
        self.taps = list(edge.window.taps(height, width))
        self.size = edge.window.output_size(height, width, edge.where)
        outputs, inputs = weights.shape[0] // edge.groups, weights.shape[1]
        merged = max(
            n
            for n in range(1, edge.groups + 1)
            if not edge.groups % n and (n == 1 or n * max(outputs, inputs) <= _MERGED)
        )
        self.inputs, self.outputs = merged * inputs, merged * outputs
        taken = [weights[:, :, tap.row, tap.column] for tap in self.taps]
        by_tap = np.stack(taken, axis=1) if taken else np.zeros((len(weights), 0, inputs), weights.dtype)
        self.products = []
        for first in range(0, edge.groups, merged):
            block = np.zeros((self.outputs, len(self.taps), self.inputs), weights.dtype)
            for k in range(merged):
                rows = slice((first + k) * outputs, (first + k + 1) * outputs)
                block[k * outputs : (k + 1) * outputs, :, k * inputs : (k + 1) * inputs] = by_tap[rows]
            flat = block.reshape(self.outputs, -1) if taken else np.zeros((self.outputs, 1), weights.dtype)
            self.products.append(ExactProduct(flat, *span, arithmetic))
        columns = self.size[0] * self.size[1] * (2 * self.products[0].shared + 24 * self.outputs)
        self.chunk = max(1, room // columns)

    @property
    def batch_bytes(self) -> int:
        return 0  # windows are laid out chunk by chunk

    def __call__(self, levels: torch.Tensor) -> torch.Tensor:
        parts = [self._chunk(part) for part in torch.split(levels, self.chunk)]
        return parts[0] if len(parts) == 1 else torch.cat(parts)

    def _chunk(self, levels: torch.Tensor) -> torch.Tensor:
        batch = len(levels)
        digits = [d.permute(0, 2, 3, 1).contiguous() for d in self.products[0].split(levels)]
        sums = []
        for k, product in enumerate(self.products):
            channels = slice(k * self.inputs, (k + 1) * self.inputs)
            columns = self._columns([d[..., channels] for d in digits], product)
            found = product.sum(columns, batch * self.size[0] * self.size[1])
            sums.append(found.reshape(batch, *self.size, self.outputs).permute(0, 3, 1, 2))
        return torch.cat(sums, dim=1) if len(sums) > 1 else sums[0]

    def _columns(self, digits: list[torch.Tensor], product: ExactProduct) -> Iterator[torch.Tensor]:
        """Per digit, one row per window: (B * rows * columns, taps * channels); padding holds the digit of 0."""
        for image in digits:
            shape = (len(image), *self.size, max(len(self.taps), 1), self.inputs if self.taps else 1)
            columns = image.new_full(shape, product.blank)
            for k, tap in enumerate(self.taps):
                columns[(slice(None), *tap.outputs, k)] = image[(slice(None), *tap.inputs)]
            yield columns.reshape(-1, shape[-1] * shape[-2])


class Mover:
    """A projection without weights: pools and identities move levels in the dtype that they come in."""

    batch_bytes = 0

    def __init__(self, edge: Projection, coding: Coding) -> None:
        self._edge, self._coding = edge, coding

    def __call__(self, levels: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        moved: torch.Tensor = self._edge.apply(
            levels if self._edge.selects else levels.to(dtype), self._coding, torch
        )
        return moved


class Emitter(ABC):
    """What a population sends, from its input sums."""

    def __init__(self, population: Any, coding: Coding | None, device: torch.device) -> None:
        self.dtype = dtype_for(coding.lo, coding.hi) if coding else torch.int64

    @abstractmethod
    def __call__(self, sums: torch.Tensor) -> torch.Tensor | None:
        """Levels of the shape of `sums`; None from a readout."""


class SpikeEmitter(Emitter):
    """Counts the thresholds that a sum has reached; decreasing channels are negated on both sides."""

    def __init__(self, population: Any, coding: Coding | None, device: torch.device) -> None:
        super().__init__(population, coding, device)
        assert coding is not None
        per_channel = (-1,) + (1,) * (len(population.shape) - 1)
        sign = np.where(population.increasing, 1, -1)
        rising = population.thresholds * sign[:, None]

        def moved(values: NDArray[Any]) -> torch.Tensor:
            tensor = torch.from_numpy(np.ascontiguousarray(values.reshape(per_channel)))
            small = np.abs(values).max(initial=0) < 1 << 31
            return tensor.to(device, torch.int32 if small else torch.int64)

        self._thresholds = [moved(column) for column in rising.T]
        self._sign = None if population.increasing.all() else moved(sign)
        self._start, self._step = coding.v0, coding.stride
        # counted in int8 where every number on the way from the count to the level is one
        highest = rising.shape[1] if coding.table else rising.shape[1] * self._step
        self._index = torch.int8 if self.dtype is torch.int8 and highest <= 127 else torch.int32
        self._table = None if coding.table is None else torch.tensor(coding.table, dtype=self.dtype, device=device)

    def __call__(self, sums: torch.Tensor) -> torch.Tensor:
        signed = sums if self._sign is None else sums * self._sign
        index = torch.zeros_like(sums, dtype=self._index)
        for threshold in self._thresholds:
            index += signed >= threshold
        if self._table is not None:
            return self._table[index.to(torch.int64)]
        return index.mul_(self._step).add_(self._start).to(self.dtype)


class RelayEmitter(Emitter):
    """Passes its input on."""

    def __call__(self, sums: torch.Tensor) -> torch.Tensor:
        return sums.to(self.dtype)


class ReadoutEmitter(Emitter):
    """Sends nothing."""

    def __call__(self, sums: torch.Tensor) -> None:
        return None


PRODUCTS: dict[str, Callable[..., WeightedProduct]] = {"dense": DenseProduct, "conv2d": ConvProduct}
"""Projections with weights, by kind."""

EMITTERS: dict[str, type[Emitter]] = {
    "spiking": SpikeEmitter, "relay": RelayEmitter, "readout": ReadoutEmitter,
}  # fmt: skip
"""Populations with inputs, by role."""
