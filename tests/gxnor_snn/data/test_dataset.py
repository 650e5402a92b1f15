import dataclasses

import numpy as np
import pytest

from gxnor_snn.data import Dataset
from gxnor_snn.errors import DataError

GOOD = {
    "x_train": np.zeros((4, 1, 3, 3), dtype=np.uint8),
    "y_train": np.array([0, 1, 2, 0]),
    "x_test": np.zeros((2, 1, 3, 3), dtype=np.uint8),
    "y_test": np.array([1, 4]),
}


def test_shape_and_classes() -> None:
    data = Dataset("mine", **GOOD)
    assert data.image_shape == (1, 3, 3)
    assert data.classes == 5


def test_a_channel_axis_is_added_and_labels_become_int64() -> None:
    changed = {
        "x_train": GOOD["x_train"][:, 0],
        "x_test": GOOD["x_test"][:, 0],
        "y_train": GOOD["y_train"].astype(np.uint8),
    }
    data = Dataset("mine", **{**GOOD, **changed})
    assert data.x_train.shape == (4, 1, 3, 3)
    assert data.y_train.dtype == np.int64


def test_it_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Dataset("mine", **GOOD).name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": np.zeros((4, 1, 3, 3))}, "x_train is float64"),
        ({"x_test": np.zeros((2, 9), dtype=np.uint8)}, r"x_test is uint8 of shape \(2, 9\)"),
        ({"x_test": np.zeros((0, 1, 3, 3), dtype=np.uint8)}, "x_test is uint8 of shape"),
        ({"x_test": np.zeros((2, 1, 4, 3), dtype=np.uint8)}, "must be equal"),
        ({"y_train": np.array([0.0, 1, 2, 3])}, "y_train is float64"),
        ({"y_train": np.array([0, 1, 2])}, "x_train has 4 images, y_train 3 labels"),
        ({"y_test": np.array([0, -1])}, "label -1"),
        ({"y_test": np.array([[0, 1]])}, r"y_test is int64 of shape \(1, 2\)"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(DataError, match=f"mine.*{message}"):
        Dataset("mine", **{**GOOD, **change})
