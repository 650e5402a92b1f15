"""What a saved state of DST must be, before anything of it is taken over."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gxnor_snn.arguments import is_integer
from gxnor_snn.errors import InputError

from .options import check_settings

__all__ = ["check_held", "check_saved"]

_WHAT = "DST.load_state_dict"


def check_saved(state: Any, form: Mapping[str, Any], groups: list[dict[str, Any]]) -> None:
    """Check everything but the moments (`check_held`) of a state for an optimiser of this form and these groups.

    Raises
    ------
    InputError
        If it is no such state.
    """
    if not isinstance(state, Mapping):
        raise InputError(f"{_WHAT} got a {type(state).__name__}; allowed is a DST state_dict")
    for key in ("state", "param_groups", "generators", "transitions", *form):
        if key not in state:
            raise InputError(f"{_WHAT}: the entry {key!r} is missing; give a DST state_dict")
    for key, here in form.items():
        if (there := state[key]) != here:
            raise InputError(f"{_WHAT}: {key} is {there!r} there, {here!r} here; it must be the same")
    _check_streams(state["generators"], [p.device for group in groups for p in group["params"]])
    if not is_integer(state["transitions"], 0):
        raise InputError(f"{_WHAT}: transitions is {state['transitions']!r}; allowed are integers of at least 0")
    _check_groups(state["param_groups"], groups)
    if not isinstance(state["state"], Mapping):
        raise InputError(f"{_WHAT}: state is a {type(state['state']).__name__}; allowed is a dict by parameter")


def _check_streams(streams: object, devices: list[torch.device]) -> None:
    if not isinstance(streams, list | tuple) or len(streams) != len(devices):
        held = f"{len(streams)} random streams" if isinstance(streams, list | tuple) else repr(streams)
        raise InputError(f"{_WHAT}: it holds {held} for {len(devices)} parameters")
    for stream, device in zip(streams, devices, strict=True):
        try:
            torch.Generator(device).set_state(stream.cpu())
        except (AttributeError, RuntimeError, TypeError) as error:
            raise InputError(f"{_WHAT}: a random stream has no state of one on {device}: {error}") from error


def _check_groups(there: object, here: list[dict[str, Any]]) -> None:
    if not isinstance(there, list | tuple) or not all(isinstance(group, Mapping) for group in there):
        raise InputError(f"{_WHAT}: param_groups is a {type(there).__name__}; allowed is a list of dicts")
    for saved, own in zip(there, here, strict=False):  # torch compares their number and sizes
        try:
            check_settings({**own, **saved, "params": own["params"]}, idle=True)
        except InputError as error:
            raise InputError(f"{_WHAT}: {error}") from error


def check_held(given: Mapping[str, Any], pattern: Mapping[str, Any], shape: tuple[int, ...]) -> None:
    """Check that the saved state of a parameter has the form of a fresh one.

    Raises
    ------
    InputError
        If an entry is missing, too many, or of another shape or type.
    """
    if given.keys() != pattern.keys():
        raise InputError(
            f"{_WHAT}: a parameter of shape {shape} has the entries {', '.join(given)}; "
            f"allowed are {', '.join(pattern)}"
        )
    for key, fresh in pattern.items():
        there, here = _form(given[key]), _form(fresh)
        if there != here:
            raise InputError(f"{_WHAT}: {key} of a parameter of shape {shape} is {there} there; allowed is {here}")


def _form(value: object) -> str:
    return f"{value.dtype} of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
