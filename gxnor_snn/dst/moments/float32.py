"""A moment kept as it is, in float32: 4 bytes per weight."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws, Scratch
from ..tiles import Tile
from .base import FirstMoment, Held

__all__ = ["Float32"]


class Float32(FirstMoment):
    """float32 of the parameter's shape; `load` gives a view of it."""

    def create(self, like: Tensor, tiles: Sequence[Tile]) -> dict[str, Tensor]:
        return {self.name: torch.zeros(like.shape, device=like.device)}

    def load(self, held: Held, tile: Tile, scratch: Scratch) -> Tensor:
        kept: Tensor = held[self.name]
        return kept.view(-1)[tile.start : tile.stop]

    def store(self, held: Held, tile: Tile, value: Tensor, draws: Draws) -> None:
        """Nothing to do: the rule has changed the storage itself."""

    def clear(self, held: Held, tile: Tile, index: Tensor) -> None:
        held[self.name].view(-1)[tile.start : tile.stop].index_fill_(0, index, 0.0)
