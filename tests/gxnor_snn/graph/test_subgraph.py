"""Parts of graphs: every neuron of a part has the sum and the level that it has in the whole."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims import get_engine
from gxnor_snn.errors import GraphError
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Readout,
    Relay,
    Spiking,
    execute,
    regions,
    restrict,
)
from tests.conformance.compare import assert_same
from tests.conformance.graphs import Draw, event_graphs, random_inputs

from .small import small_graph, small_input


def assert_part(whole: EventGraph, part: EventGraph, x: dict[str, np.ndarray]) -> None:
    """Run both; levels, sums and readouts of the part are those of its regions in the whole."""
    full = execute(whole, x, record="all")
    cut = execute(part, restrict(part, full.spikes), record="all")
    assert full.sums is not None
    assert cut.sums is not None
    held = regions(part)
    for name, levels in cut.spikes.items():
        origin, region = held[name]
        np.testing.assert_array_equal(levels, region.take(full.spikes[origin]), err_msg=name)
    for name, sums in cut.sums.items():
        origin, region = held[name]
        np.testing.assert_array_equal(sums, region.take(full.sums[origin]), err_msg=name)
    for name, sums in cut.readouts.items():
        if name in held:
            origin, region = held[name]
            np.testing.assert_array_equal(sums, region.take(full.readouts[origin]), err_msg=name)
            for ours, theirs in zip(cut.affine[name], full.affine[origin], strict=True):
                np.testing.assert_array_equal(ours, theirs[list(region.channels)])
        else:
            source = part.incoming(name)[0].source
            np.testing.assert_array_equal(sums, cut.spikes[source], err_msg=name)


@st.composite
def parts(draw: Draw) -> tuple[EventGraph, EventGraph]:
    """A random graph and a random part of it."""
    graph = draw(event_graphs())
    computed = [n for n, p in graph.populations.items() if p.has_inputs]
    layers = draw(st.one_of(st.none(), st.sets(st.sampled_from(computed), min_size=1)))
    crop, channels = {}, {}
    for name in computed if layers is None else sorted(layers):
        shape = graph.populations[name].shape
        if len(shape) == 3 and draw(st.booleans()):
            spans = []
            for size in shape[1:]:
                start = draw(st.integers(0, size - 1))
                spans.append((start, draw(st.integers(start + 1, size))))
            crop[name] = tuple(spans)
        if draw(st.booleans()):
            channels[name] = sorted(draw(st.sets(st.integers(0, shape[0] - 1), min_size=1)))
    return graph, graph.subgraph(None if layers is None else sorted(layers), crop=crop, channels=channels)


@settings(max_examples=120, deadline=None)
@given(case=parts(), seed=st.integers(0, 999))
def test_a_random_part_computes_what_the_whole_does(case: tuple[EventGraph, EventGraph], seed: int) -> None:
    graph, part = case
    assert_part(graph, part, random_inputs(graph, 3, seed))


@settings(max_examples=30, deadline=None)
@given(case=parts(), seed=st.integers(0, 999))
def test_every_engine_runs_a_part(case: tuple[EventGraph, EventGraph], seed: int) -> None:
    graph, part = case
    x = restrict(part, execute(graph, random_inputs(graph, 2, seed), record="all").spikes)
    native = get_engine("native")
    if native.supports(graph) is None:
        assert native.supports(part) is None
        assert_same(execute(part, x, record="all"), native.run(part, x, record="all"))


def residual(depth: int = 2, size: int = 9) -> EventGraph:
    """Residual blocks act(conv(a) + a), a max-pool, a readout."""
    rng = np.random.default_rng(3)
    shape, ternary = (2, size, size), Coding.ternary()
    populations: list = [Input(name="input", shape=shape, coding=ternary)]
    projections: list = []
    source = "input"
    for k in range(depth):
        name = f"act{k}"
        weights = rng.integers(-1, 2, (2, 2, 3, 3))
        projections += [
            Conv2d(
                name=f"conv{k}", source=source, target=name, weights=weights, coding=ternary, padding=(1, 1, 1, 1)
            ),
            Identity(name=f"skip{k}", source=source, target=name, gain=2),
        ]
        thresholds = np.array([[-1, 2]] * 2)
        populations.append(
            Spiking(
                name=name, shape=shape, coding=ternary, thresholds=thresholds, increasing=np.array([True, False])
            )
        )
        source = name
    pooled = (2, (size + 1) // 2, (size + 1) // 2)
    populations += [
        Relay(name="pool", shape=pooled),
        Readout(name="out", shape=pooled, scale=np.ones(2), offset=np.zeros(2)),
    ]
    projections += [
        Pool2d(name="p", source=source, target="pool", ceil_mode=True),
        Identity(name="r", source="pool", target="out"),
    ]
    return EventGraph(populations, projections)


def test_a_crop_keeps_its_receptive_field() -> None:
    graph = residual()
    part = graph.subgraph(crop=((2, 3), (0, 1)))
    held = {name: (origin, region.box) for name, (origin, region) in regions(part).items()}
    assert held["pool"] == ("pool", ((2, 3), (0, 1)))
    assert held["act1"] == ("act1", ((4, 6), (0, 2)))
    # the two paths of a block need different boxes of its source
    assert sorted(box for origin, box in held.values() if origin == "act0") == [
        ((3, 7), (0, 3)),
        ((4, 6), (0, 2)),
    ]
    assert {origin for origin, _ in held.values()} == set(graph.populations)
    x = random_inputs(graph, 20, 0)
    assert_part(graph, part, x)
    # the whole's input is enough: nothing between input and readout is cut
    trace = execute(part, restrict(part, x))
    np.testing.assert_array_equal(trace.readouts["out"], execute(graph, x).readouts["out"][:, :, 2:3, 0:1])


def test_all_of_a_graph_is_the_graph() -> None:
    graph = small_graph()
    whole = graph.subgraph()
    assert whole.digest == graph.digest
    assert whole.metadata["subgraph"]["of"] == graph.digest
    assert_same(execute(graph, small_input(), record="all"), execute(whole, small_input(), record="all"))


def test_layers_cut_at_their_sources() -> None:
    graph = small_graph()
    part = graph.subgraph(["relay", "sum"])
    assert part.inputs == ("spk",)
    assert part.coding("spk") == graph.coding("spk")
    assert part.readouts == ("sum.out",)
    assert set(part.projections) == {"pool", "add", "sum.out"}
    assert_part(graph, part, {"input": small_input(9)})


def test_some_neurons_of_a_dense_layer() -> None:
    graph = small_graph()
    part = graph.subgraph(["deep"], channels=np.array([3, 1]))
    assert part.populations["deep"].shape == (2,)
    assert part.projections["fc"].weights.shape == (2, 3)
    assert_part(graph, part, {"input": small_input(9)})


def grouped(padding: tuple[int, int, int, int] = (0, 0, 0, 0), stride: int = 1) -> EventGraph:
    weights = np.random.default_rng(0).integers(-1, 2, (6, 2, 1, 1))
    conv = Conv2d(
        name="conv",
        source="input",
        target="out",
        weights=weights,
        coding=Coding.ternary(),
        groups=3,
        padding=padding,
        stride=(stride, stride),
    )
    shape = conv.output_shape((6, 2, 2))
    return EventGraph(
        [
            Input(name="input", shape=(6, 2, 2), coding=Coding.ternary()),
            Readout(name="out", shape=shape, scale=np.arange(1.0, 7.0), offset=np.zeros(6)),
        ],
        [conv],
    )


@pytest.mark.parametrize(
    ("channels", "kept", "groups"),
    [([0], (0,), 1), ([0, 2], (0, 2), 2), ([0, 1, 4], (0, 1, 4, 5), 2), ([1, 3, 5], (1, 3, 5), 3)],
)
def test_channels_of_a_grouped_convolution_grow_to_whole_groups(
    channels: list[int], kept: tuple[int, ...], groups: int
) -> None:
    graph = grouped()
    part = graph.subgraph(channels=channels)
    assert regions(part)["out"][1].channels == kept
    assert part.projections["conv"].groups == groups
    assert part.populations["input"].shape[0] == 2 * groups
    assert_part(graph, part, random_inputs(graph, 9, 0))


def test_a_crop_in_the_padding_grows_to_the_image() -> None:
    graph = grouped(padding=(2, 2, 0, 0))
    part = graph.subgraph(crop=((0, 1), (0, 1)))
    assert regions(part)["out"][1].rows == (0, 3)
    assert_part(graph, part, random_inputs(graph, 9, 0))
    part = graph.subgraph(crop=((5, 6), (1, 2)))
    assert regions(part)["out"][1].rows == (3, 6)
    assert_part(graph, part, random_inputs(graph, 9, 0))
    never = grouped(padding=(1, 2, 0, 0), stride=9)
    assert regions(never.subgraph(crop=((0, 1), (0, 1)), channels=[0]))["out"][1].rows == (0, 1)


def read_by_a_pool(conv: Conv2d, shape: tuple[int, ...], mode: str | tuple[str, ...] = "max") -> EventGraph:
    """act(conv(input)), a pool of it, a readout of the pool."""
    inner = conv.output_shape(shape)
    pool = Pool2d(name="pool", source="act", target="pool", kernel=(1, 2), stride=(1, 1), mode=mode)
    outer = pool.output_shape(inner)
    thresholds = np.tile([[0, 2]], (inner[0], 1))
    return EventGraph(
        [
            Input(name="input", shape=shape, coding=Coding.ternary()),
            Spiking(
                name="act",
                shape=inner,
                coding=Coding.ternary(),
                thresholds=thresholds,
                increasing=np.ones(inner[0], bool),
            ),
            Relay(name="pool", shape=outer),
            Readout(name="out", shape=outer, scale=np.ones(outer[0]), offset=np.zeros(outer[0])),
        ],
        [conv, pool, Identity(name="end", source="pool", target="out")],
    )


def test_readers_grow_with_the_channels_that_groups_add() -> None:
    conv = replace(grouped().projections["conv"], target="act")
    assert isinstance(conv, Conv2d)
    graph = read_by_a_pool(conv, (6, 2, 2), ("max", "min") * 3)
    part = graph.subgraph(channels=[0, 1, 4])
    held = regions(part)
    assert {held[n][1].channels for n in ("act", "pool", "out")} == {(0, 1, 4, 5)}
    assert_part(graph, part, random_inputs(graph, 9, 0))


def test_readers_grow_with_the_windows_that_padding_adds() -> None:
    conv = replace(grouped(padding=(3, 0, 3, 0)).projections["conv"], target="act")
    assert isinstance(conv, Conv2d)
    graph = read_by_a_pool(conv, (6, 2, 2))
    for corner in ((0, 0), (1, 2), (4, 3)):  # of which all, one and none lie in the padding
        part = graph.subgraph(crop=tuple((n, n + 1) for n in corner))
        assert_part(graph, part, random_inputs(graph, 9, 0))
        held = regions(part)
        assert held["pool"][1].rows == (corner[0], max(corner[0] + 1, 4))
    assert set(part.populations) == set(graph.populations)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"layers": ["nope"]}, r"layers \['nope'\] are no populations with inputs; allowed are spk"),
        ({"layers": []}, "layers"),
        ({"layers": ["input"]}, "layers"),
        ({"crop": ((0, 1), (0, 1))}, "a crop takes images"),
        ({"crop": {"relay": ((0, 4), (0, 1))}}, "crop of rows is .0, 4., allowed .* <= 3"),
        ({"crop": {"relay": ((1, 1), (0, 1))}}, "crop of rows"),
        ({"crop": {"relay": 3}}, "crop is 3"),
        ({"crop": {"out": ((0, 1), (0, 1))}}, "a crop takes images"),
        ({"crop": {"input": ((0, 1), (0, 1))}}, "'input' is not among the layers kept"),
        ({"channels": [4]}, r"channels are .4,., allowed are some of 0\.\.3"),
        ({"channels": []}, "channels are"),
        ({"channels": [0, 0]}, "twice"),
        ({"channels": ["a"]}, "allowed are integers"),
    ],
)
def test_what_is_not_there_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(GraphError, match=message):
        small_graph().subgraph(**arguments)


def test_restrict_says_what_it_misses() -> None:
    part = small_graph().subgraph(["deep"])
    with pytest.raises(GraphError, match="levels of 'sum' are needed for 'sum', given are input"):
        restrict(part, {"input": small_input()})
    with pytest.raises(GraphError, match="'nope' is no population of the subgraph"):
        restrict(part, {}, ["nope"])
    with pytest.raises(GraphError, match="no subgraph"):
        restrict(small_graph(), {})
