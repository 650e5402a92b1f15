"""Random draws of one parameter: they depend on its own stream only, never on the order of the parameters."""

import torch
from torch import Tensor

__all__ = ["Draws", "Scratch", "seeded_stream"]

_CHUNK = 64
"""Buffers are cut from multiples of so many elements, so that integers of several sizes can share them."""


def seeded_stream(seed: int, index: int, device: torch.device) -> torch.Generator:
    """Generator of the parameter with this index: its seed mixes both numbers (SplitMix64, Steele et al. 2014)."""
    z = (seed + (index + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return torch.Generator(device).manual_seed(z ^ (z >> 31))


class Scratch:
    """Work space for one tile on one device; nothing in it lives from tile to tile."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.zero = torch.zeros((), device=device)
        self.one = torch.ones((), device=device)
        self._buffers: dict[tuple[str, torch.dtype], Tensor] = {}

    def get(self, name: str, number: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """The buffer of this name, of `number` elements with any values."""
        held = self._buffers.get((name, dtype))
        if held is None or held.numel() < number:
            held = torch.empty(-(-number // _CHUNK) * _CHUNK, dtype=dtype, device=self.device)
            self._buffers[name, dtype] = held
        return held[:number]

    def clear(self) -> None:
        """Give the memory back."""
        self._buffers.clear()


class Draws:
    """Draws from one generator."""

    def __init__(self, stream: torch.Generator, scratch: Scratch) -> None:
        self.stream = stream
        self.scratch = scratch

    def words(self, number: int) -> Tensor:
        """64 random bits each, in scratch memory; valid until the next call."""
        words = self.scratch.get("words", number, torch.int64)
        return words.random_(-(2**63), None, generator=self.stream)

    def bits16(self, number: int) -> Tensor:
        """16 random bits each, int16, in scratch memory; valid until the next call of this or `words`."""
        return self.words(-(-number // 4)).view(torch.int16)[:number]

    def bits8(self, number: int) -> Tensor:
        """8 random bits each, uint8, in scratch memory; valid until the next call of this or `words`."""
        return self.words(-(-number // 8)).view(torch.uint8)[:number]

    def uniform(self, number: int) -> Tensor:
        """Uniform draws from [0, 1), float64."""
        return torch.rand(number, dtype=torch.float64, generator=self.stream, device=self.stream.device)
