"""The contract of a device that takes part in training: what its memory cells do to the weights they hold.

A device of `gxnor_hardware.crossbar.devices` satisfies it, and so may any other object: nothing has to be
inherited. `gxnor_snn.layers.attached` lets one disturb the training passes of a model.
"""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Generator, Tensor

__all__ = ["TrainingDevice"]


@runtime_checkable
class TrainingDevice(Protocol):
    """Memory cells: two conductances that stand for 0 and 1, and what is found in place of them.

    All conductances are float tensors in siemens, of any shape; the methods are pure and draw from the generator
    that they are given.
    """

    @property
    def g_on_s(self) -> float:
        """Largest conductance, siemens."""

    @property
    def g_off_s(self) -> float:
        """Smallest conductance, siemens."""

    def program(self, target_s: "Tensor", generator: "Generator") -> "Tensor":
        """Conductances after programming these targets."""

    def drift(
        self, g_s: "Tensor", time_s: float, generator: "Generator", target_s: "Tensor | None" = None
    ) -> "Tensor":
        """Conductances `time_s` seconds after they were programmed to `target_s`."""

    def read_noise(self, g_s: "Tensor", time_s: float, target_s: "Tensor | None" = None) -> "Tensor":
        """Standard deviation of one read, siemens, `time_s` seconds after programming."""
