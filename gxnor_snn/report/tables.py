"""The tables of the report: plain text cells made from counts, bills and the certificate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..errors import InputError
from ..plots.units import count, engineering, percent, square_millimetres
from ..results import Bill, Counts, PopulationCounts, Programming, SynapseCounts, Term, Total

__all__ = [
    "Table",
    "exact_table",
    "exactness_table",
    "largest_first",
    "layer_table",
    "population_table",
    "pricing_table",
    "programming_text",
    "term_table",
]

_NONE = "–"

_KINDS = {
    "sums": "Products of the trained layers against the reference's input sums",
    "spikes": "Levels of every hidden population: trained model, reference, engine",
    "counts": "Event counts of the engine against the reference's",
    "readouts": "Readout sums: trained model, reference, engine",
    "logits": "Logits in float64, bit for bit",
    "predictions": "Predicted classes",
}


@dataclass(frozen=True)
class Table:
    """A table of text cells; the first column names the row.

    Attributes
    ----------
    caption
        What the numbers are, with their unit.
    columns
        Column heads.
    rows, footer
        Cells; `footer` is one row of totals or empty.
    text_columns
        Columns set as running text; all others but the first hold numbers.
    """

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    footer: tuple[str, ...] = ()
    text_columns: frozenset[int] = frozenset()


def layer_table(counts: Counts) -> Table:
    """Mean counts per inference of every projection: what gating leaves of the dense work."""
    heads = {
        "n_dense": "Dense synapses",
        "n_x": "Activation ≠ 0",
        "n_w": "Weight ≠ 0 (weight-gated)",
        "n_gated": "Both ≠ 0 (both-gated)",
        "n_xnor": "XNOR operations",
    }
    n = counts.n_samples
    rows = []
    for name, part in counts.projections.items():
        if isinstance(part, SynapseCounts):
            cells = [_mean(getattr(part, field), n) for field in heads]
            rows.append((name, *cells, percent(part.resting), _NONE))
        else:
            rows.append((name, *[_NONE] * len(heads), _NONE, _mean(part.n_moved, n)))
    totals = [sum(int(np.sum(getattr(c, field))) for c in counts.synapses.values()) for field in heads]
    moved = sum(int(np.sum(c.n_moved)) for c in counts.moves.values())
    return Table(
        f"Mean per inference over {count(n)} samples, in graph order",
        ("Projection", *heads.values(), "Resting probability", "Moved values"),
        rows,
        ("Whole net", *(_mean(t, n) for t in totals), percent(counts.resting), _mean(moved, n)),
    )


def exact_table(counts: Counts) -> Table:
    """Exact integers over all samples, every field that was counted."""
    total = counts.summed()
    names = [f.name for f in fields(SynapseCounts)] + ["n_moved"]
    present = [n for n in names if any(getattr(c, n, None) is not None for c in total.projections.values())]
    rows = [
        (name, *(_integer(getattr(part, field, None)) for field in present))
        for name, part in total.projections.items()
    ]
    return Table(f"Exact sums over all {count(counts.n_samples)} samples", ("Projection", *present), rows)


def population_table(counts: Counts) -> Table:
    """Mean number of positive and negative levels per inference, and the share of zeros."""
    full = any(p.neurons_reached is not None for p in counts.populations.values())
    n = counts.n_samples

    def row(name: str, p: PopulationCounts) -> tuple[str, ...]:
        label = f"{name} (before a pool)" if p.internal else name
        reached = (_NONE if p.neurons_reached is None else _mean(p.neurons_reached, n),) if full else ()
        if p.spikes_pos is None or p.spikes_neg is None:
            return label, count(p.n_neurons), _NONE, _NONE, _NONE, *reached
        spikes = int(np.sum(p.spikes_pos)) + int(np.sum(p.spikes_neg))
        zeros = percent(1 - spikes / (p.n_neurons * n)) if n else _NONE
        return label, count(p.n_neurons), _mean(p.spikes_pos, n), _mean(p.spikes_neg, n), zeros, *reached

    heads = ("Population", "Neurons", "Positive levels", "Negative levels", "Zeros")
    return Table(
        f"Mean per inference over {count(n)} samples, in graph order",
        heads + (("Neurons reached by an open gate",) if full else ()),
        [row(name, p) for name, p in counts.populations.items()],
    )


def exactness_table(certificate: Mapping[str, Any]) -> Table:
    """What was compared, how many numbers, and in how many samples they differ.

    Raises
    ------
    InputError
        If the certificate lacks an entry.
    """
    needed = ("n_samples", "engine", "compared", "differing", "samples_differing")
    missing = [key for key in needed if key not in certificate]
    if missing:
        raise InputError(f"certificate: {', '.join(missing)} missing; it needs {', '.join(needed)}")
    differing = certificate["differing"]
    rows = [
        (kind, count(compared), count(differing.get(kind, 0)), _KINDS.get(kind, _NONE))
        for kind, compared in certificate["compared"].items()
    ]
    return Table(
        f"Compared on {count(certificate['n_samples'])} samples",
        ("Kind", "Numbers compared", "Samples that differ", "What was compared"),
        rows,
        (
            "All",
            count(sum(certificate["compared"].values())),
            count(certificate["samples_differing"]),
            "",
        ),
        frozenset({3}),
    )


def pricing_table(bills: Sequence[Bill]) -> Table:
    """One row per device."""
    rows = [
        (
            bill.display,
            "unpriced" if bill.total is None else engineering(bill.total.energy_j, "J"),
            _NONE if bill.total is None else _band(bill.total),
            _NONE if bill.latency is None else engineering(bill.latency.time_s, "s"),
            _NONE if bill.area is None else square_millimetres(bill.area.area_m2),
            bill.weakest_grade or _NONE,
            bill.kind,
            ", ".join(u.term for u in bill.unpriced) or _NONE,
        )
        for bill in bills
    ]
    return Table(
        "Per inference, one sample in the device at a time",
        ("Device", "Energy", "Band", "Latency", "Area", "Weakest grade", "Kind", "Unpriced"),
        rows,
        text_columns=frozenset({6, 7}),
    )


def programming_text(programming: Programming) -> str:
    """What writing the weights takes, in a sentence; what nobody published is said to be so."""
    pulses = "pulses not published" if programming.pulses is None else f"{count(programming.pulses)} pulses"
    energy = "energy not published"
    if programming.energy_j is not None:
        energy = engineering(programming.energy_j, "J")
        low, high = programming.low_j, programming.high_j
        if low is not None and high is not None and low < high:
            energy += f" ({engineering(low, 'J')} to {engineering(high, 'J')})"
    parts = f"{count(programming.cells)} cells, {pulses}, {energy}"
    known = f", grade {programming.grade} ({programming.source})" if programming.grade else ""
    return f"Writing the weights once, outside the total: {parts}{known}; {programming.formula}."


def largest_first(bill: Bill) -> list[tuple[str, Term]]:
    """The terms of a bill by falling energy."""
    return sorted(bill.terms.items(), key=lambda item: -item[1].energy_j)


def term_table(bill: Bill) -> Table:
    """The terms of one bill, the largest first."""
    rows = [
        (
            name,
            engineering(term.energy_j, "J"),
            _band(term),
            percent(term.energy_j / bill.priced_j) if bill.priced_j else _NONE,
            term.grade,
            count(term.count),
        )
        for name, term in largest_first(bill)
    ]
    footer: tuple[str, ...] = ()
    if bill.total is not None:
        total, grade = bill.total, bill.weakest_grade or _NONE
        footer = ("Total", engineering(total.energy_j, "J"), _band(total), "", grade, "")
    elif bill.terms:
        footer = ("Priced part, no total", engineering(bill.priced_j, "J"), "", "", "", "")
    return Table(
        f"Terms per inference, mean over {count(bill.n_samples)} samples",
        ("Term", "Energy", "Band", "Share", "Grade", "Charged amount"),
        rows,
        footer,
    )


def _mean(value: Any, n_samples: int) -> str:
    return count(int(np.sum(value)) / n_samples) if n_samples else _NONE


def _integer(value: Any) -> str:
    return _NONE if value is None else f"{int(value):,}"


def _band(item: Term | Total) -> str:
    if item.low_j == item.high_j:
        return _NONE
    return f"{engineering(item.low_j, 'J')} to {engineering(item.high_j, 'J')}"
