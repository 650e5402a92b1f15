"""The outputs of a network, by the names of their readouts."""

from typing import Any

from gxnor_snn.errors import ConversionError

__all__ = ["named_outputs"]

_ALLOWED = "a tensor, or a tuple or dict of tensors"


def named_outputs(output: Any) -> dict[str, Any]:
    """What a network gives back, by the name of its readout: "readout", or "readout.KEY" of a tuple or dict.

    Raises
    ------
    ConversionError
        If it is neither a tensor nor a tuple, list or dict of tensors.
    """
    if isinstance(output, dict):
        parts = {f"readout.{key}": value for key, value in output.items()}
    elif isinstance(output, tuple | list):
        parts = {f"readout.{key}": value for key, value in enumerate(output)}
    else:
        parts = {"readout": output}
    for name, value in parts.items():
        if value is None or isinstance(value, tuple | list | dict | int | float | str):
            given = f"a {type(value).__name__}" if isinstance(value, tuple | list | dict) else repr(value)[:60]
            raise ConversionError(f"the network gives back {given} as {name}; allowed are {_ALLOWED}")
    if not parts:
        raise ConversionError(f"the network gives nothing back; allowed are {_ALLOWED}")
    return parts
