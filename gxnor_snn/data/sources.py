"""Where data comes from: sets known by name, folders, and .npz files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import DataError

from .cifar10 import cifar10, cifar10_subset
from .dataset import Dataset
from .idx import read_idx
from .image_folder import image_folder, is_image_folder
from .nmnist import nmnist
from .npy import read_npz

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
        - ``"cifar10"``: the official binary batches in ``cifar-10-batches-bin`` under `root`;
        - ``"cifar10_subset"``: a part of it, 4,000 / 1,900 images, in the folder of that name;
        - ``"nmnist"``: recordings of an event camera as frames of event counts, (6, 34, 34): three saccades with
          two polarities each (`gxnor_snn.data.nmnist`), in the folder of that name;
        - a folder that holds four IDX files of the MNIST names;
        - a folder that holds images as ``train/CLASS/*.png`` and ``test/CLASS/*.png``; all of one size;
        - an ``.npz`` file with the arrays x_train, y_train, x_test, y_test.
    root
        Folder of the named sets; else the environment variable ``GXNOR_DATA``.

    Raises
    ------
    DataError
        If the name is unknown, a folder or file is missing or damaged, or arrays do not fit together.
    InputError
        If an argument is neither a text nor a path.
    """
    check_kind("load: name_or_path", name_or_path, str, os.PathLike)
    check_kind("load: root", root, str, os.PathLike, type(None))
    name = os.fspath(name_or_path)
    if name == "digits":
        return _digits()
    if name in _UNDER_ROOT:
        return _UNDER_ROOT[name](_root(name, root))
    path = Path(name_or_path)
    if path.is_dir():
        return image_folder(path) if is_image_folder(path) else _idx_folder(path.name, path)
    if path.suffix == ".npz":
        return Dataset(path.stem, **read_npz(path, _ARRAYS))
    raise DataError(
        f"data set {name!r} is unknown; allowed are digits, {', '.join(_UNDER_ROOT)}, "
        "an .npz file, or a folder of IDX files or of images in train/CLASS and test/CLASS"
    )


def _digits() -> Dataset:
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
    return Dataset("digits", x_train, y_train, x_test, y_test)


def _root(name: str, root: str | os.PathLike[str] | None) -> Path:
    base = root if root is not None else os.environ.get(_ENVIRONMENT)
    if not base:
        raise DataError(
            f"data set {name!r} needs its files: set {_ENVIRONMENT} (or give root) to the folder that "
            f"holds {name}/"
        )
    return Path(base)


def _idx_folder(name: str, folder: Path) -> Dataset:
    if not folder.is_dir():
        raise DataError(f"data set {name!r}: the folder {folder} does not exist")
    arrays: dict[str, Any] = {}
    for array, (stem, ndim) in _IDX_FILES.items():
        packed = folder / f"{stem}.gz"
        arrays[array] = read_idx(packed if packed.exists() else folder / stem, ndim)
    return Dataset(name, **arrays)


_UNDER_ROOT: dict[str, Callable[[Path], Dataset]] = {
    "mnist": lambda root: _idx_folder("mnist", root / "mnist"),
    "fashion_mnist": lambda root: _idx_folder("fashion_mnist", root / "fashion_mnist"),
    "cifar10": cifar10,
    "cifar10_subset": cifar10_subset,
    "nmnist": nmnist,
}
