"""What every source gives: four arrays that fit together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """Byte images with labels, split into a training and a test part.

    Attributes
    ----------
    name
        For messages and results.
    x_train, x_test
        uint8 (N, C, H, W); (N, H, W) is given a channel axis.
    y_train, y_test
        int64 (N,), classes from 0; any integer dtype is taken.

    Raises
    ------
    DataError
        If an array has another dtype or shape, a part is empty, or images and labels differ in number.
    """

    name: str
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise DataError(f"Dataset: name is a {type(self.name).__name__}; allowed is a text")
        for part in ("train", "test"):
            x = _images(f"{self.name}: x_{part}", getattr(self, f"x_{part}"))
            y = _labels(f"{self.name}: y_{part}", getattr(self, f"y_{part}"))
            if len(x) != len(y):
                raise DataError(
                    f"{self.name}: x_{part} has {len(x)} images, y_{part} {len(y)} labels; "
                    "the numbers must be equal"
                )
            object.__setattr__(self, f"x_{part}", x)
            object.__setattr__(self, f"y_{part}", y)
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise DataError(
                f"{self.name}: images of x_train have shape {self.x_train.shape[1:]}, "
                f"those of x_test {self.x_test.shape[1:]}; they must be equal"
            )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        channels, height, width = self.x_train.shape[1:]
        return channels, height, width

    @property
    def classes(self) -> int:
        """Number of classes: the largest label plus one."""
        return int(max(self.y_train.max(), self.y_test.max())) + 1


def _images(what: str, x: NDArray[Any]) -> NDArray[np.uint8]:
    if not isinstance(x, np.ndarray):
        raise DataError(f"{what} is a {type(x).__name__}; allowed is a numpy array")
    if x.dtype != np.uint8 or x.ndim not in (3, 4) or x.size == 0:
        raise DataError(f"{what} is {x.dtype} of shape {x.shape}; allowed is uint8 (N, C, H, W) or (N, H, W)")
    return x[:, None] if x.ndim == 3 else x


def _labels(what: str, y: NDArray[Any]) -> NDArray[np.int64]:
    if not isinstance(y, np.ndarray):
        raise DataError(f"{what} is a {type(y).__name__}; allowed is a numpy array")
    if y.dtype.kind not in "iu" or y.ndim != 1 or y.size == 0:
        raise DataError(f"{what} is {y.dtype} of shape {y.shape}; allowed are integers of shape (N,)")
    labels = y.astype(np.int64)
    if labels.min() < 0:
        raise DataError(f"{what} holds the label {labels.min()}; allowed are classes from 0")
    return labels
