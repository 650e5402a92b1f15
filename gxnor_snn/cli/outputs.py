"""Where results go: asked for before the work is done, so that nobody trains for nothing."""

import os
from pathlib import Path

from gxnor_snn.errors import InputError

__all__ = ["claim_file", "claim_folder"]


def claim_file(path: Path | None) -> None:
    """Make the folder of `path` and check that a file can be written there; None is no file.

    Raises
    ------
    InputError
        If `path` is a folder, or its folder cannot be made or written.
    """
    if path is None:
        return
    if path.is_dir():
        raise InputError(f"cannot write {path}: it is a folder, allowed is a file name")
    claim_folder(path.parent)


def claim_folder(path: Path) -> None:
    """Make the folder `path` and check that it can be written.

    Raises
    ------
    InputError
        If it cannot.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {path}: {error.strerror or error}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError(f"cannot write into the folder {path}: permission denied")
