"""Reader of a user's own images: train/CLASS/*.png and test/CLASS/*.png."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError

from .dataset import Dataset

__all__ = ["image_folder", "is_image_folder"]

_PARTS = ("train", "test")
_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm")
_FORMATS = ("PNG", "JPEG", "BMP", "PPM")
_MAX_PIXELS = 1 << 24
# grey stays grey, colours of a palette are looked up; anything else would lose something
_MODES = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB"}
_CHANNELS = {"L": 1, "RGB": 3}


def is_image_folder(folder: Path) -> bool:
    """Whether the folder has the parts that `image_folder` reads."""
    return all((folder / part).is_dir() for part in _PARTS)


def image_folder(folder: Path) -> Dataset:
    """Images from ``train/CLASS/*`` and ``test/CLASS/*``, through Pillow.

    Classes are the sub-folders of ``train`` in the order of their names, counted from 0; those of ``test`` must be
    among them. Files are taken in the order of their names; names that begin with a dot are left out. Endings:
    .png .jpg .jpeg .bmp .pgm .ppm. All images have one size and are all grey (one channel) or all colour (three);
    palettes count as colour.

    Raises
    ------
    DataError
        If a class has no image, a file is no such image, or it differs from the first one in size or colour.
    """
    names = sorted(path.name for path in (folder / "train").iterdir() if path.is_dir() and path.name[0] != ".")
    for path in (folder / "test").iterdir():
        if path.is_dir() and path.name[0] != "." and path.name not in names:
            raise DataError(f"{path}: there is no class of this name in {folder / 'train'}")
    arrays: list[NDArray[Any]] = []
    first: tuple[Path, NDArray[np.uint8]] | None = None
    for part in _PARTS:
        images, labels = [], []
        for label, name in enumerate(names):
            for file in _files(folder / part / name, needed=part == "train"):
                image = _read(file)
                first = first or (file, image)
                if image.shape != first[1].shape:
                    raise DataError(
                        f"{file} is {_form(image)}, but {first[0]} is {_form(first[1])}; all must be alike"
                    )
                images.append(image)
                labels.append(label)
        if not images:
            raise DataError(f"{folder / part} holds no images; they belong into {part}/CLASS/")
        arrays += [np.stack(images), np.array(labels)]
    return Dataset(folder.name, *arrays)


def _files(folder: Path, *, needed: bool) -> list[Path]:
    files = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    for file in files:
        if file.suffix.lower() not in _ENDINGS:
            raise DataError(f"{file} is no image; allowed are {' '.join(_ENDINGS)}")
    if needed and not files:
        raise DataError(f"{folder} holds no images; every class needs one at least")
    return files


def _read(file: Path) -> NDArray[np.uint8]:
    """One image, (channels, height, width)."""
    from PIL import Image

    try:
        with Image.open(file, formats=_FORMATS) as image:
            width, height = image.size
            if width * height > _MAX_PIXELS:
                raise DataError(f"{file} declares {width} x {height} pixels; allowed are {_MAX_PIXELS} in all")
            if image.mode not in _MODES or "transparency" in image.info:
                raise DataError(
                    f"{file} has Pillow's mode {image.mode} or transparency; allowed are grey and colour images "
                    f"of 8 bits without alpha ({', '.join(_MODES)})"
                )
            mode = _MODES[image.mode]
            pixels = np.asarray(image.convert(mode), dtype=np.uint8)
    # Pillow's readers raise all of these on damaged files
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, Image.DecompressionBombError) as error:
        raise DataError(f"{file} cannot be read as an image: {error}") from error
    return pixels.reshape(height, width, _CHANNELS[mode]).transpose(2, 0, 1)


def _form(image: NDArray[np.uint8]) -> str:
    channels, height, width = image.shape
    return f"{'grey' if channels == 1 else 'colour'} {width} x {height}"
