"""The contract of a step rule: how the gradients of one parameter become its update dW.

A `Rule` owns its moments (`moments`). For each step it is asked once per tile, in rising order, to advance them by
the tile's gradient and to write the update (`write`). It is a pure function of moments, gradient, settings and
the number of the step; the transition that realises the update is not its business. Where the gradient is not
finite, neither is the update.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..draws import Draws
from ..moments import FirstMoment, Held, Moment
from ..tiles import Tile

__all__ = ["Rule", "Settings"]


@dataclass(frozen=True)
class Settings:
    """What a rule needs of a parameter group at one step.

    Attributes
    ----------
    lr, betas, eps
        As in `gxnor_snn.dst.DST`.
    number
        Steps of the parameter including this one: 1, 2, ...
    unit
        The update is wanted in units of 1 / `unit`: write dW * unit.
    scale
        Real value of one integer level; the gradient is one with respect to levels.
    """

    lr: float
    betas: tuple[float, float]
    eps: float
    number: int
    unit: float
    scale: float


class Rule(ABC):
    """A step rule; see the module for the contract.

    Attributes
    ----------
    default_lr
        Learning rate where none is given; None: one must be given.
    default_betas
        Betas where none are given.
    """

    default_lr: float | None = None
    default_betas: tuple[float, float]

    @property
    @abstractmethod
    def moments(self) -> Sequence[Moment]:
        """What it remembers."""

    @property
    @abstractmethod
    def first(self) -> FirstMoment:
        """The one among them that gathers the gradients, and whose sign is the direction of a jump."""

    @abstractmethod
    def write(
        self, held: Held, tile: Tile, gradient: Tensor, settings: Settings, draws: Draws, out: Tensor
    ) -> None:
        """Advance the moments of the tile and write its update into `out`, both float32 (n,)."""
