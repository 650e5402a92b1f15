"""Reader of IDX files, the format of MNIST and Fashion-MNIST (plain or gzip)."""

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError

__all__ = ["read_idx"]

_GZIP_MAGIC = b"\x1f\x8b"
_UBYTE = 0x08
_MAX_DEFLATE_RATIO = 1032  # no deflate stream expands further
_CHUNK = 1 << 20


def read_idx(path: str | os.PathLike[str], ndim: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    The format: bytes 0, 0, type (8 = unsigned byte), number of axes, then one big-endian 32-bit size per axis,
    then the values in C order. What the header declares is held against the size of the file before anything
    of that size is allocated.

    Parameters
    ----------
    path
        The file; gzip is recognised by its first bytes.
    ndim
        Axes that the array must have: 3 for images, 1 for labels.

    Raises
    ------
    DataError
        If the file is missing, not such a file, cut short, or longer than it declares.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        with file.open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            if not packed:
                return _read(raw, file, ndim, capacity=size)
            with gzip.open(raw, "rb") as stream:
                return _read(stream, file, ndim, capacity=size * _MAX_DEFLATE_RATIO)
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist") from error
    except EOFError as error:
        raise DataError(f"{file} is cut short: its gzip stream does not end") from error
    except (OSError, zlib.error) as error:
        raise DataError(f"{file} cannot be read: {error}") from error


def _read(stream: BinaryIO | gzip.GzipFile, file: Path, ndim: int, capacity: int) -> NDArray[np.uint8]:
    magic = stream.read(4)
    wanted = bytes([0, 0, _UBYTE, ndim])
    if magic != wanted:
        raise DataError(
            f"{file} starts with the bytes {magic.hex(' ')!r}; an IDX file of {ndim} axes starts with "
            f"{wanted.hex(' ')!r}"
        )
    header = stream.read(4 * ndim)
    if len(header) < 4 * ndim:
        raise DataError(f"{file} is cut short: it ends within the IDX header")
    shape = tuple(int.from_bytes(header[i : i + 4], "big") for i in range(0, 4 * ndim, 4))
    count = math.prod(shape)
    if count > capacity:
        raise DataError(f"{file} declares {count} values of shape {shape}, more than the file can hold")
    values = bytearray()
    while len(values) <= count and (chunk := stream.read(min(_CHUNK, count + 1 - len(values)))):
        values += chunk
    if len(values) < count:
        raise DataError(f"{file} is cut short: {len(values)} values where its header declares {count}")
    if len(values) > count:
        raise DataError(f"{file} goes on after the {count} values that its header declares")
    return np.frombuffer(values, np.uint8).reshape(shape)
