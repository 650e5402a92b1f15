"""torch's global generators while a network trains: the run has its own, whatever drew from them before."""

import contextlib
from collections.abc import Iterator

import torch

__all__ = ["GlobalDraws"]


class GlobalDraws:
    """Generators of a run in place of torch's global ones, from which dropout and a user's own modules draw.

    Parameters
    ----------
    device
        Of the model; the CPU's generator is replaced in any case.
    seed
        Of them all.

    Attributes
    ----------
    generators
        Those of the run by name, for its state.
    """

    def __init__(self, device: torch.device, seed: int) -> None:
        self._globals = {"global": torch.default_generator}
        if device.type == "cuda":
            index = device.index if device.index is not None else torch.cuda.current_device()
            self._globals["global_cuda"] = torch.cuda.default_generators[index]
        self.generators = {
            name: torch.Generator(there.device).manual_seed(seed) for name, there in self._globals.items()
        }

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """Let what draws from the global generators draw from those of the run."""
        before = {name: there.get_state() for name, there in self._globals.items()}
        for name, there in self._globals.items():
            there.set_state(self.generators[name].get_state())
        try:
            yield
        finally:
            for name, there in self._globals.items():
                self.generators[name].set_state(there.get_state())
                there.set_state(before[name])
