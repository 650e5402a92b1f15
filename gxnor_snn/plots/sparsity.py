"""Activation sparsity: which share of each layer is silent, and how the rest splits by sign."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..results import Counts
from . import style
from .units import count, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["sparsity_per_layer"]

_ROOM_FOR_LABEL = 0.1  # a share this wide holds its own label


def sparsity_per_layer(
    counts: Counts, ax: "Axes | None" = None, *, inputs: Collection[str] | None = None
) -> "Axes":
    """Draw the fractions of zeros, positive and negative levels of every layer as one stacked bar each.

    Fractions are over all neurons of a population and all samples. Internal populations (in front of a pool)
    and readouts are left out; the input is included and marked.

    Parameters
    ----------
    counts
        Counts of a run, per sample or summed.
    ax
        Axes to draw in; a new figure if None.
    inputs
        Names of the input populations. None marks the first population, which in graph order always is one.

    Returns
    -------
    Axes
        Bars lie from the left as zeros, negative, positive, in three containers of that order; the first layer
        is on top.

    Raises
    ------
    InputError
        If `counts` hold no sample or no population that sends levels.
    """
    marked = set(list(counts.populations)[:1] if inputs is None else inputs)
    shares: dict[str, tuple[float, float, float]] = {}
    labels = []
    for name, p in counts.populations.items():
        if p.internal or p.spikes_pos is None or p.spikes_neg is None:
            continue
        values = p.n_neurons * counts.n_samples
        if not values:
            raise InputError("sparsity_per_layer: the counts hold 0 samples, needs at least one")
        positive, negative = int(np.sum(p.spikes_pos)), int(np.sum(p.spikes_neg))
        shares[name] = (values - positive - negative) / values, negative / values, positive / values
        kind = "network input, " if name in marked else ""
        labels.append(f"{name}\n{kind}{count(p.n_neurons)} {'values' if name in marked else 'neurons'}")
    if not shares:
        raise InputError("sparsity_per_layer: the counts hold no population that sends levels")

    if ax is None:
        ax = style.new_axes(1.15 + 0.46 * len(shares))
    style.prepare(ax, "Activation sparsity per layer", "share of neurons over all samples")
    rows = np.arange(len(shares))
    left = np.zeros(len(shares))
    looks = (
        ("zero (silent)", style.SILENT, style.INK),
        ("negative", style.NEGATIVE, style.INK),
        ("positive", style.POSITIVE, "white"),
    )
    for part, (label, colour, ink) in enumerate(looks):
        widths = np.array([s[part] for s in shares.values()])
        ax.barh(rows, widths, left=left, height=0.68, color=colour, label=label, edgecolor="white", linewidth=0.6)
        for row, (start, width) in enumerate(zip(left, widths, strict=True)):
            if width >= _ROOM_FOR_LABEL:
                ax.text(
                    start + width / 2,
                    row,
                    percent(width),
                    ha="center",
                    va="center",
                    color=ink,
                    fontsize=style.SMALL,
                )
        left = left + widths
    ax.set_yticks(rows, labels, parse_math=False)
    for row, name in enumerate(shares):
        if name in marked:
            ax.get_yticklabels()[row].set_fontstyle("italic")
            ax.axhline(row + 0.5, color=style.MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set_ylim(len(shares) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda x, _: f"{100 * x:.0f} %")
    style.legend_below(ax, 3)
    parts = "; ".join(
        f"{n}{' (network input)' if n in marked else ''} {percent(zero)} zero, {percent(plus)} positive, "
        f"{percent(minus)} negative"
        for n, (zero, minus, plus) in shares.items()
    )
    style.describe(ax, f"Stacked bars of activation sparsity per layer: {parts}.")
    return ax
