"""Networks of the papers side by side: what they compute, and what that costs, measured beside uniform."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from . import style
from .units import count, engineering

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gxnor_hardware.operations import OperationPrices, PricedRow

__all__ = ["operations_by_network"]

_WHAT = {
    "operations": "operations per inference",
    "once": "energy per inference (J): compute, and every weight read once",
    "each": "energy per inference (J): compute, and a weight read per synapse",
}
_BASES = {
    "uniform": ("all states equally probable", style.TERM),
    "measured": ("as counted, or whatever the states", style.TOTAL),
}
_WORDS = {"float": ", float32", "integer": ", int8", "binary": ""}


def operations_by_network(
    prices: "OperationPrices", ax: "Axes | None" = None, *, what: str = "operations"
) -> "Axes":
    """Draw one figure of every network: a bar as measured beside one for uniform states, where there are two.

    Parameters
    ----------
    prices
        From `gxnor_hardware.operations.price_operations`.
    ax
        Axes to draw in; a new figure if None.
    what
        "operations" (multiplications, additions, XNOR and shifted additions together), "once" or "each" (energy,
        with weights read once or for every synapse; whiskers are bands, diamonds the compute alone). What has no
        price has no bar and says so.

    Returns
    -------
    Axes
        Bars, networks from top to bottom; energies on a logarithmic axis.

    Raises
    ------
    InputError
        If `what` is unknown or there is nothing to draw.
    """
    if what not in _WHAT:
        raise InputError(f"operations_by_network: what is {what!r}, allowed are {', '.join(_WHAT)}")
    rows = _rows(prices, what)
    if not any(_value(row, what) for bases in rows.values() for row in bases.values()):
        raise InputError("operations_by_network: no network has anything to draw")
    if ax is None:
        ax = style.new_axes(1.5 + 0.42 * len(rows))
    style.prepare(ax, "Networks side by side", _WHAT[what])
    if what != "operations":
        ax.set_xscale("log")
    texts: list[tuple[float, float, str, PricedRow]] = []
    for basis, (label, colour) in _BASES.items():
        drawn = [(place, bases[basis], len(bases)) for place, bases in enumerate(rows.values()) if basis in bases]
        known = [(place, row, n) for place, row, n in drawn if _value(row, what)]
        places = np.array([place + _offset(basis, n) for place, _, n in known])
        values = [_value(row, what) or 0.0 for _, row, _ in known]
        ax.barh(places, values, [0.7 / n for _, _, n in known], color=colour, label=label)
        if what != "operations":
            marks = [(place + _offset(basis, n), row) for place, row, n in drawn]
            _energy_marks(ax, marks, what, basis == "measured")
        for place, row, n in drawn:
            texts.append((place + _offset(basis, n), _end(row, what), _text(row, what), row))
    _limits(ax, rows, what)
    for height, end, text, _ in texts:
        ax.annotate(
            text,
            (max(end, ax.get_xlim()[0]), height),
            (7, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL - 1,
            color=style.INK,
        )
    ax.set_yticks(range(len(rows)), list(rows), parse_math=False)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    style.legend_below(ax, 1)
    style.describe(
        ax, f"Bars, {_WHAT[what]}: " + "; ".join(f"{row.label} {text}" for _, _, text, row in texts) + "."
    )
    return ax


def _rows(prices: "OperationPrices", what: str) -> dict[str, dict[str, "PricedRow"]]:
    """Rows by label and basis; what does not depend on the states stands with the measured ones."""
    rows: dict[str, dict[str, PricedRow]] = {}
    for row in prices.totals:
        label = row.row.network + ("" if what == "operations" else _WORDS[row.arithmetic])
        basis = "uniform" if row.row.basis == "uniform" else "measured"
        rows.setdefault(label, {})[basis] = row
    return rows


def _offset(basis: str, bars: int) -> float:
    return 0.0 if bars == 1 else (-0.18 if basis == "uniform" else 0.18)


def _text(row: "PricedRow", what: str) -> str:
    value = _value(row, what)
    if value is None:
        return "unpriced: " + ", ".join(dict.fromkeys(gap.term for gap in row.unpriced))
    return count(round(value)) if what == "operations" else engineering(value, "J")


def _value(row: "PricedRow", what: str) -> float | None:
    if what == "operations":
        r = row.row
        return r.multiplications + r.additions - r.counted + r.xnor + r.shift_adds
    energy = row.energies[what]
    return None if energy is None else energy.energy_j


def _end(row: "PricedRow", what: str) -> float:
    """Where the bar and its whisker end, or the mark of the compute, or the axis begins."""
    if what == "operations":
        return _value(row, what) or 0.0
    energy = row.energies[what] or row.energies["compute"]
    if energy is None:
        return 0.0
    return energy.high_j if energy is row.energies[what] else energy.energy_j


def _energy_marks(ax: "Axes", marks: "Sequence[tuple[float, PricedRow]]", what: str, named: bool) -> None:
    """Bands as lines, and the compute alone as diamonds."""
    for place, row in marks:
        energy = row.energies[what]
        if energy is not None and energy.low_j < energy.high_j:
            ax.plot([energy.low_j, energy.high_j], [place, place], color=style.BAND, linewidth=1.0)
    alone = [(e.energy_j, place) for place, row in marks if (e := row.energies["compute"]) and e.energy_j]
    if alone:
        x, y = zip(*alone, strict=True)
        label = "compute alone" if named else None
        ax.plot(x, y, "D", color="white", markeredgecolor=style.INK, markersize=4, linestyle="none", label=label)


def _limits(ax: "Axes", rows: "dict[str, dict[str, PricedRow]]", what: str) -> None:
    """Room on the right for the numbers, and the smallest mark well inside."""
    every = [row for bases in rows.values() for row in bases.values()]
    most = max(_end(row, what) for row in every)
    if what == "operations":
        ax.set_xlim(0, most * 1.25)
        ax.xaxis.set_major_formatter(lambda x, _: count(x))
        ax.locator_params(axis="x", nbins=5)
        return
    values = [e.energy_j for row in every for name in (what, "compute") if (e := row.energies[name])]
    ax.set_xlim(min(v for v in values if v) / 2, most * 10)
