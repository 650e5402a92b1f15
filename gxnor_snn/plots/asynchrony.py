"""Figures of runs with delays: when neurons fire, what travels when, when the answer stands, what haste costs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from . import style
from .units import count, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from gxnor_sims.brian2 import EarlyFiring, Timing

__all__ = ["accuracy_over_time", "early_firing_cost", "membrane_traces", "spike_times", "traffic_over_time"]

# Okabe and Ito: told apart with every kind of colour vision. Dashes tell them apart without colour.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a")
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))
_HEIGHT = 2.9  # inches, legend included
_IN_WINDOW = "step of the sample's window"


def spike_times(timing: "Timing", ax: "Axes | None" = None) -> "Axes":
    """Draw, for every population, which share of its neurons has fired by each step, over all samples.

    Parameters
    ----------
    timing
        What `gxnor_sims.brian2.run_async` returned.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        One line per population that sends levels, in graph order.

    Raises
    ------
    InputError
        If the run holds no sample.
    """
    _need_samples(timing, "spike_times")
    ax = _steps_axes(ax, "Time to first spike", _IN_WINDOW)
    final = []
    for number, (name, spikes) in enumerate(timing.spikes.items()):
        neurons = timing.first_spike[name][0].size
        share = np.cumsum(spikes.sum(axis=0)) / (neurons * len(spikes))
        ax.step(np.arange(timing.window), share, where="mid", label=name, **_look(number))
        final.append(f"{name} {percent(float(share[-1]))}")
    _shares(ax, "neurons that have fired")
    style.legend_below(ax, 4)
    style.describe(ax, f"Share of neurons that have fired by each step; at the end {', '.join(final)}.")
    return ax


def traffic_over_time(timing: "Timing", ax: "Axes | None" = None) -> "Axes":
    """Draw synaptic events per step, as a mean over samples, and the step in which each population decides.

    Parameters
    ----------
    timing
        What `gxnor_sims.brian2.run_async` returned.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        One bar per step.

    Raises
    ------
    InputError
        If the run holds no sample.
    """
    _need_samples(timing, "traffic_over_time")
    ax = _steps_axes(ax, "Traffic over time", _IN_WINDOW)
    mean = timing.events.mean(axis=0)
    ax.bar(np.arange(timing.window), mean, width=0.85, color=style.GATED, label="events per step and sample")
    ax.set_ylabel("events per sample", fontsize=style.TEXT, color=style.INK)
    ax.set_ylim(0, float(mean.max()) * 1.22 or 1.0)  # room for the names of the gates
    by_step: dict[int, list[str]] = {}
    for name, step in timing.gates.items():
        if 0 < step < timing.window:
            by_step.setdefault(step, []).append(name)
    for step, names in by_step.items():
        ax.axvline(step - 0.5, color=style.MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
        ax.annotate(
            ", ".join(names),
            (step - 0.5, 0.985),
            xycoords=("data", "axes fraction"),
            xytext=(3, 0),
            textcoords="offset points",
            va="top",
            fontsize=style.SMALL,
            color=style.INK,
            parse_math=False,
        )
    style.describe(
        ax,
        f"Synaptic events per step, mean over samples: {count(float(mean.sum()))} in all, most "
        f"({count(float(mean.max()))}) in step {int(mean.argmax())}. Dashed lines: steps of decision.",
    )
    return ax


def accuracy_over_time(timings: "dict[str, Timing]", y: NDArray[Any], ax: "Axes | None" = None) -> "Axes":
    """Draw the accuracy of a readout that is read after each step, one line per run.

    Parameters
    ----------
    timings
        Runs of the same samples, by the name they get in the legend.
    y
        Classes (B,).
    ax
        Axes to draw in; a new figure if None.

    Raises
    ------
    InputError
        If there is no run, or the samples are not as many as the classes.
    """
    if not timings or any(len(t.events) != len(y) or not len(y) for t in timings.values()):
        given = {name: len(t.events) for name, t in timings.items()}
        raise InputError(f"accuracy_over_time: {len(y)} classes and runs of {given} samples are given")
    ax = _steps_axes(ax, "Accuracy when read early", _IN_WINDOW)
    said = []
    for number, (name, timing) in enumerate(timings.items()):
        hits = (timing.predictions == np.asarray(y)[:, None]).mean(axis=0)
        ax.plot(np.arange(timing.window), hits, label=name, marker="o", markersize=3, **_look(number))
        said.append(f"{name} {percent(float(hits[-1]))} at the end")
    _shares(ax, "accuracy")
    style.legend_below(ax, 3)
    style.describe(ax, f"Accuracy over time: {'; '.join(said)}.")
    return ax


def early_firing_cost(result: "EarlyFiring", ax: "Axes | None" = None) -> "Axes":
    """Draw accuracy (or, without labels, agreement with the exact run) and changed levels for every setting.

    Parameters
    ----------
    result
        What `gxnor_sims.brian2.early_firing` returned.
    ax
        Axes to draw in; a new figure if None.

    Returns
    -------
    Axes
        A line for the predictions, and one for the share of changed levels of each population that has any;
        settings without gates are points.
    """
    labelled = not np.isnan(result.accuracy).any()
    places = np.arange(len(result.labels))
    waits = sum(label.startswith("wait ") for label in result.labels)  # they come first, and make a line

    axes = style.new_axes(_HEIGHT + 0.2) if ax is None else ax

    def draw(values: NDArray[Any], **look: Any) -> None:
        (line,) = axes.plot(places[:waits], values[:waits], **look)
        alone = {**look, "color": line.get_color(), "linestyle": "none", "label": None}
        axes.plot(places[waits:], values[waits:], **alone)

    style.prepare(axes, "What early firing costs")
    shown = result.accuracy if labelled else result.agreement
    what = "accuracy" if labelled else "predictions as in the exact run"
    draw(shown, label=what, marker="o", markersize=5, color=style.INK, linewidth=1.8)
    changing = [(n, c) for n, c in result.changed.items() if c.any()]
    for number, (name, changed) in enumerate(changing):
        draw(changed, label=f"{name}: levels changed", marker="s", markersize=3.5, **_look(number))
    axes.set_xticks(places, result.labels)
    _shares(axes, "share")
    style.legend_below(axes, 3)
    said = ", ".join(f"{label} {percent(float(s))}" for label, s in zip(result.labels, shown, strict=True))
    style.describe(axes, f"Early firing, {what}: {said}.")
    return axes


def membrane_traces(
    sums: NDArray[Any],
    thresholds: Sequence[Sequence[float]],
    labels: Sequence[str],
    window: int,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the sums of chosen neurons step by step, with the thresholds of each as dashed lines in its colour.

    Parameters
    ----------
    sums
        What a `StateMonitor` of `v` recorded, (neurons, steps).
    thresholds
        Thresholds of each neuron; those far outside the trace are left out.
    labels
        Names of the neurons.
    window
        Steps per sample; samples are set apart by lines.
    ax
        Axes to draw in; a new figure if None.

    Raises
    ------
    InputError
        If the numbers of neurons differ, or there is none.
    """
    sums = np.asarray(sums)
    if sums.ndim != 2 or not len(sums) or {len(thresholds), len(labels)} != {len(sums)}:
        raise InputError(
            f"membrane_traces: sums {sums.shape}, {len(thresholds)} lists of thresholds and {len(labels)} labels "
            f"are given, needs one of each per neuron"
        )
    ax = _steps_axes(ax, "Sums over time, thresholds dashed")
    low, high = float(sums.min()), float(sums.max())
    margin = max(1.0, 0.6 * (high - low))
    for number, (trace, levels, label) in enumerate(zip(sums, thresholds, labels, strict=True)):
        colour = _COLOURS[number % len(_COLOURS)]
        ax.step(np.arange(len(trace)), trace, where="post", color=colour, label=label, linewidth=1.5)
        for level in levels:
            if low - margin <= level <= high + margin:
                ax.axhline(level, color=colour, linewidth=0.9, linestyle=(0, (4, 3)))
    for start in range(window, sums.shape[1], window):
        ax.axvline(start, color=style.GRID, linewidth=1.2)
    ax.set_ylabel("sum", fontsize=style.TEXT, color=style.INK)
    style.legend_below(ax, 4)
    style.describe(ax, f"Sums of {', '.join(labels)} over {sums.shape[1]} steps, with their thresholds.")
    return ax


def _need_samples(timing: "Timing", function: str) -> None:
    if not len(timing.events):
        raise InputError(f"{function}: the run holds 0 samples, needs at least one")


def _steps_axes(ax: "Axes | None", title: str, xlabel: str = "step") -> "Axes":
    from matplotlib.ticker import MaxNLocator

    if ax is None:
        ax = style.new_axes(_HEIGHT)
    style.prepare(ax, title, xlabel)
    ax.grid(axis="y", color=style.GRID, linewidth=0.7)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


def _shares(ax: "Axes", label: str) -> None:
    ax.set_ylim(-0.02, 1.02)
    ax.yaxis.set_major_formatter(lambda y, _: f"{100 * y:.0f} %")
    ax.set_ylabel(label, fontsize=style.TEXT, color=style.INK)


def _look(number: int) -> dict[str, Any]:
    return {
        "color": _COLOURS[number % len(_COLOURS)],
        "linestyle": _DASHES[number % len(_DASHES)],
        "linewidth": 1.6,
    }
