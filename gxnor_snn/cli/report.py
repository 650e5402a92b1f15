"""`gxnor report`: one self-contained page about a run."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["report"]


def report(
    ctx: typer.Context,
    graph: options.GraphFile,
    data: options.Data = None,
    input_file: options.InputFile = None,
    labels: options.Labels = None,
    samples: options.Samples = None,
    card: options.Cards = None,
    sample: options.Sample = 0,
    out: Annotated[Path, typer.Option(metavar="REPORT.html", help="Page to write.")] = Path("report.html"),
    engine: options.Engine = "native",
    threads: options.Threads = None,
    quiet: options.Quiet = False,
) -> None:
    """Write one self-contained HTML page about a run.

    The graph is run, counted and priced; figures and tables stand in one file that needs no network. Without
    --card, three cards are priced: loihi, crossbar, cutie.
    """
    from .figures import draw_figures
    from .outputs import claim_file
    from .pricing import load_cards, price_on
    from .provenance import provenance
    from .reporting import bill_summary, report_run, run_summary
    from .runs import count_file, one_sample
    from .screen import Screen

    claim_file(out)
    screen = Screen(quiet)
    cards = load_cards(card)
    run = count_file(
        graph,
        data,
        input_file,
        labels=labels,
        limit=samples,
        engine=engine,
        threads=threads,
        progress=screen.progress,
    )
    one = one_sample(run.graph, run.samples.x, sample, engine)
    bills = [p.bill for p in price_on(run.graph, run.counts, cards)]
    figures = draw_figures(run.graph, run.counts, one, sample, bills)
    facts = provenance(command=ctx.obj, data=run.samples.name, engine=engine, graph_sha256=run.graph.digest)
    summary = [*run_summary(run), *bill_summary(bills)]
    report_run(out, f"{graph.name} on {run.samples.name}", run, bills, figures, facts, summary=summary)
    screen.line(f"wrote {out}")
