"""Nets and walks for chips of fixed synapse arrays, written apart from the package."""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gxnor_hardware.profile import Profile
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Readout,
    Relay,
    execute,
)
from gxnor_snn.results import Counts, Mapping

from ..nets import TERNARY, spiking

Edit = Callable[..., Profile]
TRUENORTH, ODIN = "truenorth_tcad_2015", "odin_tbiocas_2019"
TIANJIC, BRAINSCALES = "tianjic_nature_2019", "brainscales2_frontiers_2022"
CARDS = (TRUENORTH, ODIN, TIANJIC, BRAINSCALES)
BINARY = Coding.ternary(lo=0)
PJ = 1e-12
SMALL = {"limits/axons_per_core/value": 40, "limits/neurons_per_core/value": 12, "design/cores_x/value": 4,
         "limits/cores_per_chip/value": 16}  # fmt: skip


def readout(name: str, size: int) -> Readout:
    return Readout(name=name, shape=(size,), scale=np.ones(size), offset=np.zeros(size))


def dense(name: str, source: str, target: str, weights: Any, coding: Coding = TERNARY, **other: Any) -> Dense:
    return Dense(name=name, source=source, target=target, weights=np.asarray(weights), coding=coding, **other)


def layer(
    inputs: int, outputs: int, coding: Coding = TERNARY, weights: Coding = TERNARY, **other: Any
) -> EventGraph:
    """A dense layer of spiking neurons behind an input, and a small readout."""
    rng = np.random.default_rng(inputs)
    first = weights.levels[rng.integers(0, len(weights.levels), (outputs, inputs))]
    first[:, 0], first[0, :2] = weights.hi, (weights.lo, weights.hi)
    return EventGraph(
        [Input(name="x", shape=(inputs,), coding=coding), spiking("h", (outputs,)), readout("out", 2)],
        [
            dense("fc", "x", "h", first, weights, **other),
            dense("last", "h", "out", rng.integers(-1, 2, (2, outputs))),
        ],
    )


def ran(graph: EventGraph, x: Any) -> tuple[Counts, Any]:
    trace = execute(graph, x, record=[n for n, p in graph.populations.items() if p.has_outputs])
    assert trace.counts is not None
    return trace.counts, trace.spikes


def reading(edge: Any, shape: tuple[int, ...]) -> dict[int, set[int]]:
    """Source neurons that each target neuron reads, by geometry."""
    if edge.kind == "dense":
        return {o: set(range(int(np.prod(shape)))) for o in range(len(edge.weights))}
    if edge.kind == "identity":
        return {o: {o} for o in range(int(np.prod(shape)))}
    window, (channels, height, width) = edge.window, shape
    rows, columns = window.output_size(height, width, "test")
    outputs, groups = (len(edge.weights), edge.groups) if edge.weighted else (channels, channels)
    found = {}
    for number, (o, y, x) in enumerate(np.ndindex(outputs, rows, columns)):
        group, each = o // (outputs // groups), channels // groups
        found[number] = {
            int(np.ravel_multi_index((c, row, column), shape))
            for c in range(group * each, (group + 1) * each)
            for i, j in np.ndindex(*window.kernel)
            if 0 <= (row := y * window.stride[0] + i * window.dilation[0] - window.padding[0]) < height
            and 0 <= (column := x * window.stride[1] + j * window.dilation[1] - window.padding[2]) < width
        }
    return found


def blocks(graph: EventGraph, mapping: Mapping, name: str) -> list[set[int]]:
    """Target neurons by block."""
    shape, static = graph.populations[name].shape, mapping.populations[name]
    grid = shape if len(shape) == 3 else (shape[0], 1, 1)
    sizes = [int(static[f"block_{axis}"]) for axis in ("channels", "rows", "columns")]
    found: dict[tuple[int, ...], set[int]] = {}
    for number, place in enumerate(np.ndindex(*grid)):
        found.setdefault(tuple(p // s for p, s in zip(place, sizes, strict=True)), set()).add(number)
    return list(found.values())


def block_reads(graph: EventGraph, mapping: Mapping, name: str) -> list[set[int]]:
    """Source neurons of a projection by block of its target."""
    edge = graph.projections[name]
    by_target = reading(edge, graph.populations[edge.source].shape)
    shape = graph.populations[edge.target].shape
    start = (edge.target_channels or (0, 0))[0] * int(np.prod(shape[1:]))
    mine = blocks(graph, mapping, edge.target)
    return [set().union(*(by_target.get(t - start, set()) for t in block)) for block in mine]


@st.composite
def nets(draw: st.DrawFn) -> EventGraph:
    """Input -> conv (any geometry) -> pool -> relay -> spiking -> readout, with a branch into some channels."""
    groups = draw(st.sampled_from([1, 2]))
    channels, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    geometry: dict[str, Any] = {
        "stride": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "padding": draw(st.tuples(*[st.integers(0, 1)] * 4)),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "groups": groups,
    }
    coding = draw(st.sampled_from([TERNARY, BINARY, Coding.pm1(1)]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    source = Input(name="x", shape=(channels, draw(st.integers(5, 7)), draw(st.integers(5, 7))), coding=coding)
    weights = rng.integers(-1, 2, (outputs, channels // groups, *kernel))
    conv = Conv2d(name="conv", source="x", target="a", coding=TERNARY, weights=weights, **geometry)
    shape = conv.output_shape(source.shape)
    pool = Pool2d(name="pool", source="a", target="b", kernel=(1, 2), stride=(2, 1))
    down: Any = pool if shape[2] > 1 else Identity(name="pool", source="a", target="b")
    pooled = down.output_shape(shape)
    size = int(np.prod(pooled))
    return EventGraph(
        [source, spiking("a", shape), Relay(name="b", shape=pooled), spiking("c", (6,)), readout("out", 3)],
        [
            conv,
            down,
            dense("fc", "b", "c", rng.integers(-1, 2, (6, size))),
            dense("some", "b", "c", rng.integers(-1, 2, (3, size)), target_channels=(1, 4)),
            dense("last", "c", "out", rng.integers(-1, 2, (3, 6))),
        ],
    )
