"""Just enough of the PNG format to inline a figure: its size, its description, its bytes as a data address.

Source: PNG specification (ISO/IEC 15948), sections on the signature, IHDR, tEXt and iTXt.
"""

import base64
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError

__all__ = ["Figure", "read_figure"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Figure:
    """One inlined figure; `width` and `height` in pixels let a page keep its place free."""

    caption: str
    alt: str
    width: int
    height: int
    address: str


def read_figure(caption: str, source: bytes | str | os.PathLike[str]) -> Figure:
    """Read PNG bytes or a PNG file.

    Raises
    ------
    InputError
        If the file cannot be read or is not a whole PNG; the caption is named.
    """
    if isinstance(source, bytes):
        data, where = source, f"figure {caption!r}"
    else:
        where = f"figure {caption!r} ({os.fspath(source)})"
        try:
            data = Path(source).read_bytes()
        except OSError as error:
            raise InputError(f"{where} cannot be read: {error.strerror or error}") from error
    try:
        chunks = list(_chunks(data))
        width, height = struct.unpack(">II", dict(chunks)[b"IHDR"][:8])
    except (struct.error, KeyError, ValueError) as error:
        raise InputError(f"{where} is not a whole PNG of {len(data)} bytes, allowed is PNG only") from error
    address = "data:image/png;base64," + base64.b64encode(data).decode("ascii")
    return Figure(caption, _description(chunks) or caption, width, height, address)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of every chunk; raises ValueError where the file ends before its end chunk."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("no PNG signature")
    place, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, place)
        content = data[place + 8 : place + 8 + length]
        place += 12 + length
        if place > len(data):
            raise ValueError("cut short")
        yield kind, content


def _description(chunks: list[tuple[bytes, bytes]]) -> str:
    """Text under the standard keyword ``Description``, empty if there is none."""
    for kind, content in chunks:
        keyword, _, rest = content.partition(b"\0")
        if keyword != b"Description":
            continue
        if kind == b"tEXt":
            return rest.decode("latin-1")
        if kind == b"iTXt" and rest[:1] == b"\0":  # not compressed
            return rest[2:].split(b"\0", 2)[-1].decode("utf-8", errors="replace")
    return ""
