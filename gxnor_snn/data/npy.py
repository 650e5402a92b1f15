"""Reader of .npz and .npy files that trusts no header: declared sizes first, values after, never a pickle."""

import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError

__all__ = ["read_npy", "read_npz"]


def read_npz(path: str | os.PathLike[str], names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The named integer arrays of an .npz file; each declared size is held against its zip entry first.

    Raises
    ------
    DataError
        If the file is missing or damaged, lacks an array, or an array is not of integers.
    """
    file = Path(path)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            missing = [name for name in names if name not in entries]
            if missing:
                raise DataError(f"{file} has no array {missing[0]!r}; it must hold {', '.join(names)}")
            arrays = {}
            for name in names:
                with archive.open(entries[name]) as stream:
                    arrays[name] = _read(stream, entries[name].file_size, f"{file}: {name}")
            return arrays
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist") from error
    # zipfile raises NotImplementedError for a compression it does not know: a foreign or damaged file
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DataError(f"{file} cannot be read as .npz: {error}") from error


def read_npy(path: str | os.PathLike[str]) -> NDArray[Any]:
    """The integer array of an .npy file.

    Raises
    ------
    DataError
        If the file is missing or damaged, or not of integers.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            return _read(stream, file.stat().st_size, str(file))
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist") from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{file} cannot be read as .npy: {error}") from error


def _read(stream: IO[bytes], size: int, what: str) -> NDArray[Any]:
    """One array of a stream of `size` bytes."""
    version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise DataError(f"{what} has npy version {version}; allowed are 1.0 and 2.0")
    shape, fortran, dtype = read_header(stream)  # type: ignore[no-untyped-call]
    if dtype.kind not in "iu":
        raise DataError(f"{what} is {dtype}; allowed are integers (uint8 images, integer labels)")
    count = int(np.prod(shape, dtype=object))
    held = size - stream.tell()
    if count * dtype.itemsize != held:
        raise DataError(f"{what} declares shape {shape} of {dtype}, but holds {held} bytes")
    values = np.frombuffer(bytearray(stream.read()), dtype=dtype)
    return values.reshape(shape, order="F" if fortran else "C")
