"""Checkpoints: one safetensors file with the trained state, what rebuilds the network, and its history.

Binary and ternary weights take two bits (`gxnor_snn.packing`), other levels one byte, at n = 8 two.
Nothing is ever unpickled, and the shapes that the file declares are held against its content before the network is
built.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from pydantic import TypeAdapter

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import CheckpointError, InputError
from gxnor_snn.files import read_tensors, write_tensors
from gxnor_snn.models import DiscreteNet, NetSpec

from .damage import one_line
from .history import History
from .weights import check_statistics, model_state, restored, stored

__all__ = ["Checkpoint", "load_checkpoint", "read_checkpoint", "save_checkpoint"]

_KIND = "gxnor-checkpoint"
_VERSION = "1"
_HISTORY: TypeAdapter[History | None] = TypeAdapter(History | None)


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes
    ----------
    model
        The trained network, in eval mode, on the CPU.
    history
        Of its training, or None.
    metadata
        What was given to `save_checkpoint`.
    """

    model: DiscreteNet
    history: History | None
    metadata: Mapping[str, Any]


def save_checkpoint(
    path: str | os.PathLike[str],
    model: DiscreteNet,
    *,
    history: History | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write the network to `path`, atomically.

    Parameters
    ----------
    path
        The file; by habit ``.safetensors``.
    model
        A network of `gxnor_snn.models`.
    history
        Of its training.
    metadata
        JSON-able notes, such as the data set and the accuracy.

    Raises
    ------
    InputError
        If the model is not such a network, the metadata are not JSON-able, or the file cannot be written.
    """
    check_kind("save_checkpoint: path", path, str, os.PathLike)
    check_kind("save_checkpoint: history", history, History, type(None))
    check_kind("save_checkpoint: metadata", metadata, Mapping, type(None))
    if not isinstance(model, DiscreteNet):
        raise InputError(f"save_checkpoint takes a DiscreteNet of gxnor_snn.models, got {type(model).__name__}")
    try:
        texts = {
            "spec": json.dumps({"factory": model.spec.factory, "kwargs": dict(model.spec.kwargs)}),
            "history": json.dumps(history.to_dict() if history else None),
            "metadata": json.dumps(dict(metadata or {})),
        }
    except (TypeError, ValueError) as error:
        raise InputError(f"save_checkpoint: metadata and model arguments must be JSON-able: {error}") from error
    tensors = {name: stored(value) for name, value in model_state(model).items()}
    write_tensors(path, tensors, {"kind": _KIND, "version": _VERSION, **texts})


def load_checkpoint(path: str | os.PathLike[str]) -> DiscreteNet:
    """The network of a checkpoint, in eval mode; see `read_checkpoint`.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, of another kind or version, or does not fit the network it names.
    """
    return read_checkpoint(path).model


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read everything that `save_checkpoint` wrote.

    Raises
    ------
    CheckpointError
        If the file is missing, damaged, of another kind or version, or does not fit the network it names.
    """
    check_kind("checkpoint: path", path, str, os.PathLike)
    tensors, texts = read_tensors(path, kind=_KIND, what="checkpoint", error=CheckpointError)
    if texts.get("version") != _VERSION:
        raise CheckpointError(
            f"checkpoint {path}: version is {texts.get('version')!r}, this program reads {_VERSION!r}"
        )
    try:
        given = json.loads(texts["spec"])
        spec = NetSpec(given["factory"], given["kwargs"])
        history = _history(texts["history"])
        metadata = dict(json.loads(texts["metadata"]))
        with torch.device("meta"):
            pattern = spec.build()
        wanted = model_state(pattern)
        _compare_names(set(tensors), set(wanted))
        state = {name: restored(name, tensors[name], value) for name, value in wanted.items()}
        check_statistics(pattern, state)
        model = spec.build()
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, OverflowError) as error:
        raise CheckpointError(f"checkpoint {path}: {one_line(error, 'history')}") from error
    model.load_state_dict(state)
    return Checkpoint(model.eval(), history, metadata)


def _compare_names(given: set[str], wanted: set[str]) -> None:
    for word, names in (("lacks", wanted - given), ("has an unknown", given - wanted)):
        if names:
            raise ValueError(f"the file {word} tensor {min(names)!r}")


def _history(text: str) -> History | None:
    history = _HISTORY.validate_json(text, strict=True)
    if history is not None and not 0 <= history.selected <= len(history.epochs):
        raise ValueError(f"history: epoch {history.selected} of {len(history.epochs)} is selected")
    return history
