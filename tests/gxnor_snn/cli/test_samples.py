"""Arrays and data sets that do not fit are refused in one line."""

import contextlib
import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.cli.samples import read_npy
from gxnor_snn.errors import InputError

IMAGES = np.zeros((4, 1, 8, 8), np.uint8)
WITH_NAN = np.full((4, 1, 8, 8), np.nan)


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (IMAGES.astype(np.float32), "float32, allowed are integers"),
        (WITH_NAN, "float64, allowed are integers"),
        (IMAGES[:, :, :7], r"shape is \(4, 1, 7, 8\).*1, 8, 8"),
        (IMAGES[:, 0, 0], r"shape is \(4, 8\)"),
        (np.repeat(IMAGES, 3, axis=1), r"shape is \(4, 3, 8, 8\)"),
        (IMAGES.astype(np.int16) - 1, "holds -1, allowed are bits levels 0..255"),
        (IMAGES.astype(np.int64) + 256, "holds 256"),
        (IMAGES.astype(bool), "bool"),
        (IMAGES.astype(np.complex64), "complex64"),
        (np.array(["text"]), "dtype"),
        (IMAGES[:0], "no samples|empty"),
        (np.array(3), "one number"),
        (np.array([{}, None], dtype=object), "bad.npy"),
    ],
)
def test_arrays_that_do_not_fit(array, match, work, tmp_path, refused) -> None:
    path = tmp_path / "bad.npy"
    np.save(path, array, allow_pickle=True)
    refused("simulate", work.graph, "--input", path, match=match)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "bad.npy"),
        (b"no array at all", "bad.npy"),
        (b"\x80\x04\x95\x0a\x00", "bad.npy"),
        (b"\x93NUMPY\x01\x00\x10\x00{{{((", "bad.npy"),
        (
            b"\x93NUMPY\x01\x00\x46\x00{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999, 9999999999)}",
            "",
        ),
    ],
)
def test_files_that_are_no_array(content, match, work, tmp_path, refused) -> None:
    path = tmp_path / "bad.npy"
    path.write_bytes(content)
    refused("simulate", work.graph, "--input", path, match=match)


def test_other_files_in_place_of_an_array(work, tmp_path, refused) -> None:
    cut = tmp_path / "cut.npy"
    cut.write_bytes(work.x.read_bytes()[:-1])
    refused("simulate", work.graph, "--input", cut, match="cut.npy")
    refused("simulate", work.graph, "--input", work.data, match="npz archive")
    refused("simulate", work.graph, "--input", tmp_path, match="not a file")
    refused("simulate", work.graph, "--input", tmp_path / "none.npy", match="none.npy does not exist")


@given(draw=st.data())
def test_a_damaged_file_never_raises_anything_else(draw, work, tmp_path_factory) -> None:
    whole = bytearray(work.x.read_bytes())
    for _ in range(draw.draw(st.integers(1, 4))):
        whole[draw.draw(st.integers(0, 127))] = draw.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "fuzzed.npy"
    path.write_bytes(whole[: draw.draw(st.integers(0, len(whole)))])
    with contextlib.suppress(InputError):
        assert read_npy(path).ndim > 0


def test_labels_that_do_not_fit(work, tmp_path, refused) -> None:
    labels = tmp_path / "y.npy"
    for array, match in (
        (np.load(work.y)[:-1], "30 samples and 29 labels"),
        (np.load(work.y).astype(float), "float64"),
        (np.load(work.y)[:, None], "shape"),
    ):
        np.save(labels, array)
        refused("simulate", work.graph, "--input", work.x, "--labels", labels, match=match)


def test_data_sets_that_are_missing_or_cut_short(work, tmp_path, monkeypatch, refused) -> None:
    words = ("simulate", work.graph, "--data")
    refused(*words, "nope", match="'nope'.*digits, mnist, fashion_mnist")
    monkeypatch.delenv("GXNOR_DATA", raising=False)
    refused(*words, "mnist", match="GXNOR_DATA")
    monkeypatch.setenv("GXNOR_DATA", str(tmp_path / "none"))
    refused(*words, "mnist", match="none.*mnist")
    folder = tmp_path / "idx"
    folder.mkdir()
    refused(*words, folder, match="train-images")
    images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 8]) + bytes(2 * 64)
    labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 0, 1])
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(labels)
    cut = folder / "t10k-images-idx3-ubyte.gz"
    cut.write_bytes(gzip.compress(images[:-1]))
    refused(*words, folder, match="t10k-images.*cut short")
    cut.write_bytes(gzip.compress(images)[:-9])
    refused(*words, folder, match="t10k-images.*cut short")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(labels[:-1])
    refused(*words, folder, match="t10k")


def test_a_data_set_of_another_shape(work, refused, tmp_path) -> None:
    arrays = {name: array[..., :7] if array.ndim > 1 else array for name, array in np.load(work.data).items()}
    np.savez(tmp_path / "narrow.npz", **arrays)
    refused("simulate", work.graph, "--data", tmp_path / "narrow.npz", match="shape")
