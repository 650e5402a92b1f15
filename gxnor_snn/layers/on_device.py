"""Hardware-aware training: the forward pass of training sees weights as a device would hold them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gxnor_snn.device import TrainingDevice
from gxnor_snn.errors import InputError

from .base import DiscreteLayer

__all__ = ["attached", "levels_on_device"]

_GENERATOR = "device_generator"  # an attribute of a module: checkpoints look there for generators


@torch.no_grad()
def levels_on_device(
    levels: Tensor, largest: int, device: TrainingDevice, generator: torch.Generator, time_s: float = 0.0
) -> Tensor:
    r"""Real levels that a device holds and reads in place of integer ones, one draw.

    A level v stands in a pair of cells, |v| / `largest` of the way from the off to the on state on the side of its
    sign:

    .. math:: \tilde v = \frac{G^+ - G^-}{G_{on} - G_{off}} v_{max}, \quad G^\pm = \mathrm{drift}(\mathrm{program}(
        G_{off} + \frac{\max(\pm v, 0)}{v_{max}} (G_{on} - G_{off}))) + s\, N(0, 1)

    Parameters
    ----------
    levels
        Integer levels, float32, any shape.
    largest
        The largest level of their space.
    device
        The memory cells.
    generator
        Draws, on the device of `levels`.
    time_s
        Seconds from programming to reading.

    Returns
    -------
    Tensor
        float32, of the shape of `levels`.
    """
    span = device.g_on_s - device.g_off_s
    target = device.g_off_s + torch.stack((levels, -levels)).clamp_(min=0) * (span / largest)
    cells = device.drift(device.program(target, generator), time_s, generator, target)
    spread = device.read_noise(cells, time_s, target)
    noise = torch.randn(cells.shape, generator=generator, device=cells.device, dtype=cells.dtype)
    plus, minus = cells + spread * noise
    held: Tensor = (plus - minus) * (largest / span)
    return held


@dataclass(frozen=True)
class _Disturbance:
    """What a layer calls in training while a device is attached."""

    device: TrainingDevice
    generator: torch.Generator
    time_s: float

    def __call__(self, layer: DiscreteLayer, levels: Tensor) -> Tensor:
        held = levels_on_device(levels.detach(), layer.max_level, self.device, self.generator, self.time_s)
        return levels + (held - levels.detach())

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        """A copy of a layer is one without the device: the context could not take it off there."""
        return type(None), ()


@contextlib.contextmanager
def attached(
    model: nn.Module, device: TrainingDevice, generator: torch.Generator, *, time_s: float = 0.0
) -> Iterator[nn.Module]:
    """Let a device disturb the training passes of a model, as long as the context is open.

    Every training pass of every discrete layer draws new devices: programming, drift and one read
    (`levels_on_device`). Gradients pass straight through to the levels (Joshi et al., Nature Communications 11
    (2020), train so with additive weight noise). Passes in eval mode stay exact, and copies of the model that are
    made meanwhile have no device. The state of `generator` is part of the checkpoints of `gxnor_snn.train.fit`.

    Parameters
    ----------
    model
        Has discrete layers (`DiscreteLayer`).
    device
        The memory cells, the same object that `gxnor_hardware.crossbar.simulate` takes.
    generator
        Draws, on the device where the model is.
    time_s
        Seconds from programming to reading.

    Yields
    ------
    nn.Module
        The model.

    Raises
    ------
    InputError
        If the model has no discrete layer, or a device is attached already.

    Examples
    --------
    >>> from gxnor_hardware.crossbar.devices import Device
    >>> from gxnor_snn.models import mlp
    >>> model = mlp((1, 8, 8), [8], 10, seed=0)
    >>> with attached(model, Device.ideal(), torch.Generator()):
    ...     pass  # gxnor_snn.train.fit(model, dataset, recipe)
    """
    layers = [m for m in model.modules() if isinstance(m, DiscreteLayer)]
    if not layers:
        raise InputError(f"attached: {type(model).__name__} has no discrete layer, needs at least one")
    if any(layer.disturb is not None for layer in layers):
        raise InputError("attached: a device is attached already, allowed is one at a time")
    if not isinstance(device, TrainingDevice) or not isinstance(generator, torch.Generator):
        raise InputError(
            f"attached: got {type(device).__name__} and {type(generator).__name__}, needs a device "
            "(gxnor_snn.device.TrainingDevice) and a torch.Generator"
        )

    disturb = _Disturbance(device, generator, time_s)
    for layer in layers:
        layer.disturb = disturb
    vars(layers[0])[_GENERATOR] = generator
    try:
        yield model
    finally:
        for layer in layers:
            layer.disturb = None
        del vars(layers[0])[_GENERATOR]
