"""What is converted: column currents with their noise, and the converters that turn them into codes.

Currents are in units of one weight: read voltage times `unit_conductance`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from .products import Kernel, Product

__all__ = ["Converter", "Line", "Noise", "Tile"]


@dataclass(frozen=True)
class Noise:
    """Read noise of a tile's cells: independent from read to read and from cell to cell.

    The noise of a column sum has the variance sum_i x_i^2 s_i^2.

    Attributes
    ----------
    variance
        Of each cell; one column where all columns have the same.
    spread
        Where several columns read the same cells (a reference): which column of `variance` each has. None
        where each column has cells of its own.
    """

    variance: Kernel
    spread: Tensor | None = None

    def add(self, sums: Tensor, power: tuple[Tensor, ...], product: Product, generator: torch.Generator) -> None:
        """Add noise to column sums, in place; `power` is the squared drive of the rows."""
        deviation = product.apply(power, self.variance).clamp_(min=0).sqrt_()
        if self.spread is None:
            sums.addcmul_(_normal(sums, generator), deviation)
        else:
            sums.sub_(_normal(deviation, generator).mul_(deviation).index_select(3, self.spread))


def _normal(like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.empty_like(like, memory_format=torch.contiguous_format).normal_(generator=generator)


@dataclass(frozen=True)
class Converter:
    """An ideal quantiser behind an amplifier with offset and gain error.

    Attributes
    ----------
    offset
        Added to each column, (draws, groups, columns), or None.
    gain
        Factor of each column, of the same shape, or None.
    top
        Largest code; None converts nothing.
    limit
        The sum, in weight units, that the largest code stands for, where that is more than the code itself: the
        step of a code is ``max(1, limit / top)``.
    """

    offset: Tensor | None
    gain: Tensor | None
    top: int | None
    limit: float

    @property
    def exact(self) -> bool:
        """Whether integer sums below the largest code come out as they are."""
        return self.offset is None and self.gain is None and not self._coarse

    @property
    def _coarse(self) -> bool:
        return self.top is not None and self.limit > self.top

    def convert(self, sums: Tensor) -> Tensor:
        """Codes times step, in place: the nearest code of (sum + offset) * gain, clipped; halves go up."""
        positions = (1,) * (sums.ndim - 4)
        if self.offset is not None:
            sums.add_(torch.unflatten(self.offset.unsqueeze(1), 3, (-1, *positions)))
        if self.gain is not None:
            sums.mul_(torch.unflatten(self.gain.unsqueeze(1), 3, (-1, *positions)))
        if self.top is None:
            return sums
        if self._coarse:  # in this order a sum between two codes lies there exactly, and halves go up
            sums.mul_(self.top).div_(self.limit)
        sums.add_(0.5).floor_().clamp_(-self.top, self.top)
        return sums.mul_(self.limit).div_(self.top) if self._coarse else sums


@dataclass(frozen=True)
class Line:
    """One set of column currents that is converted.

    Attributes
    ----------
    cells
        Conductances in units of one weight, differences of them where the subtraction is analogue.
    noises
        Independent sources.
    converter
        Turns sums into codes.
    spread
        Which of these columns each logical column subtracts (a shared reference), or None: they are the logical
        columns.
    sign
        +1, or -1 for what is subtracted digitally.
    exact
        Whether integer levels give integer sums that no code clips or rounds.
    """

    cells: Kernel
    noises: tuple[Noise, ...]
    converter: Converter
    spread: Tensor | None
    sign: int
    exact: bool


@dataclass(frozen=True)
class Tile:
    """All arrays that hold one cut of a projection's fan-in, side by side."""

    lines: tuple[Line, ...]

    @property
    def noisy(self) -> bool:
        """Whether reads draw random numbers."""
        return any(line.noises for line in self.lines)

    @property
    def exact(self) -> bool:
        """Whether integer levels give exact integer sums."""
        return all(line.exact for line in self.lines)
