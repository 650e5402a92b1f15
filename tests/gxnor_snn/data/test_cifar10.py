import hashlib
import lzma
import os
import pickle
import zlib
from pathlib import Path

import numpy as np
import pytest

from gxnor_snn.data import cifar10 as module
from gxnor_snn.data import load
from gxnor_snn.data.cifar10 import read_batch, read_packed
from gxnor_snn.errors import DataError


def images(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 3, 32, 32), dtype=np.uint8)


def batch(x: np.ndarray, y: np.ndarray) -> bytes:
    return b"".join(bytes([label]) + image.tobytes() for image, label in zip(x, y, strict=True))


def encoded(x: np.ndarray) -> bytes:
    """The subset's coding, pixel by pixel, as its description says it."""
    red, green, blue = x.transpose(1, 0, 2, 3).astype(int)
    out = bytearray()
    for plane, least in ((green, 0), (red - green, -128), (blue - green, -128)):
        wrapped = (plane - least) % 256 + least
        for image in wrapped:
            for i in range(32):
                for j in range(32):
                    a, b, c = image[i, j - 1], image[i - 1, j], image[i - 1, j - 1]
                    if i and j:
                        p = min(a, b) if c >= max(a, b) else max(a, b) if c <= min(a, b) else a + b - c
                    else:
                        p = a if j else b if i else 0
                    r = (image[i, j] - p + 128) % 256 - 128
                    out.append(2 * r if r >= 0 else -2 * r - 1)
    return bytes(out)


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with six binary batches of four images."""
    monkeypatch.setattr(module.read_batch, "__defaults__", (4,))
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for k, name in enumerate([*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]):
        (folder / name).write_bytes(batch(images(4, seed=k), np.arange(4) + k))
    return tmp_path


def test_official_batches_in_their_order(official: Path) -> None:
    data = load("cifar10", root=official)
    assert data.x_train.shape == (20, 3, 32, 32)
    np.testing.assert_array_equal(data.x_train[4:8], images(4, seed=1))
    np.testing.assert_array_equal(data.x_test, images(4, seed=5))
    assert data.y_train.tolist() == [0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5, 6, 7]
    assert data.y_test.tolist() == [5, 6, 7, 8]
    (official / "cifar10").mkdir()
    (official / "cifar-10-batches-bin").rename(official / "cifar10" / "cifar-10-batches-bin")
    np.testing.assert_array_equal(load("cifar10", root=official).x_train, data.x_train)


def test_a_missing_batch_is_named(official: Path) -> None:
    (official / "cifar-10-batches-bin" / "data_batch_3.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_3\.bin does not exist"):
        load("cifar10", root=official)


@pytest.mark.parametrize("change", [-1, 1, -3073, 3073])
def test_a_batch_of_another_size_is_refused(tmp_path: Path, change: int) -> None:
    file = tmp_path / "data_batch_1.bin"
    content = batch(images(3), np.arange(3))
    file.write_bytes(content[:change] if change < 0 else content + bytes(change))
    with pytest.raises(DataError, match=r"data_batch_1\.bin has \d+ bytes; a batch of 3 images has 9219"):
        read_batch(file, images=3)


def test_a_label_beyond_nine_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "data_batch_1.bin"
    file.write_bytes(batch(images(2), np.array([3, 10])))
    with pytest.raises(DataError, match="label 10; allowed are 0 to 9"):
        read_batch(file, images=2)


def test_the_official_size_is_demanded(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-batches-bin").mkdir()
    (tmp_path / "cifar-10-batches-bin" / "data_batch_1.bin").write_bytes(batch(images(2), np.arange(2)))
    with pytest.raises(DataError, match="a batch of 10000 images has 30730000"):
        load("cifar10", root=tmp_path)


def test_pickled_batches_are_refused_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(pickle.dumps({b"data": b""}))
    with pytest.raises(DataError, match=r"unpickling runs .* get cifar-10-binary.tar.gz"):
        load("cifar10", root=tmp_path)


def test_where_only_the_subset_lies_its_name_is_given(tmp_path: Path) -> None:
    (tmp_path / "cifar10_subset").mkdir()
    with pytest.raises(DataError, match="under another name: 'cifar10_subset'"):
        load("cifar10", root=tmp_path)
    with pytest.raises(DataError, match="'cifar10' needs the folder cifar-10-batches-bin under"):
        load("cifar10", root=tmp_path / "cifar10_subset")


@pytest.fixture
def subset(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar10_subset"
    folder.mkdir()
    for stem, count in (("train_first4000", 3), ("test_1900", 2)):
        (folder / f"{stem}_images.xz").write_bytes(lzma.compress(encoded(images(count, seed=count))))
        np.save(folder / f"{stem}_labels.npy", np.arange(count, dtype=np.uint8))
    return tmp_path


def test_the_subset_decodes_to_the_very_pixels(subset: Path) -> None:
    data = load("cifar10_subset", root=subset)
    np.testing.assert_array_equal(data.x_train, images(3, seed=3))
    np.testing.assert_array_equal(data.x_test, images(2, seed=2))
    assert data.y_train.tolist() == [0, 1, 2]


@pytest.mark.parametrize("value", [0, 255])
def test_flat_images_decode(tmp_path: Path, value: int) -> None:
    flat = np.full((2, 3, 32, 32), value, np.uint8)
    flat[1, 0] = 255 - value
    (tmp_path / "flat.xz").write_bytes(lzma.compress(encoded(flat)))
    np.testing.assert_array_equal(read_packed(tmp_path / "flat.xz", 2), flat)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda b: b[: len(b) // 2], "cut short"),
        (lambda b: b[:-3], "cut short"),
        (lambda b: b"", "cut short"),
        (lambda b: b"PK" + b, "cannot be read as .xz"),
        (lambda b: b[:200] + bytes([b[200] ^ 4]) + b[201:], "cannot be read as .xz"),
        (lambda b: b + b"more", "goes on after its xz stream"),
        (lambda b: lzma.compress(bytes(3 * 3072 - 1)), "holds 9215 bytes; 3 images have 9216"),
        (lambda b: lzma.compress(bytes(5_000_000)), "holds more than the 9216 bytes"),
    ],
)
def test_damaged_images_are_refused(subset: Path, spoil, message: str) -> None:
    file = subset / "cifar10_subset" / "train_first4000_images.xz"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(DataError, match=message) as caught:
        load("cifar10_subset", root=subset)
    assert str(file) in str(caught.value)


def test_a_hostile_dictionary_size_is_refused(subset: Path) -> None:
    """An xz header may ask for gigabytes of working memory."""
    file = subset / "cifar10_subset" / "train_first4000_images.xz"
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
    content = bytearray(lzma.compress(bytes(3 * 3072), filters=filters, check=lzma.CHECK_NONE))
    place = content.index(b"\x21\x01") + 2  # LZMA2, one byte of properties: the dictionary's size
    content[place] = 40  # 4 GiB
    header_size = (content[12] + 1) * 4
    content[12 + header_size - 4 : 12 + header_size] = zlib.crc32(content[12 : 12 + header_size - 4]).to_bytes(
        4, "little"
    )
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot be read as .xz: Memory usage limit"):
        load("cifar10_subset", root=subset)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 10]), "label 10; allowed"),
        (np.array([[0, 1, 2]]), r"has shape \(1, 3\)"),
        (np.array([], dtype=int), r"has shape \(0,\)"),
        (np.array([0.0, 1, 2]), "is float64"),
        (np.array([0, 1]), "holds more than the 6144 bytes"),
        (np.array([0, 1, -1]), "label -1"),
    ],
)
def test_damaged_labels_are_refused(subset: Path, labels: np.ndarray, message: str) -> None:
    np.save(subset / "cifar10_subset" / "train_first4000_labels.npy", labels)
    with pytest.raises(DataError, match=message):
        load("cifar10_subset", root=subset)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff{", b"no array"])
def test_no_npy_file_is_refused(subset: Path, content: bytes) -> None:
    (subset / "cifar10_subset" / "test_1900_labels.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"test_1900_labels.npy cannot be read as \.npy"):
        load("cifar10_subset", root=subset)


@pytest.mark.parametrize("name", ["train_first4000_labels.npy", "test_1900_images.xz"])
def test_missing_files_are_named(subset: Path, name: str) -> None:
    (subset / "cifar10_subset" / name).unlink()
    with pytest.raises(DataError, match=f"{name} does not exist"):
        load("cifar10_subset", root=subset)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'cifar10_subset': the folder .* does not exist"):
        load("cifar10_subset", root=tmp_path)


@pytest.mark.data
@pytest.mark.skipif("GXNOR_DATA" not in os.environ, reason="needs cifar10_subset under GXNOR_DATA")
def test_the_real_subset() -> None:
    data = load("cifar10_subset")
    digests = [hashlib.sha256(x.transpose(0, 2, 3, 1).tobytes()).hexdigest() for x in (data.x_train, data.x_test)]
    assert digests == [
        "bac45b45504ed1289a3f437be4bfbefece248abbc094a428a0b4dfab00e776ae",
        "f876c91b30915a4cb6764bebf85556a055a88acf9e1958b2cedd4a6019d493fe",
    ]
    assert np.bincount(data.y_train).tolist() == [396, 366, 420, 384, 422, 393, 414, 385, 407, 413]
