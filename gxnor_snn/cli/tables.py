"""The tables that several commands print."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gxnor_snn.plots.units import count, engineering, percent, square_millimetres
from gxnor_snn.results import Bill, Counts, EventTrace
from gxnor_snn.results.bill import Area, Latency, Programming, Term, Total, overlapping_groups

from .screen import Screen

if TYPE_CHECKING:
    from .samples import Samples

__all__ = [
    "CANNOT_RUN",
    "accuracy",
    "bill_rows",
    "counts_rows",
    "events_per_inference",
    "print_bills",
    "print_counts",
    "print_overview",
    "print_reasons",
]

CANNOT_RUN = "the whole graph, which cannot run here"
"""What has no price on a device that cannot run the graph."""


def accuracy(trace: EventTrace, samples: "Samples") -> float | None:
    """Share of samples whose largest logit is the label's; None without labels or without one vector readout."""
    vectors = [sums for sums in trace.readouts.values() if sums.ndim == 2]
    if samples.y is None or len(vectors) != 1 or len(trace.readouts) != 1:
        return None
    return float(np.mean(trace.predictions == samples.y))


def events_per_inference(counts: Counts) -> float:
    """Gated synapses that opened, per sample: both the weight and the activation are nonzero."""
    return sum(int(np.sum(c.n_gated)) for c in counts.synapses.values()) / counts.n_samples


def counts_rows(counts: Counts) -> Iterator[tuple[str, ...]]:
    """One row per projection, per inference."""

    def mean(array: Any) -> str:
        return count(int(np.sum(array)) / counts.n_samples)

    for name, c in counts.synapses.items():
        numbers = (c.n_dense, c.n_w, c.n_x, c.n_gated, c.n_xnor)
        yield (name, *map(mean, numbers), percent(c.resting), "")
    for name, m in counts.moves.items():
        yield (name, "", "", "", "", "", "", mean(m.n_moved))


def print_counts(screen: Screen, counts: Counts) -> None:
    """Events of every projection, per inference."""
    columns = ("projection", "dense", "w not 0", "x not 0", "both", "XNOR", "resting", "moved")
    screen.table("Events per inference", columns, counts_rows(counts))


def bill_rows(bills: Sequence[Bill]) -> Iterator[tuple[str, ...]]:
    """One row per target (energy, low, high, weakest grade), then one per subtotal."""
    for bill in bills:
        missing = "cannot run" if any(u.term == CANNOT_RUN for u in bill.unpriced) else "unpriced"
        energies = _energies(bill.total) if bill.total is not None else (missing, "", "")
        yield bill.display, *energies, bill.weakest_grade or "-"
        for name, part in bill.subtotals.items():
            yield f"  {name}", *_energies(part), ""


def print_overview(screen: Screen, bills: Sequence[Bill]) -> None:
    """Totals of all targets, which of them cannot be told apart, and what else is known of each."""
    columns = ("target", "energy", "low", "high", "grade")
    screen.table("Energy per inference (grade: the weakest behind it)", columns, bill_rows(bills), wrap=(0,))
    for group in overlapping_groups(bills):
        screen.line(f"  not distinguishable, as their bands overlap: {', '.join(group)}")
    times = [(b.display, *_times(b.latency), b.latency.grade) for b in bills if b.latency is not None]
    areas = [(b.display, *_areas(b.area), b.area.grade) for b in bills if b.area is not None]
    written = [
        (b.display, count(b.programming.cells), *_pulses(b.programming), b.programming.grade or "-")
        for b in bills
        if b.programming is not None
    ]
    for title, names, rows in (
        ("Time per inference, where times are published", ("time", "low", "high"), times),
        ("Area of the parts in use, where areas are published", ("area", "low", "high"), areas),
        ("Writing the weights once", ("cells", "pulses", "energy", "low", "high"), written),
    ):
        if rows:
            screen.table(title, ("target", *names, "grade"), rows, wrap=(0,))


def _times(latency: Latency) -> tuple[str, str, str]:
    low, value, high = (engineering(t, "s") for t in (latency.low_s, latency.time_s, latency.high_s))
    return value, low, high


def _areas(area: Area) -> tuple[str, str, str]:
    low, value, high = (square_millimetres(a) for a in (area.low_m2, area.area_m2, area.high_m2))
    return value, low, high


def _pulses(programming: Programming) -> tuple[str, str, str, str]:
    """Pulses, and their energy with its band; what nobody published is said to be so."""
    pulses = "unknown" if programming.pulses is None else count(programming.pulses)
    energies = (programming.energy_j, programming.low_j, programming.high_j)
    value, low, high = ("" if e is None else engineering(e, "J") for e in energies)
    return pulses, value or "unpriced", low, high


def print_reasons(screen: Screen, bills: Sequence[Bill]) -> None:
    """What stands in the way of a total, in full."""
    for bill in bills:
        for missing in bill.unpriced:
            screen.line(f"  no price, {bill.profile}: {missing.term}: {missing.reason}")


def print_bills(screen: Screen, bills: Sequence[Bill]) -> None:
    """The overview, then every term of each target and what is left out."""
    print_overview(screen, bills)
    for bill in bills:
        rows = [(name, *_energies(term), term.grade, _events(term.count)) for name, term in bill.terms.items()]
        rows += [(u.term, "unpriced", "", "", "-", _events(u.count)) for u in bill.unpriced]
        screen.table(bill.display, ("term", "energy", "low", "high", "grade", "events"), rows, wrap=(0,))
        print_reasons(screen, [bill])
        for part in bill.excluded:
            screen.line(f"  not in the bill: {part}")
        for warning in bill.warnings:
            screen.line(f"  ! {warning}", style="yellow")


def _events(number: float) -> str:
    """Events of a term; what is no whole count (seconds of static power) keeps three digits."""
    return count(number) if number == 0 or number >= 1 else f"{number:.3g}"


def _energies(priced: Term | Total) -> tuple[str, str, str]:
    """Energy, and the ends of its band."""
    low, value, high = (engineering(e, "J") for e in (priced.low_j, priced.energy_j, priced.high_j))
    return value, low, high
