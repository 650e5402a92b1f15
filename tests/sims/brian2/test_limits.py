"""What Brian2 cannot run is refused before anything is made, with a way on."""

import numpy as np
import pytest

from gxnor_sims import simulate
from gxnor_sims.brian2 import Brian2Engine, RandomDelays, build_brian2
from gxnor_sims.brian2.limits import BYTES_PER_SYNAPSE, available_memory, estimate_memory, why_not
from gxnor_snn.errors import InputError, UnsupportedGraphError
from gxnor_snn.graph import Coding, Dense, EventGraph, Identity, Input, Spiking, restrict
from tests.conformance.compare import assert_same

from .nets import T, dense, mlp, pixels, readout, wide


def test_memory_is_estimated_from_the_synapses() -> None:
    per_neuron = 8 * (2 * 2 + 16)
    grown = estimate_memory(wide(300)) - estimate_memory(wide(100))
    assert grown == 80_000 * BYTES_PER_SYNAPSE["numpy"] + 400 * per_neuron
    assert estimate_memory(wide(300), delayed=True) - estimate_memory(wide(300)) == 90_000 * 20
    assert estimate_memory(wide(300), full=True) - estimate_memory(wide(300)) == 90_000 * 8
    assert available_memory() > 10**8


def test_a_graph_too_large_is_refused_with_the_estimate_and_parts_of_it_run(brian2) -> None:
    graph = mlp((400, 300, 200, 4))
    engine = Brian2Engine(memory=estimate_memory(graph) - 1)
    x = pixels(4, 400)
    with pytest.raises(
        UnsupportedGraphError, match=r"synapses of 75 bytes and their neurons take about 0\.2 GB.*graph\.subgraph"
    ):
        engine.run(graph, x)
    assert "GB" in (engine.supports(graph) or "")
    part = graph.subgraph(["h1", "h2"], channels=range(50))
    whole = simulate(graph, x, "reference", record="all")
    given = restrict(part, whole.spikes)
    found = simulate(part, given, engine, record="all")
    assert_same(simulate(part, given, "reference", record="all"), found)
    np.testing.assert_array_equal(found.spikes["h2"], whole.spikes["h2"][:, :50])


def test_thresholds_take_memory_in_every_neuron() -> None:
    coding, n = Coding.signmag(7), 10_000
    spiking = Spiking(
        name="a",
        shape=(n,),
        coding=coding,
        thresholds=np.tile(np.arange(coding.n_thresholds), (n, 1)),
        increasing=np.ones(n, bool),
    )
    graph = EventGraph(
        [Input(name="in", shape=(n,), coding=T), spiking, readout("out", 1)],
        [Identity(name="i", source="in", target="a"), dense("ao", "a", "out", np.ones((1, n), int))],
    )
    parameters = 2 * coding.n_thresholds * 4 * 2 * n
    assert estimate_memory(graph) - estimate_memory(wide(2)) > parameters


def test_delays_and_full_counts_are_part_of_the_estimate(brian2) -> None:
    graph = wide(100)
    just = estimate_memory(graph)
    assert build_brian2(graph, memory=just).synapses is not None
    with pytest.raises(UnsupportedGraphError, match="synapses of 95 bytes"):
        build_brian2(graph, memory=just, delays=RandomDelays(0, 3, 1))
    with pytest.raises(UnsupportedGraphError, match="synapses of 83 bytes"):
        build_brian2(graph, memory=just, counts="full")
    assert "95 bytes" in (Brian2Engine(memory=just, delays=RandomDelays(0, 3, 1)).supports(graph) or "")


def test_several_processes_share_the_memory(brian2) -> None:
    graph = mlp()
    assert Brian2Engine(memory=estimate_memory(graph)).supports(graph) is None
    assert Brian2Engine(memory=estimate_memory(graph), processes=2).supports(graph) is not None


def test_sums_beyond_32_bits_are_refused() -> None:
    heavy = Coding.signmag(31)
    graph = EventGraph(
        [Input(name="in", shape=(3,), coding=T), readout("out", 1)],
        [Dense(name="fc", source="in", target="out", weights=np.full((1, 3), 10**9), coding=heavy)],
    )
    assert "3000000000" in (why_not(graph) or "")
    silent = EventGraph(
        [Input(name="in", shape=(1,), coding=Coding.ternary(0, 0)), readout("out", 1)],
        [Dense(name="fc", source="in", target="out", weights=np.array([[4]]), coding=heavy, gain=2**30)],
    )
    assert "weight times gain" in (why_not(silent) or "")


def test_more_thresholds_than_are_compared_are_refused() -> None:
    coding = Coding.signmag(9)
    graph = EventGraph(
        [
            Input(name="in", shape=(1,), coding=T),
            Spiking(
                name="a",
                shape=(1,),
                coding=coding,
                thresholds=np.zeros((1, coding.n_thresholds), int),
                increasing=np.ones(1, bool),
            ),
            readout("out", 1),
        ],
        [dense("ia", "in", "a", [[1]]), dense("ao", "a", "out", [[1]])],
    )
    assert "512 thresholds" in (why_not(graph) or "")


@pytest.mark.parametrize("memory", [0, -1, "much", True, 1.5])
def test_memory_is_a_number_of_bytes(memory: object, brian2) -> None:
    with pytest.raises(InputError, match="memory is"):
        Brian2Engine(memory=memory)  # type: ignore[arg-type]
