"""Recorded runs of small nets."""

import numpy as np

from gxnor_snn.graph import Dense, EventGraph, Input, execute
from gxnor_snn.results import EventTrace

from ..neuromorphic.nets import TERNARY, readout, spiking

__all__ = ["deep", "ran"]


def ran(graph: EventGraph, seed: int, samples: int = 3) -> EventTrace:
    (name,) = (n for n, p in graph.populations.items() if not p.has_inputs)
    coding, rng = graph.coding(name), np.random.default_rng(seed)
    x = rng.choice(coding.levels, (samples, *graph.populations[name].shape))
    return execute(graph, x, record="all", counts="full")


def deep(delay: int = 0, size: int = 40) -> EventGraph:
    rng = np.random.default_rng(3)
    return EventGraph(
        [Input(name="x", shape=(size,), coding=TERNARY), spiking("h", (size,)), readout("y", (3,))],
        [
            Dense(
                name="one", source="x", target="h", coding=TERNARY, delay=delay,
                weights=rng.integers(-1, 2, (size, size)),
            ),
            Dense(name="two", source="h", target="y", coding=TERNARY, weights=rng.integers(-1, 2, (3, size))),
        ],
    )  # fmt: skip
