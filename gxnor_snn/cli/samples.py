"""The samples a graph is run on: a data set by name or path, or arrays of the user's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError, InputError
from gxnor_snn.graph import EventGraph, check_form

__all__ = ["Samples", "load_samples", "read_npy"]


@dataclass(frozen=True)
class Samples:
    """Inputs that fit a graph.

    Attributes
    ----------
    name
        Of the data set or file.
    x
        Integers (N, *shape) of the graph's input; a file is mapped, not read.
    y
        Classes (N,), or None where there are none.
    """

    name: str
    x: NDArray[Any]
    y: NDArray[np.int64] | None


def load_samples(
    graph: EventGraph,
    data: str | None,
    input_file: Path | None,
    labels: Path | None = None,
    limit: int | None = None,
) -> Samples:
    """Read the test part of a data set, or an array file, and check its form against the graph.

    Levels are checked when they are run, piece by piece: a file may be larger than memory.

    Parameters
    ----------
    graph
        Says which shape and levels are allowed.
    data, input_file
        One of them: what ``--data`` and ``--input`` hold.
    labels
        Classes that belong to `input_file`.
    limit
        Keep the first samples only.

    Raises
    ------
    InputError
        If both or none are given, a file cannot be read, or the arrays do not fit the graph or each other.
    DataError
        If the data set is unknown, missing or damaged.
    """
    if (data is None) == (input_file is None):
        given = "none of them" if data is None else "both"
        raise InputError(f"give one of --data and --input; {given} were given")
    if input_file is None:
        if labels is not None:
            raise InputError("--labels belongs to --input; a data set brings its own labels")
        samples = _from_data_set(str(data))
    else:
        samples = Samples(input_file.name, read_npy(input_file), None if labels is None else _classes(labels))
    return _fitted(graph, samples, limit)


def read_npy(path: Path) -> NDArray[Any]:
    """Read one array without ever unpickling; the file is mapped, so declared sizes allocate nothing.

    Raises
    ------
    InputError
        If the file is missing, damaged, empty, or holds objects.
    """
    if not path.is_file():
        raise InputError(f"input file {path} does not exist or is not a file")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # numpy's header parser lets many classes through on damaged files
        raise InputError(f"input file {path} cannot be read as .npy: {error or type(error).__name__}") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise InputError(f"input file {path} is an .npz archive; allowed is .npy (--data takes .npz data sets)")
    if array.ndim == 0:
        raise InputError(f"input file {path} holds one number; allowed is an array with samples along axis 0")
    return array


def _from_data_set(name: str) -> Samples:
    from gxnor_snn.data import load

    dataset = load(name)
    return Samples(dataset.name, dataset.x_test, dataset.y_test)


def _classes(path: Path) -> NDArray[np.int64]:
    y = read_npy(path)
    if y.dtype.kind not in "iu" or y.ndim != 1:
        raise DataError(f"labels {path}: {y.dtype} of shape {y.shape}; allowed are integers of shape (samples,)")
    return np.asarray(y, np.int64)


def _fitted(graph: EventGraph, samples: Samples, limit: int | None) -> Samples:
    if len(graph.inputs) != 1:
        raise InputError(f"the graph has the inputs {', '.join(graph.inputs)}; the command line feeds one only")
    shape = graph.populations[graph.inputs[0]].shape
    x = samples.x
    if shape[:1] == (1,) and x.shape[1:] == shape[1:]:
        x = x[:, None]  # a missing channel axis is added, as the models do
    x = x[:limit]
    check_form(graph, x)
    if len(x) == 0:
        raise InputError(f"{samples.name} holds no samples")
    y = None if samples.y is None else samples.y
    if y is not None and len(y) != len(samples.x):
        raise InputError(f"{samples.name} has {len(samples.x)} samples and {len(y)} labels; they must be equal")
    return Samples(samples.name, x, None if y is None else y[:limit])
