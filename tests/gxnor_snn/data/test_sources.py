import gzip
import hashlib
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gxnor_snn.data import load
from gxnor_snn.errors import DataError

from .test_idx import idx

ARRAYS = {
    "x_train": np.arange(6 * 16, dtype=np.uint8).reshape(6, 4, 4),
    "y_train": np.array([0, 1, 2, 0, 1, 2]),
    "x_test": np.arange(2 * 16, dtype=np.uint8).reshape(2, 4, 4),
    "y_test": np.array([2, 1]),
}
FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root with a tiny data set in the place of MNIST: images packed, labels plain."""
    home = tmp_path / "mnist"
    home.mkdir()
    for name, stem in FILES.items():
        if name.startswith("x"):
            (home / f"{stem}.gz").write_bytes(gzip.compress(idx(ARRAYS[name])))
        else:
            (home / stem).write_bytes(idx(ARRAYS[name]))
    return tmp_path


def check(data) -> None:
    for name, array in ARRAYS.items():
        got = getattr(data, name)
        np.testing.assert_array_equal(got[:, 0] if name.startswith("x") else got, array)


def test_digits_are_the_real_ones_split_alike_each_time() -> None:
    data, again = load("digits"), load("digits")
    assert (data.name, data.image_shape, data.classes) == ("digits", (1, 8, 8), 10)
    assert (len(data.y_train), len(data.y_test)) == (1297, 500)
    assert (data.x_train.min(), data.x_train.max()) == (0, 16)
    np.testing.assert_array_equal(data.x_test, again.x_test)
    shares = np.bincount(data.y_test) / 500 - np.bincount(data.y_train) / 1297
    assert np.abs(shares).max() < 0.002  # stratified
    train = {image.tobytes() for image in data.x_train}
    assert not any(image.tobytes() in train for image in data.x_test)


def test_a_named_set_is_found_under_the_given_root(folder: Path) -> None:
    data = load("mnist", root=folder)
    assert data.name == "mnist"
    check(data)


def test_a_named_set_is_found_under_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GXNOR_DATA", str(folder))
    check(load("mnist"))


def test_a_folder_is_loaded_by_its_path(folder: Path) -> None:
    check(load(folder / "mnist"))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_environment_is_named(name, value, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GXNOR_DATA", raising=False)
    if value is not None:
        monkeypatch.setenv("GXNOR_DATA", value)
    with pytest.raises(DataError, match=f"'{name}' needs its files: set GXNOR_DATA"):
        load(name)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"the folder {tmp_path / 'mnist'} does not exist"):
        load("mnist", root=tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    for file in (folder / "mnist").glob(f"{FILES[name]}*"):
        file.unlink()
    with pytest.raises(DataError, match=f"{FILES[name]} does not exist"):
        load("mnist", root=folder)


def test_images_and_labels_that_do_not_match_are_refused(folder: Path) -> None:
    (folder / "mnist" / FILES["y_test"]).write_bytes(idx(np.zeros(3)))
    with pytest.raises(DataError, match="x_test has 2 images, y_test 3 labels"):
        load("mnist", root=folder)


def test_an_unknown_name_is_refused_with_those_allowed() -> None:
    with pytest.raises(DataError, match=r"'emnist' is unknown; allowed are digits, mnist, fashion_mnist"):
        load("emnist")


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    return tmp_path / "mine.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_an_npz_of_one_s_own(npz: Path, save) -> None:
    save(npz, **{**ARRAYS, "x_train": np.asfortranarray(ARRAYS["x_train"])})
    data = load(npz)
    assert data.name == "mine"
    check(data)
    check(load(str(npz)))


def test_a_missing_npz_is_named(npz: Path) -> None:
    with pytest.raises(DataError, match=r"mine\.npz does not exist"):
        load(npz)


def test_a_missing_array_is_named(npz: Path) -> None:
    np.savez(npz, **{k: v for k, v in ARRAYS.items() if k != "y_test"})
    with pytest.raises(DataError, match="has no array 'y_test'"):
        load(npz)


def test_float_images_are_refused(npz: Path) -> None:
    np.savez(npz, **{**ARRAYS, "x_test": ARRAYS["x_test"] / 255})
    with pytest.raises(DataError, match="x_test is float64"):
        load(npz)


def test_pickled_objects_are_never_loaded(npz: Path) -> None:
    np.savez(npz, **{**ARRAYS, "y_test": np.array([os.system, 1], dtype=object)})
    with pytest.raises(DataError, match="y_test is object"):
        load(npz)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_cut_npz_is_noticed(npz: Path, share: float) -> None:
    np.savez(npz, **ARRAYS)
    content = npz.read_bytes()
    npz.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError, match=r"cannot be read as \.npz"):
        load(npz)


def test_a_flipped_byte_in_an_npz_is_noticed(npz: Path) -> None:
    np.savez(npz, **ARRAYS)
    content = bytearray(npz.read_bytes())
    content[content.index(ARRAYS["x_train"].tobytes()) + 20] ^= 1
    npz.write_bytes(bytes(content))
    with pytest.raises(DataError, match=r"cannot be read as \.npz: Bad CRC"):
        load(npz)


def test_a_huge_declared_shape_is_refused_before_it_is_allocated(npz: Path) -> None:
    np.savez(npz, **{k: v for k, v in ARRAYS.items() if k != "x_train"})
    entry = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (10**9, 10**6, 10**6)}
    np.lib.format.write_array_header_1_0(entry, header)
    with zipfile.ZipFile(npz, "a") as archive:
        archive.writestr("x_train.npy", entry.getvalue())
    with pytest.raises(DataError, match=r"x_train declares shape .* but holds 0 bytes"):
        load(npz)


@pytest.mark.data
@pytest.mark.skipif("GXNOR_DATA" not in os.environ, reason="needs the MNIST files under GXNOR_DATA")
@pytest.mark.parametrize(
    ("name", "md5"),
    [
        ("mnist", "6bbc9ace898e44ae57da46a324031adb"),
        ("fashion_mnist", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
    ],
)
def test_the_official_sets(name: str, md5: str) -> None:
    data = load(name)
    assert data.x_train.shape == (60_000, 1, 28, 28)
    assert data.x_test.shape == (10_000, 1, 28, 28)
    assert data.classes == 10
    assert hashlib.md5(idx(data.x_train[:, 0])).hexdigest() == md5  # of the unpacked official file
