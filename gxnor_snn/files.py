"""Files that are whole or absent: atomic writing, and safetensors with a digest over everything they say."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import GxnorError, InputError

__all__ = ["atomic_path", "content_digest", "read_tensors", "write_bytes", "write_json", "write_tensors"]

_MAX_HEADER_BYTES = 100_000_000  # safetensors' own limit
_DIGEST_KEY = "sha256"


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path` and rename it onto `path` when the block ends well.

    An interrupted or failing block leaves what stood at `path` before, and no temporary file.

    Raises
    ------
    InputError
        If the folder of `path` cannot be written.
    """
    final = Path(path)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".gxnor-", suffix=".part", dir=final.parent)
    except OSError as error:
        raise InputError(f"cannot write {final}: {error.strerror or error}") from error
    os.close(handle)
    part = Path(name)
    try:
        yield part
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)  # mkstemp makes files private; results are meant to be shared
        try:
            part.replace(final)
        except OSError as error:
            raise InputError(f"cannot write {final}: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with atomic_path(path) as part:
        part.write_bytes(data)


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write `value` as indented JSON to `path` atomically; NaN and infinities are refused."""
    write_bytes(path, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode())


def content_digest(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """SHA-256 over every metadata entry and every tensor (name, dtype, shape, bytes), in sorted order."""
    sha = hashlib.sha256()
    for key in sorted(metadata):
        if key != _DIGEST_KEY:
            sha.update(json.dumps([key, metadata[key]]).encode())
    for name in sorted(tensors):
        array = np.asarray(tensors[name], order="C")
        sha.update(json.dumps([name, str(array.dtype), list(array.shape)]).encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


def write_tensors(
    path: str | os.PathLike[str], tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> str:
    """Write numpy tensors and text metadata as one safetensors file, atomically, and return its digest.

    The digest covers all tensors and all metadata and is stored under the metadata key ``sha256``.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    plain = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    digest = content_digest(plain, metadata)
    with atomic_path(path) as part:
        try:
            save_file(plain, part, metadata={**metadata, _DIGEST_KEY: digest})
        except (SafetensorError, OSError) as error:  # a full disk, for one
            raise InputError(f"cannot write {path}: {error}") from error
    return digest


def _declared_metadata(path: Path, what: str, error: type[GxnorError]) -> dict[str, str]:
    """Read the JSON header alone, checking its declared length before reading it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if len(head) < 8:
            raise error(f"{what} {path}: {size} bytes is too short for a safetensors header (8 bytes at least)")
        length = int.from_bytes(head, "little")
        if length > min(size - 8, _MAX_HEADER_BYTES):
            raise error(f"{what} {path}: header length {length} is beyond the file's {size} bytes")
        try:
            header = json.loads(file.read(length))
            metadata = header["__metadata__"]
            good = all(isinstance(k, str) and isinstance(v, str) for k, v in metadata.items())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
            raise error(f"{what} {path}: the header is not that of a safetensors file with metadata") from cause
    if not good:
        raise error(f"{what} {path}: __metadata__ must map text to text")
    return dict(metadata)


def read_tensors(
    path: str | os.PathLike[str], *, kind: str, what: str, error: type[GxnorError]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Read a file of `write_tensors`, proving first that it is whole.

    Parameters
    ----------
    path
        The file.
    kind
        The metadata entry ``kind`` that the file must have.
    what
        The noun for messages, as in "graph file".
    error
        The error class to raise.

    Returns
    -------
    tensors, metadata
        Numpy arrays by name, and the metadata without its digest.

    Raises
    ------
    GxnorError
        Of class `error`: missing file, damaged header, wrong kind, or a digest that does not match.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    file = Path(path)
    if not file.is_file():
        raise error(f"{what} {file} does not exist or is not a file")
    try:
        metadata = _declared_metadata(file, what, error)
        if metadata.get("kind") != kind:
            raise error(f"{what} {file}: kind is {metadata.get('kind')!r}, expected {kind!r}")
        tensors = dict(load_file(file))
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as cause:
        raise error(f"{what} {file} cannot be read as safetensors: {cause}") from cause
    given = metadata.pop(_DIGEST_KEY, None)
    if given != content_digest(tensors, metadata):
        raise error(f"{what} {file}: sha256 of the content does not match the one stored; the file is damaged")
    return tensors, metadata
