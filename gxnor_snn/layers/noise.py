"""Random draws inside layers: reproducible, part of the state of the module, the same after a resumed run."""

import numpy as np
import torch
from torch import Tensor, nn

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.errors import GxnorError, InputError

__all__ = ["Noise", "check_not_repeated", "generator_or_new"]


def generator_or_new(generator: torch.Generator | None) -> torch.Generator:
    """The generator itself; without one, a new one on the CPU, seeded from the system's entropy.

    Raises
    ------
    InputError
        If it is something else.
    """
    check_kind("generator", generator, torch.Generator, type(None))
    if generator is None:
        generator = torch.Generator()
        generator.seed()
    return generator


class Noise(nn.Module):
    """Uniform draws of a layer. Draw number k depends on the seed and on k only.

    The count of draws is a buffer, so that checkpoints, copies and moves between devices keep it, and a resumed
    run draws what the uninterrupted one would have drawn. CPU and CUDA draw different numbers.

    Parameters
    ----------
    seed
        Any integer from 0 to 2^63 - 1.

    Raises
    ------
    InputError
        If it is not.
    """

    drawn: Tensor

    def __init__(self, seed: int) -> None:
        super().__init__()
        if not is_integer(seed, 0) or seed >= 2**63:
            raise InputError(f"Noise: seed is {seed!r}; allowed are the integers 0 to 2^63 - 1")
        self.seed = seed
        self.register_buffer("drawn", torch.zeros((), dtype=torch.int64))

    @classmethod
    def seeded_by(cls, generator: torch.Generator | None) -> "Noise":
        """Noise with a seed drawn from `generator`; from the system's entropy without one."""
        generator = generator_or_new(generator)
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


def check_not_repeated() -> None:
    """Check that a forward pass with random draws is no repetition.

    Raises
    ------
    GxnorError
        If backward runs: activation checkpointing repeats the pass there, and other draws would silently give the
        gradients of another pass.
    """
    if torch._C._current_graph_task_id() != -1:
        raise GxnorError(
            "a layer with random draws runs again during backward (torch.utils.checkpoint), where it would draw "
            "other numbers than forward; leave that layer out of the checkpoint"
        )
