"""What may be added to the loss."""

from types import TracebackType
from typing import Protocol, runtime_checkable

from torch import Tensor

__all__ = ["Penalty"]


@runtime_checkable
class Penalty(Protocol):
    """Watches a forward pass of the model in training, as a context around it, and then has a value.

    `fit` enters it around every forward pass and adds ``value(done)`` to the loss before the backward pass, with
    the share `done` of all steps that are behind.
    """

    def __enter__(self) -> object:
        """Begin to watch."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cease to watch."""

    def value(self, done: float) -> Tensor:
        """What is added to the loss, a scalar with a gradient."""
