"""Readers of CIFAR-10: the official binary batches, and a part of the set in a denser lossless coding."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError

from .dataset import Dataset
from .npy import read_npy
from .xz import unpack_xz

__all__ = ["cifar10", "cifar10_subset", "read_batch", "read_packed"]

_SIDE = 32
_CLASSES = 10
_IMAGE = 3 * _SIDE * _SIDE
_BATCH = 10_000
_BINARY, _PICKLED = "cifar-10-batches-bin", "cifar-10-batches-py"
_TRAIN = [f"data_batch_{k}.bin" for k in range(1, 6)]
_PLACES = ("", "cifar10/")


def cifar10(root: Path) -> Dataset:
    """The official CIFAR-10, 50,000 + 10,000 images (3, 32, 32), from its binary batches.

    They lie in ``cifar-10-batches-bin``, as the official archive unpacks, under `root` or ``root/cifar10``.

    Raises
    ------
    DataError
        If they are missing or damaged, or only another form of the set is there.
    """
    for place in _PLACES:
        folder = root / place / _BINARY
        if folder.is_dir():
            parts = [read_batch(folder / name) for name in _TRAIN]
            images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            return Dataset("cifar10", images, labels, *read_batch(folder / "test_batch.bin"))
    found = ""
    for place in _PLACES:
        if (root / place / _PICKLED).is_dir():
            found = (
                f"; {root / place / _PICKLED} holds the pickled form, which is not read, "
                "because unpickling runs whatever code a file holds: get cifar-10-binary.tar.gz"
            )
    if not found and (root / "cifar10_subset").is_dir():
        found = "; a part of the set is there under another name: 'cifar10_subset'"
    raise DataError(f"data set 'cifar10' needs the folder {_BINARY} under {root} or {root / 'cifar10'}{found}")


def read_batch(file: Path, images: int = _BATCH) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Images (N, 3, 32, 32) and labels (N,) of a binary batch: per image its label, then red, green, blue rows.

    Raises
    ------
    DataError
        If the file is missing, holds another number of images, or a label beyond 9.
    """
    wanted = images * (1 + _IMAGE)
    try:
        size = file.stat().st_size
        if size != wanted:
            raise DataError(f"{file} has {size} bytes; a batch of {images} images has {wanted}")
        records = np.fromfile(file, np.uint8)
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist") from error
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error}") from error
    records = records.reshape(images, 1 + _IMAGE)
    labels = _classes(file, records[:, 0])
    return np.ascontiguousarray(records[:, 1:]).reshape(images, 3, _SIDE, _SIDE), labels


def cifar10_subset(root: Path) -> Dataset:
    """A part of CIFAR-10, 4,000 + 1,900 images (3, 32, 32), from the folder ``cifar10_subset`` under `root`.

    Raises
    ------
    DataError
        If a file is missing or damaged, or images and labels do not match.
    """
    folder = root / "cifar10_subset"
    if not folder.is_dir():
        raise DataError(f"data set 'cifar10_subset': the folder {folder} does not exist")
    arrays: list[NDArray[Any]] = []
    for stem in ("train_first4000", "test_1900"):
        file = folder / f"{stem}_labels.npy"
        labels = read_npy(file)
        if labels.ndim != 1 or not len(labels):
            raise DataError(f"{file} has shape {labels.shape}; allowed are labels of shape (N,)")
        arrays += [read_packed(folder / f"{stem}_images.xz", len(labels)), _classes(file, labels)]
    return Dataset("cifar10_subset", *arrays)


def read_packed(file: Path, images: int) -> NDArray[np.uint8]:
    """Images (N, 3, 32, 32) of an .xz file of prediction errors.

    The bytes lie in the order (plane, image, row, column). Planes are G, R - G and B - G, differences wrapped
    to -128..127. A byte is the error r of the median predictor, wrapped likewise, as 2 r for r >= 0 and
    -2 r - 1 for r < 0. With a left, b above and c above left, the predictor is min(a, b) for c >= max(a, b),
    max(a, b) for c <= min(a, b), else a + b - c; a in the first row, b in the first column, 0 at first.

    Raises
    ------
    DataError
        If the file is missing or damaged, or holds another number of images.
    """
    wanted = images * _IMAGE
    content = unpack_xz(file, limit=wanted)
    if len(content) != wanted:
        raise DataError(f"{file} holds {len(content)} bytes; {images} images have {wanted}")
    coded = np.frombuffer(content, np.uint8).reshape(3, images, _SIDE, _SIDE)
    # pixels first, so that each step below works on one stretch of memory for all images and planes
    coded = np.ascontiguousarray(coded.transpose(2, 3, 0, 1)).astype(np.int16)
    errors = (coded >> 1) ^ -(coded & 1)
    planes = np.zeros_like(errors)
    middle = np.array([[0], [128], [128]], dtype=np.int16)  # G counts from 0, the differences from -128
    for i in range(_SIDE):
        for j in range(_SIDE):
            value = errors[i, j] + _predicted(planes, i, j) + middle
            planes[i, j] = (value & 255) - middle
    green, red, blue = planes.transpose(2, 3, 0, 1)
    return np.stack([red + green, green, blue + green], axis=1).astype(np.uint8)


def _predicted(planes: NDArray[np.int16], i: int, j: int) -> Any:
    """The median predictor at row i, column j, for all planes and images."""
    if i and j:
        left, above, corner = planes[i, j - 1], planes[i - 1, j], planes[i - 1, j - 1]
        # the middle one of the three guesses is the rule of `read_packed` in one expression
        low, high = np.minimum(left, above), np.maximum(left, above)
        return np.maximum(low, np.minimum(high, left + above - corner))
    if j:
        return planes[i, j - 1]
    return planes[i - 1, j] if i else np.int16(0)


def _classes(file: Path, labels: NDArray[Any]) -> NDArray[Any]:
    if labels.max() >= _CLASSES:
        raise DataError(f"{file} holds the label {labels.max()}; allowed are 0 to {_CLASSES - 1}")
    return labels
