"""The rules of the schema: what a graph derives, and what it refuses with which words."""

from dataclasses import replace

import numpy as np
import pytest

from gxnor_snn.errors import GraphError, InputError
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
    check_input,
    execute,
)

from .small import T, parts, small_graph, small_input


def test_what_a_graph_knows() -> None:
    graph = small_graph(note=[1, 2])
    assert graph.inputs == ("input",)
    assert graph.readouts == ("out",)
    assert [p.name for p in graph.incoming("out")] == ["fc2", "skip"]
    assert [p.name for p in graph.outgoing("spk")] == ["pool"]
    assert graph.coding("relay") == T
    assert graph.coding("sum") == Coding.sums(-9, 9)
    assert graph.metadata == {"note": [1, 2]}
    assert graph.with_metadata(more=True).metadata == {"note": [1, 2], "more": True}
    assert graph.with_metadata(more=True).digest == graph.digest


def test_populations_come_in_topological_order_whatever_the_order_given() -> None:
    populations, projections = parts()
    graph = EventGraph(list(populations.values())[::-1], list(projections.values())[::-1])
    assert list(graph.populations) == ["input", "spk", "relay", "sum", "deep", "out"]


def test_thresholds_are_clamped_to_what_sums_reach_and_mean_the_same() -> None:
    graph = small_graph()
    low, high = graph.bounds("spk")
    clamped = graph.populations["spk"].thresholds
    assert clamped[1].tolist() == [0, high[1]]  # decreasing: [lo - 1, hi]
    assert clamped[2].tolist() == [low[2], 0]  # increasing: [lo, hi + 1]
    weights = graph.projections["conv"].weights.reshape(3, -1).astype(int)
    np.testing.assert_array_equal(high, 255 * (weights > 0).sum(axis=1))
    np.testing.assert_array_equal(low, -255 * (weights < 0).sum(axis=1))
    trace = execute(graph, small_input(), record="all")
    sums = trace.sums["spk"]
    np.testing.assert_array_equal(trace.spikes["spk"][:, 1], (sums[:, 1] <= 0) * 1)  # -1 + [s<=0] + [s<=1e9]
    np.testing.assert_array_equal(trace.spikes["spk"][:, 2], (sums[:, 2] >= 0) * 1)


def test_logits_are_sums_times_scale_plus_offset() -> None:
    trace = execute(small_graph(), small_input())
    np.testing.assert_array_equal(trace.logits, trace.readouts["out"] * np.arange(1.0, 5.0) - 0.25)
    np.testing.assert_array_equal(trace.predictions, trace.logits.argmax(axis=1))


def test_delays_never_change_results() -> None:
    populations, projections = parts()
    slow = EventGraph(list(populations.values()), [replace(p, delay=p.delay + 3) for p in projections.values()])
    fast = execute(small_graph(), small_input())
    np.testing.assert_array_equal(execute(slow, small_input()).readouts["out"], fast.readouts["out"])


def _change(name: str, **values: object):
    def build(populations, projections):
        table = populations if name in populations else projections
        table[name] = replace(table[name], **values)

    return build


def _add(population=None, projection=None):
    def build(populations, projections):
        if population is not None:
            populations[population.name + "+"] = population
        if projection is not None:
            projections[projection.name + "+"] = projection

    return build


BROKEN = {
    "unknown source": (_change("fc", source="nowhere"), "projection 'fc': no population 'nowhere'"),
    "cycle": (_add(projection=Identity(name="back", source="relay", target="relay")), "cycle"),
    "name twice": (_add(Relay(name="sum", shape=(3, 1, 1))), "population 'sum' stands twice"),
    "strange name": (_add(Relay(name="a b", shape=(3,))), "population name 'a b'"),
    "unfed": (_add(Relay(name="alone", shape=(3,))), "population 'alone': no projection feeds it"),
    "wrong width": (_change("fc", weights=np.ones((4, 5), np.int8)), "weights read 5 inputs"),
    "wrong target": (_change("deep", shape=(5,), thresholds=np.zeros((5, 4), int), increasing=np.ones(5, bool)), "take"),
    "wrong channels": (_change("conv", weights=np.ones((3, 1, 3, 3), np.int8)), "the source"),
    "gain on a level relay": (_change("pool", gain=2), "a level relay takes max or min pools"),
    "sum into a level relay": (_change("pool", mode="sum"), "a level relay takes max or min pools"),
    "leaves its range": (_change("sum", hi=8), "declares -9..8, its sums reach -9..9"),
    "reads a readout": (
        _add(projection=Identity(name="x", source="out", target="deep")), "is a readout|cycle",
    ),
    "feeds an input": (_add(projection=Identity(name="x", source="input", target="input")), "cycle"),
    "feeds channels twice": (
        _add(projection=Pool2d(name="p2", source="spk", target="relay")), "must not be fed twice",
    ),
    "channel range": (_change("skip", target_channels=(0, 5)), "gives"),
    "uncovered": (_change("fc", target_channels=(0, 3), weights=np.ones((3, 3), np.int8)), "feeds its channel 3"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_is_named(case: str) -> None:
    change, message = BROKEN[case]
    populations, projections = parts()
    change(populations, projections)
    with pytest.raises(GraphError, match=message):
        EventGraph(list(populations.values()), list(projections.values()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Input(name="i", shape=(2, 2), coding=T), r"shape is \(2, 2\)"),
        (lambda: Input(name="i", shape=(1 << 20, 1 << 20, 2), coding=T), "at most"),
        (lambda: Relay(name="r", shape=(1,), kind="sum"), "lo and hi belong to a sum relay"),
        (lambda: Relay(name="r", shape=(1,), kind="max"), "kind is 'max'"),
        (lambda: Relay(name="r", shape=(1,), kind="sum", lo=0, hi=40000), "allowed is a part of -32767..32767"),
        (lambda: Readout(name="r", shape=(1,), scale=np.array([np.nan]), offset=np.zeros(1)), "finite float64"),
        (lambda: Identity(name="p", source="a", target="b", gain=0), "gain is 0"),
        (lambda: Identity(name="p", source="a", target="b", delay=-1), "delay is -1"),
        (lambda: Identity(name="p", source="a", target="b", target_channels=(2, 2)), "start < stop"),
        (lambda: Dense(name="p", source="a", target="b", weights=np.ones((1, 1)), coding=T), "allowed are integers"),
        (lambda: Dense(name="p", source="a", target="b", weights=np.full((1, 1), 2), coding=T), "outside their coding"),
        (lambda: Conv2d(name="p", source="a", target="b", weights=np.ones((3, 1, 1, 1), int), coding=T, groups=2), "groups"),
        (lambda: Conv2d(name="p", source="a", target="b", weights=np.ones((1, 1, 1, 1), int), coding=T, stride=(0, 1)), "stride"),
        (lambda: Pool2d(name="p", source="a", target="b", mode="mean"), "mode is 'mean'"),
        (lambda: Pool2d(name="p", source="a", target="b", padding=(2, 2, 2, 2)).output_shape((1, 4, 4)), "wholly in padding"),
        (lambda: Pool2d(name="p", source="a", target="b", kernel=(9, 9)).output_shape((1, 4, 4)), "does not fit"),
    ],
)  # fmt: skip
def test_a_part_refuses_what_it_cannot_be(make, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        make()


def test_parts_cannot_be_changed_afterwards() -> None:
    graph = small_graph()
    with pytest.raises(ValueError, match="read-only"):
        graph.projections["fc"].weights[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        graph.populations["spk"].thresholds[0, 0] = 1
    with pytest.raises(TypeError):
        graph.populations["new"] = None
    weights = np.ones((1, 2), np.int8)
    edge = Dense(name="fc", source="a", target="b", weights=weights, coding=T)
    weights[0, 0] = -1
    assert edge.weights[0, 0] == 1


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((1, 2, 6, 6)), "dtype is float64, allowed are integers"),
        (np.full((1, 2, 6, 6), np.nan), "dtype is float64"),
        (np.zeros((2, 6, 6), np.uint8), r"shape is \(2, 6, 6\), allowed is \(samples, 2, 6, 6\)"),
        (np.full((1, 2, 6, 6), 256), "holds 256, allowed are bits levels 0..255"),
        (np.full((1, 2, 6, 6), -1), "holds -1"),
        ({"other": np.zeros((1, 2, 6, 6), np.uint8)}, "inputs"),
    ],
)
def test_inputs_are_checked(x, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_input(small_graph(), x)


@pytest.mark.parametrize(
    ("options", "message"), [({"record": ["nope"]}, "nope"), ({"counts": "all"}, "allowed are")]
)
def test_execute_checks_its_options(options, message: str) -> None:
    with pytest.raises(InputError, match=message):
        execute(small_graph(), small_input(), **options)


def test_no_samples_give_an_empty_trace() -> None:
    trace = execute(small_graph(), small_input(0), record="all", counts="full")
    assert trace.readouts["out"].shape == (0, 4)
    assert trace.counts is not None
    assert trace.counts.n_samples == 0


def test_the_caller_keeps_its_input_and_shares_nothing_with_the_trace() -> None:
    """An identity into all channels and a dense into some: sums must not be written into the source's levels."""
    out = [Readout(name=n, shape=(2,), scale=np.ones(2), offset=np.zeros(2)) for n in ("one", "two")]
    graph = EventGraph(
        [Input(name="in", shape=(2,), coding=Coding.signmag(3)), *out],
        [
            Identity(name="all", source="in", target="one"),
            Dense(
                name="part",
                source="in",
                target="one",
                weights=np.array([[1, 1]]),
                coding=T,
                target_channels=(0, 1),
            ),
            Identity(name="copy", source="in", target="two"),
        ],
    )
    x = np.array([[1, 2], [3, -4]])
    x.setflags(write=False)
    trace = execute(graph, x)
    assert trace.readouts["one"].tolist() == [[4, 2], [2, -4]]
    assert trace.readouts["two"].tolist() == [[1, 2], [3, -4]]
    assert not any(np.shares_memory(x, r) for r in trace.readouts.values())


def test_real_sums_into_a_sum_relay_are_rounded_and_the_trace_is_not_exact() -> None:
    graph = EventGraph(
        [
            Input(name="in", shape=(2,), coding=T),
            Relay(name="held", shape=(1,), kind="sum", lo=-2, hi=2),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            Dense(name="add", source="in", target="held", weights=np.array([[1, 1]]), coding=T),
            Identity(name="read", source="held", target="out"),
        ],
    )
    trace = execute(
        graph, np.array([[1, 1], [0, 1]]), lambda p, a: p.apply(a.astype(float), T, np) + 0.4, record="all"
    )
    assert trace.readouts["out"].tolist() == [[2], [1]]
    assert not trace.exact
    assert execute(graph, np.array([[1, 1]])).exact


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Identity(name="p", source="a", target="b", gain=1.5), "gain is 1.5"),
        (lambda: Identity(name="p", source="a", target="b", gain=float("nan")), "gain is nan"),
        (lambda: Identity(name="p", source="a", target="b", gain="2"), "gain is '2'"),
        (lambda: Identity(name="p", source="a", target="b", delay=0.5), "delay is 0.5"),
        (lambda: Identity(name="p", source="a", target="b", target_channels=(0, 1, 2)), "pair of integers"),
        (lambda: Pool2d(name="p", source="a", target="b", kernel=2), "kernel|allowed"),
        (lambda: Pool2d(name="p", source="a", target="b", kernel=(2, 2), stride=2), "stride is 2"),
        (lambda: Pool2d(name="p", source="a", target="b", kernel=(3001, 3001)), "more than the 65536 places"),
        (lambda: Relay(name="r", shape=(1,), kind="sum", lo=0.5, hi=2), "allowed are integers"),
        (lambda: Coding("signmag", 2, -0.5, 1.5), "allowed are integers"),
        (lambda: Coding("signmag", 2, -1, 1, [-1, 1]), "tuple of them"),
    ],
)
def test_numbers_that_are_no_integers_are_refused(make, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        make()


def test_extreme_thresholds_are_compared_without_overflow() -> None:
    from gxnor_snn.graph import Spiking

    ends = np.array([[np.iinfo(np.int64).min, np.iinfo(np.int64).max]])
    kept = Spiking(name="s", shape=(1,), coding=T, thresholds=ends, increasing=np.array([True]))
    assert kept.thresholds.tolist() == ends.tolist()
    with pytest.raises(GraphError, match="sorted"):
        Spiking(name="s", shape=(1,), coding=T, thresholds=ends[:, ::-1], increasing=np.array([True]))
    with pytest.raises(GraphError, match="allowed are int64"):
        Spiking(
            name="s",
            shape=(1,),
            coding=T,
            thresholds=np.full((1, 2), 2**63, np.uint64),
            increasing=np.array([True]),
        )


def test_what_a_graph_derived_is_read_only_too() -> None:
    graph = small_graph()
    low, _ = graph.bounds("spk")
    with pytest.raises(ValueError, match="read-only"):
        low[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        graph.fan_out("conv").dense[0] = 0


def test_graphs_and_traces_travel_between_processes() -> None:
    import copy
    import pickle

    graph = small_graph(note=1)
    again = pickle.loads(pickle.dumps(graph))
    assert again.digest == graph.digest
    assert again.metadata == graph.metadata
    with pytest.raises(ValueError, match="read-only"):
        again.projections["fc"].weights[0, 0] = 1
    assert copy.deepcopy(graph) is graph
    trace = execute(graph, small_input(), record="all")
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(trace)).logits, trace.logits)


def test_recording_takes_any_iterable_of_names() -> None:
    assert list(execute(small_graph(), small_input(), record=np.array(["relay"])).spikes) == ["relay"]
    assert list(execute(small_graph(), small_input(), record="relay").spikes) == ["relay"]


@pytest.mark.parametrize("x", [[[1, 2], [3]], {1: np.zeros(2), "a": np.zeros(2)}])
def test_what_is_no_array_is_refused(x) -> None:
    with pytest.raises(InputError):
        check_input(small_graph(), x)
