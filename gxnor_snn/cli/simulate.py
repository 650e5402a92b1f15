"""`gxnor simulate`: run a graph on samples; accuracy, events, and what was recorded."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import options

if TYPE_CHECKING:
    from gxnor_sims import Engine
    from gxnor_snn.graph import EventGraph
    from gxnor_snn.results import EventTrace

    from .checking import Comparison
    from .samples import Samples as LoadedSamples

__all__ = ["simulate"]


def simulate(
    ctx: typer.Context,
    graph: options.GraphFile,
    data: options.Data = None,
    input_file: options.InputFile = None,
    labels: options.Labels = None,
    samples: options.Samples = None,
    engine: options.Engine = "native",
    target: options.Target = None,
    processes: options.Processes = None,
    device: options.Device = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Run a second engine beside it (native; reference for native), print the "
            "differences and the speed of both; exit code 1 if anything differs.",
        ),
    ] = False,
    record: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Population whose levels go into the trace; may be given several times; all means every one.",
        ),
    ] = None,
    events: Annotated[
        bool, typer.Option("--events", help="Write what --record names as events: only levels that are not zero.")
    ] = False,
    counts: Annotated[
        str,
        typer.Option(metavar="basic|full|none", help="Which events to count."),
    ] = "basic",
    summed: Annotated[
        bool, typer.Option("--summed", help="Write counts as sums over all samples, not of each.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="TRACE.npz", help="Write sums, logits, predictions, recorded levels and counts of each sample."
        ),
    ] = None,
    counts_out: Annotated[
        Path | None, typer.Option(metavar="COUNTS.json", help="Write the counts; gxnor price reads them.")
    ] = None,
    batch: options.Batch = None,
    threads: options.Threads = None,
    quiet: options.Quiet = False,
) -> None:
    """Run an event graph on samples and count every event.

    Every engine gives the same integers. Where labels are there, the accuracy is printed.
    """
    from gxnor_sims import get_engine
    from gxnor_sims import simulate as run
    from gxnor_snn.errors import InputError
    from gxnor_snn.graph import EventGraph, check_record

    from .boundary import CHECK_FAILED
    from .checking import print_comparison
    from .counts_file import write_counts
    from .outputs import claim_file
    from .provenance import provenance
    from .samples import load_samples
    from .screen import Screen
    from .tables import print_counts

    if record and out is None:
        raise InputError("--record keeps levels for a trace; name its file with --out")
    if events and not record:
        raise InputError("--events says how levels are written; name the populations with --record")
    if counts_out is not None and counts == "none":
        raise InputError("--counts none counts nothing to write to --counts-out")
    if counts_out is not None and counts_out.suffix != ".json":
        raise InputError(f"--counts-out {counts_out}: allowed is a name that ends in .json")
    for path in (out, counts_out):
        claim_file(path)
    screen = Screen(quiet)
    loaded = EventGraph.load(graph)
    chosen = load_samples(loaded, data, input_file, labels, samples)
    kept: Any = "all" if record and "all" in record else record or ()
    given = {"target": target, "processes": processes, "device": device}
    extra = {option: value for option, value in given.items() if value is not None}
    runs = get_engine(engine, **extra)
    shared: Any = {"batch": batch, "threads": threads, "progress": screen.progress}
    wanted = check_record(loaded, kept)
    # What is compared sample by sample is made dense; what is not written is not kept.
    comparison: Comparison | None = None
    speeds: dict[str, EventTrace] = {}
    if check:
        trace = runs.run(loaded, chosen.x, record="all", counts=counts, **shared)
        comparison, speeds = _checked(loaded, chosen.x, trace, runs, counts, shared)
        trace = _reduced(trace, wanted, events, summed)
    else:
        form = "events" if events else "levels"
        trace = run(loaded, chosen.x, runs, wanted, counts, record_as=form, summed=summed or out is None, **shared)
    if out is not None:
        _write_trace(out, trace, chosen)
    if trace.counts is not None and counts_out is not None:
        facts = provenance(
            command=ctx.obj,
            data=chosen.name,
            samples=len(chosen.x),
            engine=trace.engine,
            graph_sha256=loaded.digest,
        )
        write_counts(counts_out, trace.counts, loaded, graph, facts)
    screen.pairs(f"{graph} on {chosen.name}", _summary(trace, chosen))
    if trace.counts is not None:
        print_counts(screen, trace.counts)
    if comparison is not None:
        print_comparison(screen, comparison, speeds)
    for path in (out, counts_out):
        if path is not None:
            screen.line(f"wrote {path}")
    if comparison is not None and not comparison.equal:
        raise typer.Exit(CHECK_FAILED)


def _checked(
    graph: "EventGraph", x: Any, trace: "EventTrace", engine: "Engine", counts: str, shared: dict[str, Any]
) -> tuple["Comparison", dict[str, "EventTrace"]]:
    """Compare the trace of an engine with that of another, and time a second run of both."""
    from .checking import compare_traces, other_engine

    other = other_engine(graph, engine.name)
    against = other.run(graph, x, record="all", counts=counts, **shared)
    timed = {e.name: e.run(graph, x, counts=counts, **shared) for e in (engine, other)}
    return compare_traces(trace, against), timed


def _reduced(trace: "EventTrace", record: tuple[str, ...], events: bool, summed: bool) -> "EventTrace":
    """What of a whole trace was asked for."""
    trace = replace(trace, spikes={name: trace.spikes[name] for name in record})
    trace = trace.sparse() if events else trace
    return replace(trace, counts=trace.counts.summed()) if summed and trace.counts is not None else trace


def _summary(trace: "EventTrace", samples: "LoadedSamples") -> list[tuple[str, str]]:
    from gxnor_snn.plots.units import count, percent

    from .tables import accuracy, events_per_inference

    n = len(samples.x)
    right = accuracy(trace, samples)
    rows = [("engine", trace.engine), ("samples", f"{n:,}")]
    rows += [("accuracy", percent(right))] if right is not None else []
    rows += [("time", f"{trace.seconds:.3f} s ({n / trace.seconds:,.0f} samples/s)")]
    if trace.counts is not None:
        rows += [
            ("resting probability", percent(trace.counts.resting)),
            ("events per inference", count(events_per_inference(trace.counts))),
        ]
    return rows


def _write_trace(path: Path, trace: "EventTrace", samples: "LoadedSamples") -> None:
    """One compressed .npz: readouts/NAME, logits, predictions, labels, recorded levels, counts/PART/NAME/FIELD.

    Levels are spikes/NAME, or the fields of `SpikeEvents` as events/NAME/FIELD.
    """
    import numpy as np

    from gxnor_snn.files import atomic_path

    arrays: dict[str, Any] = {f"readouts/{name}": sums for name, sums in trace.readouts.items()}
    if len(trace.readouts) == 1 and all(sums.ndim == 2 for sums in trace.readouts.values()):
        arrays |= {"logits": trace.logits, "predictions": trace.predictions}
    if samples.y is not None:
        arrays["labels"] = samples.y
    arrays |= {f"spikes/{name}": levels for name, levels in trace.spikes.items()}
    arrays |= {
        f"events/{name}/{field}": np.asarray(value)
        for name, events in trace.events.items()
        for field, value in vars(events).items()
    }
    if trace.counts is not None:
        groups: list[tuple[str, Any]] = [
            ("projections", trace.counts.projections),
            ("populations", trace.counts.populations),
        ]
        arrays |= {
            f"counts/{kind}/{name}/{field}": value
            for kind, parts in groups
            for name, part in parts.items()
            for field, value in vars(part).items()
            if isinstance(value, np.ndarray)
        }
    with atomic_path(path) as part_path, part_path.open("wb") as file:
        np.savez_compressed(file, **arrays)
