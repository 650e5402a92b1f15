"""Figures of a timed run: power over time, what each core had to do, what crossed each link of the mesh."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from . import style
from .units import count, engineering, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gxnor_hardware.timing import Timing

__all__ = ["core_load", "energy_over_time", "link_load"]

# Okabe and Ito, as elsewhere; the hatching of neighbours differs, so that areas are told apart without colour.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#f0e442", "#000000")
_HATCHES = ("", "///", "", "...", "", "\\\\\\", "", "///", "")
_MOST_BARS, _MOST_HEADS, _MOST_STEPS = 14, 16, 2000
_ASIDE = 0.13  # tiles: the two directions of a link run side by side


def energy_over_time(
    timing: "Timing", sample: int | None = None, without: Sequence[str] = (), ax: "Axes | None" = None
) -> "Axes":
    """Draw the power of every step over time, terms stacked: the area of a block is the energy spent in it.

    Parameters
    ----------
    timing
        What `gxnor_hardware.timing` returned.
    sample
        Of which sample; None for the mean over all.
    without
        Terms to leave out, such as "static" and "reset", which may hide all others; they are named below.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        One block per term and step. Where the card has no times, or energy is spent in a step of no length (an
        update of a chip that only takes time for events), energy per step over the number of the step.

    Raises
    ------
    InputError
        If a term to leave out is none of the run's, no other term has a price, or there are over 2000 steps.
    """
    if timing.steps > _MOST_STEPS:
        raise InputError(f"energy_over_time: the run has {timing.steps} steps; allowed are {_MOST_STEPS}")
    edges, terms = timing.series(sample)
    unknown = [name for name in without if name not in terms]
    if unknown:
        raise InputError(f"energy_over_time: without is {unknown}; allowed are {', '.join(terms)}")
    priced = {name: energy for name, energy in terms.items() if energy.any() and name not in without}
    if not priced:
        raise InputError(f"energy_over_time: nothing has a price on {timing.display!r}; {_why(timing)}")
    spent = np.sum(list(priced.values()), axis=0)
    timed = timing.step_s is not None and not spent[np.diff(edges) <= 0].any()
    if not timed:
        edges = np.arange(timing.steps + 1, dtype=np.float64)
    ax = style.new_axes(3.2) if ax is None else ax
    factor, unit = _scale(edges[-1]) if timed else (1.0, "")
    style.prepare(
        ax,
        f"Energy over time: {timing.display}",
        (f"time ({unit})" if timed else "step") + _left_out(terms, without),
    )
    ax.grid(axis="y", color=style.GRID, linewidth=0.7)
    lengths = np.diff(edges)
    bottom = np.zeros(timing.steps)
    order = sorted(priced, key=lambda name: -float(priced[name].sum()))
    whole = sum(float(e.sum()) for e in priced.values())
    for number, name in enumerate(order):
        height = np.divide(priced[name], lengths, out=np.zeros(timing.steps), where=lengths > 0)
        colour, hatch = (looks[number % len(looks)] for looks in (_COLOURS, _HATCHES))
        ax.bar(
            edges[:-1] * factor, height, lengths * factor, bottom, align="edge", edgecolor="white", linewidth=0.8,
            label=f"{name} {percent(float(priced[name].sum()) / whole)}", facecolor=colour, hatch=hatch,
        )  # fmt: skip
        bottom = bottom + height
    ax.set_xlim(0, edges[-1] * factor)
    _prefixed(ax, "W" if timed else "J per step", float(bottom.max()))
    style.legend_below(ax, 3)
    unpriced = "" if "energy" not in timing.missing else f" Not complete: {timing.missing['energy']}."
    style.describe(
        ax,
        f"{'Power' if timed else 'Energy'} in each of {timing.steps} steps of {timing.display}, "
        f"{engineering(whole, 'J')} drawn; most of it "
        f"{order[0]}.{_left_out(terms, without)}{unpriced}",
    )
    return ax


def core_load(timing: "Timing", ax: "Axes | None" = None) -> "Axes":
    """Draw what the busiest cores had to do: seconds of work, or synaptic events where the card has no times.

    Parameters
    ----------
    timing
        What `gxnor_hardware.timing` returned.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        One bar per core, busiest first, at most 14; a line at the mean over all cores.
    """
    load = timing.events.astype(float) if timing.core_s is None else timing.core_s
    each = load.mean(axis=0).sum(axis=0)
    order = np.argsort(-each, kind="stable")[:_MOST_BARS]
    ax = style.new_axes(1.1 + 0.22 * len(order)) if ax is None else ax
    timed = timing.core_s is not None
    factor, unit = _scale(float(each.max())) if timed else (1.0, "synaptic events per sample")
    style.prepare(
        ax, f"Busiest of {len(each)} cores: {timing.display}", f"work per sample ({unit})" if timed else unit
    )
    places = np.arange(len(order))
    ax.barh(places, each[order] * factor, color=style.TOTAL, height=0.75)
    ax.axvline(float(each.mean()) * factor, color=style.INK, linewidth=1, linestyle=(0, (4, 2)))
    ax.text(
        float(each.mean()) * factor, len(order) - 0.4, " mean of all cores", fontsize=style.SMALL, color=style.INK,
        va="top",
    )  # fmt: skip
    ax.set_yticks(places, [_short(timing.cores[k]) for k in order.tolist()])
    ax.set_ylim(len(order) + 0.2, -0.6)
    most = float(each.max())
    text = engineering(most, "s") if timed else f"{count(most)} synaptic events"
    style.describe(ax, f"Core {timing.busiest_core} works most, {text} per sample, of {len(each)} cores.")
    return ax


def link_load(timing: "Timing", ax: "Axes | None" = None) -> "Axes":
    """Draw the mesh: tiles with the load of their cores, links with the messages that crossed them.

    Parameters
    ----------
    timing
        What `gxnor_hardware.timing` returned.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        A square per tile, darker with more work; an arrow per direction of a link that was used (a line, where the
        mesh is wide), wider and darker with more messages. Inputs enter at (0, 0).

    Raises
    ------
    InputError
        If the card has no mesh.
    """
    if timing.link_load is None or timing.positions is None or timing.link_ends is None:
        raise InputError(f"link_load: {timing.display!r} has no mesh; {timing.missing['link_load']}")
    messages = timing.link_load.mean(axis=0).sum(axis=0)
    tiles = _tiles(timing)
    height, width = tiles.shape
    ax = style.new_axes(max(2.2, min(1.6 + 5.2 * height / width, 6.0))) if ax is None else ax
    style.prepare(ax, f"Messages over links: {timing.display}", "tile, x")
    ax.grid(visible=False)
    dark = 2.2 * max(float(tiles.max()), 1e-30)
    ax.imshow(tiles, cmap="Greys", vmin=0, vmax=dark, origin="upper", aspect="auto")
    _arrows(ax, timing.link_ends, messages, heads=width <= _MOST_HEADS)
    ax.set_ylabel("tile, y", fontsize=style.TEXT, color=style.INK)
    _whole_ticks(ax, width, height)
    busiest = timing.busiest_link
    text = "No message leaves its tile."
    if busiest is not None:
        most = count(round(float(messages.max())))
        text = f"Busiest link {busiest} with {most} messages per sample; dark tiles work most."
        ax.annotate(
            text, (0, 0), xytext=(0, -34), xycoords="axes fraction", textcoords="offset points",
            fontsize=style.SMALL, color=style.MUTED, annotation_clip=False, va="top",
        )  # fmt: skip
    style.describe(ax, f"{width} x {height} tiles. {text}")
    return ax


def _arrows(ax: "Axes", ends: NDArray[np.int64], messages: NDArray[np.float64], heads: bool) -> None:
    """Draw every used link, its two directions side by side."""
    most = float(messages.max(initial=0))
    for link in np.flatnonzero(messages).tolist():
        (x, y), (to_x, to_y) = ends[link].tolist()
        share = float(messages[link]) / most
        dx, dy = (to_y - y) * _ASIDE, (x - to_x) * _ASIDE
        look = {
            "arrowstyle": "-|>" if heads else "-",
            "linewidth": 0.6 + 3.4 * share,
            "color": style.GATED if share > 0.5 else style.WEIGHT_GATED,
            "shrinkA": 2 * heads,
            "shrinkB": 2 * heads,
        }
        ax.annotate("", (to_x + dx, to_y + dy), (x + dx, y + dy), arrowprops=look)


def _left_out(terms: Mapping[str, NDArray[np.float64]], without: Sequence[str]) -> str:
    """What a figure does not show, with its energy."""
    names = [f"{name} {engineering(float(terms[name].sum()), 'J')}" for name in without]
    return f" without {', '.join(names)}" if names else ""


def _tiles(timing: "Timing") -> NDArray[np.float64]:
    """Work of the cores of every tile, (rows, columns): seconds, or events."""
    assert timing.positions is not None
    load = timing.events.astype(float) if timing.core_s is None else timing.core_s
    x, y = timing.positions.T
    found = np.zeros((int(y.max()) + 1, int(x.max()) + 1))
    np.add.at(found, (y, x), load.mean(axis=0).sum(axis=0))
    return found


def _whole_ticks(ax: "Axes", width: int, height: int) -> None:
    ax.set_xticks(range(0, width, max(1, width // 16)))
    ax.set_yticks(range(0, height, max(1, height // 16)))
    ax.set_xlim(-0.6, width - 0.4)
    ax.set_ylim(height - 0.4, -0.6)


def _scale(seconds: float) -> tuple[float, str]:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1:
            return factor, unit
    return 1e9, "ns"


def _prefixed(ax: "Axes", unit: str, most: float) -> None:
    prefixes = ((0, ""), (3, "m"), (6, "µ"), (9, "n"), (12, "p"))
    power, prefix = next((p for p in prefixes if most * 10 ** p[0] >= 1), prefixes[-1])
    name, *rest = unit.split(" ", 1)
    ax.set_ylabel(" ".join([f"{prefix}{name}", *rest]), fontsize=style.TEXT, color=style.INK)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value * 10**power:g}")


def _short(name: str, most: int = 34) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _why(timing: "Timing") -> str:
    return str(timing.missing.get("energy", "no event was counted"))
