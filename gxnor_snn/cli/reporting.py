"""One report of one run, for `report` and `demo`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gxnor_hardware.operations import price_operations
from gxnor_snn.plots import figure_png, operations_by_network
from gxnor_snn.plots.units import count, engineering, percent
from gxnor_snn.report import ReportData, write_report
from gxnor_snn.results import Bill, op_counts

from .figures import Figure
from .runs import CountedRun
from .tables import accuracy, events_per_inference

__all__ = ["bill_summary", "report_run", "run_summary"]

_OPERATIONS = {
    "operations": "Operations of other networks with these layers",
    "each": "Energy of other networks with these layers, at 45 nm",
}


def run_summary(run: CountedRun) -> list[tuple[str, str]]:
    """What a run amounts to, as (label, value): accuracy, resting probability, events per inference."""
    right = accuracy(run.trace, run.samples)
    dense = sum(int(c.n_dense.sum()) for c in run.counts.synapses.values()) / run.counts.n_samples
    events = events_per_inference(run.counts)
    return [
        *([(f"accuracy, engine {run.trace.engine}", percent(right))] if right is not None else []),
        ("samples", f"{count(run.counts.n_samples)} of {run.samples.name}"),
        ("resting probability", percent(run.counts.resting)),
        ("events per inference", f"{count(events)} of {count(dense)} synapses"),
    ]


def bill_summary(bills: Sequence[Bill]) -> list[tuple[str, str]]:
    """Energy per inference on each target, or that it has no price."""
    return [(f"energy, {bill.display}", _energy(bill)) for bill in bills]


def _energy(bill: Bill) -> str:
    if bill.total is None:
        return f"unpriced ({', '.join(u.term for u in bill.unpriced)})"
    low, high = engineering(bill.total.low_j, "J"), engineering(bill.total.high_j, "J")
    return f"{engineering(bill.total.energy_j, 'J')} ({low} to {high})"


def report_run(
    path: Path,
    title: str,
    run: CountedRun,
    bills: Sequence[Bill],
    figures: Sequence[Figure],
    provenance: Mapping[str, str],
    *,
    summary: Sequence[tuple[str, str]],
    certificate: Mapping[str, object] | None = None,
    files: Sequence[tuple[Path, str]] = (),
) -> None:
    """Write the self-contained page, atomically; a graph with layers gets the networks of the papers beside it."""
    prices = price_operations(op_counts(run.graph, run.counts)) if run.counts.synapses else None
    drawn = {figure.title: figure.png for figure in figures}
    if prices is not None:
        drawn |= {
            title: figure_png(lambda what=what: operations_by_network(prices, what=what))  # type: ignore[misc]
            for what, title in _OPERATIONS.items()
        }
    write_report(
        path,
        ReportData(
            title=title,
            summary=list(summary),
            counts=run.counts,
            bills=list(bills),
            certificate=certificate,
            figures=drawn,
            provenance=dict(provenance),
            files=[(file.name, what) for file, what in files],
            operations=prices,
        ),
    )
