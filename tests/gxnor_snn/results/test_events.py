"""Events are the dense levels, and nothing else is taken for events."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gxnor_snn.errors import InputError
from gxnor_snn.graph import execute
from gxnor_snn.results import EventTrace, SpikeEvents
from tests.gxnor_snn.graph.small import small_graph, small_input

LEVELS = arrays.arrays(
    np.int16, st.tuples(*[st.integers(0, 6), st.integers(1, 4), st.integers(1, 3)]), elements=st.integers(-2, 2)
)


@given(LEVELS, st.integers(0, 6))
def test_dense_levels_come_back_in_any_cut(levels: np.ndarray, cut: int) -> None:
    events = SpikeEvents.from_levels(levels)
    assert len(events) == np.count_nonzero(levels)
    parts = SpikeEvents.concatenate([SpikeEvents.from_levels(p) for p in (levels[:cut], levels[cut:])])
    for one in (events, parts):
        assert one.dense().dtype == np.int16
        np.testing.assert_array_equal(one.dense(), levels)
        assert [(a.dtype, a.tolist()) for a in (one.sample, one.neuron, one.level)] == [
            (a.dtype, a.tolist()) for a in (events.sample, events.neuron, events.level)
        ]
    samples = list(events.per_sample())
    assert len(samples) == len(levels)
    for number, (neurons, values) in enumerate(samples):
        flat = levels[number].reshape(-1)
        assert neurons.tolist() == np.flatnonzero(flat).tolist()
        assert values.tolist() == flat[neurons].tolist()
        np.testing.assert_array_equal(events.levels_of(number), levels[number])


GOOD = SpikeEvents.from_levels(np.array([[0, 1, -1], [0, 0, 0], [1, 0, 0]], np.int16))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"sample": np.array([0, 0, 3])}, r"sample holds 0..3, allowed is 0..2"),
        ({"sample": np.array([-1, 0, 2])}, r"sample holds -1..2"),
        ({"neuron": np.array([1, 3, 0], np.int32)}, r"neuron holds 0..3, allowed is 0..2"),
        ({"neuron": np.array([1, 2, 0])}, r"neuron is int64 \(3,\), allowed is int32"),
        ({"neuron": np.array([2, 1, 0], np.int32)}, "not in order"),
        ({"neuron": np.array([1, 1, 0], np.int32)}, "one comes twice"),
        ({"sample": np.array([2, 2, 0])}, "not in order"),
        ({"level": np.array([1, 0, 1], np.int16)}, "level holds 0"),
        ({"level": np.array([1, 1], np.int16)}, "different numbers of events"),
        ({"level": [1, 1, 1]}, "level is list"),
        ({"shape": (0, 3)}, "shape is"),
        ({"n_samples": -1}, "n_samples is -1"),
    ],
)
def test_what_is_no_record_of_events_is_refused(change: dict, match: str) -> None:
    with pytest.raises(InputError, match=match):
        replace(GOOD, **change)


def test_samples_and_batches_that_are_not_there() -> None:
    with pytest.raises(InputError, match=r"sample is 3, allowed is 0..2"):
        GOOD.levels_of(3)
    with pytest.raises(InputError, match="levels are int64, allowed are int16"):
        SpikeEvents.from_levels(np.zeros((1, 2), np.int64))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one"):
        SpikeEvents.concatenate([])
    with pytest.raises(InputError, match="differ in shape"):
        SpikeEvents.concatenate([GOOD, replace(GOOD, shape=(4,))])


def test_traces_hold_levels_dense_or_as_events() -> None:
    dense = execute(small_graph(), small_input(5), record="all")
    sparse = dense.sparse()
    assert (dict(sparse.spikes), sparse.sums) == ({}, None)
    assert sparse.recorded == dense.recorded
    for name in dense.recorded:
        np.testing.assert_array_equal(dense.levels_of(name, 2), sparse.levels_of(name, 2))
    joined = EventTrace.concatenate([sparse, sparse], 0.0)
    np.testing.assert_array_equal(
        joined.events["relay"].dense(), np.concatenate([dense.spikes["relay"], dense.spikes["relay"]])
    )
    back = pickle.loads(pickle.dumps(sparse))
    np.testing.assert_array_equal(back.events["relay"].dense(), dense.spikes["relay"])
    with pytest.raises(InputError, match="differ in engine, counts or what they record"):
        EventTrace.concatenate([dense, sparse], 0.0)
    with pytest.raises(InputError, match="'nope' were not recorded"):
        sparse.levels_of("nope", 0)
    with pytest.raises(InputError, match=r"sample is 5, allowed is 0..4"):
        sparse.levels_of("relay", 5)
