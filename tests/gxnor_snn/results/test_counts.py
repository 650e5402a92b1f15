"""Counts: sums, joins, and what is written to counts.json."""

import json
import pickle
from functools import reduce

import numpy as np
import pytest

from gxnor_snn.errors import InputError
from gxnor_snn.graph import execute
from gxnor_snn.results import Counts, SynapseCounts
from tests.conformance.compare import assert_same_counts
from tests.gxnor_snn.graph.small import small_graph, small_input


@pytest.fixture(scope="module")
def counts() -> Counts:
    found = execute(small_graph(), small_input(6), counts="full").counts
    assert found is not None
    return found


def test_batches_join_to_the_whole(counts: Counts) -> None:
    x = small_input(6)
    parts = [execute(small_graph(), x[i : i + 2], counts="full").counts for i in range(0, 6, 2)]
    assert_same_counts(Counts.concatenate(parts), counts)


def test_joining_nothing_or_strangers_is_refused(counts: Counts) -> None:
    with pytest.raises(InputError, match="at least one"):
        Counts.concatenate([])
    with pytest.raises(InputError, match="different graphs"):
        Counts.concatenate([counts, Counts(1, {}, {})])


def test_totals_of_batches_are_those_of_the_whole(counts: Counts) -> None:
    x = small_input(6)
    parts = [execute(small_graph(), x[i : i + 2], counts="full").counts for i in range(0, 6, 2)]
    first, second, third = (part for part in parts if part is not None)
    expected = counts.summed()
    assert expected.is_summed
    assert not counts.is_summed
    assert_same_counts(Counts.total([first, second, third]), expected)
    assert_same_counts(Counts.total(iter([first.summed(), second, third.summed()])), expected)
    assert_same_counts(Counts.concatenate([first.summed(), second.summed(), third.summed()]), expected)
    with pytest.raises(InputError, match="some batches are summed over samples and some are not"):
        Counts.concatenate([first, second.summed()])
    with pytest.raises(InputError, match="at least one"):
        Counts.total([])
    with pytest.raises(InputError, match="different graphs"):
        Counts.total([counts, Counts(1, {}, {})])
    basic = execute(small_graph(), x).counts
    assert basic is not None
    with pytest.raises(InputError, match="some batches have full counts"):
        Counts.total([counts, basic])


def test_a_total_beyond_int64_is_refused(counts: Counts) -> None:
    def doubled(times: int) -> Counts:
        return reduce(lambda total, _: Counts.total([total, total]), range(times), counts.summed())

    large = doubled(30)
    assert large.n_samples == 6 << 30
    for name, synapse in counts.synapses.items():
        assert int(large.synapses[name].n_dense) == int(synapse.n_dense.sum()) << 30
    with pytest.raises(InputError, match="beyond int64"):
        doubled(64)


def test_summed_adds_over_samples(counts: Counts) -> None:
    total = counts.summed()
    assert total.n_samples == 6
    for name, synapse in counts.synapses.items():
        got = total.synapses[name]
        assert got.n_gated.shape == ()
        assert got.n_gated == synapse.n_gated.sum()
        assert got.resting == synapse.resting
    assert total.moves["pool"].n_moved == counts.moves["pool"].n_moved.sum()
    assert total.resting == counts.resting


def test_resting_is_one_minus_gated_over_dense() -> None:
    zero = np.zeros(1, np.int64)
    nine = SynapseCounts(np.array([21]), zero, zero, np.array([9]), zero, zero, zero)
    assert nine.resting == 1 - 9 / 21  # the example of GXNOR-Net: 21 XNORs shrink to 9
    assert Counts(1, {"a": nine, "b": nine}, {}).resting == 1 - 9 / 21
    assert Counts(1, {}, {}).resting == 1.0


def test_the_json_form_holds_totals(counts: Counts) -> None:
    plain = json.loads(json.dumps(counts.to_dict()))
    assert plain["n_samples"] == 6
    assert plain["projections"]["conv"]["n_gated"] == int(counts.synapses["conv"].n_gated.sum())
    assert plain["projections"]["pool"] == {"n_moved": int(counts.moves["pool"].n_moved.sum())}
    assert plain["populations"]["spk"]["internal"] is True
    assert "spikes_pos" not in plain["populations"]["out"]


def test_counts_are_read_only_and_can_be_sent_between_processes(counts: Counts) -> None:
    with pytest.raises(TypeError):
        counts.projections["new"] = None  # type: ignore[index]
    assert_same_counts(pickle.loads(pickle.dumps(counts)), counts)
