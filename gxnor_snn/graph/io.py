"""The file of an event graph: safetensors with a JSON header, schema version 1.

Layout::

    __metadata__   kind = "gxnor-event-graph", schema = "1", graph = JSON, sha256 = digest over everything
    graph JSON     {"populations": [...], "projections": [...], "metadata": {...}}, one object per part
    tensors        "population/NAME/thresholds", "projection/NAME/weights", ... as the parts state them

Ternary weights are packed four to a byte. Nothing is allocated from a declared size: the sizes in the JSON are
compared with the tensors that the file really holds. Nothing is ever unpickled.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, TypeVar

from ..errors import GraphError, GraphFormatError
from ..files import content_digest, read_tensors, write_tensors
from . import fields, migrations
from .event_graph import EventGraph
from .population import Population
from .populations import POPULATIONS
from .projection import Projection, Tensors
from .projections import PROJECTIONS

__all__ = ["SCHEMA_VERSION", "load", "pack", "save", "structure_digest", "unpack"]

SCHEMA_VERSION = str(migrations.CURRENT)
_KIND = "gxnor-event-graph"
_Part = TypeVar("_Part", Population, Projection)


def _spec(graph: EventGraph) -> tuple[dict[str, Any], Tensors]:
    spec: dict[str, Any] = {}
    tensors: Tensors = {}
    for noun, parts in (("population", graph.populations), ("projection", graph.projections)):
        spec[f"{noun}s"] = []
        for part in parts.values():
            own, own_tensors = part.to_spec()
            spec[f"{noun}s"].append(own)
            tensors |= {f"{noun}/{part.name}/{key}": array for key, array in own_tensors.items()}
    return spec, tensors


def structure_digest(graph: EventGraph) -> str:
    """SHA-256 over everything but the graph's metadata."""
    spec, tensors = _spec(graph)
    return content_digest(tensors, {"graph": json.dumps(spec, sort_keys=True)})


def pack(graph: EventGraph) -> tuple[str, Tensors]:
    """The graph as JSON text and tensors; `unpack` makes the graph again."""
    spec, tensors = _spec(graph)
    spec["metadata"] = graph.metadata
    return json.dumps(spec, allow_nan=False), tensors


def save(graph: EventGraph, path: str | os.PathLike[str]) -> None:
    """Write `graph` to `path`, atomically."""
    text, tensors = pack(graph)
    write_tensors(path, tensors, {"kind": _KIND, "schema": SCHEMA_VERSION, "graph": text})


def load(path: str | os.PathLike[str]) -> EventGraph:
    """Read the graph file at `path`; see `EventGraph.load`."""
    tensors, metadata = read_tensors(path, kind=_KIND, what="graph file", error=GraphFormatError)
    return unpack(metadata.get("graph", ""), tensors, f"graph file {os.fspath(path)}", metadata.get("schema"))


def unpack(text: str, tensors: Tensors, where: str = "graph", version: str | None = SCHEMA_VERSION) -> EventGraph:
    """Make a graph from its JSON text and tensors, of any schema version so far, trusting neither.

    Raises
    ------
    GraphFormatError
        Naming `where` and the field.
    """
    try:
        spec = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GraphFormatError(f"{where}: the field graph is not JSON: {error}") from error
    spec, tensors = migrations.upgraded(version, spec, tensors, where)
    top = fields.reader(spec, where, required=("populations", "projections", "metadata"))
    owned = _by_owner(tensors)
    populations = _parts(top.raw("populations"), "population", POPULATIONS, owned, where)
    projections = _parts(top.raw("projections"), "projection", PROJECTIONS, owned, where)
    notes = top.raw("metadata")
    if not isinstance(notes, Mapping):
        raise GraphFormatError(f"{where}: metadata is {type(notes).__name__}, allowed is a JSON object")
    if owned:
        raise GraphFormatError(f"{where}: tensors of {sorted(owned)[:3]} belong to no part of the graph")
    try:
        return EventGraph(populations, projections, notes)
    except GraphFormatError:
        raise
    except GraphError as error:
        raise GraphFormatError(f"{where}: {error}") from error


def _by_owner(tensors: Tensors) -> dict[str, Tensors]:
    """Tensors by the part they belong to; the key is what follows the last slash."""
    owned: dict[str, Tensors] = {}
    for name, array in tensors.items():
        owner, _, key = name.rpartition("/")
        owned.setdefault(owner, {})[key] = array
    return owned


def _parts(
    listed: Any, noun: str, classes: Mapping[str, type[_Part]], owned: dict[str, Tensors], where: str
) -> list[_Part]:
    if not isinstance(listed, list):
        raise GraphFormatError(f"{where}: {noun}s is {type(listed).__name__}, allowed is a list")
    found = []
    for index, spec in enumerate(listed):
        field = f"{where}: {noun}s[{index}]"
        kind = spec.get("type") if isinstance(spec, Mapping) else None
        if not isinstance(kind, str) or kind not in classes:
            raise GraphFormatError(f"{field}.type: got {kind!r:.60}, allowed are {', '.join(classes)}")
        reader = fields.reader(spec, field, required=classes[kind].keys())
        own = owned.pop(f"{noun}/{reader.text('name')}", {})
        try:
            found.append(classes[kind].from_spec(reader, own))
        except GraphFormatError:
            raise
        except GraphError as error:
            raise GraphFormatError(f"{field}: {error}") from error
        if own:
            raise GraphFormatError(f"{field}: tensors {sorted(own)[:3]} belong to no field of it")
    return found
