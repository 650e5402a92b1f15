"""Small nets, and where their neurons, cores and listeners are, found without the mapping's own code."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Pool2d, Readout, Relay, Spiking
from gxnor_snn.results import Mapping

TERNARY = Coding.ternary()


def spiking(name: str, shape: tuple[int, ...], coding: Coding = TERNARY) -> Spiking:
    thresholds = np.tile(np.arange(coding.n_thresholds), (shape[0], 1))
    return Spiking(
        name=name, shape=shape, coding=coding, thresholds=thresholds, increasing=np.ones(shape[0], bool)
    )


def readout(name: str, shape: tuple[int, ...]) -> Readout:
    return Readout(name=name, shape=shape, scale=np.ones(shape[0]), offset=np.zeros(shape[0]))


@st.composite
def small_nets(draw: st.DrawFn) -> EventGraph:
    """Input -> conv (any geometry) -> pool -> relay -> readout, with a second branch into some channels."""
    groups = draw(st.sampled_from([1, 2]))
    channels, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 3))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    geometry: dict[str, Any] = {
        "stride": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "padding": draw(st.tuples(*[st.integers(0, 1)] * 4)),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "groups": groups,
    }
    coding = draw(st.sampled_from([TERNARY, Coding.bits(3), Coding.ternary(lo=0), Coding.pm1(1)]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    source = Input(name="x", shape=(channels, draw(st.integers(5, 8)), draw(st.integers(5, 8))), coding=coding)
    conv = Conv2d(
        name="conv", source="x", target="a", coding=TERNARY,
        weights=rng.integers(-1, 2, (outputs, channels // groups, *kernel)), **geometry,
    )  # fmt: skip
    shape = conv.output_shape(source.shape)
    pool = Pool2d(name="pool", source="a", target="b", kernel=(1, 2), stride=(2, 1))
    pooled = pool.output_shape(shape) if shape[2] > 1 else shape
    size = int(np.prod(pooled))
    down = pool if shape[2] > 1 else Identity(name="pool", source="a", target="b")
    return EventGraph(
        [source, spiking("a", shape), Relay(name="b", shape=pooled), readout("out", (5,))],
        [
            conv,
            down,
            Dense(
                name="fc", source="b", target="out", coding=TERNARY, target_channels=(1, 4),
                weights=rng.integers(-1, 2, (3, size)),
            ),
            Dense(name="all", source="b", target="out", coding=TERNARY, weights=rng.integers(-1, 2, (5, size))),
        ],
    )  # fmt: skip


def listeners(graph: EventGraph, mapping: Mapping, name: str, neuron: int) -> set[int]:
    """Cores with a target neuron for which this source neuron has a stored synapse, by one-hot propagation."""
    projection: Any = graph.projections[name]
    shape = graph.populations[projection.source].shape
    one_hot = np.zeros((1, *shape))
    one_hot.reshape(-1)[neuron] = 1
    if projection.weighted:
        reached = projection.product(one_hot, np.abs(projection.weights), np)[0]
    elif projection.kind == "pool2d":
        reached = np.zeros(projection.output_shape(shape))
        for tap in projection.window.taps(*shape[1:]):
            reached[(..., *tap.outputs)] += one_hot[0][(..., *tap.inputs)]
    else:
        reached = one_hot[0]
    start, _ = projection.target_channels or (0, 0)
    return {
        core_of(graph, mapping, projection.target, (int(c) + start, *(int(i) for i in rest)))
        for c, *rest in zip(*np.nonzero(reached), strict=True)
    }


def core_of(graph: EventGraph, mapping: Mapping, population: str, place: tuple[int, ...]) -> int:
    static = mapping.populations[population]
    channel, row, column = (*place, 0, 0)[:3]
    extent = (*graph.populations[population].shape, 1, 1)[:3]
    blocks = [-(-extent[k] // int(static[f"block_{w}"])) for k, w in enumerate(("channels", "rows", "columns"))]
    at = [
        p // int(static[f"block_{w}"])
        for p, w in zip((channel, row, column), ("channels", "rows", "columns"), strict=True)
    ]
    return int(static["first_core"]) + (at[1] * blocks[2] + at[2]) * blocks[0] + at[0]


def slots(mapping: Mapping) -> list[int]:
    """Slot by core."""
    return [int(s) for p in mapping.populations.values() for s in str(p.get("slots", "")).split()]


def tile(slot: int) -> tuple[int, int]:
    """A snake over 8 x 4 tiles of 4 slots."""
    y, along = divmod(slot // 4, 8)
    return (along if y % 2 == 0 else 7 - along), y


def mlp_of(*sizes: int, seed: int = 0) -> EventGraph:
    """Ternary layers, the last one a readout."""
    rng = np.random.default_rng(seed)
    names = ["x", *(f"h{k}" for k in range(1, len(sizes) - 1)), "out"]
    last = len(sizes) - 1
    populations: list[Any] = [Input(name="x", shape=(sizes[0],), coding=TERNARY)]
    populations += [spiking(n, (s,)) for n, s in zip(names[1:last], sizes[1:last], strict=True)]
    populations.append(readout("out", (sizes[last],)))
    return EventGraph(
        populations,
        [
            Dense(
                name=f"fc{k}", source=names[k - 1], target=names[k], coding=TERNARY,
                weights=rng.integers(-1, 2, (sizes[k], sizes[k - 1])),
            )
            for k in range(1, len(sizes))
        ],
    )  # fmt: skip


def dense(weights: Any, source: Input, hidden: Spiking, coding: Coding = TERNARY, gain: int = 1) -> EventGraph:
    """x -> h -> out."""
    return EventGraph(
        [source, hidden, readout("out", (1,))],
        [
            Dense(name="fc1", source="x", target="h", weights=weights, coding=coding, gain=gain),
            Dense(
                name="fc2", source="h", target="out", weights=np.ones((1, hidden.size), np.int8), coding=TERNARY
            ),
        ],
    )
