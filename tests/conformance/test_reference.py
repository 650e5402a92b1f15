"""The reference walk against every synapse written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_snn.graph import EventGraph, execute

from . import oracle
from .compare import assert_same
from .graphs import event_graphs, random_inputs


@settings(max_examples=60, deadline=None)
@given(event_graphs(), st.integers(0, 1000))
def test_the_reference_equals_brute_force(graph: EventGraph, seed: int) -> None:
    x = random_inputs(graph, 2, seed)
    trace = execute(graph, x, record="all", counts="full")
    assert trace.counts is not None
    assert trace.sums is not None
    for index in range(2):
        found = oracle.run(graph, {name: a[index] for name, a in x.items()})
        for name, levels in found["levels"].items():
            assert trace.spikes[name][index].reshape(-1).tolist() == levels
            counts = trace.counts.populations[name]
            assert counts.spikes_pos is not None
            assert counts.spikes_neg is not None
            assert counts.spikes_pos[index] == sum(v > 0 for v in levels)
            assert counts.spikes_neg[index] == sum(v < 0 for v in levels)
        for name, sums in found["sums"].items():
            got = trace.sums[name] if name in trace.sums else trace.readouts[name]
            assert got[index].reshape(-1).tolist() == sums
            low, high = (b.repeat(len(sums) // len(b)) for b in graph.bounds(name))
            assert np.all((low <= sums) & (sums <= high))
            assert trace.counts.populations[name].neurons_reached[index] == found["reached"][name]
        for name, projection in trace.counts.projections.items():
            expected = found["counts"][name]
            for field, value in vars(projection).items():
                if field != "n_padded":
                    assert value[index] == expected[field], (name, field)


@settings(max_examples=40, deadline=None)
@given(event_graphs(), st.integers(0, 1000))
def test_the_walk_is_the_same_on_torch(graph: EventGraph, seed: int) -> None:
    torch = pytest.importorskip("torch")
    x = random_inputs(graph, 5, seed)
    here = execute(graph, x, record="all", counts="full")
    there = execute(graph, x, xp=torch, record="all", counts="full")
    assert_same(here, there)
    assert here.sums is not None
    assert there.sums is not None
    for name, sums in here.sums.items():
        np.testing.assert_array_equal(sums, there.sums[name])


@settings(max_examples=40, deadline=None)
@given(event_graphs(), st.integers(0, 1000))
def test_real_sums_switch_at_half_integers(graph: EventGraph, seed: int) -> None:
    """Noise below one half per population flips nothing, and the trace says that it is not exact."""
    x = random_inputs(graph, 4, seed)
    rng = np.random.default_rng(seed)
    share = 0.49 / max(sum(abs(p.gain) for p in graph.incoming(n)) or 1 for n in graph.populations)

    def noisy(projection, levels):
        exact = projection.apply(levels.astype(np.float64), graph.coding(projection.source), np)
        return exact + rng.uniform(-share, share, exact.shape)

    clean, real = execute(graph, x, record="all"), execute(graph, x, noisy, record="all")
    assert not real.exact
    for name in clean.spikes:
        np.testing.assert_array_equal(clean.spikes[name], real.spikes[name])
    for name in clean.readouts:
        np.testing.assert_array_equal(clean.readouts[name], np.round(real.readouts[name]))
