"""Unpacking of .xz files within a bound, so that a small hostile file cannot fill the memory."""

import lzma
from pathlib import Path

from gxnor_snn.errors import DataError

__all__ = ["unpack_xz"]

_DICTIONARY_BYTES = 1 << 28  # what the decompressor itself may take


def unpack_xz(file: Path, limit: int) -> bytes:
    """The content of an .xz file.

    Raises
    ------
    DataError
        If the file is missing, damaged or cut short, goes on after its stream, or holds more than `limit` bytes.
    """
    try:
        packed = file.read_bytes()
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_DICTIONARY_BYTES)
        content = bytearray(stream.decompress(packed, max_length=limit + 1))
        while not stream.eof and len(content) <= limit:
            if stream.needs_input:
                raise DataError(f"{file} is cut short: its xz stream does not end")
            content += stream.decompress(b"", max_length=limit + 1 - len(content))
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist") from error
    except (OSError, lzma.LZMAError, MemoryError) as error:
        raise DataError(f"{file} cannot be read as .xz: {error}") from error
    if len(content) > limit:
        raise DataError(f"{file} holds more than the {limit} bytes that it may hold")
    if stream.unused_data:
        raise DataError(f"{file} goes on after its xz stream")
    return bytes(content)
