"""Merging and codebooks: what they change, by brute force, and that budgets hold."""

from typing import Any

import numpy as np
import pytest

from gxnor_converters.passes import merge_similar, project_codebook, share_results
from gxnor_converters.sharing import (
    analyse,
    codebook_bits,
    codebook_weights,
    group_kernels,
    kernels_by_channel,
    merged_weights,
    statistics_of,
)
from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Readout, Relay, execute
from tests.conformance.graphs import random_inputs

from .test_analyse import LEVELS, binary_graph, drawn


def edits(a: Any, b: Any) -> int:
    return int(min(np.count_nonzero(a != b), np.count_nonzero(a != -b)))


@pytest.mark.parametrize("levels", list(LEVELS))
@pytest.mark.parametrize("taps", [1, 2, 4])
def test_merged_kernels_stay_near_and_become_fewer(levels: str, taps: int) -> None:
    weights = drawn(taps, levels, (48, 4, 3, 3))
    merged = merged_weights(weights, taps)
    before, after = kernels_by_channel(weights), kernels_by_channel(merged)
    for channel in range(4):
        existing = {tuple(k) for k in before[channel]}
        for old, new in zip(before[channel], after[channel], strict=True):
            assert np.count_nonzero(old != new) <= taps  # with the sign that is nearer
            assert tuple(new) in existing or tuple(-new) in existing
            assert old.any() == new.any()
    if taps > 1:
        assert len(group_kernels(after).kernels) < len(group_kernels(before).kernels)


def test_greedy_representatives_by_hand() -> None:
    hub = np.ones(9, int)
    leaves = [np.where(np.arange(9) == i, -1, 1) for i in range(3)]
    weights = np.stack([*leaves, -leaves[0], hub]).reshape(5, 1, 3, 3)
    merged = merged_weights(weights, 1).reshape(5, 9)
    assert merged.tolist() == [hub.tolist()] * 3 + [(-hub).tolist()] + [hub.tolist()]


@pytest.mark.parametrize("keep", [0.2, 0.4, 0.45, 1.0])
def test_the_rarest_kernels_go_until_enough_are_gone(keep: float) -> None:
    weights = drawn(3, "binary", (256, 6, 3, 3))
    before, after = (kernels_by_channel(w) for w in (weights, merged_weights(weights, 1, keep=keep)))
    counts = group_kernels(before).per_channel, group_kernels(after).per_channel
    changed = (before != after).sum(axis=2)
    assert changed.max(initial=0) <= 1
    assert (counts[1] <= counts[0]).all()
    if keep in (0.4, 0.45):
        assert (counts[1] == int(keep * 256)).all()
        greedy = kernels_by_channel(merged_weights(weights, 1))
        assert changed.mean() < 0.6 * (before != greedy).sum(axis=2).mean()  # far fewer weights change
    for old, new in zip(before.reshape(-1, 9), after.reshape(-1, 9), strict=True):
        assert edits(old, new) <= 1


@pytest.mark.parametrize("levels", list(LEVELS))
def test_codebooks_hold_the_most_frequent_kernels(levels: str) -> None:
    weights = drawn(0, levels, (30, 6, 2, 2))
    size = 5
    projected = codebook_weights(weights, size)
    kernels, images = (kernels_by_channel(w).reshape(-1, 4) for w in (weights, projected))
    found = group_kernels(images[None])
    assert len(found.kernels) <= size
    before = group_kernels(kernels[None])
    often = np.sort(before.size)[::-1][:size]
    book = {tuple(k) for k in found.kernels}
    assert (
        sorted(
            (int(s) for k, s in zip(before.kernels, before.size, strict=True) if tuple(k) in book), reverse=True
        )
        == often.tolist()
    )
    for old, new in zip(kernels, images, strict=True):
        if old.any():
            assert edits(old, new) == min(edits(old, np.array(word)) for word in book)
        else:
            assert not new.any()
    assert statistics_of(kernels_by_channel(projected)).entropy_bits <= np.log2(2 * size + 1)


def test_bits_of_a_codebook() -> None:
    assert codebook_bits(16, 9) == 5 / 9  # sub-bit: 32 codewords with signs, 9 taps
    assert codebook_bits(256, 9) == 1
    assert codebook_bits(16, 9, zeros=True) == 6 / 9


def score(graph: EventGraph, reference: Any, x: Any) -> float:
    """A smooth stand-in for accuracy: how many sums are what they were."""
    sums = execute(graph, x, counts="none").readouts
    return float(np.mean([np.mean(np.abs(sums[n] - reference[n]) < 8) for n in sums]))


@pytest.mark.parametrize("run", [merge_similar, project_codebook])
def test_the_budget_holds_and_layers_are_tried_in_order(run: Any) -> None:
    graph = binary_graph(6)
    x = random_inputs(graph, 2, 0)
    reference = execute(graph, x, counts="none").readouts
    layers = ["conv2", "conv3", "conv6"]
    measures: list[float] = []

    def evaluate(g: EventGraph) -> float:
        measures.append(score(g, reference, x))
        return measures[-1]

    tight = run(graph, evaluate, 0.02, layers=layers)
    loose = run(graph, evaluate, 1.0, layers=layers)
    for found, budget in ((tight, 0.02), (loose, 1.0)):
        assert found.before == 1
        assert found.before - found.after <= budget
        assert found.after == score(found.graph, reference, x)
        order = list(dict.fromkeys(t.layer for t in found.trials))
        for trial in found.trials:  # every layer adds a part of the budget
            assert trial.kept == (1 - trial.value <= budget * (order.index(trial.layer) + 1) / len(layers))
        edges: list[tuple[str, Any]] = list(found.graph.projections.items())
        old: Any = graph.projections
        changed = {n for n, e in edges if not np.array_equal(e.weights, old[n].weights)}
        assert changed == set(found.kept)
    assert set(loose.kept) == set(layers)
    work = [graph.fan_out(name).padded for name in dict.fromkeys(t.layer for t in loose.trials)]
    assert work == sorted(work, reverse=True)
    maps = [analyse(g).ratio("maps", "inverses", layers).value for g in (graph, loose.graph)]
    assert maps[1] < 0.8 * maps[0]
    after = share_results(loose.graph)
    expected = execute(loose.graph, x).readouts
    for name, sums in execute(after, x).readouts.items():
        np.testing.assert_array_equal(sums, expected[name])


def test_the_same_weights_are_not_tried_twice() -> None:
    measures = [1.0, 0.5, 0.5, 0.5]  # every attempt fails
    found = merge_similar(
        binary_graph(16), lambda _: measures.pop(0), 0.1, layers="conv2", keep=[0.0, 0.01, 0.02, 1.0, 0.9]
    )
    assert [t.option for t in found.trials] == [0.0, 0.01, 0.9]  # 0.02 goes as far as 0.01, 1.0 changes nothing


def test_relays_behind_other_weights_hold_their_sums() -> None:
    both, one, none = [[1, 1]], [[1, 0]], [[0, 0]]
    weights = np.array([[both, one], [one, both], [both, none]])
    ones = np.ones(1)
    graph = EventGraph(
        [
            Input(name="in", shape=(2, 1, 2), coding=Coding.ternary()),
            Relay(name="r", shape=(3, 1, 1), kind="sum", lo=-3, hi=3),
            Readout(name="out", shape=(1,), scale=ones, offset=ones),
        ],
        [
            Conv2d(name="c", source="in", target="r", weights=weights, coding=Coding.ternary()),
            Dense(name="fc", source="r", target="out", weights=np.ones((1, 3), int), coding=Coding.ternary()),
        ],
    )
    found = project_codebook(graph, lambda _: 1.0, 0.0, sizes=[1], layers="c")
    relay: Any = found.graph.populations["r"]
    assert (relay.lo, relay.hi) == (-4, 4)
    x = np.ones((1, 2, 1, 2), int)
    assert execute(found.graph, x).readouts["out"].tolist() == [[4 + 4 + 2]]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda g: merge_similar(g, lambda _: 1.0, -0.1), "the budget is -0.1"),
        (lambda g: merge_similar(g, lambda _: float("nan"), 0.1), "measure of the graph is nan"),
        (lambda g: merge_similar(g, lambda _: 1.0, 0.1, layers=["x"]), "'x' is no convolution"),
        (lambda g: merge_similar(g, lambda _: 1.0, 0.1, taps=0, layers=["conv2"]), "an option is 0"),
        (lambda g: merge_similar(g, lambda _: 1.0, 0.1, keep=[2.0], layers=["conv2"]), "keep is 2.0"),
        (lambda g: codebook_bits(0, 9), "an option is 0"),
    ],
)
def test_bad_input_is_refused(run: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(binary_graph(2))
