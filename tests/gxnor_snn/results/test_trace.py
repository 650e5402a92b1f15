"""Traces: logits, predictions, joining batches."""

from dataclasses import replace

import numpy as np
import pytest

from gxnor_snn.errors import InputError
from gxnor_snn.graph import execute
from gxnor_snn.results import EventTrace, logits_of
from tests.conformance.compare import assert_same
from tests.gxnor_snn.graph.small import small_graph, small_input


def test_batches_join_to_the_whole() -> None:
    x = small_input(7)
    parts = [execute(small_graph(), x[i : i + 3], record="all") for i in range(0, 7, 3)]
    whole = EventTrace.concatenate(parts, 1.5)
    assert_same(whole, execute(small_graph(), x, record="all"))
    assert whole.seconds == 1.5
    with pytest.raises(InputError, match="at least one"):
        EventTrace.concatenate([], 0.0)


def test_logits_are_two_separate_operations_per_channel() -> None:
    sums = np.array([[[[3, 1]], [[2, 0]]]])
    scale, offset = np.array([0.1, 0.3]), np.array([0.7, -0.2])
    expected = np.array([[[[3 * 0.1 + 0.7, 0.1 + 0.7]], [[2 * 0.3 - 0.2, -0.2]]]])
    np.testing.assert_array_equal(logits_of(sums, scale, offset), expected)


def test_the_lowest_class_wins_a_tie() -> None:
    trace = execute(small_graph(), small_input(1))
    flat = replace(trace, readouts={"out": np.zeros((1, 4), np.int64)}, affine={"out": (np.ones(4), np.zeros(4))})
    assert flat.predictions.tolist() == [0]


def test_logits_need_one_vector_readout() -> None:
    trace = execute(small_graph(), small_input(1))
    two = replace(trace, readouts={"a": np.zeros((1, 4)), "b": np.zeros((1, 4))})
    with pytest.raises(InputError, match=r"needs one readout; this trace has \['a', 'b'\]"):
        _ = two.logits
    image = replace(trace, readouts={"out": np.zeros((1, 4, 2, 2))})
    with pytest.raises(InputError, match="vector readout"):
        _ = image.logits


def test_batches_that_differ_in_kind_do_not_join() -> None:
    one, two = (execute(small_graph(), small_input(2), counts=c) for c in ("basic", "none"))
    with pytest.raises(InputError, match="differ in engine, counts"):
        EventTrace.concatenate([one, two], 0.0)
    full = execute(small_graph(), small_input(2), counts="full")
    with pytest.raises(InputError, match="some batches have full counts"):
        EventTrace.concatenate([one, full], 0.0)
