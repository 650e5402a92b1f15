"""`gxnor info`: what a graph file or a checkpoint holds."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options

if TYPE_CHECKING:
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

    Layers, shapes, codings, fan-in, zero weights, thresholds, sizes, certificate, notes, digest. The whole file is
    checked; with --quiet the exit code alone says whether it is sound.
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
    from gxnor_snn.graph import EventGraph
    from gxnor_snn.graph.summary import POPULATION_HEAD, PROJECTION_HEAD

    graph = EventGraph.load(file)
    summary = graph.summary()
    total = summary.totals
    screen.pairs(
        f"Event graph {file}",
        [
            ("populations", f"{total['populations']} ({total['neurons']:,} neurons)"),
            (
                "projections",
                f"{total['projections']} ({total['weights']:,} weights, {total['synapses']:,} synapses)",
            ),
            ("zero weights", _zeros(total["zeros"], total["weights"])),
            ("weight bytes", _per_weight(total["bytes"], total["weights"])),
            ("file size", _per_weight(file.stat().st_size, total["weights"])),
            ("proof", summary.proof),
            ("sha256", summary.digest),
        ],
    )
    populations = [row.texts() for row in summary.populations]
    projections = [row.texts() for row in summary.projections]
    screen.table("Populations", POPULATION_HEAD, populations, left=range(len(POPULATION_HEAD)))
    screen.table("Projections", PROJECTION_HEAD[:4], [row[:4] for row in projections], left=range(4))
    weighted = [(row[0], *row[4:]) for row in projections if row[4]]
    screen.table("Weights", (PROJECTION_HEAD[0], *PROJECTION_HEAD[4:]), weighted, left=range(4))
    notes = graph.metadata
    certificate = notes.pop("certificate", None)
    if isinstance(certificate, dict):
        screen.pairs("Certificate", _leaves("", certificate))
    _notes(screen, notes)


def _per_weight(n_bytes: int, weights: int) -> str:
    return f"{n_bytes:,} bytes" + (f" ({n_bytes / weights:.3f} per weight)" if weights else "")


def _zeros(zeros: int, total: int) -> str:
    return f"{100 * zeros / total:.1f} %" if total else ""


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _checkpoint(screen: "Screen", file: Path) -> None:
    from gxnor_snn.layers import DiscreteLayer
    from gxnor_snn.train.checkpoint import read_checkpoint

    held = read_checkpoint(file)
    model = held.model
    layers = {name: m for name, m in model.named_modules() if isinstance(m, DiscreteLayer)}
    counts = {name: (int((m.levels == 0).sum()), m.levels.numel()) for name, m in layers.items()}
    zeros, total = (sum(pair[k] for pair in counts.values()) for k in (0, 1))
    facts = [
        ("network", model.spec.factory),
        ("input shape", _shape(model.input_shape)),
        ("discrete weights", f"{total:,}"),
        ("zero weights", _zeros(zeros, total)),
        ("file size", f"{file.stat().st_size:,} bytes"),
    ]
    if held.history is not None:
        last = held.history.epochs[held.history.selected - 1]
        facts += [
            ("trained", f"{len(held.history.epochs)} epochs in {held.history.seconds:.1f} s"),
            ("loss", f"{last.loss:.4f} (epoch {last.epoch})"),
            ("train accuracy", f"{100 * last.train_accuracy:.2f} %"),
        ]
    screen.pairs(f"Checkpoint {file}", facts)
    rows = []
    for name, module in model.named_modules():
        if not list(module.children()):
            empty, count = counts.get(name, (0, 0))
            rows.append((name, repr(module), f"{count:,}" if count else "", _zeros(empty, count)))
    screen.table("Layers", ("name", "layer", "discrete weights", "zeros"), rows, left=(0, 1))
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
