"""`gxnor convert`: a checkpoint to an event graph, verified on samples where data are given."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["convert"]


def convert(
    ctx: typer.Context,
    checkpoint: Annotated[
        Path,
        typer.Argument(metavar="CHECKPOINT", show_default=False, help="What gxnor train wrote (.safetensors)."),
    ],
    out: Annotated[Path, typer.Option(metavar="GRAPH", help="Event graph to write.")] = Path("graph.safetensors"),
    verify: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Compare the first N samples of --data or --input.",
            show_default="all samples",
        ),
    ] = None,
    data: options.Data = None,
    input_file: options.InputFile = None,
    engine: options.Engine = "native",
    threads: options.Threads = None,
    quiet: options.Quiet = False,
) -> None:
    """Convert a trained network into its event graph.

    With --data or --input, torch, the reference and the engine are compared sample by sample: sums, spikes,
    counts, readouts, logits, predictions. The result travels with the graph: `gxnor info` shows it. If anything
    differs, no graph is written and the exit code is 1.
    """
    from gxnor_converters import certify, from_torch
    from gxnor_snn.errors import InputError
    from gxnor_snn.train import load_checkpoint

    from .boundary import CHECK_FAILED
    from .conversion import compare, say_verdict
    from .outputs import claim_file
    from .provenance import provenance
    from .samples import load_samples
    from .screen import Screen

    if verify is not None and data is None and input_file is None:
        raise InputError("--verify compares samples; say which with --data or --input")
    claim_file(out)
    screen = Screen(quiet)
    model = load_checkpoint(checkpoint)
    graph = from_torch(model, model.input_shape)
    graph = graph.with_metadata(provenance=provenance(command=ctx.obj, model=model.spec.factory))
    if data is not None or input_file is not None:
        samples = load_samples(graph, data, input_file, limit=verify)
        certificate = compare(model, graph, samples.x, engine=engine, threads=threads, progress=screen.progress)
        say_verdict(screen, certificate)
        if not certificate.equal:
            screen.alarm(f"{out} was not written")
            raise typer.Exit(CHECK_FAILED)
        graph = certify(graph, certificate, data=samples.name)
    graph.save(out)
    screen.line(f"wrote {out}: {graph!r}")
