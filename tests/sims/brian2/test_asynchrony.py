"""What happens when: hand-made cases, and what must hold whatever the delays."""

import numpy as np
import pytest

from gxnor_sims.brian2 import FixedDelays, RandomDelays, early_firing, run_async
from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph, Input, execute
from tests.conformance.compare import assert_same

from .nets import T, chain, dense, mlp, pixels, pooled, readout, spiking

pytestmark = pytest.mark.usefixtures("brian2")


def tug() -> EventGraph:
    """+1 arrives at once, two times -1 late: the exact level is -1, in haste it is +1."""
    return EventGraph(
        [Input(name="in", shape=(3,), coding=T), spiking("a", 0, 1), readout("out", 2)],
        [dense("ia", "in", "a", [[1, -1, -1]]), dense("ao", "a", "out", [[1], [-1]])],
    )


LATE = FixedDelays({"ia": np.array([0, 3, 3])})
ONES = np.array([[1, 1, 1]])


def test_gates_after_the_longest_delay_are_exact() -> None:
    timing = run_async(tug(), ONES, delays=LATE)
    assert timing.trace.exact
    assert timing.gates == {"in": 0, "a": 4, "out": 5}
    assert timing.first_spike["in"].tolist() == [[0, 0, 0]]
    assert timing.first_spike["a"].tolist() == [[4]]
    assert timing.trace.spikes["a"].tolist() == [[-1]]
    assert timing.events.tolist() == [[1, 0, 0, 2, 2]]
    assert timing.spikes["in"].tolist() == [[3, 0, 0, 0, 0]]
    assert timing.spikes["a"].tolist() == [[0, 0, 0, 0, 1]]
    assert timing.sums["out"].tolist() == [[[0, 0]] * 4 + [[-1, 1]]]
    assert timing.predictions.tolist() == [[0, 0, 0, 0, 1]]
    assert timing.latency.tolist() == [5]
    assert timing.settled.tolist() == [5]


@pytest.mark.parametrize(
    ("options", "step"), [({"wait": 0}, 1), ({"firing": "arrival"}, 1), ({"firing": "free"}, 1)]
)
def test_haste_sends_the_wrong_level(options: dict, step: int) -> None:
    timing = run_async(tug(), ONES, delays=LATE, **options)
    assert not timing.trace.exact
    assert timing.window == 5
    assert timing.first_spike["a"].tolist() == [[step]]
    assert timing.trace.spikes["a"].tolist() == [[1]]
    assert timing.predictions[:, -1].tolist() == [0]
    assert timing.trace.counts.synapses["ao"].n_gated.tolist() == [2]


def test_a_neuron_that_fires_at_rest_fires_in_step_0_only_without_any_gate() -> None:
    graph = EventGraph(
        [Input(name="in", shape=(1,), coding=T), spiking("a", -9, 0), readout("out", 1)],
        [dense("ia", "in", "a", [[-1]], delay=2), dense("ao", "a", "out", [[1]])],
    )
    x = np.array([[1], [0]])
    assert run_async(graph, x).first_spike["a"].tolist() == [[-1], [3]]
    assert run_async(graph, x, firing="free").first_spike["a"].tolist() == [[0], [0]]
    assert run_async(graph, x, firing="arrival").first_spike["a"].tolist() == [[-1], [-1]]


@pytest.mark.parametrize("graph", [mlp(), pooled(), chain(2, 0, 1)], ids=["mlp", "pooled", "chain"])
@pytest.mark.parametrize("options", [{}, {"wait": 1}, {"firing": "arrival"}, {"firing": "free"}])
def test_what_must_hold_whatever_the_delays(graph: EventGraph, options: dict) -> None:
    n = graph.populations["in"].size
    x = pixels(6, n) if "fc1" in graph.projections else np.random.default_rng(0).integers(-1, 2, (6, n))
    x = x.reshape(6, *graph.populations["in"].shape)
    delays = RandomDelays(0, 3, seed=2)
    timing = run_async(graph, x, delays=delays, batch=4, **options)
    trace = timing.trace
    for name, steps in timing.first_spike.items():
        np.testing.assert_array_equal(steps >= 0, trace.spikes[name] != 0)
        np.testing.assert_array_equal(timing.spikes[name].sum(axis=1), (steps >= 0).reshape(6, -1).sum(axis=1))
        assert steps.max() <= timing.window
    counts = trace.counts
    total = sum(c.n_gated for c in counts.synapses.values()) + sum(c.n_moved for c in counts.moves.values())
    np.testing.assert_array_equal(timing.events.sum(axis=1), total)
    np.testing.assert_array_equal(timing.sums["out"][:, -1], trace.readouts["out"])
    np.testing.assert_array_equal(timing.predictions[:, -1], trace.predictions)
    assert np.all((timing.latency >= 1) & (timing.latency <= timing.window))
    assert np.all(timing.settled <= timing.window)
    assert trace.exact == (options == {})
    if trace.exact:
        assert_same(execute(graph, x, record="all"), trace)
        for name, steps in timing.first_spike.items():
            assert set(steps[steps >= 0].tolist()) <= {timing.gates[name]}


def test_waiting_for_the_longest_delay_costs_nothing() -> None:
    graph, x = mlp(), pixels(30)
    y = execute(graph, x).predictions
    found = early_firing(graph, x, y, RandomDelays(0, 3, 1), waits=[0, 1, 3])
    assert found.labels == ("wait 0", "wait 1", "wait 3", "arrival", "free")
    assert found.accuracy[2] == found.agreement[2] == 1.0
    assert found.accuracy[0] < 1.0
    assert [found.changed[n][2] for n in ("in", "h1", "h2")] == [0, 0, 0]
    assert found.changed["h1"][0] > 0
    assert found.latency.shape == found.events.shape == (5,)
    unlabelled = early_firing(graph, x, None, RandomDelays(0, 3, 1), waits=[3], firings=())
    assert np.isnan(unlabelled.accuracy).all()
    assert unlabelled.agreement.tolist() == [1.0]
    with pytest.raises(InputError, match="needs at least one"):
        early_firing(graph, x, y, RandomDelays(0, 3, 1), waits=[], firings=())


@pytest.mark.parametrize(
    ("n", "y"),
    [(3, np.zeros(1, int)), (3, np.zeros(4, int)), (3, np.zeros((3, 1), int)), (0, np.zeros(0, int)), (0, None)],
)
def test_early_firing_needs_a_class_for_every_sample(n: int, y: np.ndarray | None) -> None:
    with pytest.raises(InputError, match=f"early_firing: {n} samples and classes"):
        early_firing(mlp(), pixels(n), y, RandomDelays(0, 1, 1), waits=[0], firings=())


def test_no_sample_is_no_trouble() -> None:
    timing = run_async(mlp(), pixels(0))
    assert timing.events.shape == (0, 3)
    assert timing.predictions.shape == (0, 3)
