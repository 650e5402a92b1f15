import gzip
from pathlib import Path

import numpy as np
import pytest

from gxnor_snn.data import read_idx
from gxnor_snn.errors import DataError


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "images-idx3-ubyte"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_it_reads_what_was_written(file: Path, pack) -> None:
    file.write_bytes(pack(idx(IMAGES)))
    read = read_idx(file, 3)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, IMAGES)
    read[0, 0, 0] = 9  # a plain writable array


def refused(file: Path, content: bytes, message: str, ndim: int = 3) -> None:
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_idx(file, ndim)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file(file: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_idx(file, 3)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path, 3)


@pytest.mark.parametrize("length", [0, 3, 4, 10, 15, 16, 40])
def test_every_cut_of_a_plain_file_is_noticed(file: Path, length: int) -> None:
    refused(file, idx(IMAGES)[:length], "cut short|starts with|more than the file can hold")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
def test_every_cut_of_a_gzip_file_is_noticed(file: Path, share: float) -> None:
    packed = gzip.compress(idx(IMAGES))
    refused(file, packed[: int(len(packed) * share)], "cut short")


def test_a_cut_within_the_unpacked_data_is_noticed(file: Path) -> None:
    refused(file, gzip.compress(idx(IMAGES)[:-1]), "cut short: 59 values where its header declares 60")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_data_behind_the_end_are_noticed(file: Path, pack) -> None:
    refused(file, pack(idx(IMAGES) + b"\0"), "goes on after the 60 values")


@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_a_wrong_magic_is_noticed(file: Path, position: int) -> None:
    content = bytearray(idx(IMAGES))
    content[position] ^= 0x40
    refused(file, bytes(content), "starts with the bytes '.*' *; an IDX file of 3 axes starts with '00 00 08 03'")


def test_labels_are_not_taken_for_images(file: Path) -> None:
    refused(file, idx(np.zeros(5)), "starts with the bytes '00 00 08 01'")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_huge_declared_sizes_are_refused_before_they_are_allocated(file: Path, pack) -> None:
    header = bytes([0, 0, 8, 3]) + b"\xff\xff\xff\xff" * 3
    refused(file, pack(header + bytes(100)), "more than the file can hold")


def test_a_flipped_byte_in_a_gzip_file_is_noticed(file: Path) -> None:
    rng = np.random.default_rng(0)
    packed = bytearray(gzip.compress(idx(rng.integers(0, 256, (20, 8, 8)))))
    packed[len(packed) // 2] ^= 0x10
    refused(file, bytes(packed), "cannot be read|cut short|goes on")


def test_no_gzip_behind_gzip_s_first_bytes(file: Path) -> None:
    refused(file, b"\x1f\x8bnot gzip at all", "cannot be read|cut short")
