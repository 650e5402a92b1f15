"""Why one neuron sent what it sent: every gate of it, open or at rest, for one sample."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from ..errors import EngineError, InputError
from ..results import EventTrace, logits_of
from .event_graph import EventGraph
from .execute import check_input, execute, readout_affine
from .explanation import Explanation, Inflow
from .population import Population
from .projection import Projection, Shape
from .region import Region
from .weighted import Weighted

__all__ = ["explain"]

Run = Callable[[EventGraph, Any, Sequence[str]], EventTrace]


def explain(
    graph: EventGraph, x: Any, population: str, neuron: int | Sequence[int], run: Run | None = None
) -> Explanation:
    """Say which gates of a neuron opened, with what sign, and what it made of their sum.

    Parameters
    ----------
    graph
        The event graph.
    x
        Levels of one sample, (*shape) or (1, *shape), or a mapping from input name to them.
    population
        Name of the neuron's population, which must have inputs.
    neuron
        Its index: flat in C order, or one number per axis, as in ``(channel, row, column)``.
    run
        ``run(graph, x, record)`` that gives the levels; the reference walk if None.

    Returns
    -------
    Explanation
        Its contributions add up to the neuron's input sum, its gates to the neuron's share of the counts.

    Raises
    ------
    InputError
        If `x` is not one sample that the graph takes, or there is no such neuron, or it has no inputs.
    EngineError
        If what `run` gives is not what the gates add up to.

    Examples
    --------
    >>> import numpy as np
    >>> from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout
    >>> graph = EventGraph(
    ...     [Input(name="in", shape=(3,), coding=Coding.ternary()),
    ...      Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1))],
    ...     [Dense(name="fc", source="in", target="out", weights=np.array([[1, -1, 0]]), coding=Coding.ternary())])
    >>> found = explain(graph, np.array([1, 1, 1]), "out", 0)
    >>> found.contributions.tolist(), found.rests.tolist(), found.total
    ([1, -1, 0], [False, False, True], 0)
    """
    part = _population(graph, population)
    place = _place(part, neuron)
    sample = _one_sample(graph, x)
    sources = list(dict.fromkeys(p.source for p in graph.incoming(population)))
    record = [*sources, population] if part.has_outputs else sources
    trace = execute(graph, sample, record=record, counts="none") if run is None else run(graph, sample, record)
    inflows = tuple(
        _inflow(graph, edge, own, trace)
        for edge in graph.incoming(population)
        if (own := _own_place(edge, place)) is not None
    )
    total = sum(flow.total for flow in inflows)
    found = _judged(graph, part, place, inflows, total)
    _check(trace, found)
    return found


def _population(graph: EventGraph, name: str) -> Population:
    fed = [n for n, p in graph.populations.items() if p.has_inputs]
    if name not in fed:
        kind = "is an input: nothing opens a gate of it" if name in graph.populations else "is not in the graph"
        raise InputError(f"explain: population {name!r} {kind}; allowed are {', '.join(fed)}")
    return graph.populations[name]


def _place(population: Population, neuron: int | Sequence[int]) -> Shape:
    shape = population.shape
    try:
        given = tuple(neuron) if isinstance(neuron, Sequence) else np.unravel_index(neuron, shape)
        place = tuple(operator.index(n) for n in given)
        good = len(place) == len(shape) and all(0 <= n < size for n, size in zip(place, shape, strict=True))
    except (TypeError, ValueError):
        good = False
    if not good:
        raise InputError(
            f"explain: neuron {neuron!r} of {population.where}; allowed are 0..{population.size - 1}, or an index "
            f"into its shape {shape}"
        )
    return place


def _one_sample(graph: EventGraph, x: Any) -> dict[str, Any]:
    given = dict(x) if isinstance(x, Mapping) else {graph.inputs[0]: x}
    for name in set(given) & set(graph.inputs):
        array = np.asarray(given[name])
        given[name] = array[None] if array.ndim == len(graph.populations[name].shape) else array
    arrays = check_input(graph, given)
    n_samples = len(next(iter(arrays.values())))
    if n_samples != 1:
        raise InputError(f"explain: {n_samples} samples were given, allowed is one, as in x[i]")
    return arrays


def _own_place(edge: Projection, place: Shape) -> Shape | None:
    """The place in a projection's own result; None where it does not feed that channel."""
    start, stop = edge.target_channels or (0, place[0] + 1)
    return (place[0] - start, *place[1:]) if start <= place[0] < stop else None


def _inflow(graph: EventGraph, edge: Projection, place: Shape, trace: EventTrace) -> Inflow:
    shape, coding = graph.populations[edge.source].shape, graph.coding(edge.source)
    wires = edge.wires(place, shape)
    levels = trace.spikes[edge.source].reshape(-1)[wires.sources].astype(np.int64)
    planes = np.zeros_like(levels)
    if edge.weighted:
        planes = cast(Weighted, edge).coding.ones(wires.weights) * coding.ones(levels)
    return Inflow(
        projection=edge.name,
        kind=edge.kind,
        source=edge.source,
        source_shape=shape,
        weighted=edge.weighted,
        gain=edge.gain,
        sources=wires.sources,
        weights=wires.weights,
        levels=levels,
        contributions=edge.gain * edge.shares(place, wires, levels),
        planes=planes,
    )


def _judged(
    graph: EventGraph, population: Population, place: Shape, inflows: tuple[Inflow, ...], total: int
) -> Explanation:
    """What the neuron makes of its sum."""
    alone = population.part(Region((place[0],), *((n, n + 1) for n in place[1:])))
    sums = np.full((1, *alone.shape), total, np.int64)
    level, logit = None, None
    if population.has_outputs:
        level = int(alone.emit(sums, graph.coding(population.name), np).item())
    else:
        scale, offset = readout_affine(graph)[population.name]
        logit = float(logits_of(sums, scale[[place[0]]], offset[[place[0]]]).item())
    thresholds, increasing = getattr(alone, "thresholds", None), getattr(alone, "increasing", None)
    return Explanation(
        population=population.name,
        role=population.role,
        place=place,
        index=int(np.ravel_multi_index(place, population.shape)),
        inflows=inflows,
        total=total,
        level=level,
        logit=logit,
        thresholds=None if thresholds is None else tuple(map(int, thresholds[0])),
        increasing=None if increasing is None else bool(increasing[0]),
    )


def _check(trace: EventTrace, found: Explanation) -> None:
    held = {
        "sum": (found.total, trace.readouts if found.level is None else trace.sums or {}),
        "level": (found.level, trace.spikes),
    }
    for label, (made, arrays) in held.items():
        if found.population in arrays and made != (said := int(arrays[found.population].reshape(-1)[found.index])):
            raise EngineError(
                f"explain: neuron {found.index} of population {found.population!r} has the {label} {made}; engine "
                f"{trace.engine!r} says {said}"
            )
