"""Binary numbers of several planes enter counters of every width together."""

import numpy as np
import pytest

from gxnor_sims.native import NativeEngine, available_isas, plan_of
from gxnor_snn.graph import Coding, Dense, EventGraph, Identity, Input, execute
from tests.conformance.compare import assert_same

from .nets import T, readout, spiking, ternary


def alike(graph: EventGraph, x: np.ndarray) -> None:
    expected = execute(graph, x, record="all")
    for isa in available_isas():
        assert_same(NativeEngine(isa, "samples").run(graph, x, record="all"), expected)


@pytest.mark.parametrize("planes", [3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("shift", range(9))
@pytest.mark.parametrize("fan_in", [1, 2, 9, 40])
def test_two_lists_of_numbers_at_two_levels(planes: int, shift: int, fan_in: int) -> None:
    """The second list enters `shift` planes further up, so that counters grow from 4 to 22 planes."""
    rng = np.random.default_rng(100 * planes + shift)
    coding = Coding.bits(planes)
    weights = np.concatenate(
        [np.ones((1, fan_in), np.int8), -np.ones((1, fan_in), np.int8), ternary(rng, 3, fan_in)]
    )
    graph = EventGraph(
        [Input(name="in", shape=(fan_in,), coding=coding), readout(5)],
        [
            Dense(name="a", source="in", target="out", weights=weights, coding=T),
            Dense(name="b", source="in", target="out", weights=weights[::-1], coding=T, gain=1 << shift),
        ],
    )
    x = rng.integers(0, 1 << planes, (67, fan_in))
    x[0], x[1] = 0, (1 << planes) - 1
    alike(graph, x)


@pytest.mark.parametrize("fan_in", [700, 1500, 3000, 6000, 12000, 24000, 48000])
@pytest.mark.parametrize("source", [T, Coding.ternary(lo=0)], ids=["two planes", "one plane"])
def test_chunks_in_counters_of_every_width(fan_in: int, source: Coding) -> None:
    """Sums of all weights' sizes, at both ends of their range and at thresholds beside them."""
    rng = np.random.default_rng(fan_in)
    one = np.ones((1, fan_in), np.int8)
    weights = np.concatenate([one, -one, ternary(rng, 2, fan_in)])
    graph = EventGraph(
        [Input(name="in", shape=(fan_in,), coding=source), spiking("spk", (4,), [1 - fan_in, fan_in]), readout(4)],
        [
            Dense(name="fc", source="in", target="spk", weights=weights, coding=T),
            Identity(name="seen", source="spk", target="out"),
        ],
    )
    assert plan_of(graph).program.chunks[0] > 1
    x = rng.integers(source.lo, 2, (6, fan_in)).astype(np.int8)
    x[0], x[1], x[2] = 1, source.lo, 1
    x[2, 0] = 0
    alike(graph, x)
