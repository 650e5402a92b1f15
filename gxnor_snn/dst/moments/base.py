"""The contract of a moment: what a step rule remembers per weight between steps.

A `Moment` owns a few named tensors in the optimiser's state of one parameter (`create`), which are all that lives
between steps. During a step every tile is loaded once as float32, changed by the rule, and stored once, in rising
order; `finish` ends the step. What `store` rounds away it rounds at random without bias, so that a mean with a
long memory neither stalls nor drifts.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from ..draws import Draws, Scratch
from ..tiles import Tile

__all__ = ["FirstMoment", "Held", "Moment"]

Held = dict[str, Any]
"""The state of one parameter, as `torch.optim.Optimizer.state` holds it."""


class Moment(ABC):
    """One moment in one form of storage; see the module for the contract.

    Parameters
    ----------
    name
        Its key in the state; further keys begin with it.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def create(self, like: Tensor, tiles: Sequence[Tile]) -> dict[str, Tensor]:
        """Tensors of a zero moment of a parameter, on its device."""

    @abstractmethod
    def load(self, held: Held, tile: Tile, scratch: Scratch) -> Tensor:
        """The moment in the tile, float32 (n,); the caller may overwrite it."""

    @abstractmethod
    def store(self, held: Held, tile: Tile, value: Tensor, draws: Draws) -> None:
        """Keep `value`, which is what `load` gave, changed in place; it may be overwritten."""

    def finish(self, held: Held) -> None:  # noqa: B027 - most have nothing to do
        """End a step, after all tiles were stored."""


class FirstMoment(Moment):
    """A moment that is kept weight by weight, so that single weights can begin anew."""

    @abstractmethod
    def clear(self, held: Held, tile: Tile, index: Tensor) -> None:
        """Set the weights at `index`, int64 positions within the tile, each once, to zero; after `store`."""
