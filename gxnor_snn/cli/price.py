"""`gxnor price`: what the counted events cost on hardware cards."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["price"]


def price(
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
    card: options.Cards = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Price on all shipped cards, and on those named; prints no single terms.")
    ] = False,
    data: options.Data = None,
    input_file: options.InputFile = None,
    samples: options.Samples = None,
    graph: Annotated[
        Path | None,
        typer.Option("--graph", metavar="GRAPH", help="With counts: the graph file, if it lies elsewhere now."),
    ] = None,
    engine: options.Engine = "native",
    out: Annotated[Path | None, typer.Option(metavar="ENERGY.json", help="Write bills and layouts.")] = None,
    threads: options.Threads = None,
    quiet: options.Quiet = False,
) -> None:
    """Price the events of one inference on hardware cards.

    Each term is a count times a published constant, with its band and grade. A constant that nobody published is
    not zero: its term stays unpriced and the card gives no total. A device that cannot run the graph says why, and
    the others are priced. Targets whose bands overlap are named: nobody can tell which is cheaper. Without --card
    and --all, three cards are priced: loihi, crossbar, cutie.
    """
    from gxnor_snn.errors import InputError

    from .counts_file import counted_on
    from .outputs import claim_file
    from .pricing import compare_on, load_cards, targets, write_energy
    from .provenance import provenance
    from .runs import count_file
    from .screen import Screen
    from .tables import print_bills, print_overview, print_reasons

    claim_file(out)
    screen = Screen(quiet)
    cards = load_cards(card, everything)
    if file.suffix == ".json":
        if (data, input_file, samples) != (None, None, None):
            raise InputError(
                "--data, --input and --samples count events; a counts file (.json) holds them already"
            )
        loaded, counts = counted_on(file, graph)
    else:
        if graph is not None:
            raise InputError("--graph belongs to a counts file (.json); the first argument is the graph here")
        run = count_file(
            file, data, input_file, limit=samples, engine=engine, threads=threads, progress=screen.progress
        )
        loaded, counts = run.graph, run.counts
    comparison = compare_on(loaded, counts, cards)
    priced = targets(comparison, cards)
    if out is not None:
        facts = provenance(command=ctx.obj, samples=counts.n_samples, graph_sha256=loaded.digest)
        write_energy(out, priced, facts, comparison)
    bills = [p.bill for p in priced]
    if everything:
        bills.sort(key=lambda bill: (bill.energy_j is None, bill.energy_j or 0.0))
        print_overview(screen, bills)
        print_reasons(screen, bills)
        screen.line("gxnor price --card NAME prints every term of one card")
    else:
        print_bills(screen, bills)
    if out is not None:
        screen.line(f"wrote {out}")
