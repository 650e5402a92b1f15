"""`gxnor plot`: the figures of a run as PNG files."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["plot"]


def plot(
    graph: options.GraphFile,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for the PNG files.")],
    data: options.Data = None,
    input_file: options.InputFile = None,
    samples: options.Samples = None,
    card: options.Cards = None,
    sample: options.Sample = 0,
    engine: options.Engine = "native",
    threads: options.Threads = None,
    quiet: options.Quiet = False,
) -> None:
    """Draw the figures of a run as PNG files.

    Activation sparsity per layer, synapses from dense to both-gated, the events of one sample, and with --card the
    energy by term.
    """
    from .figures import draw_figures, write_figures
    from .outputs import claim_folder
    from .pricing import load_cards, price_on
    from .runs import count_file, one_sample
    from .screen import Screen

    claim_folder(out)
    screen = Screen(quiet)
    cards = load_cards(card) if card else []
    run = count_file(
        graph, data, input_file, limit=samples, engine=engine, threads=threads, progress=screen.progress
    )
    one = one_sample(run.graph, run.samples.x, sample, engine)
    bills = [p.bill for p in price_on(run.graph, run.counts, cards)]
    for path in write_figures(out, draw_figures(run.graph, run.counts, one, sample, bills)):
        screen.line(f"wrote {path}")
