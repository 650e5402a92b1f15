"""Every pass on random graphs: the same readouts, nothing more to do, and what it says of counts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_converters import from_torch
from gxnor_converters.passes import merge_thresholds, prune_dead, reorder_channels
from gxnor_sims import get_engine
from gxnor_snn.graph import (
    EventGraph,
    Spiking,
    execute,
)
from gxnor_snn.results import EventTrace
from tests.conformance.compare import assert_same
from tests.conformance.graphs import Draw, event_graphs, random_inputs
from tests.converters.random_nets import random_module, random_samples

PASSES: list[Callable[[EventGraph], EventGraph]] = [prune_dead, merge_thresholds, reorder_channels]


@st.composite
def dying(draw: Draw) -> EventGraph:
    """A random graph of which some spiking channels are dead: their thresholds lie beyond what sums reach."""
    graph = draw(event_graphs())
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    share = draw(st.sampled_from([0.0, 0.3, 0.8]))
    populations = []
    for name, population in graph.populations.items():
        if isinstance(population, Spiking):
            low, high = graph.bounds(name)
            thresholds = np.array(population.thresholds)
            for channel in np.flatnonzero(rng.random(population.n_channels) < share):
                edges = [low[channel] - 1, high[channel] + 1]
                split = rng.integers(0, thresholds.shape[1] + 1)
                thresholds[channel, :split], thresholds[channel, split:] = edges
            population = replace(population, thresholds=thresholds)
        populations.append(population)
    return EventGraph(populations, list(graph.projections.values()), {"note": 1, "certificate": {"equal": True}})


def assert_same_outputs(
    before: EventGraph, after: EventGraph, x: dict[str, np.ndarray]
) -> tuple[EventTrace, EventTrace]:
    assert after.inputs == before.inputs
    assert after.readouts == before.readouts
    traces = execute(before, x, record="all", counts="full"), execute(after, x, record="all", counts="full")
    for name, sums in traces[0].readouts.items():
        np.testing.assert_array_equal(sums, traces[1].readouts[name])
        for ours, theirs in zip(traces[0].affine[name], traces[1].affine[name], strict=True):
            np.testing.assert_array_equal(ours, theirs)
    return traces


@pytest.mark.parametrize("run", PASSES)
@settings(max_examples=80, deadline=None)
@given(graph=dying(), seed=st.integers(0, 999))
def test_readouts_stay_and_a_second_time_changes_nothing(
    run: Callable[[EventGraph], EventGraph], graph: EventGraph, seed: int
) -> None:
    after = run(graph)
    assert_same_outputs(graph, after, random_inputs(graph, 3, seed))
    assert run(after).digest == after.digest
    if after is not graph:
        assert after.metadata == {"note": 1}


@settings(max_examples=60, deadline=None)
@given(graph=dying(), seed=st.integers(0, 999))
def test_pruning_removes_the_events_of_dead_channels_alone(graph: EventGraph, seed: int) -> None:
    after = prune_dead(graph)
    before_trace, after_trace = assert_same_outputs(graph, after, random_inputs(graph, 3, seed))
    assert before_trace.counts is not None
    assert after_trace.counts is not None
    for name, levels in after_trace.spikes.items():
        whole = before_trace.spikes[name]
        kept, place = [], 0  # the channels that stay are a subsequence of those before
        for channel in range(whole.shape[1]):
            if place < levels.shape[1] and np.array_equal(whole[:, channel], levels[:, place]):
                kept.append(channel)
                place += 1
        assert place == levels.shape[1]
        gone = np.delete(whole, kept, axis=1)
        counts = before_trace.counts.populations[name], after_trace.counts.populations[name]
        axes = tuple(range(1, whole.ndim))
        assert np.array_equal(counts[0].spikes_pos - counts[1].spikes_pos, (gone > 0).sum(axes))
        assert np.array_equal(counts[0].spikes_neg - counts[1].spikes_neg, (gone < 0).sum(axes))
        if not gone.any():  # silent channels take no open gate with them
            for edge in graph.outgoing(name):
                fields = ("n_gated", "n_xnor") if edge.weighted else ("n_moved",)
                targets_whole = after.populations[edge.target].shape == graph.populations[edge.target].shape
                for field in fields if targets_whole else ():
                    ours = getattr(before_trace.counts.projections[edge.name], field)
                    assert np.array_equal(ours, getattr(after_trace.counts.projections[edge.name], field))


@settings(max_examples=60, deadline=None)
@given(graph=dying(), seed=st.integers(0, 999))
def test_merging_keeps_spikes_and_counts(graph: EventGraph, seed: int) -> None:
    after = merge_thresholds(graph)
    left, right = assert_same_outputs(graph, after, random_inputs(graph, 3, seed))
    for name, levels in left.spikes.items():
        np.testing.assert_array_equal(levels, right.spikes[name])
    assert left.counts is not None
    assert right.counts is not None
    for name, counts in left.counts.projections.items():
        source = graph.projections[name].source
        before, now = graph.coding(source), after.coding(source)
        lost = before.kind == "pm1" and before.n_planes > now.n_planes
        for field, value in vars(counts).items():
            if not lost or field in ("n_dense", "n_x", "n_w", "n_gated", "n_padded", "n_moved"):
                got = getattr(right.counts.projections[name], field)
                np.testing.assert_array_equal(value, got, err_msg=f"{name} {field}")


@settings(max_examples=60, deadline=None)
@given(graph=dying(), seed=st.integers(0, 999))
def test_reordering_keeps_all_counts(graph: EventGraph, seed: int) -> None:
    after = reorder_channels(graph)
    left, right = assert_same_outputs(graph, after, random_inputs(graph, 3, seed))
    assert_same(replace(left, spikes={}), replace(right, spikes={}))


@settings(max_examples=20, deadline=None)
@given(graph=dying(), seed=st.integers(0, 999))
def test_every_engine_runs_what_passes_make(graph: EventGraph, seed: int) -> None:
    native = get_engine("native")
    if native.supports(graph) is not None:
        return
    after = reorder_channels(merge_thresholds(prune_dead(graph)))
    assert native.supports(after) is None
    x = random_inputs(after, 3, seed)
    assert_same(execute(after, x, record="all"), native.run(after, x, record="all"))


def test_passes_find_work_in_random_graphs() -> None:
    """What changes nothing would pass every test above."""
    done = {run.__name__: 0 for run in PASSES}

    @settings(max_examples=60, deadline=None)
    @given(graph=dying())
    def count(graph: EventGraph) -> None:
        for run in PASSES:
            done[run.__name__] += run(graph).digest != graph.digest

    count()
    assert min(done.values()) >= 4, done


@pytest.mark.parametrize("seed", range(40))
def test_passes_on_converted_networks(seed: int) -> None:
    model, shape, given_, _ = random_module(seed)
    graph = from_torch(model, shape, given_)
    x = {"input": random_samples(seed, 5, shape, given_)}
    for run in PASSES:
        assert_same_outputs(graph, run(graph), x)
