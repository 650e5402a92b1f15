from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gxnor_snn.data import load
from gxnor_snn.errors import DataError

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (6, 5, 7), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)


def save(file: Path, pixels: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "pets"
    for k, place in enumerate(["train/cat/b", "train/cat/a", "train/dog/a", "test/dog/z", "test/cat/y"]):
        save(home / f"{place}.png", GREY[k])
    (home / "train" / ".cache").mkdir()
    (home / "train" / "dog" / ".DS_Store").touch()
    return home


def test_classes_and_files_in_the_order_of_their_names(folder: Path) -> None:
    data = load(folder)
    assert data.name == "pets"
    assert (data.y_train.tolist(), data.y_test.tolist()) == ([0, 0, 1], [0, 1])
    np.testing.assert_array_equal(data.x_train[:, 0], GREY[[1, 0, 2]])
    np.testing.assert_array_equal(data.x_test[:, 0], GREY[[4, 3]])


@pytest.mark.parametrize("ending", ["png", "bmp", "ppm", "PNG"])
def test_colour_images(tmp_path: Path, ending: str) -> None:
    for k, place in enumerate(["train/a/1", "train/b/1", "test/a/1"]):
        save(tmp_path / f"{place}.{ending}", COLOUR[k])
    data = load(tmp_path)
    np.testing.assert_array_equal(data.x_train, COLOUR[:2].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(data.x_test, COLOUR[2:3].transpose(0, 3, 1, 2))


def test_palettes_count_as_colour_and_bits_as_grey(tmp_path: Path) -> None:
    for place in ("train/a/1", "test/a/1"):
        file = tmp_path / "palette" / f"{place}.png"
        file.parent.mkdir(parents=True)
        Image.fromarray(COLOUR[0]).quantize(4).save(file)
        save(tmp_path / "bits" / f"{place}.png", GREY[0] > 100)
    palette, bits = load(tmp_path / "palette"), load(tmp_path / "bits")
    expected = np.asarray(Image.fromarray(COLOUR[0]).quantize(4).convert("RGB"))
    np.testing.assert_array_equal(palette.x_train[0], expected.transpose(2, 0, 1))
    np.testing.assert_array_equal(bits.x_train[0, 0], np.where(GREY[0] > 100, 255, 0))


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (GREY[0, :4], r"b\.png is grey 7 x 4, but .*a\.png is grey 7 x 5; all must be alike"),
        (COLOUR[0], r"b\.png is colour 7 x 5, but .*a\.png is grey 7 x 5"),
        (np.dstack([COLOUR[0], GREY[0]]), "mode RGBA or transparency; allowed are grey and colour"),
        (GREY[0].astype(np.uint16) * 200, "mode I;16"),
    ],
)
def test_images_that_are_not_alike_are_named(folder: Path, pixels: np.ndarray, message: str) -> None:
    save(folder / "train" / "cat" / "b.png", pixels)
    with pytest.raises(DataError, match=message):
        load(folder)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(30)])
def test_damaged_images_are_named(folder: Path, content: bytes) -> None:
    (folder / "test" / "cat" / "y.png").write_bytes(content)
    with pytest.raises(DataError, match=r"y\.png cannot be read as an image"):
        load(folder)


def test_a_cut_image_is_named(folder: Path) -> None:
    file = folder / "train" / "dog" / "a.png"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"a\.png cannot be read as an image"):
        load(folder)


def test_a_huge_declared_size_is_refused_before_it_is_allocated(folder: Path) -> None:
    (folder / "test" / "cat" / "y.pgm").write_bytes(b"P5 9000 9000 255\n" + bytes(100))
    with pytest.raises(DataError, match="declares 9000 x 9000 pixels"):
        load(folder)


def test_other_files_are_named(folder: Path) -> None:
    (folder / "train" / "cat" / "notes.txt").touch()
    with pytest.raises(DataError, match=r"notes\.txt is no image; allowed are \.png"):
        load(folder)


def test_classes_that_do_not_match_are_named(folder: Path) -> None:
    (folder / "test" / "mouse").mkdir()
    with pytest.raises(DataError, match="mouse: there is no class of this name in"):
        load(folder)
    (folder / "test" / "mouse").rmdir()
    (folder / "train" / "mouse").mkdir()
    with pytest.raises(DataError, match="mouse holds no images; every class needs one"):
        load(folder)


def test_a_part_without_images_is_named(tmp_path: Path) -> None:
    save(tmp_path / "train" / "a" / "1.png", GREY[0])
    (tmp_path / "test").mkdir()
    with pytest.raises(DataError, match="test holds no images; they belong into test/CLASS/"):
        load(tmp_path)


def test_a_script_in_disguise_is_not_run(folder: Path) -> None:
    """Pillow would hand PostScript to another program; only harmless formats are opened."""
    (folder / "test" / "cat" / "y.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 7 5\n")
    with pytest.raises(DataError, match=r"y\.png cannot be read as an image"):
        load(folder)
