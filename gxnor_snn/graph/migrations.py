"""Older schema versions of the graph file, and how each becomes the next.

A migration takes the JSON object and the tensors of one version and gives those of the next. `upgraded` applies
them one after the other, so every file that was ever written stays readable. Nothing is written in an old version.

To change the schema you must raise `CURRENT`, list in `MIGRATIONS`, under the version that was current, the
function that leads on from it, and add a file of that version to the golden files of the tests.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import GraphFormatError
from .projection import Tensors

__all__ = ["CURRENT", "MIGRATIONS", "Migration", "upgraded"]

Migration = Callable[[dict[str, Any], Tensors], tuple[dict[str, Any], Tensors]]

CURRENT = 1
"""The schema version that is written."""

MIGRATIONS: Mapping[int, Migration] = {}
"""By the version they start from; version 1 is the first."""


def upgraded(
    version: str | None,
    spec: Any,
    tensors: Tensors,
    where: str,
    *,
    current: int = CURRENT,
    migrations: Mapping[int, Migration] = MIGRATIONS,
) -> tuple[Any, Tensors]:
    """The JSON object and tensors of a file in the current version.

    Parameters
    ----------
    version
        What the file says of itself.
    spec, tensors
        Its content, not trusted.
    where
        The file, for messages.
    current, migrations
        The version to reach, and the steps to it.

    Raises
    ------
    GraphFormatError
        If the version is none, or one of a later release.
    """
    found = next((v for v in range(1, current + 1) if str(v) == version), None)
    if found is None:
        allowed = "'1'" if current == 1 else f"'1' to '{current}'"
        raise GraphFormatError(f"{where}: schema version is {version!r:.40}, this release reads {allowed}")
    if not isinstance(spec, dict) and found < current:
        raise GraphFormatError(f"{where}: got {type(spec).__name__}, allowed is a JSON object")
    for step in range(found, current):
        try:
            spec, tensors = migrations[step](spec, tensors)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise GraphFormatError(f"{where}: is no file of schema version {step}: {error!r:.200}") from error
    return spec, tensors
