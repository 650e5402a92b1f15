"""Where data comes from: sets known by name, folders of IDX files, and .npz files."""

import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError

from .dataset import Dataset
from .idx import read_idx

__all__ = ["load"]

_ENVIRONMENT = "GXNOR_DATA"
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_IDX_FILES = {
    "x_train": ("train-images-idx3-ubyte", 3),
    "y_train": ("train-labels-idx1-ubyte", 1),
    "x_test": ("t10k-images-idx3-ubyte", 3),
    "y_test": ("t10k-labels-idx1-ubyte", 1),
}
_DIGITS_TEST = 500


def load(name_or_path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name_or_path
        One of

        - ``"digits"``: the 1,797 handwritten digits of 8x8 pixels (values 0 to 16) bundled with scikit-learn,
          split 1,297 / 500, stratified, always alike;
        - ``"mnist"``, ``"fashion_mnist"``: the official IDX files (plain or .gz) in the folder of that name
          under `root`;
        - a folder that holds four IDX files of the MNIST names;
        - an ``.npz`` file with the arrays x_train, y_train, x_test, y_test.
    root
        Folder of the named sets; else the environment variable ``GXNOR_DATA``.

    Raises
    ------
    DataError
        If the name is unknown, a folder or file is missing or damaged, or arrays do not fit together.
    """
    named = _NAMED.get(os.fspath(name_or_path))
    if named is not None:
        return named(os.fspath(name_or_path), root)
    path = Path(name_or_path)
    if path.is_dir():
        return _idx_folder(path.name, path)
    if path.suffix == ".npz":
        return Dataset(path.stem, **_read_npz(path))
    raise DataError(
        f"data set {os.fspath(name_or_path)!r} is unknown; allowed are {', '.join(_NAMED)}, "
        "an .npz file, or a folder of IDX files"
    )


def _digits(name: str, root: object) -> Dataset:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        images.reshape(-1, 1, 8, 8).astype(np.uint8),
        labels.astype(np.int64),
        test_size=_DIGITS_TEST,
        stratify=labels,
        random_state=0,
    )
    return Dataset(name, x_train, y_train, x_test, y_test)


def _under_root(name: str, root: str | os.PathLike[str] | None) -> Dataset:
    base = root if root is not None else os.environ.get(_ENVIRONMENT)
    if not base:
        raise DataError(
            f"data set {name!r} needs its files: set {_ENVIRONMENT} (or give root) to the folder that "
            f"holds {name}/"
        )
    return _idx_folder(name, Path(base) / name)


_NAMED: dict[str, Callable[[str, str | os.PathLike[str] | None], Dataset]] = {
    "digits": _digits,
    "mnist": _under_root,
    "fashion_mnist": _under_root,
}


def _idx_folder(name: str, folder: Path) -> Dataset:
    if not folder.is_dir():
        raise DataError(f"data set {name!r}: the folder {folder} does not exist")
    arrays: dict[str, Any] = {}
    for array, (stem, ndim) in _IDX_FILES.items():
        packed = folder / f"{stem}.gz"
        arrays[array] = read_idx(packed if packed.exists() else folder / stem, ndim)
    return Dataset(name, **arrays)


def _read_npz(path: Path) -> dict[str, Any]:
    """The four arrays; each declared size is held against the size of its zip entry before it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            missing = [name for name in _ARRAYS if name not in entries]
            if missing:
                raise DataError(f"{path} has no array {missing[0]!r}; it must hold {', '.join(_ARRAYS)}")
            return {name: _read_npy(archive, entries[name], f"{path}: {name}") for name in _ARRAYS}
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist") from error
    # zipfile raises NotImplementedError for a compression it does not know: a foreign or damaged file
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DataError(f"{path} cannot be read as .npz: {error}") from error


def _read_npy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, what: str) -> NDArray[Any]:
    with archive.open(entry) as stream:
        version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
        read_header = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise DataError(f"{what} has npy version {version}; allowed are 1.0 and 2.0")
        shape, fortran, dtype = read_header(stream)  # type: ignore[no-untyped-call]
        if dtype.kind not in "iu":
            raise DataError(f"{what} is {dtype}; allowed are integers (uint8 images, integer labels)")
        count = int(np.prod(shape, dtype=object))
        held = entry.file_size - stream.tell()
        if count * dtype.itemsize != held:
            raise DataError(f"{what} declares shape {shape} of {dtype}, but holds {held} bytes")
        values = np.frombuffer(bytearray(stream.read()), dtype=dtype)
    return values.reshape(shape, order="F" if fortran else "C")
