"""Reading the JSON of a graph file field by field, so that every complaint names its field."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import GraphFormatError

__all__ = ["FieldReader", "reader"]

_MAX_INT = 2**53


class FieldReader:
    """Typed access to one JSON object of a graph file.

    Every method raises `GraphFormatError` naming the field, what stands there and what is allowed.
    """

    def __init__(self, spec: Mapping[str, Any], where: str) -> None:
        self._spec = spec
        self.where = where

    def _fail(self, key: str, allowed: str) -> GraphFormatError:
        return GraphFormatError(f"{self.where}.{key}: got {self._spec.get(key)!r:.80}, allowed is {allowed}")

    def raw(self, key: str) -> Any:
        """The value of `key`, or None where it is absent."""
        return self._spec.get(key)

    def text(self, key: str) -> str:
        """A text."""
        value = self._spec.get(key)
        if not isinstance(value, str):
            raise self._fail(key, "a text")
        return value

    def boolean(self, key: str) -> bool:
        """True or false."""
        value = self._spec.get(key)
        if not isinstance(value, bool):
            raise self._fail(key, "true or false")
        return value

    def integer(self, key: str) -> int:
        """An integer of at most 53 bits."""
        value = self._spec.get(key)
        if not _is_integer(value):
            raise self._fail(key, "an integer below 2^53 in magnitude")
        return int(value)  # type: ignore[arg-type]

    def integers(self, key: str, length: int | None = None) -> tuple[int, ...]:
        """A list of integers, of exactly `length` entries where that is given."""
        value = self._spec.get(key)
        good = isinstance(value, Sequence) and not isinstance(value, str) and all(_is_integer(v) for v in value)
        if not good or (length is not None and len(value) != length):  # type: ignore[arg-type]
            raise self._fail(key, "a list of integers" if length is None else f"a list of {length} integers")
        return tuple(int(v) for v in value)  # type: ignore[union-attr]

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._spec.get(key)
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self._fail(key, "a list of texts")
        return tuple(value)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_INT


def reader(spec: Any, where: str, *, required: Sequence[str], optional: Sequence[str] = ()) -> FieldReader:
    """Check that `spec` is a JSON object with the required keys and no unknown one, and wrap it."""
    if not isinstance(spec, Mapping):
        raise GraphFormatError(f"{where}: got {type(spec).__name__}, allowed is a JSON object")
    missing = [k for k in required if k not in spec]
    unknown = [k for k in spec if k not in required and k not in optional]
    if missing or unknown:
        raise GraphFormatError(f"{where}: missing fields {missing}, unknown fields {unknown}")
    return FieldReader(spec, where)
