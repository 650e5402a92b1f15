"""Small hand-made counts, bills and a graph: every number in a test can be recomputed in the head."""

import numpy as np
import pytest

from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Pool2d, Readout, Relay, Spiking
from gxnor_snn.results import (
    Bill,
    Counts,
    Latency,
    MoveCounts,
    PopulationCounts,
    SynapseCounts,
    Term,
    Total,
    Unpriced,
)


def synapses(n_dense, n_w, n_gated):
    """Counts of two samples; the fields that no figure shows get values of their own."""
    first, second = np.asarray(n_gated) // 2, np.asarray(n_gated) - np.asarray(n_gated) // 2
    both = {"n_dense": n_dense, "n_w": n_w, "n_padded": n_dense + 7, "n_x": n_dense - 1}
    arrays = {name: np.array([value, value]) for name, value in both.items()}
    gated = np.array([first, second])
    return SynapseCounts(**arrays, n_gated=gated, n_x_planes=gated + 3, n_xnor=gated + 5)


@pytest.fixture
def counts():
    def population(n, pos, neg, internal=False):
        return PopulationCounts(n, internal, np.array(pos), np.array(neg))

    return Counts(
        2,
        {
            "conv1": synapses(1000, 600, 501),
            "pool1": MoveCounts(np.array([30, 31])),
            "fc1": synapses(400, 300, 160),
        },
        {
            "input": population(100, [60, 20], [0, 0]),
            "act1.pre": population(80, [1, 2], [3, 4], internal=True),
            "act1": population(20, [5, 3], [2, 10]),
            "readout": PopulationCounts(10),
        },
    )


def term(energy, low=None, high=None, grade="A"):
    return Term(
        energy, energy if low is None else low, energy if high is None else high, grade, "a paper", 10.0, "n x e"
    )


@pytest.fixture
def bills():
    return [
        Bill(
            "chip",
            "A chip, 14 nm",
            "neuromorphic",
            2,
            {"small": term(1e-9, 0.5e-9, 2e-9, "B"), "large": term(3e-6)},
            Total(3.001e-6, 2e-6, 4e-6),
            weakest_grade="B",
            latency=Latency(1e-5, 1e-5, 2e-5, "B", "steps"),
        ),
        Bill(
            "array",
            "An array",
            "crossbar",
            2,
            {"reads": term(2e-12)},
            None,
            unpriced=(Unpriced("buffers", 12.0, "never published"),),
            weakest_grade="A",
        ),
    ]


@pytest.fixture
def graph():
    """Input (2, 3, 3) -> conv -> internal (2, 2, 2) -> max-pool -> act1 (2, 1, 1) -> dense -> act2 (5,) -> readout."""
    rng = np.random.default_rng(5)

    def thresholds(channels, coding):
        rows = np.sort(rng.integers(-3, 4, (channels, coding.n_thresholds)), axis=1)
        return {"coding": coding, "thresholds": rows, "increasing": np.ones(channels, bool)}

    ternary, wide = Coding.ternary(), Coding.signmag(2)
    return EventGraph(
        [
            Input(name="input", shape=(2, 3, 3), coding=Coding.signmag(3)),
            Spiking(name="act1.pre", shape=(2, 2, 2), internal=True, **thresholds(2, ternary)),
            Relay(name="act1", shape=(2, 1, 1)),
            Spiking(name="act2", shape=(5,), **thresholds(5, wide)),
            Readout(
                name="readout", shape=(3,), scale=np.array([1.0, -2.0, 0.5]), offset=np.array([0.5, 0.0, -1.0])
            ),
        ],
        [
            Conv2d(
                name="conv1",
                source="input",
                target="act1.pre",
                coding=ternary,
                weights=rng.integers(-1, 2, (2, 2, 2, 2)),
            ),
            Pool2d(name="pool1", source="act1.pre", target="act1", mode="max", kernel=(2, 2), stride=(2, 2)),
            Dense(name="fc1", source="act1", target="act2", coding=ternary, weights=rng.integers(-1, 2, (5, 2))),
            Dense(
                name="fc2", source="act2", target="readout", coding=ternary, weights=rng.integers(-1, 2, (3, 5))
            ),
        ],
    )


@pytest.fixture
def samples():
    return np.random.default_rng(6).integers(-4, 5, (3, 2, 3, 3))
