"""Every pass on random graphs: the same readouts, nothing more to do, and what it says of counts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_converters import from_torch
from gxnor_converters.passes import merge_thresholds, prune_dead, rechannel, reorder_channels
from gxnor_converters.passes.thresholds import narrowed
from gxnor_sims import get_engine
from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Readout,
    Relay,
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
    assert min(done.values()) >= 10, done


@pytest.mark.parametrize("seed", range(40))
def test_passes_on_converted_networks(seed: int) -> None:
    model, shape, given_, _ = random_module(seed)
    graph = from_torch(model, shape, given_)
    x = {"input": random_samples(seed, 5, shape, given_)}
    for run in PASSES:
        assert_same_outputs(graph, run(graph), x)


# --- by hand -------------------------------------------------------------------------------------------------

T = Coding.ternary()


def spiking(name: str, shape: tuple[int, ...], thresholds: list[list[int]], coding: Coding = T) -> Spiking:
    up = np.ones(len(thresholds), bool)
    return Spiking(name=name, shape=shape, coding=coding, thresholds=np.array(thresholds), increasing=up)


def chain(thresholds: list[list[int]], coding: Coding = T) -> EventGraph:
    """Two inputs, a hidden layer of the given thresholds, a second one, a readout."""
    n = len(thresholds)
    return EventGraph(
        [
            Input(name="in", shape=(2,), coding=T),
            spiking("a", (n,), thresholds, coding),
            spiking("b", (2,), [[0, 1], [-1, 1]]),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            Dense(name="ia", source="in", target="a", weights=np.tile([1, -1], (n, 1)), coding=T),
            Dense(name="ab", source="a", target="b", weights=np.ones((2, n), int), coding=T, gain=2),
            Dense(name="bo", source="b", target="out", weights=np.ones((1, 2), int), coding=T),
        ],
    )


def test_a_channel_that_always_fires_moves_into_the_thresholds() -> None:
    graph = chain([[0, 1], [-9, -9], [9, 9], [-9, 9]])  # free, always +1, always -1, always 0
    after = prune_dead(graph)
    assert after.populations["a"].shape == (1,)
    assert after.projections["ab"].weights.tolist() == [[1], [1]]
    assert (
        after.populations["b"].thresholds.tolist() == graph.populations["b"].thresholds.tolist()
    )  # +1 and -1 cancel
    graph = chain([[0, 1], [-9, -9], [-9, -9], [9, 9]])  # +2 - 1, times the gain of 2
    after = prune_dead(graph)
    assert after.populations["b"].thresholds.tolist() == [
        [-2, -1],
        [-2, -1],
    ]  # 0 - 2, 1 - 2; -1 - 2 is never missed
    assert_same_outputs(graph, after, random_inputs(graph, 9, 0))


def test_one_channel_of_a_dead_population_stays() -> None:
    after = prune_dead(chain([[9, 9], [9, 9]]))
    assert after.populations["a"].shape == (1,)


def image(level: list[int], padding: int, feed: Identity | Conv2d) -> EventGraph:
    """A channel that lives and one of the given thresholds, read by a convolution."""
    size = 1 + 2 * padding
    return EventGraph(
        [
            Input(name="in", shape=(2, 3, 3), coding=T),
            spiking("a", (2, 3, 3), [[0, 1], level]),
            spiking("b", (1, size, size), [[0, 1]]),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            feed,
            Conv2d(
                name="ab",
                source="a",
                target="b",
                weights=np.ones((1, 2, 3, 3), int),
                coding=T,
                padding=(padding,) * 4,
            ),
            Dense(name="bo", source="b", target="out", weights=np.ones((1, size * size), int), coding=T),
        ],
    )


MIX = Conv2d(name="ia", source="in", target="a", weights=np.ones((2, 2, 1, 1), int), coding=T)
BELOW, ABOVE, SILENT = [9, 9], [-9, -9], [-9, 9]


@pytest.mark.parametrize(
    ("level", "padding", "kept"), [(BELOW, 0, 1), (ABOVE, 0, 1), (SILENT, 1, 1), (BELOW, 1, 2), (ABOVE, 1, 2)]
)
def test_padding_holds_on_to_channels_that_fire(level: list[int], padding: int, kept: int) -> None:
    graph = image(level, padding, MIX)
    after = prune_dead(graph)
    assert after.populations["a"].shape == (kept, 3, 3)
    assert_same_outputs(graph, after, random_inputs(graph, 9, 0))


def test_what_is_tied_to_an_input_stays() -> None:
    graph = image(SILENT, 0, Identity(name="ia", source="in", target="a"))
    assert prune_dead(graph) is graph


def test_relays_and_pools_die_with_their_source() -> None:
    graph = EventGraph(
        [
            Input(name="in", shape=(1, 4, 4), coding=T),
            spiking("a", (3, 4, 4), [[0, 1], [9, 9], [-9, 9]]),
            Relay(name="r", shape=(3, 2, 2)),
            Readout(name="out", shape=(2,), scale=np.ones(2), offset=np.zeros(2)),
        ],
        [
            Conv2d(name="ia", source="in", target="a", weights=np.ones((3, 1, 1, 1), int), coding=T),
            Pool2d(name="ar", source="a", target="r", mode=("max", "min", "max")),
            Dense(name="ro", source="r", target="out", weights=np.ones((2, 12), int), coding=T),
        ],
    )
    after = prune_dead(graph)
    assert after.populations["r"].shape == (2, 2, 2)  # the channel of -1 feeds a readout, the silent one goes
    assert after.projections["ar"].mode == ("max", "min")
    assert after.projections["ro"].weights.shape == (2, 8)


def test_levels_that_nobody_sends_leave_the_coding() -> None:
    coding = Coding.signmag(3)  # -4 .. 4, sums of two ternary inputs reach -2 .. 2
    graph = chain([[-9, -9, -9, -1, 0, 1, 9, 9], [-9, -9, -9, 0, 0, 0, 2, 9]], coding)
    after = merge_thresholds(graph)
    assert after.coding("a") == Coding("signmag", 2, -1, 3)
    assert after.populations["a"].thresholds.tolist() == [[-1, 0, 1, 3], [0, 0, 0, 2]]


@pytest.mark.parametrize(
    ("coding", "levels", "expected"),
    [
        (T, [-1, 1], Coding.pm1(1)),
        (T, [0, 1], Coding.ternary(0, 1)),
        (Coding.signmag(3), [-1, 0, 1], Coding("signmag", 1, -1, 1)),
        (Coding.signmag(3), [-4, 4], Coding.signmag(3, table=(-4, 4))),
        (Coding.pm1(3), [-1, 1, 3], Coding("pm1", 2, -1, 3)),
        (Coding.pm1(3), [7], Coding("pm1", 3, 7, 7)),
        (Coding.bits(4), [0, 1, 2, 3], Coding.bits(2)),
        (Coding.bits(4), [0], Coding("bits", 1, 0, 0)),
    ],
)
def test_codings_are_narrowed_to_the_levels_that_stay(coding: Coding, levels: list[int], expected: Coding) -> None:
    assert narrowed(coding, levels) == expected


def test_an_order_of_one_s_own() -> None:
    graph = chain([[0, 1], [1, 2], [-1, 0]])
    after = reorder_channels(graph, {"a": [2, 0, 1]})
    assert after.populations["a"].thresholds.tolist() == [[-1, 0], [0, 1], [1, 2]]
    assert_same_outputs(graph, after, random_inputs(graph, 9, 0))
    assert reorder_channels(graph, {"a": [0, 1, 2]}) is graph


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ({"a": [0, 0, 1]}, "allowed is a permutation of 0..2"),
        ({"x": [0]}, "no population 'x'"),
        ({"in": [1, 0]}, "'in' is an input or a readout"),
    ],
)
def test_orders_that_cannot_be_are_refused(orders: dict[str, list[int]], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        reorder_channels(chain([[0, 1], [1, 2], [-1, 0]]), orders)


def test_groups_that_would_break_are_refused() -> None:
    graph = EventGraph(
        [
            Input(name="in", shape=(4, 2, 2), coding=T),
            spiking("a", (4, 2, 2), [[0, 1]] * 4),
            Readout(name="out", shape=(4, 2, 2), scale=np.ones(4), offset=np.zeros(4)),
        ],
        [
            Conv2d(name="ia", source="in", target="a", weights=np.ones((4, 4, 1, 1), int), coding=T),
            Conv2d(name="ao", source="a", target="out", weights=np.ones((4, 2, 1, 1), int), coding=T, groups=2),
        ],
    )
    assert reorder_channels(graph, {"a": [1, 0, 3, 2]}).populations["a"].shape == (4, 2, 2)
    with pytest.raises(ConversionError, match=r"projection 'ao' .conv2d. cannot follow the channels kept of 'a'"):
        reorder_channels(graph, {"a": [0, 2, 1, 3]})
    with pytest.raises(ConversionError, match="cannot follow"):
        rechannel(graph, {"a": [0, 1, 2]})
