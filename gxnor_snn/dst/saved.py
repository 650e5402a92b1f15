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
    held = state["state"]
    if not isinstance(held, Mapping) or not all(isinstance(entry, Mapping) for entry in held.values()):
        raise InputError(f"{_WHAT}: state is no dict of dicts by parameter, but {type(held).__name__}")


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
    wanted = [len(group["params"]) for group in here]
    known = isinstance(there, list | tuple) and all(isinstance(group, Mapping) for group in there)
    sizes = [len(group.get("params", ())) for group in there] if known else None  # type: ignore[attr-defined]
    if sizes != wanted:
        raise InputError(f"{_WHAT}: param_groups holds groups of {sizes} parameters; allowed are {wanted}")
    for saved, own in zip(there, here, strict=True):  # type: ignore[call-overload]
        missing = sorted(own.keys() - saved.keys())
        if missing:
            raise InputError(f"{_WHAT}: a group has no {', '.join(missing)}; allowed is a DST state_dict")
        try:
            check_settings({**saved, "params": own["params"]}, idle=True)
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
