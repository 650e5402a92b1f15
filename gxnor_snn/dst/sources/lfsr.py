"""Draws from one linear feedback shift register per weight, as a chip would hold it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gxnor_snn.arguments import is_integer
from gxnor_snn.errors import InputError

from ..draws import Draws
from ..moments import Held
from ..tiles import Tile
from .base import Source, positions

__all__ = ["Lfsr"]

_TAPS = {3: (3, 2), 5: (5, 3), 7: (7, 6), 15: (15, 14), 32: (32, 22, 2, 1)}
_DTYPES = {3: torch.int8, 5: torch.int8, 7: torch.int8, 15: torch.int16, 32: torch.int32}


class Lfsr(Source):
    """U = state / 2^n of an n-bit Fibonacci register per weight, advanced once per step.

    The fed-back bit is the exclusive or of the bits at the taps (numbered 1 to n), and the register shifts left:
    state <- ((state << 1) | bit) mod 2^n. With these taps it runs through all 2^n - 1 nonzero states
    (Xilinx XAPP 052, table 3). A weight jumps where state < tau 2^n (public fork of GXNOR-Net, whose registers
    stood still and whose bit was not masked; both are put right here). First states are drawn from the stream.

    Parameters
    ----------
    bits
        n: 3, 5, 7, 15 or 32.

    Raises
    ------
    InputError
        If `bits` is none of these.
    """

    BITS = tuple(_TAPS)

    def __init__(self, bits: int) -> None:
        if not is_integer(bits) or bits not in self.BITS:
            raise InputError(f"Lfsr: bits is {bits!r}; allowed are {', '.join(map(str, self.BITS))}")
        self.bits = bits

    def create(self, like: Tensor, tiles: Sequence[Tile], draws: Draws) -> dict[str, Tensor]:
        states = torch.randint(1, 1 << self.bits, like.shape, generator=draws.stream, device=like.device)
        return {"lfsr": states.to(_DTYPES[self.bits])}

    def candidates(
        self, held: Held, tile: Tile, bound: Tensor, peak: float, draws: Draws
    ) -> tuple[Tensor, Tensor]:
        state = self.advance(held["lfsr"].view(-1)[tile.start : tile.stop])
        uniform = state.double()
        uniform.add_(2.0**self.bits * (uniform < 0)).mul_(2.0**-self.bits)  # bit 32 is the sign of int32
        index = positions(uniform < bound.abs())
        return index, uniform.index_select(0, index)

    def advance(self, state: Tensor) -> Tensor:
        """Shift every register once, in place."""
        bit = torch.zeros_like(state)
        for tap in _TAPS[self.bits]:
            bit.bitwise_xor_(state >> (tap - 1))
        state.bitwise_left_shift_(1).bitwise_or_(bit.bitwise_and_(1))
        if self.bits < 32:
            state.bitwise_and_((1 << self.bits) - 1)
        return state
