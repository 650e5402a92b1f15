"""Energy per inference of several devices, term by term, on one logarithmic axis."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InputError
from ..results import Bill
from . import style
from .units import engineering, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["energy_by_term"]

_LABEL_CHARACTERS, _NOTE_CHARACTERS = 26, 60


@dataclass(frozen=True)
class _Row:
    """One line of the figure: a total, a term (with a value) or a note (without)."""

    label: str
    note: str
    energy_j: float | None = None
    low_j: float = 0.0
    high_j: float = 0.0
    is_total: bool = False
    height: float = 1.0


def energy_by_term(bills: Sequence[Bill], ax: "Axes | None" = None) -> "Axes":
    """Draw the terms of every bill as horizontal bars in groups, one group per device, with its total on top.

    Devices differ by decades and so do their terms, hence one logarithmic axis for all and, written beside each
    bar, its energy, its share of the device's total (of what is priced, where there is no total) and the grade
    of its constants. Whiskers are the bands of total and terms. A device with something unpriced has no total
    bar; what is unpriced is named. Terms are sorted by energy, devices stand in the order given.

    Parameters
    ----------
    bills
        One bill per device, joule per inference.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        One bar per total and per term with a positive energy, from top to bottom.

    Raises
    ------
    InputError
        If `bills` is empty.
    """
    if not bills:
        raise InputError("energy_by_term: got no bills, needs at least one")
    groups = [_rows(bill) for bill in bills]
    height = sum(r.height for rows in groups for r in rows) + 0.6 * (len(groups) - 1)
    if ax is None:
        ax = style.new_axes(0.95 + 0.25 * height)
    drawn = [r for rows in groups for r in rows if r.high_j > 0]
    to_zero = "; ◂ reaches 0" if any(r.low_j <= 0 for r in drawn) else ""
    style.prepare(
        ax, "Energy per inference by term", f"energy per inference (logarithmic), band as whisker{to_zero}"
    )
    if drawn:
        lowest = min(r.low_j if r.low_j > 0 else r.energy_j or r.high_j for r in drawn)
        highest = max(max(r.high_j, r.energy_j or 0.0) for r in drawn)
        start = 10.0 ** math.floor(math.log10(lowest / 2))
        ax.set_xscale("log")
        ax.set_xlim(start, highest * 1.5)
        ax.xaxis.set_major_formatter(lambda x, _: _tick(x))
        ax.minorticks_off()
    else:
        ax.set_xlim(0, 1)
        ax.set_xticks([])

    ticks: list[float] = []
    labels: list[str] = []
    bold: list[bool] = []
    y = 0.0
    for rows in groups:
        for row in rows:
            centre = y + row.height / 2
            if row.energy_j is None:
                ax.annotate(
                    row.note,
                    (0, centre),
                    xycoords=("axes fraction", "data"),
                    xytext=(4, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=style.SMALL,
                    fontstyle="italic",
                    color=style.MUTED,
                    parse_math=False,
                    annotation_clip=False,
                )
            else:
                _draw_bar(ax, row, centre)
            if row.label:
                ticks.append(centre)
                labels.append(row.label)
                bold.append(row.is_total)
            y += row.height
        y += 0.6
    ax.set_yticks(ticks, labels, parse_math=False)
    for text, is_total in zip(ax.get_yticklabels(), bold, strict=True):
        text.set_fontweight("bold" if is_total else "normal")
    ax.set_ylim(y - 0.6, 0)
    style.describe(
        ax, "Bars of energy per inference by device and term: " + "; ".join(map(_sentence, bills)) + "."
    )
    return ax


def _draw_bar(ax: "Axes", row: _Row, centre: float) -> None:
    from matplotlib.markers import CARETLEFT

    energy = row.energy_j or 0.0
    edge = ax.get_xlim()[0]
    right = max(energy, edge)
    if energy > 0:
        ax.barh(centre, energy, height=0.72, color=style.TOTAL if row.is_total else style.TERM)
    if row.low_j < energy or row.high_j > energy:
        at = max(energy, edge)  # no bar, but a band: the whisker starts at the axis
        below, above = at - max(row.low_j, edge), row.high_j - at
        ax.errorbar(
            at,
            centre,
            xerr=[[below], [above]],
            fmt="none",
            ecolor=style.BAND,
            elinewidth=1.6 if row.is_total else 0.9,
            capsize=3.5 if row.is_total else 2.5,
        )
    if row.low_j <= 0 < row.high_j:  # a logarithmic axis has no zero: an arrow head points there
        ax.plot(edge, centre, marker=CARETLEFT, markersize=5, color=style.BAND, clip_on=False)
    right = max(right, row.high_j)
    ax.annotate(
        row.note,
        (right, centre),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL,
        fontweight="bold" if row.is_total else "normal",
        color=style.INK,
        parse_math=False,
        annotation_clip=False,
    )


def _rows(bill: Bill) -> list[_Row]:
    title = _wrap(bill.display)
    height = max(1.0, 0.75 * len(title.splitlines()))
    if bill.total is None:
        priced = f"; the priced terms add up to {engineering(bill.priced_j, 'J')}" if bill.terms else ""
        rows = [_Row(title, f"no total{priced}", is_total=True, height=height)]
    else:
        t = bill.total
        rows = [_Row(title, _total_note(bill), t.energy_j, t.low_j, t.high_j, True, height)]
    for name, term in sorted(bill.terms.items(), key=lambda item: -item[1].energy_j):
        share = f" · {percent(term.energy_j / bill.priced_j)}" if bill.priced_j else ""
        note = f"{engineering(term.energy_j, 'J')}{share} · grade {term.grade}"
        label = _wrap(name)
        size = max(1.0, 0.75 * len(label.splitlines()))
        rows.append(_Row(label, note, term.energy_j, term.low_j, term.high_j, height=size))
    if bill.unpriced:
        names = ", ".join(u.term for u in bill.unpriced)
        lead = "unpriced, hence no total" if bill.total is None else "unpriced"
        note = textwrap.fill(f"{lead}: {names}", _NOTE_CHARACTERS)
        rows.append(_Row("", note, height=max(1.0, 0.75 * len(note.splitlines()))))
    return rows


def _wrap(label: str) -> str:
    """Break a long label into lines of about equal length."""
    lines = math.ceil(len(label) / _LABEL_CHARACTERS)
    return textwrap.fill(label, min(_LABEL_CHARACTERS, math.ceil(len(label) / max(lines, 1)) + 6))


def _total_note(bill: Bill) -> str:
    total = bill.total
    if total is None:
        return "no total"
    band = f" ({engineering(total.low_j, 'J')} to {engineering(total.high_j, 'J')})"
    return engineering(total.energy_j, "J") + (band if total.low_j < total.high_j else "")


def _sentence(bill: Bill) -> str:
    terms = ", ".join(f"{name} {engineering(t.energy_j, 'J')}" for name, t in bill.terms.items())
    unpriced = f", unpriced {', '.join(u.term for u in bill.unpriced)}" if bill.unpriced else ""
    total = f"{'total ' if bill.total else ''}{_total_note(bill)}"
    return f"{bill.display} {total}{': ' + terms if terms else ''}{unpriced}"


def _tick(value: float) -> str:
    """Tick label of a power of ten: 10 nJ."""
    number, unit = engineering(value, "J").split("\u00a0")
    return f"{float(number):g}\u00a0{unit}"
