"""Random draws inside layers: reproducible, part of the state of the module, the same after a resumed run."""

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["Noise"]


class Noise(nn.Module):
    """Uniform draws of a layer. Draw number k depends on the seed and on k only.

    The count of draws is a buffer, so that checkpoints, copies and moves between devices keep it, and a resumed
    run draws what the uninterrupted one would have drawn. CPU and CUDA draw different numbers.

    Parameters
    ----------
    seed
        Any integer from 0 to 2^63 - 1.
    """

    drawn: Tensor

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed
        self.register_buffer("drawn", torch.zeros((), dtype=torch.int64))

    @classmethod
    def seeded_by(cls, generator: torch.Generator | None) -> "Noise":
        """Noise with a seed drawn from `generator`; from the system's entropy without one."""
        if generator is None:
            generator = torch.Generator()
            generator.seed()
        return cls(int(torch.randint(2**63 - 1, (), generator=generator, device=generator.device)))

    def uniform(self, like: Tensor) -> Tensor:
        """Draws from [0, 1), float32, of the shape and on the device of `like`."""
        mixed = np.random.SeedSequence((self.seed, int(self.drawn))).generate_state(1, np.uint64)
        generator = torch.Generator(like.device).manual_seed(int(mixed[0]) & (2**63 - 1))
        self.drawn += 1
        return torch.rand(like.shape, generator=generator, device=like.device)

    def extra_repr(self) -> str:
        """The seed, for ``print(model)``."""
        return f"seed={self.seed}"
