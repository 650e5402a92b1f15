"""Accuracy against the yield of crossbar arrays: flat while cells are spare, then falling."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["accuracy_over_yield"]

_LOOKS = ((style.POSITIVE, "o", "-"), (style.NEGATIVE, "s", "--"), (style.MUTED, "^", ":"))


def accuracy_over_yield(
    yields: Sequence[float], accuracies: Mapping[str, ArrayLike], ax: "Axes | None" = None
) -> "Axes":
    """Draw mean accuracy over draws of devices against the share of cells that work, one line per case.

    The band around a line is one sample standard deviation over draws to either side.

    Parameters
    ----------
    yields
        Shares of working cells, 0..1.
    accuracies
        By case, (yields, draws): accuracies, 0..1.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        Full yield is on the left, as in the curves of published arrays.

    Raises
    ------
    InputError
        If shapes do not fit, or a share lies outside 0..1.
    """
    shares = np.asarray(yields, np.float64)
    values = {name: np.asarray(v, np.float64) for name, v in accuracies.items()}
    if shares.ndim != 1 or not len(shares) or not np.all((shares >= 0) & (shares <= 1)):
        raise InputError(f"accuracy_over_yield: yields are {yields!r:.80}, allowed are shares 0..1, at least one")
    if not 1 <= len(values) <= len(_LOOKS):
        raise InputError(f"accuracy_over_yield: got {len(values)} cases, allowed are 1 to {len(_LOOKS)}")
    for name, found in values.items():
        inside = found.size and np.all((found >= 0) & (found <= 1))
        if found.ndim != 2 or len(found) != len(shares) or not inside:
            raise InputError(
                f"accuracy_over_yield: {name!r} is {found.shape}, allowed is ({len(shares)}, draws) of shares 0..1"
            )
    if ax is None:
        ax = style.new_axes(3.0)
    style.prepare(ax, "Accuracy over array yield", "cells that work, %")
    ax.grid(axis="y", color=style.GRID, linewidth=0.7)
    for (name, found), (colour, marker, line) in zip(values.items(), _LOOKS, strict=False):
        mean, spread = 100 * found.mean(1), 100 * found.std(1, ddof=min(1, found.shape[1] - 1))
        ax.plot(100 * shares, mean, line, color=colour, marker=marker, markersize=4, label=name)
        ax.fill_between(100 * shares, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)
    ax.set_ylabel("accuracy, %", fontsize=style.TEXT, color=style.INK)
    ax.invert_xaxis()
    style.legend_below(ax, len(values))
    means = {name: 100 * found.mean(1) for name, found in values.items()}
    parts = "; ".join(
        f"{name}: " + ", ".join(f"{m:.1f} % at {100 * s:g} %" for s, m in zip(shares, mean, strict=True))
        for name, mean in means.items()
    )
    style.describe(ax, f"Mean accuracy over the share of working cells. {parts}.")
    return ax
