"""What the gates of one neuron added to its sum, sorted, with sign."""

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..graph import Explanation
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["gate_contributions"]

_NAMED = 24  # bars that still have room for a name each


def gate_contributions(explanation: Explanation, ax: "Axes | None" = None, most: int | None = None) -> "Axes":
    """Draw the signed contributions of a neuron's open gates, the largest on top, the most negative below.

    Up to 24 bars are named by their source neurons. The sum, and the level or logit that it gives, stand in the
    title.

    Parameters
    ----------
    explanation
        Of one neuron and one sample; see `gxnor_snn.graph.explain`.
    ax
        Axes to draw in; a new figure if None.
    most
        Draw only that many gates, those of the largest magnitude; all if None.

    Returns
    -------
    Axes
        One bar per open gate or moved value, positive ones in one container, negative ones in the next.

    Raises
    ------
    InputError
        If `most` is below 1.
    """
    if most is not None and most < 1:
        raise InputError(f"gate_contributions: most is {most}, allowed is an integer of at least 1")
    names, values = _bars(explanation, most)
    rows = np.arange(len(values))
    if ax is None:
        ax = style.new_axes(1.4 + (0.19 * max(len(values), 3) if len(values) <= _NAMED else 3.4))
    style.prepare(
        ax, f"{explanation.neuron} · {_short(explanation)}", "contribution to the sum (gain x weight x activation)"
    )
    height = 0.78 if len(values) <= _NAMED else 1.0
    for label, chosen, colour in (
        ("adds", values >= 0, style.POSITIVE),
        ("takes away", values < 0, style.NEGATIVE),
    ):
        ax.barh(rows[chosen], values[chosen], height=height, color=colour, label=label)
    ax.axvline(0, color=style.INK, linewidth=0.8)
    ax.set_ylim(max(len(values), 1) - 0.5, -0.5)
    ax.set_yticks(rows, names, parse_math=False) if len(values) <= _NAMED else ax.set_yticks([])
    if len(values) > _NAMED:
        ax.set_ylabel(f"{len(values):,} sources, sorted", fontsize=style.TEXT, color=style.INK)
    style.legend_below(ax, 2)
    text = f"Bars of contributions to neuron {explanation.neuron}: {explanation.gates}; {explanation.verdict}."
    style.describe(ax, text)
    return ax


def _bars(explanation: Explanation, most: int | None) -> "tuple[list[str], np.ndarray]":
    """Names and contributions of open gates and moved values, sorted from the largest to the most negative."""
    names = [flow.place(int(s)) for flow in explanation.inflows for s in flow.sources[~flow.rests]]
    values = explanation.contributions[~explanation.rests]
    kept = np.argsort(-np.abs(values), kind="stable")[:most]
    order = kept[np.argsort(-values[kept], kind="stable")]
    return [names[k] for k in order], values[order]


def _short(explanation: Explanation) -> str:
    """The verdict in as few words as a title has room for."""
    if explanation.logit is not None:
        return f"sum {explanation.total:,}, logit {explanation.logit:.4g}"
    return f"sum {explanation.total:,}, level {explanation.level}"
