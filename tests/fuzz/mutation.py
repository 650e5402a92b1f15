"""Mutations of safetensors files that get past the digest: content is changed, then signed again.

Flipped bytes die at the digest, which proves little about what lies behind it. So a file is taken apart into texts,
JSON values and tensors, one or a few of these are changed, and the whole is put together with a right digest.
"""

import json
import random
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from safetensors.numpy import save

from gxnor_snn.files import content_digest

__all__ = ["Bytes", "mutated", "opened", "signed"]

Bytes = Callable[[bytes, int], bytes]
"""Mutate some bytes, to at most so many."""

_SCALARS: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 3, 7, 255, 2**15, 2**24, 2**31, -(2**31), 2**53 - 1, 2**63, 10**400),
    *(0.5, -0.0, 1e308, 1e-308, "", "1", "x", "ternary", "max", "input", "a" * 300, "\x00", "\ud800", "é"),
    *([], {}, [0], [1, 1], [2**31] * 4, {"kind": "ternary"}),
]
_DTYPES = (np.uint8, np.int8, np.int16, np.int32, np.int64, np.float32, np.float64, np.bool_)


def opened(data: bytes) -> tuple[dict[str, str], dict[str, np.ndarray]] | None:
    """Texts and tensors of a safetensors file, or None where it is none."""
    try:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        body = data[8 + length :]
        texts = {str(k): str(v) for k, v in header.pop("__metadata__", {}).items()}
        names = {"U8": "u1", "I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8", "F32": "<f4", "F64": "<f8"}
        tensors = {}
        for name, entry in header.items():
            start, stop = entry["data_offsets"]
            dtype = np.dtype(names.get(entry["dtype"], "u1"))
            tensors[name] = np.frombuffer(body[start:stop], dtype).reshape(entry["shape"]).copy()
        return texts, tensors
    except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError, MemoryError):
        return None


def signed(texts: dict[str, str], tensors: dict[str, np.ndarray]) -> bytes:
    """A safetensors file with the digest of its content."""
    plain = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    rest = {key: text for key, text in texts.items() if key != "sha256"}
    try:
        return bytes(save(plain, {**rest, "sha256": content_digest(plain, rest)}))
    except (UnicodeEncodeError, ValueError):  # a lone surrogate has no UTF-8
        return b""


def mutated(data: bytes, seed: int, mutate: Bytes, most: int = 1 << 16) -> bytes:
    """A file changed in a few places and signed again; now and then its bytes alone."""
    rng = random.Random(seed)
    parts = opened(data)
    if parts is None or rng.random() < 0.1:
        return mutate(data, most)
    texts, tensors = parts
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        if tensors and rng.random() < 0.3:
            _change_tensor(tensors, rng, mutate)
        else:
            _change_text(texts, rng, mutate)
    made = signed(texts, tensors)
    return made if made and len(made) <= most else data[:most]


def _change_tensor(tensors: dict[str, np.ndarray], rng: random.Random, mutate: Bytes) -> None:
    name = rng.choice(sorted(tensors))
    array = tensors[name]
    match rng.randrange(6):
        case 0:
            del tensors[name]
        case 1:
            tensors[rng.choice([f"{name}x", "stray", name.rpartition("/")[2]])] = array
        case 2:
            with np.errstate(all="ignore"):
                tensors[name] = array.astype(rng.choice(_DTYPES))
        case 3:
            tensors[name] = array.reshape(-1)[: rng.randrange(array.size + 1)]
        case 4 if array.size:
            flat = array.reshape(-1).copy()
            info = np.iinfo(array.dtype) if array.dtype.kind in "iu" else None
            wild = [0, 1, info.min, info.max] if info else [0.0, np.nan, np.inf, -np.inf, 1e300]
            with np.errstate(over="ignore"):
                flat[rng.randrange(flat.size)] = rng.choice(wild)
            tensors[name] = flat.reshape(array.shape)
        case _:
            raw = mutate(array.tobytes(), array.nbytes)[: array.nbytes].ljust(array.nbytes, b"\0")
            tensors[name] = np.frombuffer(raw, array.dtype).reshape(array.shape).copy()


def _change_text(texts: dict[str, str], rng: random.Random, mutate: Bytes) -> None:
    keys = sorted(k for k in texts if k != "sha256")
    if not keys:
        texts["kind"] = "x"
        return
    key = max(keys, key=lambda k: len(texts[k])) if rng.random() < 0.6 else rng.choice(keys)
    try:
        value = json.loads(texts[key])
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict | list) and rng.random() < 0.95:
        texts[key] = json.dumps(_change(value, rng))
    elif rng.random() < 0.5:
        texts[key] = mutate(texts[key].encode(), len(texts[key]) + 8).decode(errors="replace")
    elif rng.random() < 0.5:
        del texts[key]
    else:
        texts[key] = rng.choice(["", "1", "2", "0", "null", "[]", "{}", "[" * 5000, '{"a":' * 2000, "1e999"])


def _places(value: Any, found: list[tuple[Any, Any]]) -> None:
    """Every (container, key) of a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(items):
        found.append((value, key))
        _places(part, found)


def _change(value: Any, rng: random.Random) -> Any:
    places: list[tuple[Any, Any]] = []
    _places(value, places)
    if not places:
        return rng.choice(_SCALARS)
    holder, key = rng.choice(places)
    old = holder[key]
    match rng.randrange(7):
        case 0 | 1:
            holder[key] = rng.choice(_SCALARS)
        case 2 if isinstance(old, int) and not isinstance(old, bool):
            holder[key] = rng.choice([old + 1, old - 1, -old, old * 2, old << 20, str(old)])
        case 3:
            del holder[key]
        case 4:
            other, place = rng.choice(places)
            holder[key] = other[place] if place in _keys(other) else None
        case 5 if isinstance(holder, list):
            holder.insert(key, old)
        case 5 if isinstance(holder, dict):
            holder[rng.choice(["extra", "table", "lo", "shape", f"{key}_"])] = old
        case _:
            holder[key] = [old] if rng.random() < 0.5 else rng.choice(_SCALARS)
    try:
        json.dumps(value)
    except (ValueError, RecursionError):  # a value put into itself
        return None
    return value


def _keys(holder: Any) -> Any:
    return holder if isinstance(holder, dict) else range(len(holder))
