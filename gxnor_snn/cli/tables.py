"""The tables that several commands print."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gxnor_snn.plots.units import count, engineering, percent
from gxnor_snn.results import Bill, Counts, EventTrace
from gxnor_snn.results.bill import Latency, Term, Total, overlapping_groups

from .screen import Screen

if TYPE_CHECKING:
    from .samples import Samples

__all__ = [
    "accuracy",
    "bill_rows",
    "counts_rows",
    "events_per_inference",
    "print_bills",
    "print_counts",
    "print_overview",
    "print_reasons",
]


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
    """One row per target (energy, band or what has no price, weakest grade, latency), then one per subtotal."""
    for bill in bills:
        if bill.total is None:
            energy, band = "unpriced", ", ".join(dict.fromkeys(u.term for u in bill.unpriced))
        else:
            energy, band = _energy(bill.total)
        latency = _latency(bill.latency) if bill.latency else "not published"
        yield bill.display, energy, band, bill.weakest_grade or "-", latency
        for name, part in bill.subtotals.items():
            yield f"  {name}", *_energy(part), "", ""


def _latency(latency: Latency) -> str:
    """Time of an inference, with its band where it has one."""
    low, value, high = (engineering(t, "s") for t in (latency.low_s, latency.time_s, latency.high_s))
    return f"{value} ({low} to {high})" if low != high else value


def print_overview(screen: Screen, bills: Sequence[Bill]) -> None:
    """Totals of all targets, and which of them cannot be told apart."""
    columns = ("target", "energy", "band (or what has no price)", "weakest grade", "latency")
    screen.table("Energy per inference", columns, bill_rows(bills))
    for group in overlapping_groups(bills):
        screen.line(f"  not distinguishable, as their bands overlap: {', '.join(group)}")


def print_reasons(screen: Screen, bills: Sequence[Bill]) -> None:
    """What stands in the way of a total, in full, of targets whose terms are not printed."""
    for bill in bills:
        for missing in bill.unpriced:
            screen.line(f"  no price, {bill.profile}: {missing.term}: {missing.reason}")


def print_bills(screen: Screen, bills: Sequence[Bill]) -> None:
    """The overview, then every term of each target and what is left out."""
    print_overview(screen, bills)
    for bill in bills:
        rows = [(name, *_energy(term), term.grade, _events(term.count)) for name, term in bill.terms.items()]
        rows += [(u.term, "unpriced", u.reason, "-", _events(u.count)) for u in bill.unpriced]
        screen.table(bill.display, ("term", "energy", "band", "grade", "events"), rows)
        for part in bill.excluded:
            screen.line(f"  not in the bill: {part}")
        for warning in bill.warnings:
            screen.line(f"  ! {warning}", style="yellow")


def _events(number: float) -> str:
    """Events of a term; what is no whole count (seconds of static power) keeps three digits."""
    return count(number) if number == 0 or number >= 1 else f"{number:.3g}"


def _energy(priced: Term | Total) -> tuple[str, str]:
    """Energy and band."""
    low, high = engineering(priced.low_j, "J"), engineering(priced.high_j, "J")
    return engineering(priced.energy_j, "J"), f"{low} to {high}"
