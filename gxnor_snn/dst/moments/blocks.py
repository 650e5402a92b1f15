"""Moments in 7 or 8 bits per weight: blocks of 64 weights share one float32 scale.

The codes lie denser near zero, because weights that share a block can have gradients of very different size. With
beta = 0.998 and gradients that spread over a factor e around their middle, the random rounding of `SquareRoot8`
adds noise of 0.39 of the moment's own size, a linear code of as many bits 1.2; without such a spread 0.13 and 0.12
(simulated). Blocks of 256 instead of 64 would save 0.05 bytes and make the 0.39 a 0.50.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws, Scratch
from ..tiles import Tile
from .base import Held, Moment

__all__ = ["Logarithmic8", "SquareRoot7", "SquareRoot8"]

_BLOCK = 64
_SMALLEST = 1e-30
"""Scales below are raised to it: their reciprocals stay finite."""


class _Blocks(Moment):
    """Codes and scales of blocks; every tile begins a block of its own.

    The scale of a block is its largest magnitude.
    """

    _bytes: int
    """Of the codes of a block."""

    def create(self, like: Tensor, tiles: Sequence[Tile]) -> dict[str, Tensor]:
        blocks = _rows(tiles[-1]).stop
        return {
            self.name: torch.zeros(blocks, self._bytes, dtype=torch.uint8, device=like.device),
            f"{self.name}_scale": torch.zeros(blocks, 1, device=like.device),
        }

    def load(self, held: Held, tile: Tile, scratch: Scratch) -> Tensor:
        rows = _rows(tile)
        value = scratch.get(self.name, (rows.stop - rows.start) * _BLOCK)
        self._decode(held[self.name][rows], held[f"{self.name}_scale"][rows], value.view(-1, _BLOCK))
        return value[: tile.size]

    def store(self, held: Held, tile: Tile, value: Tensor, draws: Draws) -> None:
        rows = _rows(tile)
        padded = draws.scratch.get(self.name, (rows.stop - rows.start) * _BLOCK)  # `value` is its beginning
        padded[tile.size :] = 0
        blocks = padded.view(-1, _BLOCK)
        size = torch.abs(blocks, out=draws.scratch.get("work", padded.numel()).view(-1, _BLOCK))
        scale = size.amax(1, keepdim=True).clamp_(min=_SMALLEST)
        held[f"{self.name}_scale"][rows] = scale
        uniform = draws.scratch.get("noise", padded.numel()).copy_(draws.bits16(padded.numel()))
        uniform = uniform.add_(32768.5).mul_(2.0**-16).view(-1, _BLOCK)
        self._encode(blocks, size.div_(scale), uniform, held[self.name][rows])

    @abstractmethod
    def _encode(self, blocks: Tensor, share: Tensor, uniform: Tensor, codes: Tensor) -> None:
        """Write the codes of blocks with |value| / scale = `share`, rounded by `uniform` in (0, 1)."""

    @abstractmethod
    def _decode(self, codes: Tensor, scale: Tensor, blocks: Tensor) -> None:
        """Write the values of the codes into `blocks`."""


class SquareRoot8(_Blocks):
    """sign (k / 127)^2 scale with k = 0 .. 127: 1.06 bytes per weight."""

    _bytes = _BLOCK
    _largest = 127

    def _encode(self, blocks: Tensor, share: Tensor, uniform: Tensor, codes: Tensor) -> None:
        above = share.mul_(self._largest**2)
        k = above.sqrt().floor_()
        above.addcmul_(k, k, value=-1)  # of the 2 k + 1 between k^2 and (k + 1)^2
        k.add_(above > uniform.addcmul_(uniform, k, value=2)).clamp_(max=self._largest)
        self._pack(k.copysign_(blocks), codes)

    def _decode(self, codes: Tensor, scale: Tensor, blocks: Tensor) -> None:
        self._unpack(codes, blocks)
        blocks.mul_(blocks.abs()).mul_(scale / self._largest**2)

    def _pack(self, signed: Tensor, codes: Tensor) -> None:
        codes.view(torch.int8).copy_(signed)

    def _unpack(self, codes: Tensor, signed: Tensor) -> None:
        signed.copy_(codes.view(torch.int8))


class SquareRoot7(SquareRoot8):
    """sign (k / 63)^2 scale with k = 0 .. 63, eight codes in seven bytes: 0.94 bytes per weight."""

    _bytes = _BLOCK // 8 * 7
    _largest = 63
    _offset = 64

    def _pack(self, signed: Tensor, codes: Tensor) -> None:
        eight = signed.add_(self._offset).to(torch.uint8).view(-1, 8)
        high = (eight[:, 7:] >> _shifts(codes)).bitwise_left_shift_(7)  # the eighth code, a bit in each byte
        torch.bitwise_or(eight[:, :7], high, out=codes.view(-1, 7))

    def _unpack(self, codes: Tensor, signed: Tensor) -> None:
        seven, eight = codes.view(-1, 7), signed.view(-1, 8)
        eight[:, :7] = seven & 0x7F
        eight[:, 7] = ((seven >> 7) << _shifts(codes)).sum(1)
        signed.sub_(self._offset)


class Logarithmic8(_Blocks):
    """For nonnegative values: 0, or 2^(-(255 - c) / 16) scale with c = 1 .. 255: 1.06 bytes per weight.

    A positive value below the smallest is kept as the smallest, since rules divide by it.
    """

    _bytes = _BLOCK
    _per_octave = 16

    def _encode(self, blocks: Tensor, share: Tensor, uniform: Tensor, codes: Tensor) -> None:
        is_zero = share == 0
        place = share.log2_().mul_(self._per_octave).add_(255).clamp_(min=1, max=255)
        code = place.floor()
        above = torch.exp2(place.sub_(code).div_(self._per_octave)).sub_(1)
        code.add_(above > uniform.mul_(math.exp2(1 / self._per_octave) - 1)).clamp_(max=255)
        codes.copy_(code.masked_fill_(is_zero, 0))

    def _decode(self, codes: Tensor, scale: Tensor, blocks: Tensor) -> None:
        blocks.copy_(codes).sub_(255).div_(self._per_octave).exp2_().mul_(codes != 0).mul_(scale)


def _rows(tile: Tile) -> slice:
    """Which blocks are the tile's; some between two tiles may stay unused."""
    first = tile.start // _BLOCK + tile.number
    return slice(first, first - (-tile.size // _BLOCK))


def _shifts(like: Tensor) -> Tensor:
    return torch.arange(7, dtype=torch.uint8, device=like.device)
