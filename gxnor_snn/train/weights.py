"""Parameters and buffers as arrays of a file: binary and ternary levels take two bits."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gxnor_snn.layers import DiscreteParameter
from gxnor_snn.layers.batchnorm import Normalisation
from gxnor_snn.packing import pack_ternary, unpack_ternary

__all__ = ["check_statistics", "copied_state", "model_state", "restored", "set_state", "stored"]


def model_state(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and persistent buffers by name; discrete parameters as such, so that their space is at hand."""
    kept = model.state_dict().keys()
    named = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {name: value for name, value in named.items() if name in kept}


def copied_state(model: nn.Module) -> dict[str, Tensor]:
    """What `model_state` holds now."""
    return {name: value.detach().clone() for name, value in model_state(model).items()}


@torch.no_grad()
def set_state(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Take over, in place, what `copied_state` gave."""
    for name, value in model_state(model).items():
        value.copy_(state[name])


def check_statistics(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Check a state like that of `model_state` before the model takes it over.

    Raises
    ------
    ValueError
        If a running variance, or what stands for it in other batch norms, is negative.
    """
    for path, module in model.named_modules():
        for name in module.nonnegative if isinstance(module, Normalisation) else ():
            key = f"{path}.{name}".removeprefix(".")
            if bool((state[key] < 0).any()):
                raise ValueError(f"{key} holds {state[key].min().item()}; allowed are numbers >= 0")


def stored(value: Tensor, like: Tensor | None = None) -> NDArray[Any]:
    """The array that stands for a tensor; half-precision floats are widened.

    Parameters
    ----------
    value
        A parameter, buffer or other tensor.
    like
        The parameter whose values these are, if it is not `value` itself: its space decides the packing.
    """
    array = value.detach().to("cpu", _wide(value.dtype)).numpy()
    return pack_ternary(array) if _is_packed(value if like is None else like) else array


def restored(name: str, array: NDArray[Any], wanted: Tensor) -> Tensor:
    """The tensor of an array of `stored`, on the CPU; it must fit `wanted`, which may be on the meta device.

    Raises
    ------
    ValueError
        If shape or type differ, floats are not finite, or levels are not in the space.
    """
    shape = tuple(wanted.shape)
    if _is_packed(wanted):
        try:
            array = unpack_ternary(array, wanted.numel()).reshape(shape)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
    dtype = torch.empty(0, dtype=_wide(wanted.dtype), device="cpu").numpy().dtype
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} is {array.dtype} of shape {array.shape}, the network needs {dtype} {shape}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds numbers that are not finite")
    if isinstance(wanted, DiscreteParameter) and not np.isin(array, wanted.space.levels).all():
        raise ValueError(f"{name} holds levels outside {wanted.space}")
    return torch.from_numpy(array).to(wanted.dtype)


def _is_packed(value: Tensor) -> bool:
    return isinstance(value, DiscreteParameter) and value.space.max_level == 1


def _wide(dtype: torch.dtype) -> torch.dtype:
    """float32 in place of the shorter floats, some of which numpy does not know."""
    return torch.float32 if dtype.is_floating_point and dtype.itemsize < 4 else dtype
