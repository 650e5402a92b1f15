"""`gxnor info`: what a graph file or a checkpoint holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options

if TYPE_CHECKING:
    from gxnor_snn.graph import Coding, EventGraph

    from .screen import Screen

__all__ = ["info"]


def info(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", show_default=False, help="Event graph or checkpoint (.safetensors)."),
    ],
    quiet: options.Quiet = False,
) -> None:
    """Show what a graph file or a checkpoint holds.

    Layers, shapes, codings, weights, thresholds, sizes, notes, digest. The whole file is checked; with --quiet the
    exit code alone says whether it is sound.
    """
    from gxnor_snn.errors import InputError

    from .screen import Screen

    shown = {"gxnor-event-graph": _graph, "gxnor-checkpoint": _checkpoint}
    kind = _kind(file)
    if kind not in shown:
        raise InputError(f"{file} is of kind {kind!r}, allowed are {', '.join(shown)}")
    shown[kind](Screen(quiet), file)


def _kind(file: Path) -> str | None:
    """The metadata entry ``kind`` of a safetensors file; the readers prove the rest."""
    from safetensors import SafetensorError, safe_open

    from gxnor_snn.errors import InputError

    if not file.is_file():
        raise InputError(f"{file} does not exist or is not a file")
    try:
        with safe_open(file, framework="numpy") as opened:
            kind: str | None = (opened.metadata() or {}).get("kind")
            return kind
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(f"{file} is not a safetensors file: {error}") from error


def _graph(screen: "Screen", file: Path) -> None:
    import numpy as np

    from gxnor_snn.graph import EventGraph

    graph = EventGraph.load(file)
    weights: list[Any] = [p.weights for p in _weighted(graph)]
    screen.pairs(
        f"Event graph {file}",
        [
            ("populations", f"{len(graph.populations)} ({_neurons(graph):,} neurons)"),
            ("projections", f"{len(graph.projections)} ({sum(w.size for w in weights):,} weights)"),
            ("zero weights", _zeros(sum(int(np.sum(w == 0)) for w in weights), sum(w.size for w in weights))),
            ("file size", f"{file.stat().st_size:,} bytes"),
            ("sha256", graph.digest),
        ],
    )
    head: tuple[str, ...] = ("population", "role", "shape", "coding", "thresholds")
    screen.table("Populations", head, _population_rows(graph), left=(0, 1, 2, 3, 4))
    head = ("projection", "from", "to", "form", "weights", "coding", "zeros")
    screen.table("Projections", head, _projection_rows(graph), left=(0, 1, 2, 3, 4, 5))
    _notes(screen, graph.metadata)


def _neurons(graph: "EventGraph") -> int:
    return sum(p.size for p in graph.populations.values())


def _weighted(graph: "EventGraph") -> Iterator[Any]:
    return (p for p in graph.projections.values() if p.weighted)


def _zeros(zeros: int, total: int) -> str:
    return f"{100 * zeros / total:.1f} %" if total else ""


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _coding(coding: "Coding") -> str:
    planes = "" if coding.kind == "ternary" else f"({coding.n_planes})"
    return f"{coding.kind}{planes} {coding.lo}..{coding.hi}"


def _population_rows(graph: "EventGraph") -> Iterator[tuple[str, ...]]:
    for name, population in graph.populations.items():
        coding = _coding(graph.coding(name)) if population.has_outputs else "sums"
        thresholds: Any = getattr(population, "thresholds", None)
        extent = "" if thresholds is None else f"{int(thresholds.min()):,} .. {int(thresholds.max()):,}"
        if thresholds is not None and not population.increasing.all():  # type: ignore[attr-defined]
            extent += f", {int((~population.increasing).sum())} channels decreasing"  # type: ignore[attr-defined]
        role = f"{population.role} (internal)" if population.is_internal else population.role
        yield name, role, _shape(population.shape), coding, extent


def _projection_rows(graph: "EventGraph") -> Iterator[tuple[str, ...]]:
    for name, projection in graph.projections.items():
        weights: Any = getattr(projection, "weights", None)
        ends = (name, projection.source, projection.target, _form(projection))
        if weights is None:
            yield (*ends, "", "", "")
        else:
            coding = _coding(projection.coding)  # type: ignore[attr-defined]
            yield (*ends, _shape(weights.shape), coding, _zeros(int((weights == 0).sum()), weights.size))


def _form(projection: Any) -> str:
    """Kind of a projection with what differs from the plain form, as in ``conv2d, padding 1``."""
    plain = {"stride": (1, 1), "padding": (0, 0, 0, 0), "dilation": (1, 1), "groups": 1, "gain": 1, "delay": 0}
    parts = {key: getattr(projection, key) for key in ("kernel", *plain) if hasattr(projection, key)}
    words = [f"{projection.kind} {_mode(projection)}".rstrip()]
    words += [f"{key} {_short(value)}" for key, value in parts.items() if value != plain.get(key)]
    return ", ".join(words)


def _mode(projection: Any) -> str:
    """Mode of a pool; per channel it is a tuple."""
    mode = getattr(projection, "mode", "")
    return mode if isinstance(mode, str) else "/".join(sorted(set(mode)))


def _short(value: Any) -> str:
    """A number, or a tuple of numbers, which stands as one number where all are equal."""
    if isinstance(value, tuple):
        return str(value[0]) if len(set(value)) == 1 else "x".join(map(str, value))
    return str(value)


def _checkpoint(screen: "Screen", file: Path) -> None:
    from gxnor_snn.layers import discrete_parameters
    from gxnor_snn.train.checkpoint import read_checkpoint

    held = read_checkpoint(file)
    model = held.model
    parameters = list(discrete_parameters(model))
    zeros, total = sum(int((p == 0).sum()) for p in parameters), sum(p.numel() for p in parameters)
    rows = [
        ("network", model.spec.factory),
        ("input shape", _shape(model.input_shape)),
        ("discrete weights", f"{total:,}"),
        ("zero weights", _zeros(zeros, total)),
        ("file size", f"{file.stat().st_size:,} bytes"),
    ]
    if held.history is not None:
        last = held.history.epochs[held.history.selected - 1]
        rows += [
            ("trained", f"{len(held.history.epochs)} epochs in {held.history.seconds:.1f} s"),
            ("loss", f"{last.loss:.4f} (epoch {last.epoch})"),
            ("train accuracy", f"{100 * last.train_accuracy:.2f} %"),
        ]
    screen.pairs(f"Checkpoint {file}", rows)
    layers = []
    for name, module in model.named_children():
        own = list(discrete_parameters(module))
        count, empty = sum(p.numel() for p in own), sum(int((p == 0).sum()) for p in own)
        layers.append((name, repr(module), f"{count:,}" if own else "", _zeros(empty, count)))
    screen.table("Layers", ("name", "layer", "discrete weights", "zeros"), layers, left=(0, 1))
    screen.pairs("Arguments", [(key, json.dumps(value)) for key, value in model.spec.kwargs.items()])
    _notes(screen, dict(held.metadata))


def _notes(screen: "Screen", metadata: dict[str, Any]) -> None:
    """The notes of a file, one row per leaf."""
    rows = list(_leaves("", metadata))
    if rows:
        screen.pairs("Notes", rows)


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), part)
    else:
        yield prefix, value if isinstance(value, str) else json.dumps(value)
