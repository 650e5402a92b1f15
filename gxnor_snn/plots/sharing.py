"""Result sharing of convolutions, next to chance: what each way leaves to compute, how often kernels repeat."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from . import style
from .units import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gxnor_converters.sharing import LayerSharing, SharingReport

__all__ = ["kernel_frequencies", "sharing_by_way"]

_WAYS = {
    "repeats": "equal kernels",
    "inverses": "equal or inverse kernels",
    "mst": "corrections along a spanning tree",
    "sub_kernels": "equal or inverse rows",
}
_WHAT = {
    "maps": "2-D convolutions computed, share of all",
    "taps": "kernel taps computed, share of the nonzero ones",
    "additions": "additions, share of those of all nonzero taps",
}
_MARKS = {
    "uniform": ("D", "random, levels equally probable"),
    "shuffled": ("o", "random, the same weights shuffled"),
}
_LINES = ("-", "--", ":", "-.")


def sharing_by_way(report: "SharingReport", ax: "Axes | None" = None, *, what: str = "additions") -> "Axes":
    """Draw what is left to compute with each way of sharing, with the null models as marks on each bar.

    Over the 3x3 layers after the first, each weighted by its output positions; where there are none, over all.

    Parameters
    ----------
    report
        From `gxnor_converters.sharing.analyse`.
    ax
        Axes to draw in; a new figure if None.
    what
        "maps", "taps" or "additions"; see `gxnor_converters.sharing.report.DEFINITIONS`.

    Returns
    -------
    Axes
        One bar per way, the shorter the more is shared.

    Raises
    ------
    InputError
        If `what` is unknown.
    """
    if what not in _WHAT:
        raise InputError(f"sharing_by_way: what is {what!r}, allowed are {', '.join(_WHAT)}")
    layers = [layer.name for layer in (report.inner_3x3 or report.layers)]
    figures = {way: report.ratio(what, way, layers) for way in _WAYS}
    if ax is None:
        ax = style.new_axes(1.6 + 0.5 * len(_WAYS))
    style.prepare(ax, f"Result sharing over {', '.join(layers)}", _WHAT[what])
    rows = np.arange(len(_WAYS))
    values = [figure.value for figure in figures.values()]
    ax.barh(rows, values, height=0.6, color=style.TOTAL, label="this network")
    for row, value in enumerate(values):
        inside = value > 0.15
        ax.text(
            value - 0.01 if inside else value + 0.03,
            row,
            percent(value),
            va="center",
            ha="right" if inside else "left",
            color="white" if inside else style.INK,
            fontsize=style.SMALL,
        )
    for null, (mark, label) in _MARKS.items():
        beside = [figure.nulls[null] for figure in figures.values()]
        offset = -0.12 if null == "uniform" else 0.12
        face = style.INK if null == "uniform" else "white"
        ax.plot(beside, rows + offset, mark, color=style.INK, markerfacecolor=face, markersize=5, label=label)
    ax.set_yticks(rows, list(_WAYS.values()), parse_math=False)
    ax.set_ylim(len(_WAYS) - 0.5, -0.5)
    ax.set_xlim(0, max(1.0, *values) * 1.02)
    ax.xaxis.set_major_formatter(lambda x, _: f"{100 * x:.0f} %")
    style.legend_below(ax, 1)
    parts = "; ".join(
        f"{label} {percent(figures[way].value)} (random: uniform {percent(figures[way].nulls['uniform'])}, "
        f"shuffled {percent(figures[way].nulls['shuffled'])})"
        for way, label in _WAYS.items()
    )
    style.describe(ax, f"Bars of what is left to compute, {_WHAT[what]}: {parts}.")
    return ax


def kernel_frequencies(layer: "LayerSharing", ax: "Axes | None" = None) -> "Axes":
    """Draw how often each kernel of a layer occurs, up to the sign, by rank, next to the null models.

    A line that falls steeply shares much; random binary kernels make a flat one.

    Parameters
    ----------
    layer
        One layer of a report, ``report["conv2"]``.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        Three lines on logarithmic axes: the layer, and both null models.
    """
    if ax is None:
        ax = style.new_axes(3.4)
    style.prepare(ax, f"Kernels of {layer.name} by rank", "rank of the kernel (up to the sign)")
    ax.set_ylabel("occurrences in the layer", fontsize=style.TEXT, color=style.INK)
    curves = {"this network": layer.statistics}
    curves |= {_MARKS[null][1]: found for null, found in layer.null_statistics.items()}
    for (label, found), line in zip(curves.items(), _LINES, strict=False):
        colour = style.POSITIVE if label == "this network" else style.INK
        ranks = np.arange(1, len(found.distinct) + 1)
        ax.plot(ranks, found.distinct, line, color=colour, linewidth=1.5, label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.grid(axis="y", color=style.GRID, linewidth=0.7)
    style.legend_below(ax, 1)
    parts = "; ".join(
        f"{label}: {len(found.distinct)} kernels up to the sign, the most frequent {int(found.distinct[0])} times"
        for label, found in curves.items()
    )
    style.describe(ax, f"Rank-frequency lines of {found.kernels} kernels. {parts}.")
    return ax
