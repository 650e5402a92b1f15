"""The gating funnel: dense synapses, those with a nonzero weight, and those whose gate opened."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..results import Counts
from . import style
from .units import count, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gating_funnel"]

_LINEAR_UP_TO = 20.0  # beyond this ratio of layer sizes the bars of the smallest layer vanish on a linear axis
_BAR = 0.27


def gating_funnel(counts: Counts, ax: "Axes | None" = None) -> "Axes":
    """Draw dense, weight-gated and both-gated synapses of every Dense and Conv2d projection, per inference.

    The three numbers are n_dense (synapses in range), n_w (weight nonzero) and n_gated (weight and activation
    nonzero: a gated XNOR fires), each as a mean over samples, with its share of n_dense. The resting probability
    1 - n_gated / n_dense of GXNOR-Net stands under each layer's name and, for the whole net, in the title.
    The axis is logarithmic where layer sizes differ by more than a factor of 20.

    Parameters
    ----------
    counts
        Counts of a run, per sample or summed.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        Three bar containers (dense, weight-gated, both-gated), one bar per layer, the first layer on top.

    Raises
    ------
    InputError
        If `counts` hold no sample or no Dense or Conv2d projection.
    """
    layers = counts.synapses
    if not layers or not counts.n_samples:
        raise InputError(
            f"gating_funnel: the counts hold {counts.n_samples} samples and {len(layers)} Dense or Conv2d "
            f"projections, needs at least one of each"
        )

    def mean(field: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return np.array([int(np.sum(getattr(c, field))) / counts.n_samples for c in layers.values()])

    dense, by_weight, gated = mean("n_dense"), mean("n_w"), mean("n_gated")
    if ax is None:
        ax = style.new_axes(1.2 + 0.68 * len(layers))
    logarithmic = dense.max() > _LINEAR_UP_TO * dense[dense > 0].min(initial=dense.max())
    scale = ", logarithmic" if logarithmic else ""
    style.prepare(
        ax,
        f"Synapses per inference · resting probability of the net {percent(counts.resting)}",
        f"synapses per inference (mean over samples{scale})",
    )
    if logarithmic:
        positive = np.concatenate([dense, by_weight, gated])
        ax.set_xscale("log")
        ax.set_xlim(10.0 ** np.floor(np.log10(positive[positive > 0].min() / 1.5)), dense.max() * 1.2)
    else:
        ax.set_xlim(0, dense.max() * 1.02 or 1)
    looks = (
        ("dense", dense, style.DENSE),
        ("weight-gated (weight ≠ 0)", by_weight, style.WEIGHT_GATED),
        ("both-gated (weight and activation ≠ 0)", gated, style.GATED),
    )
    rows = np.arange(len(layers))
    for part, (label, values, colour) in enumerate(looks):
        ax.barh(rows + (part - 1) * _BAR, values, height=_BAR * 0.92, color=colour, label=label)
        for row, (value, all_of_it) in enumerate(zip(values, dense, strict=True)):
            share = f"  ({percent(value / all_of_it)})" if part and all_of_it else ""
            ax.annotate(
                f"{count(value)}{share}",
                (max(value, ax.get_xlim()[0]), row + (part - 1) * _BAR),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=style.SMALL,
                color=style.INK,
                annotation_clip=False,
            )
    labels = [f"{name}\nrests {percent(c.resting)}" for name, c in layers.items()]
    ax.set_yticks(rows, labels, parse_math=False)
    ax.set_ylim(len(layers) - 0.5, -0.5)
    ax.xaxis.set_major_formatter(lambda x, _: _short(x))
    style.legend_below(ax, 3)
    parts = "; ".join(
        f"{name} {count(a)} dense, {count(b)} weight-gated, {count(c)} both-gated, resting probability "
        f"{percent(layers[name].resting)}"
        for name, a, b, c in zip(layers, dense, by_weight, gated, strict=True)
    )
    style.describe(
        ax,
        f"Grouped bars of synapses per inference and layer: {parts}. Whole net: {percent(counts.resting)} rests.",
    )
    return ax


def _short(value: float) -> str:
    """Tick label: 20 k, 3 M."""
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {prefix}"
    return f"{value:g}"
