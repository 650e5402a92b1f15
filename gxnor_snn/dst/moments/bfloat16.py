"""A moment in bfloat16, rounded at random: 2 bytes per weight."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws, Scratch
from ..tiles import Tile
from .base import FirstMoment, Held

__all__ = ["BFloat16"]

_LOW = 0xFFFF


class BFloat16(FirstMoment):
    """bfloat16 of the parameter's shape.

    A bfloat16 is the upper half of a float32. Adding 16 random bits to the lower half before it is dropped rounds
    away from zero with the probability of the remainder: unbiased. Round-to-nearest would swallow the changes of
    a mean with beta >= 0.996, which are less than half a unit in the last place.
    """

    def create(self, like: Tensor, tiles: Sequence[Tile]) -> dict[str, Tensor]:
        return {self.name: torch.zeros(like.shape, dtype=torch.bfloat16, device=like.device)}

    def load(self, held: Held, tile: Tile, scratch: Scratch) -> Tensor:
        return scratch.get(self.name, tile.size).copy_(held[self.name].view(-1)[tile.start : tile.stop])

    def store(self, held: Held, tile: Tile, value: Tensor, draws: Draws) -> None:
        bits = value.view(torch.int32)
        noise = draws.scratch.get("noise", tile.size, torch.int32).copy_(draws.bits16(tile.size))
        upper = bits.add_(noise.bitwise_and_(_LOW)).bitwise_right_shift_(16)
        held[self.name].view(-1)[tile.start : tile.stop].view(torch.int16).copy_(upper)

    def clear(self, held: Held, tile: Tile, index: Tensor) -> None:
        held[self.name].view(-1)[tile.start : tile.stop].index_fill_(0, index, 0.0)
