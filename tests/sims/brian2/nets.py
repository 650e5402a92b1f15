"""Small graphs made by hand."""

import numpy as np

from gxnor_snn.graph import Coding, Dense, EventGraph, Identity, Input, Pool2d, Readout, Relay, Spiking

T = Coding.ternary()


def readout(name: str, n: int) -> Readout:
    return Readout(name=name, shape=(n,), scale=np.ones(n), offset=np.zeros(n))


def spiking(name: str, low: int, high: int, n: int = 1, **others: object) -> Spiking:
    """Level -1 below `low`, 0 from there on, 1 from `high` on."""
    thresholds = np.tile([low, high], (n, 1))
    return Spiking(name=name, shape=(n,), coding=T, thresholds=thresholds, increasing=np.ones(n, bool), **others)


def dense(name: str, source: str, target: str, weights: object, **others: object) -> Dense:
    return Dense(name=name, source=source, target=target, weights=np.asarray(weights), coding=T, **others)


def chain(*delays: int) -> EventGraph:
    """in (2) -> a (1) -> b (1) -> out (1), every weight 1."""
    return EventGraph(
        [Input(name="in", shape=(2,), coding=T), spiking("a", 0, 1), spiking("b", 0, 1), readout("out", 1)],
        [
            dense("ia", "in", "a", [[1, 1]], delay=delays[0]),
            dense("ab", "a", "b", [[1]], delay=delays[1]),
            dense("bo", "b", "out", [[1]], delay=delays[2]),
        ],
    )


def mlp(sizes: tuple[int, ...] = (30, 20, 12, 4), seed: int = 0) -> EventGraph:
    """A ternary network on pixels with random weights."""
    rng = np.random.default_rng(seed)
    populations: list = [Input(name="in", shape=(sizes[0],), coding=Coding.bits(8))]
    projections = []
    for k, n in enumerate(sizes[1:], start=1):
        t = 150 if k == 1 else 2
        populations.append(readout("out", n) if k == len(sizes) - 1 else spiking(f"h{k}", -t, t, n))
        weights = rng.integers(-1, 2, (n, sizes[k - 1]))
        projections.append(dense(f"fc{k}", populations[k - 1].name, populations[k].name, weights))
    return EventGraph(populations, projections)


def pixels(n: int, size: int = 30, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random((n, size)) < 0.4, rng.integers(1, 256, (n, size)), 0).astype(np.uint8)


def pooled() -> EventGraph:
    """Max pools with negative gain straight into spiking neurons, beside an identity: needs helper neurons."""
    return EventGraph(
        [
            Input(name="in", shape=(1, 2, 4), coding=Coding.signmag(2)),
            Spiking(
                name="s", shape=(1, 1, 2), coding=T, thresholds=np.array([[-2, 1]]), increasing=np.array([True])
            ),
            Relay(name="r", shape=(1, 1, 2)),
            readout("out", 2),
        ],
        [
            Pool2d(name="max", source="in", target="s", mode="max", gain=-3),
            Pool2d(name="sum", source="in", target="s", mode="sum"),
            Pool2d(name="min", source="in", target="r", mode="min"),
            Dense(name="so", source="s", target="out", weights=np.array([[1, 0], [0, 1]]), coding=T),
            Dense(name="ro", source="r", target="out", weights=np.array([[1, -1], [0, 1]]), coding=T),
        ],
    )


def wide(n: int) -> EventGraph:
    """One dense layer of n x n weights, none zero."""
    return EventGraph(
        [Input(name="in", shape=(n,), coding=T), readout("out", n)],
        [dense("fc", "in", "out", np.ones((n, n), np.int8))],
    )


def residual() -> EventGraph:
    """a + 2 * in on the same channels, and a concatenation of both."""
    return EventGraph(
        [
            Input(name="in", shape=(2, 1, 1), coding=T),
            Relay(name="joined", shape=(4, 1, 1)),
            Relay(name="added", shape=(2, 1, 1), kind="sum", lo=-3, hi=3),
            readout("out", 1),
        ],
        [
            Identity(name="left", source="in", target="joined", target_channels=(0, 2)),
            Identity(name="right", source="in", target="joined", target_channels=(2, 4)),
            Identity(name="plain", source="in", target="added"),
            Identity(name="twice", source="in", target="added", gain=2),
            Dense(name="jo", source="joined", target="out", weights=np.array([[1, 1, -1, 0]]), coding=T),
            Dense(name="ao", source="added", target="out", weights=np.array([[1, 1]]), coding=T),
        ],
    )
