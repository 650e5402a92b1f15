"""Nets and cards shared by the tests of the hardware models."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gxnor_hardware
from gxnor_hardware.profile import Profile
from gxnor_hardware.schema import parse_profile
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Pool2d, Readout, Relay, Spiking
from gxnor_snn.graph import execute as run
from gxnor_snn.results import Counts, PopulationCounts, SynapseCounts

CARDS = Path(gxnor_hardware.__file__).parent / "profiles"
TERNARY = Coding.ternary()


def spiking(name: str, shape: tuple[int, ...], low: int = -1, high: int = 2, internal: bool = False) -> Spiking:
    return Spiking(
        name=name,
        shape=shape,
        coding=TERNARY,
        thresholds=np.tile([low, high], (shape[0], 1)),
        increasing=np.ones(shape[0], bool),
        internal=internal,
    )


def readout(name: str, size: int) -> Readout:
    return Readout(name=name, shape=(size,), scale=np.ones(size), offset=np.zeros(size))


@pytest.fixture(scope="session")
def conv_net() -> EventGraph:
    """Pixels -> padded conv -> max-pool -> strided conv -> dense: every op a converted net has."""
    rng = np.random.default_rng(7)
    return EventGraph(
        [
            Input(name="input", shape=(1, 10, 10), coding=Coding.bits(5)),
            spiking("act1.pre", (6, 10, 10), -4, 9, internal=True),
            Relay(name="act1", shape=(6, 5, 5)),
            spiking("act2", (8, 3, 3)),
            readout("readout", 4),
        ],
        [
            Conv2d(
                name="conv1", source="input", target="act1.pre", coding=TERNARY, padding=(1, 1, 1, 1),
                weights=rng.integers(-1, 2, (6, 1, 3, 3)),
            ),
            Pool2d(name="pool1", source="act1.pre", target="act1", mode=("max",) * 5 + ("min",)),
            Conv2d(
                name="conv2", source="act1", target="act2", coding=TERNARY, padding=(1, 1, 1, 1), stride=(2, 2),
                groups=2, weights=rng.integers(-1, 2, (8, 3, 3, 3)),
            ),
            Dense(name="fc", source="act2", target="readout", coding=TERNARY, weights=rng.integers(-1, 2, (4, 72))),
        ],
    )  # fmt: skip


@pytest.fixture(scope="session")
def pixels() -> Callable[[int], Any]:
    """Sparse 5-bit images for `conv_net`."""

    def make(samples: int) -> Any:
        rng = np.random.default_rng(samples)
        return rng.integers(0, 32, (samples, 1, 10, 10)) * (rng.random((samples, 1, 10, 10)) < 0.4)

    return make


@pytest.fixture(scope="session")
def conv_counts(conv_net: EventGraph, pixels: Callable[[int], Any]) -> Counts:
    counts = run(conv_net, pixels(6), counts="full").counts
    assert counts is not None
    return counts


@pytest.fixture(scope="session")
def dense_net() -> EventGraph:
    """Two ternary inputs, three ternary neurons, one readout: small enough for mapping by hand."""
    return EventGraph(
        [Input(name="input", shape=(2,), coding=TERNARY), spiking("hidden", (3,), 0, 1), readout("out", 1)],
        [
            Dense(
                name="fc1", source="input", target="hidden", coding=TERNARY,
                weights=np.array([[1, -1], [0, 1], [1, 1]]),
            ),
            Dense(name="fc2", source="hidden", target="out", coding=TERNARY, weights=np.array([[1, 0, -1]])),
        ],
    )  # fmt: skip


@pytest.fixture(scope="session")
def edited() -> Callable[..., Profile]:
    """A shipped card with changes: ``edited("loihi_micro_2018", {"energy.synop": None, "kind": "x"})``.

    A key is a dotted path; None removes what stands there.
    """

    def edit(name: str, changes: dict[str, Any]) -> Profile:
        data: dict[str, Any] = tomllib.loads((CARDS / f"{name}.toml").read_text())
        for path, value in changes.items():
            *parents, last = path.split("/")
            table = data
            for parent in parents:
                table = table.setdefault(parent, {})
            if value is None:
                table.pop(last)
            else:
                table[last] = value
        return parse_profile(data, "card test")

    return edit


def counts_at(graph: EventGraph, gated: float = 4 / 9, driven: float = 2 / 3) -> Counts:
    """Counts of one sample of a weighted graph at given activities, without running it."""
    projections = {}
    for name in graph.projections:
        fan_out = graph.fan_out(name)
        dense = int(fan_out.dense.sum())
        values = [dense, dense * driven, fan_out.nonzero.sum(), dense * gated, fan_out.padded, dense * driven]
        whole = [np.asarray(round(float(v)), np.int64) for v in (*values, dense * gated)]
        projections[name] = SynapseCounts(*whole)
    populations = {
        n: PopulationCounts(p.size, p.is_internal, np.asarray(p.size // 3), np.asarray(p.size // 3))
        for n, p in graph.populations.items()
    }
    return Counts(1, projections, populations)


@pytest.fixture(scope="session")
def at_activity() -> Callable[..., Counts]:
    return counts_at
