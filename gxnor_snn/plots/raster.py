"""Event raster: every level of one sample, population by population in graph order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..graph import EventGraph
from ..results import EventTrace, logits_of
from . import style
from .units import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["event_raster"]

_LABELS = 0.25  # share of the width that the names take
_BOX_WIDTH = style.FIGURE_WIDTH * (1 - _LABELS)  # inches
_GAP, _TITLE, _LEGEND = 0.16, 0.3, 0.5  # inches
_VECTOR_HEIGHT, _MAP_HEIGHTS, _LOGIT_HEIGHT, _LABEL_HEIGHT = 0.6, (0.95, 1.4, 2.0), 0.75, 0.6
_FINEST_CELL = 0.010  # inches per neuron: two to three pixels of a saved figure
_RAGGED = 0.75  # how much smaller tiles may be for the sake of full rows
_ROW_LENGTHS = (16, 32, 64, 128, 256, 512, 1024)  # neurons per row of a folded vector
_FAINTEST = 0.25  # intensity of the smallest nonzero level, so that no event is lost on the background


@dataclass(frozen=True)
class _Panel:
    """One population laid out as a picture: `image` holds signed intensities, NaN between feature maps."""

    label: str
    image: NDArray[np.float64]
    height: float
    columns: int | None  # neurons per picture row of a vector population, None for feature maps


def event_raster(
    graph: EventGraph,
    trace: EventTrace,
    sample: int = 0,
    ax: "Axes | None" = None,
    *,
    title: str | None = None,
) -> "Axes":
    """Draw the levels of all recorded populations for one sample, one panel per population in graph order.

    Populations (C, H, W) are shown as C feature maps, channel 0 top left, row by row; populations (n,) as neurons
    folded into rows, the index of a row's first neuron beside it. Positive and negative levels have two colours,
    paler for smaller magnitudes (relative to the largest that occurs in the panel); silent neurons are grey.
    Vector readouts end the figure as bars of logits, the prediction in dark.

    Parameters
    ----------
    graph
        The graph that ran.
    trace
        Its trace, with the levels of at least one population recorded, dense or as events.
    sample
        Index of the sample in the trace.
    ax
        Axes whose area the panels take; a new figure if None. Its own frame is switched off. Labels keep their
        size in points, so the area should be about as large as that of the figure made otherwise: 7 inches
        wide and 1 inch high per population.
    title
        Heading; None says "Events of sample" and `sample`. A trace of a part of the data needs its own.

    Returns
    -------
    Axes
        The panels are its ``child_axes``, from top to bottom.

    Raises
    ------
    InputError
        If the trace recorded nothing or comes from another graph, or `sample` is out of range.
    """
    names = [n for n in graph.populations if n in trace.recorded]
    if not names or len(names) < len(trace.recorded):
        raise InputError(
            f"event_raster: the trace recorded {sorted(trace.recorded)}, needs at least one population and only "
            f"those of the graph: {', '.join(graph.populations)}"
        )
    if not 0 <= sample < trace.n_samples:
        raise InputError(f"event_raster: sample is {sample}, allowed is 0..{trace.n_samples - 1}")

    panels = [_panel(graph, name, trace.levels_of(name, sample)) for name in names]
    heading = f"Events of sample {sample}" if title is None else title
    vectors = {n: r[sample : sample + 1] for n, r in trace.readouts.items() if r.ndim == 2}
    logits = {n: logits_of(sums, *trace.affine[n])[0] for n, sums in vectors.items()}
    heights = [p.height for p in panels] + [_LOGIT_HEIGHT] * len(logits)
    total = sum(heights) + _GAP * (len(heights) - 1) + _TITLE + _LEGEND
    if ax is None:
        ax = _bare_axes(total)
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    ax.text(
        0,
        1,
        heading,
        fontsize=style.TEXT + 1,
        fontweight="bold",
        va="top",
        color=style.INK,
        parse_math=False,
    )
    top = 1 - _TITLE / total
    for panel in panels:
        box = _place(ax, panel.label, top, panel.height / total)
        _draw_levels(box, panel)
        top -= (panel.height + _GAP) / total
    for name, values in logits.items():
        box = _place(ax, f"{name}\nlogits, prediction {int(np.argmax(values))}", top, _LOGIT_HEIGHT / total)
        _draw_logits(box, values)
        top -= (_LOGIT_HEIGHT + _GAP) / total
    if any((np.abs(p.image[p.image != 0]) < 1).any() for p in panels):
        ax.text(
            1,
            1,
            "paler: smaller magnitude in its panel",
            fontsize=style.SMALL,
            ha="right",
            va="top",
            color=style.MUTED,
        )
    _legend(ax)
    parts = "; ".join(p.label.replace("\n", ", ") for p in panels)
    ends = "".join(f"; {n} predicts class {int(np.argmax(v))}" for n, v in logits.items())
    style.describe(ax, f"Event raster, {heading}, populations in graph order: {parts}{ends}.")
    return ax


def _bare_axes(height: float) -> "Axes":
    from matplotlib.figure import Figure

    # Every panel has its place in inches, so no layout engine may move them.
    return Figure(figsize=(style.FIGURE_WIDTH, height), facecolor="white").add_axes((0.02, 0.0, 0.96, 1.0))


def _place(ax: "Axes", label: str, top: float, height: float) -> "Axes":
    """Write a panel's label into the left column and return the panel's axes."""
    name, _, rest = label.partition("\n")
    look: dict[str, Any] = {"fontsize": style.SMALL, "color": style.INK, "va": "top", "parse_math": False}
    ax.text(0, top, name, fontweight="bold", **look)
    ax.annotate(
        rest,
        (0, top),
        xytext=(0, -1.4 * style.SMALL),
        textcoords="offset points",
        linespacing=1.25,
        annotation_clip=False,
        **look,
    )
    box = ax.inset_axes((_LABELS, top - height, 1 - _LABELS, height))
    box.tick_params(labelsize=style.SMALL - 1, length=2, colors=style.MUTED)
    for spine in box.spines.values():
        spine.set_visible(False)
    return box


def _panel(graph: EventGraph, name: str, levels: NDArray[Any]) -> _Panel:
    population = graph.populations[name]
    # Relative to what occurs, not to what the coding allows: 4-bit pixels in a byte would all look alike.
    magnitude = np.abs(levels.astype(np.float64)) / max(int(np.abs(levels.astype(np.int64)).max()), 1)
    signed = np.sign(levels) * (_FAINTEST + (1 - _FAINTEST) * magnitude)
    up, down = int((levels > 0).sum()), int((levels < 0).sum())
    if levels.ndim == 3:
        c, h, w = levels.shape
        per_row, box = _arrange_maps(c, h, w)
        image = _mosaic(signed, per_row)
        size, columns = f"{c} map{'s' if c > 1 else ''} of {h}×{w}", None
        height = min(_BOX_WIDTH * image.shape[0] / image.shape[1], box)
    else:
        columns = min(levels.size, _columns(levels.size, 1.0, 1.0, _VECTOR_HEIGHT, _ROW_LENGTHS))
        image = np.full((math.ceil(levels.size / columns), columns), np.nan)
        image.flat[: levels.size] = signed
        size = f"{count(levels.size)} neurons"
        height = _VECTOR_HEIGHT
    before = "\nbefore the pool" if population.is_internal else ""
    return _Panel(
        f"{name}\n{size}\n+{count(up)}  −{count(down)}{before}", image, max(height, _LABEL_HEIGHT), columns
    )


def _arrange_maps(channels: int, height: int, width: int) -> tuple[int, float]:
    """Feature maps per row, and the height of the lowest panel in which single neurons can be seen."""
    for box in _MAP_HEIGHTS:
        columns = _columns(channels, width + 1.0, height + 1.0, box, range(1, channels + 1))
        rows = math.ceil(channels / columns)
        if min(_BOX_WIDTH / columns / (width + 1), box / rows / (height + 1)) >= _FINEST_CELL:
            break
    return columns, box


def _columns(n: int, width: float, height: float, box: float, choices: Sequence[int]) -> int:
    """Columns that show `n` tiles of that size largest in a box of that height, preferring full rows."""

    def score(columns: int) -> float:
        size = min(_BOX_WIDTH / (columns * width), box / (math.ceil(n / columns) * height))
        return size if n % columns == 0 else size * _RAGGED

    return max(choices, key=score)


def _mosaic(maps: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """Tile (C, H, W) into one picture with one line of NaN between maps."""
    channels, height, width = maps.shape
    rows = math.ceil(channels / columns)
    tiles = np.full((rows * columns, height + 1, width + 1), np.nan)
    tiles[:channels, :height, :width] = maps
    grid = tiles.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return grid.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def _draw_levels(box: "Axes", panel: _Panel) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("events", [style.NEGATIVE, style.SILENT, style.POSITIVE])
    box.imshow(
        panel.image,
        cmap=colours,
        vmin=-1,
        vmax=1,
        interpolation="nearest",
        aspect="equal",
    )
    box.set_anchor("W")
    box.set_xticks([])
    box.set_yticks([])
    rows = len(panel.image)
    if panel.columns is not None and rows > 1:
        shown = [0] if rows < 3 else [0, rows - 1]
        box.set_yticks(shown, [count(r * panel.columns) for r in shown])


def _draw_logits(box: "Axes", values: NDArray[np.float64]) -> None:
    best = int(np.argmax(values))
    colours = [style.GATED if i == best else style.DENSE for i in range(len(values))]
    box.bar(np.arange(len(values)), values, color=colours)
    box.axhline(0, color=style.MUTED, linewidth=0.7)
    box.set_yticks([])
    box.set_xticks(range(len(values)) if len(values) <= 20 else [best])
    box.tick_params(colors=style.INK)


def _legend(ax: "Axes") -> None:
    from matplotlib.patches import Patch

    looks = (
        (style.POSITIVE, "positive level"),
        (style.NEGATIVE, "negative level"),
        (style.SILENT, "zero (silent)"),
    )
    ax.legend(
        handles=[Patch(facecolor=colour, label=label) for colour, label in looks],
        loc="lower left",
        bbox_to_anchor=(_LABELS, 0.0),
        borderaxespad=0.2,
        ncols=3,
        frameon=False,
        fontsize=style.SMALL,
        labelcolor=style.INK,
    )
