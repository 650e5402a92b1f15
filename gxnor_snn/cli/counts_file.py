"""``counts.json``: exact counts with the graph and the data they belong to, written and read back."""

import json
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gxnor_snn.errors import InputError
from gxnor_snn.files import write_json
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Counts, MoveCounts, PopulationCounts, SynapseCounts

__all__ = ["CountsFile", "counted_on", "read_counts", "write_counts"]

_MAX_BYTES = 64 << 20  # counts of a graph of a thousand layers take about 1 MB
_Part = TypeVar("_Part", SynapseCounts, MoveCounts, PopulationCounts)


@dataclass(frozen=True)
class CountsFile:
    """Counts read from a file.

    Attributes
    ----------
    counts
        Summed over samples.
    graph_file, graph_digest
        The graph they were counted on: path relative to the counts file, and `EventGraph.digest`.
    """

    counts: Counts
    graph_file: str
    graph_digest: str


def write_counts(
    path: Path, counts: Counts, graph: EventGraph, graph_file: Path, provenance: Mapping[str, str]
) -> None:
    """Write totals over all samples, atomically; `read_counts` reads them back."""
    relative = Path(os.path.relpath(graph_file.resolve(), path.resolve().parent)).as_posix()
    graph_entry = {"file": relative, "sha256": graph.digest}
    write_json(path, {**counts.to_dict(), "graph": graph_entry, "provenance": dict(provenance)})


def read_counts(path: Path) -> CountsFile:
    """Read what `write_counts` wrote.

    Raises
    ------
    InputError
        Naming the field that is missing or wrong.
    """
    where = f"counts file {path}"
    if not path.is_file():
        raise InputError(f"{where} does not exist or is not a file")
    if path.stat().st_size > _MAX_BYTES:
        raise InputError(f"{where}: {path.stat().st_size} bytes, allowed are at most {_MAX_BYTES}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON: {error}") from error
    top = _mapping(content, where)
    graph = _mapping(top.get("graph"), f"{where}: graph")
    n_samples = _whole(top.get("n_samples"), f"{where}: n_samples")
    if n_samples < 1:
        raise InputError(f"{where}: n_samples is {n_samples}, allowed is at least 1")
    return CountsFile(
        Counts(
            n_samples,
            {
                name: _part(MoveCounts, entry, place) if "n_moved" in entry else _part(SynapseCounts, entry, place)
                for name, entry, place in _entries(top, "projections", where)
            },
            {
                name: _part(PopulationCounts, entry, place)
                for name, entry, place in _entries(top, "populations", where)
            },
        ),
        _text(graph.get("file"), f"{where}: graph.file"),
        _text(graph.get("sha256"), f"{where}: graph.sha256"),
    )


def counted_on(path: Path, graph: Path | None) -> tuple[EventGraph, Counts]:
    """Counts from a file, with the graph they were counted on.

    Parameters
    ----------
    path
        The counts.
    graph
        The graph file, where it lies elsewhere than the counts say.

    Raises
    ------
    InputError
        If the counts are damaged or of another graph.
    """
    held = read_counts(path)
    where = graph or path.parent / held.graph_file
    loaded = EventGraph.load(where)
    if loaded.digest != held.graph_digest:
        raise InputError(
            f"counts file {path} was counted on the graph {held.graph_digest[:12]}, "
            f"{where} is {loaded.digest[:12]}"
        )
    return loaded, held.counts


def _entries(top: Mapping[str, Any], key: str, where: str) -> list[tuple[str, Mapping[str, Any], str]]:
    listed = _mapping(top.get(key), f"{where}: {key}")
    return [(name, _mapping(e, f"{where}: {key}.{name}"), f"{where}: {key}.{name}") for name, e in listed.items()]


def _part(kind: type[_Part], entry: Mapping[str, Any], where: str) -> _Part:
    """One frozen dataclass of counts; whole numbers become int64 arrays of shape ()."""
    values: dict[str, Any] = {}
    for field in fields(kind):
        given = entry.get(field.name)
        if given is None and field.default is not MISSING:
            continue
        if field.name == "internal":
            values["internal"] = _flag(given, f"{where}.internal")
        else:
            number = _whole(given, f"{where}.{field.name}")
            values[field.name] = number if field.name == "n_neurons" else np.asarray(number, np.int64)
    return kind(**values)


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where} is {type(value).__name__}, allowed is a JSON object")
    return value


def _whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise InputError(f"{where} is {value!r:.40}, allowed are whole numbers from 0")
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputError(f"{where} is {value!r:.40}, allowed are true and false")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise InputError(f"{where} is {value!r:.40}, allowed is text")
    return value
