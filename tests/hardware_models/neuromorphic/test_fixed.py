"""Fixed synapse arrays: lines, cores, splitters and events against walks written apart from the package; walls."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.neuromorphic.fixed import power_w
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
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
from gxnor_snn.results import Counts, Mapping

from .walk import walked

Edit = Callable[..., Profile]
TRUENORTH, ODIN = "truenorth_tcad_2015", "odin_tbiocas_2019"
TIANJIC, BRAINSCALES = "tianjic_nature_2019", "brainscales2_frontiers_2022"
CARDS = (TRUENORTH, ODIN, TIANJIC, BRAINSCALES)
TERNARY, BINARY = Coding.ternary(), Coding.ternary(lo=0)
PJ = 1e-12


def spiking(name: str, shape: tuple[int, ...], coding: Coding = TERNARY) -> Spiking:
    levels = np.tile(np.arange(coding.n_thresholds), (shape[0], 1))
    return Spiking(name=name, shape=shape, coding=coding, thresholds=levels, increasing=np.ones(shape[0], bool))


def readout(name: str, size: int) -> Readout:
    return Readout(name=name, shape=(size,), scale=np.ones(size), offset=np.zeros(size))


def dense(name: str, source: str, target: str, weights: Any, coding: Coding = TERNARY, **other: Any) -> Dense:
    return Dense(name=name, source=source, target=target, weights=np.asarray(weights), coding=coding, **other)


def layer(
    inputs: int, outputs: int, coding: Coding = TERNARY, weights: Coding = TERNARY, **other: Any
) -> EventGraph:
    """A dense layer of spiking neurons behind an input, and a small readout."""
    rng = np.random.default_rng(inputs)
    first = weights.levels[rng.integers(0, len(weights.levels), (outputs, inputs))]
    first[:, 0], first[0, :2] = weights.hi, (weights.lo, weights.hi)
    return EventGraph(
        [Input(name="x", shape=(inputs,), coding=coding), spiking("h", (outputs,)), readout("out", 2)],
        [
            dense("fc", "x", "h", first, weights, **other),
            dense("last", "h", "out", rng.integers(-1, 2, (2, outputs))),
        ],
    )


def ran(graph: EventGraph, x: Any) -> tuple[Counts, Any]:
    trace = execute(graph, x, record=[n for n, p in graph.populations.items() if p.has_outputs])
    assert trace.counts is not None
    return trace.counts, trace.spikes


# ---- lines and fan-in


@pytest.mark.parametrize(
    ("card", "coding", "axons", "fan_in"),
    [
        (TRUENORTH, TERNARY, 4, 64),
        (TRUENORTH, BINARY, 2, 128),
        (TRUENORTH, Coding.pm1(1), 4, 64),
        (TIANJIC, TERNARY, 1, 256),
        (BRAINSCALES, TERNARY, 2, 128),
        (BRAINSCALES, BINARY, 2, 128),
    ],
)
def test_axons_per_input_and_the_fan_in_they_leave(card: str, coding: Coding, axons: int, fan_in: int) -> None:
    profile = load_profile(card)
    mapping = map_graph(layer(fan_in, 5, coding), profile)
    assert mapping.projections["fc"]["axons_per_value"] == axons
    assert mapping.populations["h"]["row_groups"] == 1
    assert not any("approximation" in note and "partial" in note for note in mapping.notes)
    if "partial_sums" in profile.design:
        assert map_graph(layer(fan_in + 1, 5, coding), profile).populations["h"]["row_groups"] == 2
    else:
        with pytest.raises(
            PricingError, match=f"'h' needs axons_per_core of {axons * (fan_in + 1)}; the wall is 256"
        ):
            map_graph(layer(fan_in + 1, 5, coding), profile)


def test_partial_sums_say_whether_they_are_exact(edited: Edit) -> None:
    spikes = map_graph(layer(65, 5), load_profile(TRUENORTH))
    assert any("'h' takes 2 cores" in n and "approximation" in n for n in spikes.notes)
    values = map_graph(layer(257, 5), load_profile(TIANJIC))
    assert any("'h' takes 2 cores" in n and "exact where they fit" in n for n in values.notes)
    refused = edited(TRUENORTH, {"design/partial_sums": None})
    with pytest.raises(PricingError, match=r"needs axons_per_core of 260; the wall is 256"):
        map_graph(layer(65, 5), refused)


@pytest.mark.parametrize(
    ("coding", "weights", "gain", "axons"),
    [
        # magnitudes 1 and 16 are the two units: bits of 1, 2, 4, 8 copies of either, both signs of weight
        (Coding.bits(8), TERNARY, 1, 2 * (1 + 2 + 4 + 8) * 2),
        (Coding.bits(2), TERNARY, 1, 2 * (1 + 1)),
        (TERNARY, Coding.signmag(2), 1, 4 * 2),
        (TERNARY, Coding.signmag(3), 1, 4 * (1 + 2 + 1)),
        (TERNARY, TERNARY, 7, 4),
        (TERNARY, TERNARY, 255, 4),
    ],
)
def test_magnitudes_are_made_of_four_axon_types(coding: Coding, weights: Coding, gain: int, axons: int) -> None:
    mapping = map_graph(layer(3, 2, coding, weights, gain=gain), load_profile(TRUENORTH))
    assert mapping.projections["fc"]["axons_per_value"] == axons


def test_multi_bit_synapses_share_out_larger_weights() -> None:
    mapping = map_graph(layer(3, 2, TERNARY, Coding.signmag(4)), load_profile(ODIN))
    assert mapping.projections["fc"]["axons_per_value"] == 4 * 2  # magnitude 8 on 3-bit synapses
    assert {c.limit: c.status for c in mapping.checks}["weight_bits"] == "exceeded"


def test_walls_of_numbers_and_events(edited: Edit) -> None:
    def wall(graph: EventGraph, card: str | Profile, message: str) -> None:
        with pytest.raises(PricingError, match=message):
            map_graph(graph, load_profile(card) if isinstance(card, str) else card)

    wall(layer(3, 2, gain=300), TRUENORTH, r"needs effects of \[300\] in 2 sign\(s\); the wall is axon_types")
    levels = EventGraph(
        [Input(name="x", shape=(2,), coding=TERNARY), spiking("h", (2,), Coding.signmag(2)), readout("out", 1)],
        [dense("fc", "x", "h", np.eye(2, dtype=int)), dense("last", "h", "out", [[1, 1]])],
    )
    for card in (TRUENORTH, ODIN, BRAINSCALES):
        wall(levels, card, r"population 'h' sends levels -2\.\.2; the wall is binary events")
    assert map_graph(levels, load_profile(TIANJIC)).projections["last"]["axons_per_value"] == 1
    wall(
        layer(40, 2, weights=Coding.signmag(6)), TIANJIC, r"needs \d+ different weights; the wall is weight_levels"
    )
    wall(layer(3, 2, delay=15), TRUENORTH, "needs delay_steps of 16; the wall is 15")
    wall(layer(4, 2), edited(TRUENORTH, {"limits/sum_bits/value": 2}), "needs sum_bits of 3; the wall is 2")
    wall(layer(200, 2, Coding.bits(1)), ODIN, r"needs neurons_per_core of \d+; the wall is 256")
    pixels = EventGraph(
        [
            Input(name="x", shape=(1, 4, 4), coding=Coding.bits(3)),
            Relay(name="p", shape=(1, 2, 2)),
            readout("out", 1),
        ],
        [Pool2d(name="pool", source="x", target="p"), dense("last", "p", "out", np.ones((1, 4), int))],
    )
    wall(pixels, TRUENORTH, r"sends levels 0\.\.7; the wall is binary events|reads levels of 3 planes; the wall")
    wall(pixels, TIANJIC, r"population 'x' of levels 0\.\.7 is pooled; the wall is that a neuron adds")
    small = edited(TRUENORTH, {"limits/axons_per_core/value": 3})
    wall(layer(3, 2), small, "a single value of projection 'fc' takes 4 axons; the wall is axons_per_core")
    few = edited(TRUENORTH, {"limits/cores_per_chip/kind": "wall", "limits/cores_per_chip/value": 1})
    wall(layer(300, 2), few, r"needs cores_per_chip of \d+; the wall is 1")


def test_cores_of_one_neuron_are_a_wall(edited: Edit) -> None:
    """A ternary neuron is two, and copies of a line cannot be made one by one."""
    one = {"limits/neurons_per_core/value": 1}
    with pytest.raises(
        PricingError, match=r"neuron of population 'h'.* takes 2 neurons of a core; .* allowed are 1"
    ):
        map_graph(layer(3, 2), edited(TRUENORTH, one))
    with pytest.raises(PricingError, match=r"takes splitters; the wall is neurons_per_core of 1"):
        map_graph(layer(3, 2), edited(TIANJIC, one))


# ---- cores and copies against a walk over target neurons


def reading(edge: Any, shape: tuple[int, ...]) -> dict[int, set[int]]:
    """Source neurons that each target neuron reads, by geometry."""
    if edge.kind == "dense":
        return {o: set(range(int(np.prod(shape)))) for o in range(len(edge.weights))}
    if edge.kind == "identity":
        return {o: {o} for o in range(int(np.prod(shape)))}
    window, (channels, height, width) = edge.window, shape
    rows, columns = window.output_size(height, width, "test")
    outputs, groups = (len(edge.weights), edge.groups) if edge.weighted else (channels, channels)
    found = {}
    for number, (o, y, x) in enumerate(np.ndindex(outputs, rows, columns)):
        group, each = o // (outputs // groups), channels // groups
        found[number] = {
            int(np.ravel_multi_index((c, row, column), shape))
            for c in range(group * each, (group + 1) * each)
            for i, j in np.ndindex(*window.kernel)
            if 0 <= (row := y * window.stride[0] + i * window.dilation[0] - window.padding[0]) < height
            and 0 <= (column := x * window.stride[1] + j * window.dilation[1] - window.padding[2]) < width
        }
    return found


def blocks(graph: EventGraph, mapping: Mapping, name: str) -> list[set[int]]:
    """Target neurons by block."""
    shape, static = graph.populations[name].shape, mapping.populations[name]
    grid = shape if len(shape) == 3 else (shape[0], 1, 1)
    sizes = [int(static[f"block_{axis}"]) for axis in ("channels", "rows", "columns")]
    found: dict[tuple[int, ...], set[int]] = {}
    for number, place in enumerate(np.ndindex(*grid)):
        found.setdefault(tuple(p // s for p, s in zip(place, sizes, strict=True)), set()).add(number)
    return list(found.values())


def block_reads(graph: EventGraph, mapping: Mapping, name: str) -> list[set[int]]:
    """Source neurons of a projection by block of its target."""
    edge = graph.projections[name]
    by_target = reading(edge, graph.populations[edge.source].shape)
    shape = graph.populations[edge.target].shape
    start = (edge.target_channels or (0, 0))[0] * int(np.prod(shape[1:]))
    mine = blocks(graph, mapping, edge.target)
    return [set().union(*(by_target.get(t - start, set()) for t in block)) for block in mine]


@st.composite
def nets(draw: st.DrawFn) -> EventGraph:
    """Input -> conv (any geometry) -> pool -> relay -> spiking -> readout, with a branch into some channels."""
    groups = draw(st.sampled_from([1, 2]))
    channels, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    geometry: dict[str, Any] = {
        "stride": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "padding": draw(st.tuples(*[st.integers(0, 1)] * 4)),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        "groups": groups,
    }
    coding = draw(st.sampled_from([TERNARY, BINARY, Coding.pm1(1)]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    source = Input(name="x", shape=(channels, draw(st.integers(5, 7)), draw(st.integers(5, 7))), coding=coding)
    weights = rng.integers(-1, 2, (outputs, channels // groups, *kernel))
    conv = Conv2d(name="conv", source="x", target="a", coding=TERNARY, weights=weights, **geometry)
    shape = conv.output_shape(source.shape)
    pool = Pool2d(name="pool", source="a", target="b", kernel=(1, 2), stride=(2, 1))
    down: Any = pool if shape[2] > 1 else Identity(name="pool", source="a", target="b")
    pooled = down.output_shape(shape)
    size = int(np.prod(pooled))
    return EventGraph(
        [source, spiking("a", shape), Relay(name="b", shape=pooled), spiking("c", (6,)), readout("out", 3)],
        [
            conv,
            down,
            dense("fc", "b", "c", rng.integers(-1, 2, (6, size))),
            dense("some", "b", "c", rng.integers(-1, 2, (3, size)), target_channels=(1, 4)),
            dense("last", "c", "out", rng.integers(-1, 2, (3, 6))),
        ],
    )


SMALL = {"limits/axons_per_core/value": 40, "limits/neurons_per_core/value": 12, "design/cores_x/value": 4,
         "limits/cores_per_chip/value": 16}  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(graph=nets(), card=st.sampled_from([TRUENORTH, TIANJIC]))
def test_blocks_and_their_listeners_agree_with_a_walk(edited: Edit, graph: EventGraph, card: str) -> None:
    profile = edited(card, SMALL)
    mapping = map_graph(graph, profile)
    lasts = []
    for name, static in mapping.populations.items():
        if "cores" not in static:
            continue
        lasts.append(int(static["first_core"]) + int(static["cores"]))
        per = int(static["compartments_per_neuron"]) if static["row_groups"] == 1 else 0
        reads = {e.name: block_reads(graph, mapping, e.name) for e in graph.incoming(name)}
        for at, block in enumerate(blocks(graph, mapping, name)):
            assert len(block) * per <= 12
            axons = sum(len(r[at]) * int(mapping.projections[n]["axons_per_value"]) for n, r in reads.items())
            assert axons <= 40 * int(static["row_groups"])
            if static["row_groups"] == 1:
                assert axons <= int(static["axons_per_core"]) <= 40
        for edge, found in reads.items():
            size = graph.populations[graph.projections[edge].source].size
            times = [sum(value in block for block in found) for value in range(size)]
            quantities = mapping.projections[edge]
            assert quantities["cores_value"] == pytest.approx(np.mean(times))
            assert (quantities["cores_low"], quantities["cores_high"]) == (min(times), max(times))
            if static["row_groups"] == 1:
                _same_hops(graph, mapping, edge, found)
    assert int(mapping.resources["cores"]) >= max(lasts)
    _same_splitters(graph, mapping)


def _core_of(graph: EventGraph, mapping: Mapping, name: str) -> list[int]:
    """Core of every neuron of a population without partial sums: rows, then columns, then channels of blocks."""
    shape, static = graph.populations[name].shape, mapping.populations[name]
    grid = shape if len(shape) == 3 else (shape[0], 1, 1)
    sizes = [int(static[f"block_{axis}"]) for axis in ("channels", "rows", "columns")]
    counts = [-(-extent // size) for extent, size in zip(grid, sizes, strict=True)]
    places = (tuple(p // s for p, s in zip(place, sizes, strict=True)) for place in np.ndindex(*grid))
    return [int(static["first_core"]) + (r * counts[2] + w) * counts[0] + c for c, r, w in places]


def _same_hops(graph: EventGraph, mapping: Mapping, edge: str, found: list[set[int]]) -> None:
    source, target = graph.projections[edge].source, graph.projections[edge].target
    static = mapping.populations[source]
    if static.get("row_groups", 1) != 1:
        return
    size = graph.populations[source].size
    starts = _core_of(graph, mapping, source) if "cores" in static else [0] * size
    by_block = [_core_of(graph, mapping, target)[min(block)] for block in blocks(graph, mapping, target)]

    def distance(one: int, other: int) -> int:
        x, to_x = ((core // 16) * 4 + core % 4 for core in (one, other))
        return abs(x - to_x) + abs(one % 16 // 4 - other % 16 // 4)

    hops = [
        sum(distance(starts[v], core) for core, block in zip(by_block, found, strict=True) if v in block)
        for v in range(size)
    ]
    quantities = mapping.projections[edge]
    assert quantities["hops_value"] == pytest.approx(np.mean(hops))
    assert (quantities["hops_low"], quantities["hops_high"]) == (min(hops), max(hops))
    borders = []
    for v in range(size):
        chips = {starts[v] // 16, *(c // 16 for c, block in zip(by_block, found, strict=True) if v in block)}
        borders.append(max(chips) - min(chips))
    assert quantities["crossings_value"] == pytest.approx(np.mean(borders))
    assert (quantities["crossings_low"], quantities["crossings_high"]) == (min(borders), max(borders))


def copied(axons: int) -> int:
    """Splitter neurons for a line that drives so many axons, cores having 12 neurons."""
    return 0 if axons <= 1 else axons + copied(-(-axons // 12))


def _same_splitters(graph: EventGraph, mapping: Mapping) -> None:
    total = 0
    for name, population in graph.populations.items():
        if not (population.has_inputs and population.has_outputs):
            continue
        lines = max(int(mapping.projections[e.name]["axons_per_value"]) for e in graph.outgoing(name))
        signs = 1 if lines == 1 else 2
        for value in range(population.size):
            axons = 0
            for edge in graph.outgoing(name):
                per_line = int(mapping.projections[edge.name]["axons_per_value"]) // signs
                axons += per_line * sum(value in block for block in block_reads(graph, mapping, edge.name))
            total += signs * copied(axons)
    assert mapping.resources["splitter_neurons"] == total
    assert (total > 0) == any("splitter neurons" in note for note in mapping.notes)


def test_partial_sums_are_added_in_a_tree(edited: Edit) -> None:
    """20 axons hold 5 values: 41 inputs are 9 groups; 10 partial sums fit one adding neuron."""
    profile = edited(TRUENORTH, {"limits/axons_per_core/value": 20, "limits/neurons_per_core/value": 8})
    static = map_graph(layer(41, 3), profile).populations["h"]
    assert (static["row_groups"], static["partial_sums"]) == (9, 3 * 9)
    assert (static["cores"], static["sum_cores"], static["stage"]) == (9 + 3, 3, 2)
    # 101 inputs: 21 groups, of which 10, 10 and 1 are added first, then the three
    static = map_graph(layer(101, 3), profile).populations["h"]
    assert (static["row_groups"], static["partial_sums"]) == (21, 3 * (21 + 3))
    assert (static["sum_cores"], static["stage"]) == (3 * 3 + 1, 3)


@pytest.mark.parametrize("card", [TRUENORTH, TIANJIC, BRAINSCALES])
def test_partial_sums_never_save_cores_where_a_fan_in_fits(card: str) -> None:
    """81 inputs of a 9 x 9 window fit; blocks whose windows together do not would take fewer cores, inexactly."""
    weights = np.tile([1, -1, 0], (1, 1, 9, 3)).astype(int)
    graph = EventGraph(
        [Input(name="x", shape=(1, 24, 24), coding=BINARY), spiking("h", (1, 16, 16), BINARY), readout("out", 1)],
        [
            Conv2d(name="conv", source="x", target="h", coding=TERNARY, weights=weights),
            dense("last", "h", "out", np.ones((1, 256), int)),
        ],
    )
    mapping = map_graph(graph, load_profile(card))
    assert mapping.populations["h"]["row_groups"] == 1
    assert not any("population 'h' takes" in note for note in mapping.notes)


def test_small_populations_share_a_core() -> None:
    assert map_graph(layer(20, 20), load_profile(TIANJIC)).resources["cores"] == 1
    assert map_graph(layer(200, 60), load_profile(TIANJIC)).resources["cores"] == 2
    # a ternary neuron's line drives an axon of either effect, so it takes a splitter even within one core
    found = map_graph(layer(20, 20), load_profile(TRUENORTH)).resources
    assert (found["cores"], found["splitter_cores"], found["splitter_neurons"]) == (2, 1, 2 * 2 * 20)
    assert map_graph(layer(60, 60), load_profile(BRAINSCALES)).resources["cores"] == 1


def test_a_convolution_repeats_its_weights_at_every_position() -> None:
    """Positions share no crossing: 8 x 8 of 64 ternary channels are 8192 neurons, in cores of one fan-in each."""
    graph = EventGraph(
        [Input(name="x", shape=(7, 8, 8), coding=TERNARY), spiking("h", (64, 8, 8)), readout("out", 1)],
        [
            Conv2d(
                name="conv", source="x", target="h", coding=TERNARY, padding=(1, 1, 1, 1),
                weights=np.random.default_rng(0).integers(-1, 2, (64, 7, 3, 3)),
            ),
            dense("last", "h", "out", np.ones((1, 4096), int)),
        ],
    )  # fmt: skip
    static = map_graph(graph, load_profile(TRUENORTH)).populations["h"]
    assert (static["row_groups"], static["compartments"]) == (1, 8192)
    assert static["cores"] == 64  # 4 x 63 axons: a core has room for the fan-in of one position alone


# ---- events and prices against a walk over recorded spikes


@settings(max_examples=15, deadline=None)
@given(graph=nets(), seed=st.integers(0, 99))
def test_truenorth_pays_open_gates_and_copies(edited: Edit, graph: EventGraph, seed: int) -> None:
    profile = edited(TRUENORTH, {"limits/axons_per_core/value": 256, "limits/neurons_per_core/value": 24})
    mapping = map_graph(graph, profile)
    if any(q.get("row_groups", 1) != 1 for q in mapping.populations.values()):
        return
    coding = graph.coding("x")
    x = coding.levels[
        np.random.default_rng(seed).integers(0, len(coding.levels), (2, *graph.populations["x"].shape))
    ]
    counts, spikes = ran(graph, x)
    fan = {"conv": 2, "pool": 1, "fc": 2, "some": 2, "last": 1}
    expected = np.mean(
        [sum(fan[n] * walked(e, spikes[e.source][s]) for n, e in graph.projections.items() if e.kind != "identity")
         + sum(int((spikes[e.source][s] != 0).sum()) for e in graph.projections.values() if e.kind == "identity")
         for s in range(2)]
    )  # fmt: skip
    term = price(counts, profile, mapping).terms["synaptic events"]
    copies = []
    for name in ("a", "b", "c"):
        reads = {e.name: block_reads(graph, mapping, e.name) for e in graph.outgoing(name)}
        axons = [
            sum(
                int(mapping.projections[n]["axons_per_value"]) // 2 * sum(v in block for block in found)
                for n, found in reads.items()
            )
            for v in range(graph.populations[name].size)
        ]
        each = [0 if a <= 1 else sum(_levels(a, 24)) for a in axons]
        copies.append(np.mean([sum(np.asarray(each) * (spikes[name][s].ravel() != 0)) for s in range(2)]))
    assert term.low_j <= (expected + sum(copies)) * 2.39 * PJ * (1 + 1e-9)
    assert term.high_j >= (expected + sum(copies)) * 2.21 * PJ * (1 - 1e-9)
    extra = sum(
        float(q["splitter_events_value"]) * np.mean([(spikes[n][s] != 0).sum() for s in range(2)])
        for n, q in mapping.populations.items()
        if n in spikes
    )
    assert term.count == pytest.approx(expected + extra)
    assert mapping.populations["c"]["splitter_events_low"] == mapping.populations["c"]["splitter_events_high"]


def _levels(axons: int, width: int) -> list[int]:
    return [] if axons <= 1 else [axons, *_levels(-(-axons // width), width)]


@pytest.mark.parametrize("coding", [TERNARY, BINARY, Coding.bits(3)])
def test_odin_pays_256_operations_per_row_and_spike(coding: Coding) -> None:
    profile = load_profile(ODIN)
    graph = layer(7, 6, coding)
    mapping = map_graph(graph, profile)
    x = coding.levels[np.random.default_rng(3).integers(0, len(coding.levels), (5, 7))]
    counts, spikes = ran(graph, x)
    # a line drives an excitatory and an inhibitory row, twice for pixels: planes 1, 2, 4 fit three bits
    planes = np.sum([np.abs(plane) for plane in coding.plane_values(x)])
    rows = 2 * int(planes) + 2 * int((spikes["h"] != 0).sum())
    bill = price(counts, profile, mapping)
    sops = 256 * rows / 5
    assert bill.terms["synaptic events"].count == pytest.approx(sops)
    assert bill.terms["synaptic events"].energy_j == pytest.approx(sops * 8.43 * PJ)
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(sops * 2 / 75e6)
    assert bill.terms["clock"].count == pytest.approx(2 * sops)
    assert bill.terms["static"].energy_j == pytest.approx(27.3e-6 * sops * 2 / 75e6)
    assert set(bill.terms) == {"synaptic events", "clock", "static"}
    assert bill.energy_j == pytest.approx(
        power_w(profile, {"synop": 37.5e6, "clock": 75e6}).value * sops * 2 / 75e6
    )


def test_odin_weights_of_zero_save_nothing() -> None:
    profile, bills = load_profile(ODIN), []
    for weights in (np.zeros((4, 6), int), np.tile([1, -1], (4, 3))):
        graph = EventGraph(
            [Input(name="x", shape=(6,), coding=TERNARY), readout("out", 4)], [dense("fc", "x", "out", weights)]
        )
        counts, _ = ran(graph, np.array([[1, 0, 1, 0, 1, 0]]))
        bills.append(price(counts, profile, map_graph(graph, profile)))
    silent, busy = bills
    # without a negative weight a value drives one row per line
    assert (silent.terms["synaptic events"].count, busy.terms["synaptic events"].count) == (256 * 3, 256 * 6)


def test_what_saturates_is_named() -> None:
    graph = EventGraph(
        [Input(name="x", shape=(40,), coding=BINARY), readout("out", 1)],
        [dense("fc", "x", "out", np.full((1, 40), 7), Coding.signmag(3, lo=-7, hi=7))],
    )
    mapping = map_graph(graph, load_profile(ODIN))
    assert {c.limit: c.status for c in mapping.checks}["sum_bits"] == "exceeded"
    assert any("sum_bits is 9, the card has 8" in note and "saturates" in note for note in mapping.notes)


def test_chips_beyond_the_border_need_a_price(edited: Edit, at_activity: Callable[..., Counts]) -> None:
    """A net on several chips: priced per border and line on TrueNorth, without a total on Tianjic."""
    graph = layer(40, 300)
    for card, chips in ((TRUENORTH, 2), (TIANJIC, 2)):
        profile = edited(card, {"limits/cores_per_chip/value": chips, "design/cores_x/value": chips})
        mapping = map_graph(graph, profile)
        bill = price(at_activity(graph), profile, mapping)
        assert int(mapping.resources["chips"]) > 1
        if card == TRUENORTH:
            assert bill.terms["chip links"].energy_j == pytest.approx(bill.terms["chip links"].count * 832 * PJ)
            seconds = 1e-3 * int(mapping.resources["steps"])
            assert bill.terms["static"].energy_j == pytest.approx(
                64.43e-3 * seconds * int(mapping.resources["chips"])
            )
        else:
            assert bill.total is None
            assert [u.term for u in bill.unpriced] == ["chip links"]


def test_odin_holds_what_its_256_neurons_hold() -> None:
    profile = load_profile(ODIN)
    images = EventGraph(
        [Input(name="x", shape=(256,), coding=BINARY), readout("out", 10)],
        [dense("fc", "x", "out", np.ones((10, 256), int))],
    )
    used = {c.limit: (c.status, c.used) for c in map_graph(images, profile).checks}
    assert used["neurons_per_core"] == ("pass", 256)
    # 12 ternary inputs and 12 ternary neurons of 4 rows each
    used = {c.limit: (c.status, c.used) for c in map_graph(layer(12, 12), profile).checks}
    assert used["neurons_per_core"] == ("pass", 96)
    assert any("compare after every event" in note for note in map_graph(images, profile).notes)


def _units(wanted: list[int], types: int) -> dict[int, int]:
    """Axons per magnitude with the best choice of so many units among the magnitudes, by counting coins."""
    best: dict[int, int] = {}
    for units in itertools.combinations(wanted, min(types, len(wanted))):
        fewest = [0] + [10**6] * max(wanted)
        for total in range(1, len(fewest)):
            fewest[total] = min((fewest[total - u] + 1 for u in units if u <= total), default=10**6)
        found = {m: fewest[m] for m in wanted}
        if not best or sum(found.values()) < sum(best.values()):
            best = found
    return best


@settings(max_examples=30, deadline=None)
@given(
    planes=st.integers(1, 6),
    weight_planes=st.integers(1, 3),
    gain=st.integers(1, 3),
    seed=st.integers(0, 99),
    one_sign=st.booleans(),
)
def test_truenorth_events_of_planes_are_in_the_band(
    planes: int, weight_planes: int, gain: int, seed: int, one_sign: bool
) -> None:
    """Every open pair of planes runs over as many axons as units make up its magnitude."""
    rng = np.random.default_rng(seed)
    coding, weights = Coding.bits(planes), Coding.signmag(weight_planes)
    w = rng.integers(0 if one_sign else -weights.hi, weights.hi + 1, (3, 2))
    w[0, 0] = weights.hi
    graph = EventGraph(
        [Input(name="x", shape=(2,), coding=coding), readout("out", 3)],
        [dense("fc", "x", "out", w, weights, gain=gain)],
    )
    profile = load_profile(TRUENORTH)
    wanted = sorted({gain << (k + j) for k in range(planes) for j in range(weight_planes)})
    signs = 1 + bool((w < 0).any())
    units = _units(wanted, 4 // signs)
    axons = signs * sum(units[gain << (k + j)] for k in range(planes) for j in range(weight_planes))
    if axons > 256:
        with pytest.raises(PricingError, match="axons_per_core"):
            map_graph(graph, profile)
        return
    mapping = map_graph(graph, profile)
    assert mapping.projections["fc"]["axons_per_value"] == axons
    if mapping.populations["out"]["row_groups"] != 1:
        return
    x = rng.integers(0, coding.hi + 1, (3, 2))
    counts, _ = ran(graph, x)
    a_bits, w_bits = ([np.abs(p) for p in c.plane_values(v)] for c, v in ((coding, x), (weights, w)))
    events = sum(
        units[gain << (k + j)] * int((a @ b.T).sum()) / 3
        for k, a in enumerate(a_bits)
        for j, b in enumerate(w_bits)
    )
    term = price(counts, profile, mapping).terms["synaptic events"]
    assert term.low_j <= events * 2.21 * PJ * (1 + 1e-9)
    assert term.high_j >= events * 2.39 * PJ * (1 - 1e-9)
    if set(units.values()) == {1}:
        assert term.count == pytest.approx(events)


def test_odin_pixels_of_many_planes_are_in_the_band() -> None:
    """Planes 8, 16 of five-bit pixels take 2 and 3 rows of 3-bit synapses, each for either sign of weight."""
    profile, rng = load_profile(ODIN), np.random.default_rng(5)
    graph = EventGraph(
        [Input(name="x", shape=(9,), coding=Coding.bits(5)), readout("out", 4)],
        [dense("fc", "x", "out", np.tile([1, -1, 0], (4, 3)))],
    )
    mapping = map_graph(graph, profile)
    assert mapping.projections["fc"]["axons_per_value"] == 2 * (1 + 1 + 1 + 2 + 3)
    x = rng.integers(0, 32, (4, 9))
    counts, _ = ran(graph, x)
    rows = sum(2 * n * int(((x >> k) & 1).sum()) / 4 for k, n in enumerate((1, 1, 1, 2, 3)))
    term = price(counts, profile, mapping).terms["synaptic events"]
    assert term.low_j <= 256 * rows * 8.43 * PJ <= term.high_j
    assert term.low_j < term.energy_j < term.high_j


def test_odin_prices_pixels_of_which_no_window_reads_one() -> None:
    """Without a synapse that a pixel drives, its planes are between one and all; never a number that is none."""
    graph = EventGraph(
        [Input(name="x", shape=(1, 1, 1), coding=Coding.bits(3)), spiking("h", (1, 1, 1)), readout("out", 1)],
        [
            Conv2d(name="conv", source="x", target="h", coding=TERNARY, weights=np.ones((1, 1, 1, 1), int),
                   padding=(1, 0, 0, 0), stride=(2, 1)),
            dense("last", "h", "out", [[1]]),
        ],
    )  # fmt: skip
    assert int(graph.fan_out("conv").dense.sum()) == 0
    profile = load_profile(ODIN)
    counts, _ = ran(graph, np.full((2, 1, 1, 1), 7))
    bill = price(counts, profile, map_graph(graph, profile))
    # a row of either effect, as the neuron for -1 has the weight negated; h is silent
    assert bill.terms["synaptic events"].count == 512
    assert bill.terms["synaptic events"].high_j == pytest.approx(3 * 512 * 8.43 * PJ)


def test_lines_are_exact_behind_one_dense_reader() -> None:
    """Three bits of pixels, read by a convolution and by a dense layer too."""
    graph = EventGraph(
        [Input(name="x", shape=(1, 2, 2), coding=Coding.bits(3)), spiking("h", (1, 1, 1)), readout("out", 1)],
        [
            Conv2d(name="conv", source="x", target="h", coding=TERNARY, weights=np.ones((1, 1, 2, 2), int)),
            dense("past", "x", "out", [[1, 1, 1, 1]]),
            dense("last", "h", "out", [[1]]),
        ],
    )
    profile = load_profile(ODIN)
    x = np.array([[[[7, 1], [0, 4]]]])
    counts, spikes = ran(graph, x)
    rows = 2 * 5 + int((spikes["h"] != 0).sum())
    term = price(counts, profile, map_graph(graph, profile)).terms["synaptic events"]
    assert term.count == 256 * rows
    assert term.low_j == term.high_j


def test_partial_sums_that_need_two_axons_are_split_too(edited: Edit) -> None:
    """Without axon types a second neuron's weights are negated, so a partial sum's line drives both effects."""
    untyped = edited(
        TRUENORTH,
        {"limits/axon_types": None, "limits/axons_per_core/value": 20, "limits/neurons_per_core/value": 8},
    )
    mapping = map_graph(layer(9, 3), untyped)
    static = mapping.populations["h"]
    assert (static["row_groups"], static["partial_sums"]) == (2, 6)
    # h's 3 x 2 lines and its partial sums' 6 x 2 lines drive two axons each
    assert mapping.resources["splitter_neurons"] == 2 * (3 * 2 + 6 * 2)
    assert static["partial_sum_events"] == 6 * 2 + 6 * 2
    assert static["stage"] == 3


def test_signed_synapses_with_unsigned_events(edited: Edit) -> None:
    profile = edited(TIANJIC, {"design/axon_carries/value": "sign", "design/signed_neurons/value": "two_neurons"})
    mapping = map_graph(layer(128, 5), profile)
    assert mapping.projections["fc"]["axons_per_value"] == 2
    assert mapping.populations["h"]["row_groups"] == 1
    assert mapping.populations["h"]["compartments"] == 10


def test_an_aggregate_is_the_whole_bill_of_tianjic() -> None:
    profile = load_profile(TIANJIC)
    graph = layer(30, 8)
    mapping = map_graph(graph, profile)
    counts, _ = ran(graph, np.random.default_rng(0).integers(-1, 2, (4, 30)))
    bill = price(counts, profile, mapping)
    total = counts.summed().synapses
    driven = sum(int(total[n].n_x) for n in ("fc", "last")) / 4
    opened = sum(int(total[n].n_gated) for n in ("fc", "last")) / 4
    assert set(bill.terms) == {"synaptic events"}
    assert bill.energy_j == pytest.approx(driven * 1.54 * PJ)
    assert bill.total is not None
    assert bill.total.low_j == pytest.approx(opened * 1.54 * PJ)
    assert bill.weakest_grade == "M"  # that events carry signed values is from memory
    assert bill.latency is not None
    assert bill.latency.time_s == pytest.approx(2 * 5050 / 300e6)
    assert any("unverified (grade M)" in warning for warning in bill.warnings)


def test_brainscales_has_power_but_no_time() -> None:
    profile = load_profile(BRAINSCALES)
    graph = layer(30, 8)
    counts, _ = ran(graph, np.ones((1, 30), int))
    bill = price(counts, profile, map_graph(graph, profile))
    assert bill.total is None
    assert [u.term for u in bill.unpriced] == ["static"]
    assert any("analogue" in warning for warning in bill.warnings)


def test_static_power_runs_over_every_tick_and_chip() -> None:
    profile = load_profile(TRUENORTH)
    graph = layer(30, 8)
    bill = price(ran(graph, np.ones((1, 30), int))[0], profile, mapping := map_graph(graph, profile))
    assert mapping.resources["steps"] == 3  # two layers, and a splitter between them
    assert bill.terms["static"].energy_j == pytest.approx(64.43e-3 * 3e-3)
    assert set(bill.terms) == {"synaptic events", "chip links", "static"}
    assert bill.terms["chip links"].energy_j == 0
    # the splitter's step and copies rest on a limit that is from memory; without a hidden layer there are none
    assert (bill.weakest_grade, bill.latency and bill.latency.grade) == ("M", "M")
    shallow = EventGraph(
        [Input(name="x", shape=(4,), coding=TERNARY), readout("out", 2)],
        [dense("fc", "x", "out", np.eye(2, 4, dtype=int))],
    )
    counts, _ = ran(shallow, np.ones((1, 4), int))
    assert price(counts, profile, map_graph(shallow, profile)).weakest_grade == "D"
    assert bill.area is not None
    assert bill.area.area_m2 == pytest.approx(4.3e-4)


def test_more_open_gates_cost_more_and_never_less(at_activity: Callable[..., Counts]) -> None:
    graph = layer(40, 20)
    for card in (TRUENORTH, TIANJIC):
        profile = load_profile(card)
        mapping = map_graph(graph, profile)
        bills = [
            price(at_activity(graph, gated=g, driven=max(g, 0.3)), profile, mapping) for g in (0, 0.1, 0.4, 0.8)
        ]
        energies = [bill.total for bill in bills]
        for less, more in itertools.pairwise(energies):
            assert less is not None
            assert more is not None
            assert less.energy_j <= more.energy_j
            assert less.high_j <= more.high_j
            assert less.low_j <= more.low_j


def test_partial_sums_are_in_the_band(at_activity: Callable[..., Counts]) -> None:
    graph, profile = layer(100, 6), load_profile(TRUENORTH)
    mapping = map_graph(graph, profile)
    bill = price(at_activity(graph), profile, mapping)
    # open gates, and two copies of each of the 4 hidden neurons that fire
    gates = 2 * round(4 / 9 * 600) + round(4 / 9 * 12) + 2 * 4
    static = mapping.populations["h"]
    assert static["partial_sum_events"] == 6 * 2 * 2
    term = bill.terms["synaptic events"]
    assert term.low_j == pytest.approx(gates * 2.21 * PJ)
    assert term.high_j == pytest.approx((gates + 24) * 2.39 * PJ)
    assert term.count == pytest.approx(gates + 24 * 4 / 6)


def test_hops_are_charged_only_where_the_event_does_not_hold_them(edited: Edit) -> None:
    hop = {
        "value_pj": 2.3,
        "scope": "marginal",
        "per": "hop",
        "source": "Merolla et al. 2014, SM S5",
        "grade": "B",
    }
    with pytest.raises(Exception, match=r"hop.*double charge"):
        edited(TRUENORTH, {"energy/hop": hop})
    alone = edited(TRUENORTH, {"energy/hop": hop, "energy/synop/includes": ["neuron_update", "synapse_memory"]})
    graph = layer(64, 300)
    counts, spikes = ran(graph, np.random.default_rng(1).integers(-1, 2, (3, 64)))
    mapping = map_graph(graph, alone)
    term = price(counts, alone, mapping).terms["hops"]
    inputs, hidden = (float((spikes[n] != 0).sum()) / 3 for n in ("x", "h"))
    expected = 2 * inputs * float(mapping.projections["fc"]["hops_value"])
    expected += 2 * hidden * float(mapping.projections["last"]["hops_value"])
    partial = float(mapping.populations["out"]["partial_sum_hops"])
    assert term.count == pytest.approx(expected + partial)
    assert term.low_j <= term.energy_j <= term.high_j


def test_rates_without_a_name_or_a_price_are_refused(edited: Edit) -> None:
    profile = load_profile(TRUENORTH)
    with pytest.raises(PricingError, match="rate 'spikes' is 1; allowed are synop"):
        power_w(profile, {"spikes": 1})
    bad: Any
    for bad in (-1, float("nan"), float("inf"), "1", None):
        with pytest.raises(PricingError, match="rate 'synop' is "):
            power_w(profile, {"synop": bad})
        with pytest.raises(PricingError, match="rate 'chips' is "):
            power_w(profile, {}, chips=bad)
    with pytest.raises(PricingError, match="'loihi_micro_2018' is of model 'synapse_lists'; allowed is"):
        power_w(load_profile("loihi"), {"synop": 1e6})
    with pytest.raises(PricingError, match="no clock: no published value"):
        power_w(profile, {"clock": 1e6})
    assert power_w(load_profile(TIANJIC), {"synop": 649e9, "hop": 1e9}).value == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("card", CARDS)
def test_every_card_prices_or_refuses_the_shared_nets(
    card: str, conv_net: EventGraph, conv_counts: Counts, dense_net: EventGraph
) -> None:
    profile = load_profile(card)
    counts, _ = ran(dense_net, np.array([[1, -1], [0, 1]]))
    bill = price(counts, profile, map_graph(dense_net, profile))
    assert bill.terms or bill.unpriced
    try:
        mapping = map_graph(conv_net, profile)
    except PricingError as refused:
        assert card == ODIN
        assert "neurons_per_core" in str(refused)  # noqa: PT017
        return
    found = price(conv_counts, profile, mapping)
    assert found.total is None or found.total.low_j <= found.total.energy_j <= found.total.high_j
