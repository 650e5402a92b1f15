"""A small graph with every kind of population and projection, for tests that change one thing of it."""

from typing import Any

import numpy as np

from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Population,
    Projection,
    Readout,
    Relay,
    Spiking,
)

T = Coding.ternary()


def parts() -> tuple[dict[str, Population], dict[str, Projection]]:
    rng = np.random.default_rng(7)
    populations: list[Population] = [
        Input(name="input", shape=(2, 6, 6), coding=Coding.bits(8)),
        Spiking(
            name="spk",
            shape=(3, 6, 6),
            coding=T,
            thresholds=np.array([[-200, 300], [0, 10**9], [-(10**9), 0]]),
            increasing=np.array([True, False, True]),
            internal=True,
        ),
        Relay(name="relay", shape=(3, 3, 3)),
        Relay(name="sum", shape=(3, 1, 1), kind="sum", lo=-9, hi=9),
        Spiking(
            name="deep",
            shape=(4,),
            coding=Coding.signmag(3, table=(-4, -1, 0, 1, 4)),
            thresholds=np.sort(rng.integers(-4, 5, (4, 4)), axis=1),
            increasing=np.array([True, True, False, True]),
        ),
        Readout(name="out", shape=(4,), scale=np.arange(1.0, 5.0), offset=np.full(4, -0.25)),
    ]
    projections: list[Projection] = [
        Conv2d(
            name="conv",
            source="input",
            target="spk",
            weights=rng.integers(-1, 2, (3, 2, 3, 3)),
            coding=T,
            padding=(1, 1, 1, 1),
            delay=2,
        ),
        Pool2d(name="pool", source="spk", target="relay", mode=("max", "min", "max")),
        Pool2d(name="add", source="relay", target="sum", mode="sum", kernel=(3, 3)),
        Dense(name="fc", source="sum", target="deep", weights=rng.integers(-1, 2, (4, 3)), coding=T, gain=-2),
        Dense(
            name="fc2", source="deep", target="out", weights=rng.integers(-2, 3, (4, 4)), coding=Coding.signmag(2)
        ),
        Identity(name="skip", source="deep", target="out", gain=3),
    ]
    return {p.name: p for p in populations}, {p.name: p for p in projections}


def small_graph(**metadata: Any) -> EventGraph:
    populations, projections = parts()
    return EventGraph(list(populations.values()), list(projections.values()), metadata)


def small_input(n: int = 5) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (n, 2, 6, 6)).astype(np.uint8)
