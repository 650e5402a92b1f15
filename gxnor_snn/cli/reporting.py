"""One report of one run, for `report` and `demo`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gxnor_snn.plots.units import count, engineering, percent
from gxnor_snn.report import ReportData, write_report
from gxnor_snn.results import Bill

from .figures import Figure
from .runs import CountedRun
from .tables import accuracy, events_per_inference

__all__ = ["bill_summary", "report_run", "run_summary"]


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
    """Write the self-contained page, atomically."""
    write_report(
        path,
        ReportData(
            title=title,
            summary=list(summary),
            counts=run.counts,
            bills=list(bills),
            certificate=certificate,
            figures={figure.title: figure.png for figure in figures},
            provenance=dict(provenance),
            files=[(file.name, what) for file, what in files],
        ),
    )
