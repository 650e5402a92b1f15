"""Reading card files that anyone may have written: size and form are looked at before they are parsed."""

import re
import tomllib
from pathlib import Path
from typing import Any

from gxnor_snn.errors import ProfileError

__all__ = ["read_toml"]

_MOST_BYTES = 1 << 18
_DEEP_KEY = re.compile(r"""[\w"'-]{1,80}+(?:[ \t]*+\.[ \t]*+[\w"'-]{1,80}+){32}""")
"""Keys within keys beyond anything a card holds, whose parsing takes the square of their number."""


def read_toml(path: Path, noun: str) -> tuple[dict[str, Any], str]:
    """The tables of a TOML file, and how messages name it.

    Parameters
    ----------
    path
        The file.
    noun
        What it is, as in "device card".

    Raises
    ------
    ProfileError
        If the file cannot be read, is no regular file (a pipe would never end), too large for a card, or no TOML.
    """
    where = f"{noun} {str(path)!r}" if "\0" in str(path) else f"{noun} {path}"
    try:
        if path.exists() and not path.is_file():
            raise ProfileError(f"{where}: cannot be read: is a directory or a device; allowed is a file")
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise ProfileError(f"{where}: has {size} bytes; a {noun} has at most {_MOST_BYTES}")
        text = path.read_text(encoding="utf-8")
        if _DEEP_KEY.search(text):
            raise ProfileError(f"{where}: is nested too deeply; allowed is the form of a {noun}")
        return tomllib.loads(text), where
    except OSError as error:
        raise ProfileError(f"{where}: cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise ProfileError(f"{where}: is nested too deeply; allowed is the form of a {noun}") from error
    except ValueError as error:  # no TOML, no UTF-8, no path, or a number of thousands of digits
        raise ProfileError(f"{where}: is not TOML: {error}") from error
