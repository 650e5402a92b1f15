"""Colours, sizes and the empty axes that all figures share.

Figures are plain `matplotlib.figure.Figure` objects: nothing here or in the plots touches pyplot, its list of
open figures or its settings. All text is drawn as given (no mathtext), so that a ``$`` in a name is a ``$``.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BAND",
    "DENSE",
    "FIGURE_WIDTH",
    "GATED",
    "GRID",
    "INK",
    "MUTED",
    "NEGATIVE",
    "POSITIVE",
    "SILENT",
    "SMALL",
    "TERM",
    "TEXT",
    "TOTAL",
    "WEIGHT_GATED",
    "describe",
    "description",
    "legend_below",
    "new_axes",
    "prepare",
]

FIGURE_WIDTH = 6.0  # inches: on a phone 360 pixels wide the smallest text still has 7 pixels
TEXT, SMALL = 9.0, 8.5  # points

INK, MUTED, GRID = "#1a1a1a", "#5c6470", "#d9dde3"
# Blue and vermilion of Okabe and Ito's palette: told apart with every kind of colour vision.
POSITIVE, NEGATIVE, SILENT = "#0072b2", "#d55e00", "#e6e9ee"
# One hue in three steps of lightness: a funnel reads without colour vision at all.
DENSE, WEIGHT_GATED, GATED = "#c6ccd6", "#6aaed6", "#08519c"
TOTAL, TERM, BAND = "#3f88c5", "#b5d3e9", "#1a1a1a"


def new_axes(height: float, width: float = FIGURE_WIDTH) -> "Axes":
    """Axes alone in a new figure of that size in inches, with room made for every label."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white").add_subplot()


def prepare(ax: "Axes", title: str, xlabel: str = "") -> None:
    """Give axes the common look: title on the left, light vertical grid, no box."""
    ax.set_title(title, loc="left", fontsize=TEXT + 1, fontweight="bold", color=INK, parse_math=False)
    ax.set_xlabel(xlabel, fontsize=TEXT, color=INK)
    ax.tick_params(labelsize=SMALL, colors=INK, length=3)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    ax.set_axisbelow(True)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(MUTED)


def legend_below(ax: "Axes", columns: int) -> None:
    """Put the legend under the axis label, whatever the height of the axes."""
    ax.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        borderaxespad=4.6,  # in font sizes: room for tick labels and axis label
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
    )


def describe(ax: "Axes", text: str) -> None:
    """Attach a sentence that says what the figure shows; saved figures carry it as their alternative text."""
    ax.set_label(text)


def description(ax: "Axes") -> str:
    """The sentence attached by `describe`."""
    return str(ax.get_label())
