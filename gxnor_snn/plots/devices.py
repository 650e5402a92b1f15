"""Memory devices: where the conductances of each level lie over time, and how they drift."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from torch import Generator, Tensor

    from gxnor_hardware.crossbar.devices import Device

__all__ = ["conductance_distributions", "drift_curves", "duration"]

_SPAN = (0.05, 0.95)
_STEPS = ((60.0, "s"), (3600.0, "min"), (86400.0, "h"), (365 * 86400.0, "d"), (float("inf"), "y"))


def duration(seconds: float) -> str:
    """Write a time as people say it: "1 s", "1 h", "30 d"."""
    size = 1.0
    for limit, unit in _STEPS:
        if seconds < limit:
            return f"{seconds / size:.3g} {unit}"
        size = limit
    raise InputError(f"duration: seconds is {seconds!r}, allowed is a number")


def conductance_distributions(
    device: "Device",
    times_s: Sequence[float],
    generator: "Generator",
    ax: "Axes | None" = None,
    *,
    levels: int = 2,
    draws: int = 20_000,
) -> "Axes":
    """Draw the distribution of the conductances of every level, one row per time.

    Parameters
    ----------
    device
        The memory device.
    times_s
        Seconds after programming, one row each from top to bottom; 0 is as programmed.
    generator
        Source of the draws.
    ax
        Axes to draw in; a new figure if None.
    levels
        Conductances a cell is programmed to, evenly from the smallest to the largest.
    draws
        Cells per level and time.

    Returns
    -------
    Axes
        One filled curve per level and time, scaled to the height of its row; heights of different rows and levels
        are not comparable, widths are.

    Raises
    ------
    InputError
        If there is no time, or `levels` or `draws` is below 2.
    ProfileError
        If the device's card lacks a model or a conductance.
    """
    found = _drawn(device, times_s, generator, levels, draws)
    axes = style.new_axes(1.0 + 0.75 * len(times_s)) if ax is None else ax
    lowest, highest = (
        min(float(v.min()) for row in found for v in row),
        max(float(v.max()) for row in found for v in row),
    )
    edges = np.linspace(lowest, highest + (highest - lowest) * 1e-6 + 1e-12, 241)
    middles = (edges[1:] + edges[:-1]) / 2
    for index, row in enumerate(found):
        base = len(found) - 1 - index
        for k, values in enumerate(row):
            heights = np.histogram(values, edges)[0].astype(float)
            curve = base + 0.85 * heights / heights.max()
            colour = _colour(k, levels)
            axes.fill_between(middles, base, curve, color=colour, alpha=0.55, linewidth=0, step="mid")
            axes.plot([values.mean()] * 2, [base, base + 0.9], color=style.INK, linewidth=0.8)
        axes.axhline(base, color=style.MUTED, linewidth=0.6)
    style.prepare(
        axes,
        f"Conductances of {device.display}",
        f"conductance of a cell (µS); {draws:,} cells each, lines: means",
    )
    axes.set_yticks([len(found) - 1 - i + 0.4 for i in range(len(found))], [_after(t) for t in times_s])
    axes.set_ylim(-0.08, len(found))
    words = "; ".join(
        f"{_after(t)} " + ", ".join(f"{v.mean():.3g} ± {v.std():.2g} µS" for v in row)
        for t, row in zip(times_s, found, strict=True)
    )
    style.describe(axes, f"Conductances of {levels} levels of {device.display}, mean and spread: {words}.")
    return axes


def drift_curves(
    device: "Device",
    times_s: Sequence[float],
    generator: "Generator",
    ax: "Axes | None" = None,
    *,
    levels: int = 2,
    draws: int = 5_000,
) -> "Axes":
    """Draw the conductance of every level over time: the median, and the band of the middle 90 % of cells.

    Parameters
    ----------
    device
        The memory device.
    times_s
        Ascending seconds after programming, above 0: the time axis is logarithmic.
    generator
        Source of the draws; every time has draws of its own.
    ax
        Axes to draw in; a new figure if None.
    levels
        Conductances a cell is programmed to, evenly from the smallest to the largest.
    draws
        Cells per level and time.

    Returns
    -------
    Axes
        One line and one band per level, from the smallest conductance to the largest.

    Raises
    ------
    InputError
        If the times are fewer than two, not ascending or not above 0, or `levels` or `draws` is below 2.
    ProfileError
        If the device's card lacks a model or a conductance.
    """
    times = list(times_s)
    if len(times) < 2 or times[0] <= 0 or sorted(set(times)) != times:
        raise InputError(f"drift_curves: times_s is {times!r:.60}, allowed are two or more ascending, above 0")
    found = _drawn(device, times, generator, levels, draws)
    axes = style.new_axes(3.4) if ax is None else ax
    ends = []
    for k in range(levels):
        low, middle, high = np.quantile(np.stack([row[k] for row in found]), (_SPAN[0], 0.5, _SPAN[1]), axis=1)
        axes.fill_between(times, low, high, color=_colour(k, levels), alpha=0.25, linewidth=0)
        axes.plot(times, middle, color=_colour(k, levels), linewidth=1.8, marker="o", markersize=3)
        ends.append(f"{middle[0]:.3g} to {middle[-1]:.3g} µS")
    axes.set_xscale("log")
    style.prepare(
        axes,
        f"Drift of {device.display}",
        "time after programming; lines: medians, bands: middle 90 % of the cells",
    )
    axes.grid(axis="y", color=style.GRID, linewidth=0.7)
    axes.set_ylabel("conductance of a cell (µS)", fontsize=style.TEXT, color=style.INK)
    axes.set_ylim(bottom=0)
    marks = [t for t in (1.0, 60.0, 3600.0, 86400.0, 30 * 86400.0, 365 * 86400.0) if times[0] <= t <= times[-1]]
    if len(marks) > 1:
        axes.set_xticks(marks, [duration(t) for t in marks])
        axes.minorticks_off()
    span = f"{duration(times[0])} to {duration(times[-1])}"
    style.describe(axes, f"Median conductance of {device.display} from {span}, per level: {'; '.join(ends)}.")
    return axes


def _drawn(
    device: "Device", times_s: Sequence[float], generator: "Generator", levels: int, draws: int
) -> "list[list[np.ndarray]]":
    """Microsiemens by time and level."""
    import torch

    if not len(times_s) or levels < 2 or draws < 2:
        raise InputError(
            f"{len(times_s)} times, levels={levels!r} and draws={draws!r}; allowed are one time or more, 2 levels "
            "and 2 draws or more"
        )
    on, off = device.g_on_s, device.g_off_s
    states = torch.linspace(0, 1, levels, dtype=torch.float64) * (on - off) + off
    target: Tensor = states.unsqueeze(1).expand(levels, draws).to(generator.device)
    found = []
    for time_s in times_s:
        programmed = device.program(target, generator)
        cells = device.drift(programmed, time_s, generator, target) if time_s else programmed
        found.append(list((cells * 1e6).cpu().numpy()))
    return found


def _after(time_s: float) -> str:
    return f"after {duration(time_s)}" if time_s else "as programmed"


def _colour(level: int, levels: int) -> str:
    """Vermilion for the smallest conductance, blue for the largest, grey between."""
    if level == 0:
        return style.NEGATIVE
    return style.POSITIVE if level == levels - 1 else style.MUTED
