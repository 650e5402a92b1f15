"""How weights stand in cells: pairs of conductances, or single cells against a reference column.

A scheme is a strategy without state. It must say what conductances stand for weight planes (`targets`), and how a
quantity of the physical columns (conductance, current, offset) is split into what is added and what is subtracted
to get one of the logical columns (`parts`). The last axis of every tensor is the columns of one array.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ..devices import Device, conductances

__all__ = ["SCHEMES", "Pair", "Scheme", "Single"]


class Scheme(ABC):
    """Weights in cells, within one array.

    Attributes
    ----------
    per_weight
        Physical columns of one logical column.
    spare
        Physical columns besides them.
    """

    per_weight: int
    spare: int

    def capacity(self, cols: int) -> int:
        """Logical columns that `cols` physical ones hold."""
        return (cols - self.spare) // self.per_weight

    @abstractmethod
    def targets(self, planes: Tensor, device: Device) -> Tensor:
        """Conductances (..., rows, physical), siemens, for weight planes (..., rows, logical) in {-1, 0, +1}."""

    @abstractmethod
    def parts(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """What is added, and what is subtracted from it: (..., logical) and (..., logical or 1)."""

    def subtract(self, values: Tensor) -> Tensor:
        """(..., logical) out of (..., physical)."""
        plus, minus = self.parts(values)
        return plus - minus


class Pair(Scheme):
    """A weight is G+ - G-; the columns of a pair are neighbours."""

    per_weight, spare = 2, 0

    def targets(self, planes: Tensor, device: Device) -> Tensor:
        return conductances(planes, device, "pair").movedim(0, -1).flatten(-2)

    def parts(self, values: Tensor) -> tuple[Tensor, Tensor]:
        return values[..., 0::2], values[..., 1::2]


class Single(Scheme):
    """A weight is G - G_reference; the last column of an array is the reference, of cells that stand for 0."""

    per_weight, spare = 1, 1

    def targets(self, planes: Tensor, device: Device) -> Tensor:
        with_reference = torch.cat((planes, planes.new_zeros(*planes.shape[:-1], 1)), dim=-1)
        return conductances(with_reference, device, "single")[0]

    def parts(self, values: Tensor) -> tuple[Tensor, Tensor]:
        return values[..., :-1], values[..., -1:]


SCHEMES: dict[str, Scheme] = {"pair": Pair(), "single": Single()}
"""By the name in `ArraySpec.cells`."""
