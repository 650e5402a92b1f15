"""Moments in 7 or 8 bits per weight: blocks of 64 weights share one bfloat16 scale.

Random bits are eight per weight, which makes the rounding unbiased to within 2^-9 of the distance of two codes.
The codes lie denser near zero, because weights that share a block can have gradients of very different size. With
beta = 0.998 and gradients that spread over a factor e around their middle, the random rounding of `SquareRoot8`
adds noise of 0.39 of the moment's own size, a linear code of as many bits 1.2; without such a spread 0.13 and 0.12
(simulated). Blocks of 256 instead of 64 would save 0.02 bytes and make the 0.39 a 0.50.
"""

import math
from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from ..draws import Draws, Scratch
from ..tiles import Tile
from .base import FirstMoment, Held, Moment

__all__ = ["Logarithmic8", "SquareRoot7", "SquareRoot8"]

_BLOCK = 64
_SMALLEST = 1e-30
"""Scales below are raised to it, so that nothing is divided by zero."""
_NOISE = 1 << 8
_LOWEST_BITS = 0x0101010101010101


class _Blocks(Moment):
    """Codes and scales of blocks; every tile begins a block of its own.

    The scale of a block is its largest magnitude, rounded up.
    """

    _bytes: int
    """Of the codes of a block."""
    _range: float
    """A scale is divided by it before values are encoded."""

    def create(self, like: Tensor, tiles: Sequence[Tile]) -> dict[str, Tensor]:
        blocks = _rows(tiles[-1]).stop
        return {
            self.name: torch.zeros(blocks, self._bytes, dtype=torch.uint8, device=like.device),
            f"{self.name}_scale": torch.zeros(blocks, 1, dtype=torch.bfloat16, device=like.device),
        }

    def load(self, held: Held, tile: Tile, scratch: Scratch) -> Tensor:
        rows = _rows(tile)
        value = scratch.get(self.name, (rows.stop - rows.start) * _BLOCK)
        scale = held[f"{self.name}_scale"][rows].float()
        self._decode(held[self.name][rows], scale, value.view(-1, _BLOCK), scratch)
        return value[: tile.size]

    def store(self, held: Held, tile: Tile, value: Tensor, draws: Draws) -> None:
        rows, scratch = _rows(tile), draws.scratch
        size = (rows.stop - rows.start) * _BLOCK
        padded = scratch.get(self.name, size)  # `value` is its beginning
        padded[tile.size :] = 0
        blocks = padded.view(-1, _BLOCK)
        sizes = torch.abs(blocks, out=scratch.get("work", size).view(-1, _BLOCK))
        scale = _up(sizes.amax(1, keepdim=True).clamp_(min=_SMALLEST))
        held[f"{self.name}_scale"][rows] = scale
        noise = scratch.get("noise", size).copy_(draws.bits8(size)).add_(0.5).view(-1, _BLOCK)
        self._encode(blocks, sizes.div_(scale / self._range), noise, held[self.name][rows], scratch)

    @abstractmethod
    def _encode(self, blocks: Tensor, share: Tensor, noise: Tensor, codes: Tensor, scratch: Scratch) -> None:
        """Write the codes of blocks; |value| = `share` * scale / `_range`, and `noise` / 256 in (0, 1) rounds."""

    @abstractmethod
    def _decode(self, codes: Tensor, scale: Tensor, blocks: Tensor, scratch: Scratch) -> None:
        """Write the values of the codes into `blocks`."""


class SquareRoot8(_Blocks, FirstMoment):
    """sign (k / 127)^2 scale with k = 0 .. 127: 1.03 bytes per weight."""

    _bytes = _BLOCK
    _range = 127.0**2

    def _encode(self, blocks: Tensor, share: Tensor, noise: Tensor, codes: Tensor, scratch: Scratch) -> None:
        signed = scratch.get("codes", blocks.numel(), torch.int8).view(-1, _BLOCK)
        k, span = (scratch.get(name, blocks.numel()).view(-1, _BLOCK) for name in ("k", "span"))
        k.copy_(signed.copy_(torch.sqrt(share, out=k)))  # a cast is a floor, at a sixth of its cost
        torch.add(scratch.one, k, alpha=2, out=span)  # (k + 1)^2 - k^2
        place = share.addcmul_(k, k, value=-1).div_(span).add_(k)  # in [k, k + 1], linear in the square
        signed.copy_(place.add_(noise, alpha=1 / _NOISE).copysign_(blocks))
        self._pack(signed, codes)

    def _decode(self, codes: Tensor, scale: Tensor, blocks: Tensor, scratch: Scratch) -> None:
        self._unpack(codes, blocks, scratch)
        sizes = torch.abs(blocks, out=scratch.get("work", blocks.numel()).view(-1, _BLOCK))
        blocks.mul_(sizes).mul_(scale / self._range)

    def clear(self, held: Held, tile: Tile, index: Tensor) -> None:
        held[self.name][_rows(tile)].view(-1).index_fill_(0, index, 0)

    def _pack(self, signed: Tensor, codes: Tensor) -> None:
        codes.view(torch.int8).copy_(signed)

    def _unpack(self, codes: Tensor, signed: Tensor, scratch: Scratch) -> None:
        signed.copy_(codes.view(torch.int8))


class SquareRoot7(SquareRoot8):
    """sign (k / 63)^2 scale with k = 0 .. 63: 0.91 bytes per weight.

    A code of 7 bits leaves a bit of its byte free. The free bits of the first 56 codes of a block hold its last 8
    codes: these are one word of 64 bits, whose bit j of every byte goes into the free bits of word j.
    """

    _bytes = _BLOCK // 8 * 7
    _range = 63.0**2
    _offset = 64

    def _pack(self, signed: Tensor, codes: Tensor) -> None:
        words = signed.add_(self._offset).view(torch.int64)
        spread = (words[:, 7:] >> _shifts(codes)).bitwise_and_(_LOWEST_BITS).bitwise_left_shift_(7)
        torch.bitwise_or(words[:, :7], spread, out=codes.view(torch.int64))

    def _unpack(self, codes: Tensor, signed: Tensor, scratch: Scratch) -> None:
        words = codes.view(torch.int64)
        whole = scratch.get("codes", signed.numel(), torch.int8).view(-1, _BLOCK)
        torch.bitwise_and(words, 0x7F * _LOWEST_BITS, out=whole.view(torch.int64)[:, :7])
        spread = (words >> 7).bitwise_and_(_LOWEST_BITS).bitwise_left_shift_(_shifts(codes))
        torch.sum(spread, 1, out=whole.view(torch.int64)[:, 7])
        signed.copy_(whole.sub_(self._offset))

    def clear(self, held: Held, tile: Tile, index: Tensor) -> None:
        codes = held[self.name][_rows(tile)].view(-1)
        row, column = index // _BLOCK * self._bytes, index % _BLOCK
        whole = column < self._bytes
        own = (row + column)[whole]
        codes[own] = codes[own].bitwise_and_(0x80).bitwise_or_(self._offset)
        spread = (row + column - self._bytes)[~whole][:, None] + 8 * torch.arange(7, device=index.device)
        bits = (self._offset >> torch.arange(7, device=index.device)).bitwise_and_(1).bitwise_left_shift_(7)
        codes[spread] = codes[spread].bitwise_and_(0x7F).bitwise_or_(bits.to(torch.uint8))


class Logarithmic8(_Blocks):
    """For nonnegative values: 0, or 2^(-(255 - c) / 16) scale with c = 1 .. 255: 1.03 bytes per weight.

    A positive value below the smallest is kept as the smallest, since rules divide by it.
    """

    _bytes = _BLOCK
    _range = 1.0
    _per_octave = 16

    def _encode(self, blocks: Tensor, share: Tensor, noise: Tensor, codes: Tensor, scratch: Scratch) -> None:
        place = share.log2_().mul_(self._per_octave).add_(255).clamp_(min=1, max=255)
        c = scratch.get("k", place.numel()).view(-1, _BLOCK).copy_(codes.copy_(place))
        above = place.sub_(c).mul_(math.log(2) / self._per_octave).expm1_()
        codes.copy_(
            c.add_(above.mul_(1 / math.expm1(math.log(2) / self._per_octave))).add_(noise, alpha=1 / _NOISE)
        )
        codes.mul_(blocks > 0)

    def _decode(self, codes: Tensor, scale: Tensor, blocks: Tensor, scratch: Scratch) -> None:
        blocks.copy_(codes).sub_(255).mul_(1 / self._per_octave).exp2_().mul_(scale).mul_(codes != 0)


def _rows(tile: Tile) -> slice:
    """Which blocks are the tile's; some between two tiles may stay unused."""
    first = tile.start // _BLOCK + tile.number
    return slice(first, first - (-tile.size // _BLOCK))


def _up(positive: Tensor) -> Tensor:
    """The next value that bfloat16 has, in float32."""
    return (
        positive.view(torch.int32)
        .add_(0xFFFF)
        .bitwise_right_shift_(16)
        .bitwise_left_shift_(16)
        .view(torch.float32)
    )


def _shifts(like: Tensor) -> Tensor:
    return torch.arange(7, device=like.device)
