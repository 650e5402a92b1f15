"""The network as a Brian2 user sees it: named parts that can be added to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims.brian2 import FixedDelays, RandomDelays, build_brian2
from gxnor_sims.brian2.limits import why_not
from gxnor_snn.errors import EngineError, InputError
from gxnor_snn.graph import Coding, EventGraph, Input, Spiking, execute
from tests.conformance.compare import assert_same
from tests.conformance.graphs import event_graphs, random_inputs
from tests.gxnor_snn.graph.small import small_graph

from .nets import T, chain, dense, mlp, pixels, pooled, readout, residual

pytestmark = pytest.mark.usefixtures("brian2")


@settings(max_examples=6)
@given(event_graphs(), st.integers(0, 999))
def test_random_delays_and_full_counts_leave_no_difference(graph: EventGraph, seed: int) -> None:
    if why_not(graph):
        return
    x = random_inputs(graph, 3, seed)
    network = build_brian2(graph, delays=RandomDelays(0, 3, seed), counts="full")
    expected = execute(graph, x, record="all", counts="full")
    found = network.run(x, record="all", counts="full", batch=[None, 1, 2][seed % 3])
    assert_same(expected, found)
    for name, sums in found.sums.items():
        np.testing.assert_array_equal(sums, expected.sums[name])


@pytest.mark.parametrize("graph", [pooled(), residual(), small_graph()], ids=["pooled", "residual", "small"])
@pytest.mark.parametrize("real", [False, True])
def test_helpers_slots_and_real_sums_give_the_same_integers(graph: EventGraph, real: bool) -> None:
    x = random_inputs(graph, 6, 3)
    expected = execute(graph, x, record="all")
    found = build_brian2(graph, real=real).run(x, record="all")
    assert found.exact is not real
    for name, sums in expected.readouts.items():
        np.testing.assert_array_equal(found.readouts[name], sums)
    for name, levels in expected.spikes.items():
        np.testing.assert_array_equal(found.spikes[name], levels)
    assert found.counts.to_dict() == expected.counts.to_dict()


def test_many_thresholds_are_compared_in_one_step() -> None:
    coding = Coding.pm1(6)
    thresholds = np.sort(np.random.default_rng(0).integers(-60, 60, (3, coding.n_thresholds)), axis=1)
    graph = EventGraph(
        [
            Input(name="in", shape=(9,), coding=Coding.signmag(4)),
            Spiking(
                name="a",
                shape=(3,),
                coding=coding,
                thresholds=thresholds,
                increasing=np.array([True, False, True]),
            ),
            readout("out", 2),
        ],
        [dense("ia", "in", "a", np.tile([1, -1, 1], (3, 3))), dense("ao", "a", "out", [[1, 1, -1], [0, 1, 1]])],
    )
    x = random_inputs(graph, 20, 1)
    assert_same(execute(graph, x, record="all"), build_brian2(graph).run(x, record="all"))


def test_every_weight_zero_is_a_network_without_synapses() -> None:
    graph = EventGraph(
        [Input(name="in", shape=(2,), coding=T), readout("out", 1)], [dense("fc", "in", "out", [[0, 0]])]
    )
    network = build_brian2(graph)
    assert (network.synapses, network.pools) == (None, None)
    assert_same(execute(graph, np.ones((2, 2), int)), network.run(np.ones((2, 2), int)))


def test_parts_have_names_and_places(brian2) -> None:
    network = build_brian2(small_graph())
    assert network.indices("spk").shape == (3, 6, 6)
    objects, place = network.synapses_of("fc2")
    assert objects is network.synapses
    assert set(objects.i[place]) <= set(network.indices("deep"))
    assert set(objects.j[place]) <= set(network.indices("out"))
    assert network.synapses_of("pool")[0] is network.pools
    with pytest.raises(InputError, match="no population 'nope'"):
        network.indices("nope")
    with pytest.raises(InputError, match="no projection 'nope'"):
        network.synapses_of("nope")


def test_a_monitor_sees_sums_and_thresholds(brian2) -> None:
    graph = chain(2, 1, 0)
    network = build_brian2(graph)
    monitor = brian2.StateMonitor(
        network.neurons, "v", record=network.indices("a"), clock=network.clock, when="end"
    )
    spikes = brian2.SpikeMonitor(network.neurons, variables="answer")
    network.network.add(monitor, spikes)
    network.run(np.array([[1, 1], [-1, 0]]))
    assert network.window == 6  # 2 + 1 steps to a, 1 + 1 to b, 1 to the readout
    assert monitor.v[0].tolist() == [0, 0, 2, 2, 2, 2, 0, 0, -1, -1, -1, -1]
    assert network.neurons.threshold2[network.indices("a")[0]] == 1
    sent = {
        (int(i), round(float(t / brian2.ms)), int(level))
        for i, t, level in zip(spikes.i, spikes.t, spikes.answer, strict=True)
    }
    a, b = int(network.indices("a")[0]), int(network.indices("b")[0])
    assert sent == {(0, 0, 1), (1, 0, 1), (a, 3, 1), (b, 5, 1), (0, 6, -1), (a, 9, -1), (b, 11, -1)}


def test_noise_of_the_users_own_reaches_the_comparison(brian2) -> None:
    graph, x = mlp(), pixels(40)
    network = build_brian2(graph, real=True)
    noise = network.neurons.run_regularly(
        "v += sigma*int(step == gate)*int(relay == 0)*randn()", when="before_thresholds", clock=network.clock
    )
    network.network.add(noise)
    clean = execute(graph, x, record="all")
    quiet = network.run(x, record="all", namespace={"sigma": 0.0})
    brian2.seed(1)
    loud = network.run(x, record="all", namespace={"sigma": 1000.0})
    np.testing.assert_array_equal(quiet.spikes["h1"], clean.spikes["h1"])
    assert np.mean(loud.spikes["h1"] != clean.spikes["h1"]) > 0.3
    assert not loud.exact
    brian2.seed()


def test_weights_that_change_need_no_counts() -> None:
    network = build_brian2(mlp())
    before = network.run(pixels(5)).logits
    objects, place = network.synapses_of("fc3")
    objects.w[place] = -np.asarray(objects.w[place])
    np.testing.assert_array_equal(network.run(pixels(5), counts="none").logits, -before)


def test_delays_lie_on_the_synapses(brian2) -> None:
    network = build_brian2(chain(0, 0, 0), delays=FixedDelays({"ia": np.array([1, 4]), "bo": 2}))
    assert np.asarray(network.synapses.delay / brian2.ms).round().tolist() == [1, 4, 0, 2]
    assert build_brian2(chain(3, 3, 3)).synapses.delay.shape == (1,)


def test_a_network_that_was_cut_off_is_not_used_again() -> None:
    network = build_brian2(mlp())

    def stop(samples: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network.run(pixels(5), advance=stop)
    with pytest.raises(EngineError, match="build it again"):
        network.run(pixels(5))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"target": "cpp_standalone"}, "numpy or cython"),
        ({"firing": "now"}, "gated, arrival, free"),
        ({"wait": -1}, "wait is -1"),
        ({"wait": True}, "wait is True"),
        ({"wait": 1, "firing": "free"}, "wait with firing 'gated' only"),
        ({"delays": 3}, "delays is 3, allowed is a delay model"),
        ({"counts": "some"}, "basic, full, none"),
        ({"memory": 0}, "memory is 0"),
    ],
)
def test_bad_arguments_are_refused(options: dict, match: str) -> None:
    with pytest.raises(InputError, match=match):
        build_brian2(mlp(), **options)


def test_a_run_takes_what_the_network_was_built_for() -> None:
    network = build_brian2(mlp())
    with pytest.raises(InputError, match="built without"):
        network.run(pixels(1), counts="full")
    with pytest.raises(InputError, match="input 'in'"):
        network.run(pixels(1, size=7))
