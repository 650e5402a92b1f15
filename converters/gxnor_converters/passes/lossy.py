"""Fewer different kernels at the price of accuracy: similar kernels merged, or projected onto a codebook.

The only passes that change what a network computes, so they break the contract of `base` on purpose: layer by
layer, as long as a measure that the caller gives (accuracy on validation samples) falls by no more than a budget.
Thresholds stay as they are, or, with calibration samples, move with the sums (`recalibrate`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError
from gxnor_snn.graph import Conv2d, EventGraph

from ..sharing.kernels import Int
from ..sharing.similar import codebook_weights, merged_weights
from .base import rebuilt
from .ranges import widened
from .recalibrate import follow, moments_of, spiking_after
from .shared_maps import coding_of

__all__ = [
    "Lossy",
    "Trial",
    "merge_similar",
    "project_codebook",
]


@dataclass(frozen=True)
class Trial:
    """One attempt: layer, option (`keep`, or size of the codebook), measure, and whether it was kept.

    Options that change nothing, or give the weights of one before, are not tried.
    """

    layer: str
    option: float
    value: float
    kept: bool


@dataclass(frozen=True)
class Lossy:
    """A graph with fewer different kernels.

    Attributes
    ----------
    graph
        The graph: of the same populations and projections, with other weights and, if calibrated, thresholds.
        Sum relays that other weights could overflow declare a wider range.
    before, after
        The measure of the graph given and of this one.
    trials
        All attempts, in order.
    """

    graph: EventGraph
    before: float
    after: float
    trials: tuple[Trial, ...]

    @property
    def kept(self) -> dict[str, float]:
        """The option in force by layer, of layers that changed."""
        return {trial.layer: trial.option for trial in self.trials if trial.kept}


def merge_similar(
    graph: EventGraph,
    evaluate: Callable[[EventGraph], float],
    budget: float,
    *,
    taps: int = 1,
    keep: Sequence[float] = (0.0, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6),
    layers: Iterable[str] | None = None,
    calibration: Any = None,
) -> Lossy:
    """Merge kernels that differ from one another, or from the inverse, in at most some taps; changes the network.

    Layer by layer, those with the most multiplications first; in each the options from the first on, until one
    stays within the budget, of which every layer adds an equal part. `share_results` then computes what was merged
    once. Step 2 of the reconstruction of Chang et al. (DATE 2020); their threshold could not be obtained.

    Parameters
    ----------
    graph
        The graph; it stays as it is.
    evaluate
        Measure to keep high, of a graph: accuracy on validation samples, never on the test set.
    budget
        How far the measure may fall in all, from that of `graph`.
    taps
        The most taps in which a kernel changes.
    keep
        Options, as in `gxnor_converters.sharing.merged_weights`: different kernels that stay, over all.
    layers
        Names of convolutions; None takes those with kernels of more than one tap that do not read an input.
    calibration
        Samples, as `gxnor_snn.graph.execute` takes them, on which thresholds behind a layer are set anew after
        each change, as batch norm would be; never of the test set. None leaves thresholds as they are.

    Raises
    ------
    InputError
        If the budget is negative, an option out of range, a layer no convolution, or the measure no finite number.
    """

    def merged(weights: NDArray[Any], option: float, groups: int) -> Int:
        return merged_weights(weights, taps, groups, keep=option)

    return _within_budget(graph, evaluate, budget, keep, layers, merged, calibration)


def project_codebook(
    graph: EventGraph,
    evaluate: Callable[[EventGraph], float],
    budget: float,
    *,
    sizes: Sequence[int] = (16, 32, 64, 128),
    layers: Iterable[str] | None = None,
    calibration: Any = None,
) -> Lossy:
    """Let each layer have only so many different kernels, up to the sign; changes the network.

    The codebook of a layer holds its most frequent kernels; every other one becomes the nearest of these, or its
    inverse. With sizes below 2^(taps) a weight takes less than one bit (`gxnor_converters.sharing.codebook_bits`).

    Parameters
    ----------
    graph, evaluate, budget, layers, calibration
        As for `merge_similar`.
    sizes
        Options: sizes of the codebook.

    Raises
    ------
    InputError
        As `merge_similar`.
    """

    def projected(weights: NDArray[Any], option: float, groups: int) -> Int:
        return codebook_weights(weights, int(option), groups)

    return _within_budget(graph, evaluate, budget, sizes, layers, projected, calibration)


def _within_budget(
    graph: EventGraph,
    evaluate: Callable[[EventGraph], float],
    budget: float,
    options: Sequence[float],
    layers: Iterable[str] | None,
    change: Callable[[NDArray[Any], float, int], Int],
    calibration: Any,
) -> Lossy:
    if not budget >= 0:
        raise InputError(f"lossy sharing: the budget is {budget!r}, it must be at least 0")
    convolutions = _convolutions(graph, layers)
    before = after = _measured(evaluate, graph)
    trials: list[Trial] = []
    for place, name in enumerate(convolutions, start=1):
        allowed = budget * place / len(convolutions)
        sums = {} if calibration is None else moments_of(graph, spiking_after(graph, name), calibration)
        conv: Any = graph.projections[name]
        tried = [conv.weights]
        for option in options:
            weights = change(conv.weights, option, conv.groups)
            if any(np.array_equal(weights, others) for others in tried):
                continue  # what was refused once would be again
            tried.append(weights)
            offered = _with_weights(graph, conv, weights)
            if calibration is not None:
                offered = follow(offered, graph, sums, calibration)
            value = _measured(evaluate, offered)
            kept = before - value <= allowed
            trials.append(Trial(name, option, value, kept))
            if kept:
                graph, after = offered, value
                break
    return Lossy(graph, before, after, tuple(trials))


def _convolutions(graph: EventGraph, layers: Iterable[str] | None) -> list[str]:
    """Names of the layers, those with the most multiplications first."""
    found: dict[str, Any] = {n: e for n, e in graph.projections.items() if e.kind == "conv2d"}
    if layers is None:
        inner = {n: e for n, e in found.items() if graph.populations[e.source].has_inputs}
        names = [n for n, e in inner.items() if e.weights[0, 0].size > 1]
    else:
        names = [layers] if isinstance(layers, str) else list(layers)
    for name in names:
        if name not in found:
            raise InputError(f"lossy sharing: {name!r} is no convolution; they are {', '.join(found) or 'none'}")
    return sorted(names, key=lambda name: -int(graph.fan_out(name).padded))


def _with_weights(graph: EventGraph, conv: Conv2d, weights: Int) -> EventGraph:
    coding = conv.coding if conv.coding.contains(weights) else coding_of(weights)
    changed = replace(conv, weights=weights, coding=coding)
    edges = [changed if name == conv.name else edge for name, edge in graph.projections.items()]
    return rebuilt(graph, widened(list(graph.populations.values()), edges), edges)


def _measured(evaluate: Callable[[EventGraph], float], graph: EventGraph) -> float:
    value = float(evaluate(graph))
    if not np.isfinite(value):
        raise InputError(f"lossy sharing: the measure of the graph is {value}; it must be a finite number")
    return value
