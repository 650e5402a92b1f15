"""`gxnor explain`: why one neuron sent what it sent, for one sample."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["explain"]


def explain(
    ctx: typer.Context,
    graph: options.GraphFile,
    population: Annotated[
        str, typer.Option(metavar="NAME", show_default=False, help="Population of the neuron; see gxnor info.")
    ],
    neuron: Annotated[
        str,
        typer.Option(
            metavar="N|C,Y,X", show_default=False, help="Its number, or channel, row and column in an image."
        ),
    ],
    data: options.Data = None,
    input_file: options.InputFile = None,
    sample: Annotated[int, typer.Option(metavar="N", min=0, help="Number of the sample.")] = 0,
    most: Annotated[
        int, typer.Option(metavar="N", min=1, help="Print and draw the N largest contributions only.")
    ] = 24,
    engine: options.Engine = "native",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write every source, open or at rest.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the contributions, sorted.")
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Say which gates of one neuron opened for one sample, with what sign.

    The contributions add up to the neuron's sum, which the engine must give too; thresholds and the level that
    they make of it are printed with it.
    """
    from gxnor_sims import explain as explained
    from gxnor_snn.errors import InputError
    from gxnor_snn.files import write_json
    from gxnor_snn.graph import EventGraph
    from gxnor_snn.graph.explanation import GATE_HEAD
    from gxnor_snn.plots import gate_contributions, save_figure

    from .outputs import claim_file
    from .provenance import provenance
    from .samples import load_samples
    from .screen import Screen

    for path, ending in ((out, ".json"), (figure, ".png")):
        claim_file(path)
        if path is not None and path.suffix != ending:
            raise InputError(f"{path}: allowed is a name that ends in {ending}")
    place = [part.strip() for part in neuron.split(",")]
    if not all(part.isdecimal() for part in place):
        raise InputError(f"--neuron {neuron!r}: allowed is a number, or channel, row and column as in 2,0,5")
    screen = Screen(quiet)
    loaded = EventGraph.load(graph)
    chosen = load_samples(loaded, data, input_file)
    if sample >= len(chosen.x):
        raise InputError(f"sample {sample} is asked for, the data hold 0..{len(chosen.x) - 1}")
    numbers = [int(part) for part in place]
    found = explained(
        loaded, chosen.x[sample], population, numbers[0] if len(numbers) == 1 else numbers, engine=engine
    )
    facts = [("neuron", found.neuron), ("sum", found.verdict.removeprefix("sum ")), ("gates", found.gates)]
    if chosen.y is not None:
        facts.append(("class of the sample", str(int(chosen.y[sample]))))
    screen.pairs(f"Sample {sample} of {chosen.name}", facts)
    screen.table("Open gates and moved values", GATE_HEAD, found.rows(most), left=(0, 1))
    more = found.n_gated + found.n_moved - most
    if more > 0:
        screen.line(f"and {more:,} more")
    if out is not None:
        notes = provenance(
            command=ctx.obj, data=chosen.name, sample=sample, engine=engine, graph_sha256=loaded.digest
        )
        write_json(out, {**found.to_dict(), "provenance": notes})
        screen.line(f"wrote {out}")
    if figure is not None:
        save_figure(figure, lambda: gate_contributions(found, most=most))
        screen.line(f"wrote {figure}")
