"""A second moment as one number per row and column (Adafactor, arXiv 1804.04235, sec. 3)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws, Scratch
from ..tiles import Tile
from .base import Held, Moment

__all__ = ["Factored"]

_TINY = torch.finfo(torch.float32).tiny


class Factored(Moment):
    """Means of a nonnegative matrix over its rows and columns: v_ij ~ R_i C_j / mean(R).

    Convolution weights count as matrices (first axis, all others). What is kept are exactly the row and column
    means of what is stored; the running means of Adafactor follow, because both are linear in the gradient's
    square.
    """

    def create(self, like: Tensor, tiles: Sequence[Tile]) -> dict[str, Tensor]:
        rows, columns = tiles[-1].rows.stop, tiles[-1].columns.stop
        return {
            f"{self.name}_row": torch.zeros(rows, device=like.device),
            f"{self.name}_column": torch.zeros(columns, device=like.device),
        }

    def load(self, held: Held, tile: Tile, scratch: Scratch) -> Tensor:
        row, column = held[f"{self.name}_row"], held[f"{self.name}_column"]
        share = row[tile.rows] / row.mean().clamp_(min=_TINY)
        value = scratch.get(self.name, tile.size)
        torch.mul(share[:, None], column[tile.columns], out=value.view(tile.shape))
        return value

    def store(self, held: Held, tile: Tile, value: Tensor, draws: Draws) -> None:
        if tile.number == 0:
            kept = held[f"{self.name}_row"], held[f"{self.name}_column"]
            held[f"{self.name}_sums"] = [torch.zeros_like(means) for means in kept]
        rows, columns = held[f"{self.name}_sums"]
        rows[tile.rows] += value.view(tile.shape).sum(1)
        columns[tile.columns] += value.view(tile.shape).sum(0)

    def finish(self, held: Held) -> None:
        rows, columns = held.pop(f"{self.name}_sums")
        held[f"{self.name}_row"].copy_(rows.div_(columns.numel()))
        held[f"{self.name}_column"].copy_(columns.div_(rows.numel()))
