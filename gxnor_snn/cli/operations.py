"""`gxnor operations`: the papers' networks side by side, for one trained net."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["operations"]


def operations(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="GRAPH|COUNTS",
            show_default=False,
            help="Event graph (.safetensors), counted on --data or --input; or counts (.json), whose graph is "
            "looked for where they name it.",
        ),
    ],
    data: options.Data = None,
    input_file: options.InputFile = None,
    samples: options.Samples = None,
    graph: Annotated[
        Path | None,
        typer.Option("--graph", metavar="GRAPH", help="With counts: the graph file, if it lies elsewhere now."),
    ] = None,
    sharing: Annotated[
        bool, typer.Option("--sharing", help="Also with results shared between kernels of convolutions.")
    ] = False,
    bit_counts: Annotated[bool, typer.Option("--bit-counts", help="Count bit counts too.")] = False,
    card: options.Cards = None,
    engine: options.Engine = "native",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.json|FILE.md", help="Write everything as JSON, or as Markdown.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw the energy with weights read per synapse.")
    ] = None,
    threads: options.Threads = None,
    quiet: options.Quiet = False,
) -> None:
    """Price full precision, BWN, TWN, BNN, GXNOR and {-1, +1} branches side by side, for the layers of one net.

    Multiplications, additions, XNOR, bit counts and resting probability are made from counted events, next to the
    assumption that all states are equally probable. Energies rest on Horowitz's table at 45 nm (--card: other
    cards of model arithmetic, one each of float, integer and binary arithmetic); compute never stands without the
    memory of the weights.
    """
    from gxnor_converters.sharing import analyse
    from gxnor_hardware.operations import layer_table, operations_table, price_operations
    from gxnor_snn.errors import InputError
    from gxnor_snn.files import write_bytes, write_json
    from gxnor_snn.plots import operations_by_network, save_figure
    from gxnor_snn.report.operations import operation_tables
    from gxnor_snn.results import op_counts

    from .counts_file import counted_on
    from .outputs import claim_file
    from .provenance import provenance
    from .runs import count_file
    from .screen import Screen

    for path in (out, figure):
        claim_file(path)
    if out is not None and out.suffix not in (".json", ".md"):
        raise InputError(f"--out {out}: allowed are names that end in .json or .md")
    screen = Screen(quiet)
    if file.suffix == ".json":
        if (data, input_file, samples, bit_counts) != (None, None, None, False):
            raise InputError(
                "--data, --input, --samples and --bit-counts count events; "
                "a counts file (.json) holds them already"
            )
        loaded, counts = counted_on(file, graph)
    else:
        if graph is not None:
            raise InputError("--graph belongs to a counts file (.json); the first argument is the graph here")
        run = count_file(
            file,
            data,
            input_file,
            limit=samples,
            engine=engine,
            threads=threads,
            progress=screen.progress,
            counts="full" if bit_counts else "basic",
        )
        loaded, counts = run.graph, run.counts
    prices = price_operations(op_counts(loaded, counts, analyse(loaded) if sharing else None), card)
    for table in operation_tables(prices):
        banded = any("(" in cell for row in table.rows for cell in row)
        wrap = range(len(table.columns)) if banded else (0,)  # an energy and its band may take two lines
        screen.table(table.caption, table.columns, table.rows, wrap=wrap)
    for row in prices.totals:
        for gap in row.unpriced:
            screen.line(f"  no price, {row.label}: {gap.term}: {gap.reason}")
    for part in prices.excluded:
        screen.line(f"  in no figure: {part}")
    if out is not None:
        facts = provenance(command=ctx.obj, samples=counts.n_samples, graph_sha256=loaded.digest)
        if out.suffix == ".md":
            lines = [f"{label}: {value}  " for label, value in facts.items()]
            text = "\n".join([operations_table(prices), layer_table(prices), *lines])
            write_bytes(out, (text + "\n").encode("utf-8"))
        else:
            write_json(out, {**prices.to_dict(), "provenance": facts})
        screen.line(f"wrote {out}")
    if figure is not None:
        save_figure(figure, lambda: operations_by_network(prices, what="each"))
        screen.line(f"wrote {figure}")
