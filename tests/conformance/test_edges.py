"""Where off-by-one errors live: sums exactly at thresholds, fan-ins and batches around powers of two."""

from collections.abc import Iterator

import numpy as np
import pytest

from gxnor_sims import Engine, get_engine
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Readout, Spiking, execute

from .compare import assert_same
from .engines import ENGINES, counts_of
from .graphs import ACTIVATION_CODINGS

T = Coding.ternary()
FAN_INS = (
    1,
    2,
    3,
    4,
    7,
    8,
    9,
    31,
    32,
    33,
    63,
    64,
    65,
    127,
    128,
    129,
    511,
    512,
    513,
    1023,
    1024,
    1025,
    4096,
    10_000,
)


def on_every_engine(graph: EventGraph, x: np.ndarray) -> Iterator[Engine]:
    """Compare every engine with the reference, then hand it over for checks of the test's own."""
    engines = {**ENGINES, "torch": get_engine("torch", device="cpu")}
    for name, engine in engines.items():
        counts = counts_of(name, full=True)
        expected = execute(graph, x, record="all", counts=counts)
        assert_same(expected, engine.run(graph, x, record="all", counts=counts))
        yield engine


def level_by_hand(population: Spiking, channel: int, total: int) -> int:
    """The level of a sum, from the definition."""
    thresholds = population.thresholds[channel].tolist()
    up = bool(population.increasing[channel])
    return int(population.coding.levels[sum(total >= t if up else total <= t for t in thresholds)])


@pytest.mark.parametrize("coding", [c for c in ACTIVATION_CODINGS if c.n_thresholds], ids=str)
@pytest.mark.parametrize("gain", [1, -1, 3])
def test_sums_at_thresholds_and_one_beside(coding: Coding, gain: int) -> None:
    """Inputs whose sums take every value of their range meet thresholds at every place, equal ones too."""
    fan_in, channels = 12, 24
    rng = np.random.default_rng(coding.n_thresholds)
    reach = fan_in * abs(gain)
    thresholds = np.sort(rng.integers(-reach - 1, reach + 3, (channels, coding.n_thresholds)), axis=1)
    thresholds[0], thresholds[1] = -reach, reach
    hidden = Spiking(
        name="hidden",
        shape=(channels,),
        coding=coding,
        thresholds=thresholds,
        increasing=np.arange(channels) % 2 == 0,
    )
    graph = EventGraph(
        [
            Input(name="in", shape=(fan_in,), coding=T),
            hidden,
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            Dense(
                name="fc",
                source="in",
                target="hidden",
                weights=np.ones((channels, fan_in), np.int8),
                coding=T,
                gain=gain,
            ),
            Dense(name="last", source="hidden", target="out", weights=np.ones((1, channels), np.int8), coding=T),
        ],
    )
    population = graph.populations["hidden"]
    assert isinstance(population, Spiking)
    sums = np.arange(-fan_in, fan_in + 1)
    x = np.sign(sums)[:, None] * (np.arange(fan_in) < np.abs(sums)[:, None])
    expected = [[level_by_hand(population, c, gain * int(s)) for c in range(channels)] for s in sums]
    for engine in on_every_engine(graph, x.astype(np.int8)):
        assert engine.run(graph, x, record="all").spikes["hidden"].tolist() == expected


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_thresholds_of_a_residual_block_at_the_border(off: int) -> None:
    """Each channel's threshold is the sum at another place, or one beside it: borders and insides alike."""
    rng = np.random.default_rng(0)
    image, channels = (3, 5, 5), 3
    x = rng.integers(-1, 2, (65, *image))
    conv = Conv2d(
        name="conv",
        source="in",
        target="s",
        weights=rng.integers(-1, 2, (channels, 3, 3, 3)),
        coding=T,
        padding=(1, 1, 1, 1),
    )
    skip = Identity(name="skip", source="in", target="s", gain=2)
    sums = conv.apply(x, T, np) + 2 * x
    low = sums[0, [0, 1, 2], [0, 2, 4], [0, 2, 3]]
    thresholds = np.stack([low, low + 1], axis=1) + off
    hidden = Spiking(
        name="s", shape=image, coding=T, thresholds=thresholds, increasing=np.array([True, False, True])
    )
    last = Dense(name="last", source="s", target="out", weights=rng.integers(-1, 2, (2, 75)), coding=T)
    graph = EventGraph(
        [
            Input(name="in", shape=image, coding=T),
            hidden,
            Readout(name="out", shape=(2,), scale=np.ones(2), offset=np.zeros(2)),
        ],
        [conv, skip, last],
    )
    assert len(list(on_every_engine(graph, x))) > 1


@pytest.mark.parametrize("fan_in", FAN_INS)
def test_every_fan_in(fan_in: int) -> None:
    """Two layers, the second's inputs at the ends of their range as well; sums known by hand."""
    rng = np.random.default_rng(fan_in)
    one = np.ones((1, fan_in), np.int8)
    weights = np.concatenate([one, -one, 0 * one, rng.integers(-1, 2, (4, fan_in)).astype(np.int8)])
    x = np.concatenate([one, -one, 0 * one, rng.integers(-1, 2, (62, fan_in)).astype(np.int8)])
    thresholds = np.array([[-fan_in, fan_in]] * 3 + [[0, 1]] * 4)
    graph = EventGraph(
        [
            Input(name="in", shape=(fan_in,), coding=T),
            Spiking(name="s", shape=(7,), coding=T, thresholds=thresholds, increasing=np.ones(7, bool)),
            Readout(name="sums", shape=(7,), scale=np.ones(7), offset=np.zeros(7)),
            Readout(name="out", shape=(7,), scale=np.ones(7), offset=np.zeros(7)),
        ],
        [
            Dense(name="fc", source="in", target="s", weights=weights, coding=T),
            Dense(name="same", source="in", target="sums", weights=weights, coding=T),
            Dense(name="last", source="s", target="out", weights=np.eye(7, dtype=np.int8), coding=T),
        ],
    )
    for engine in on_every_engine(graph, x):
        trace = engine.run(graph, x)
        assert trace.readouts["sums"][:3, :3].tolist() == [[fan_in, -fan_in, 0], [-fan_in, fan_in, 0], [0, 0, 0]]
        assert trace.readouts["out"][:3, :3].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
