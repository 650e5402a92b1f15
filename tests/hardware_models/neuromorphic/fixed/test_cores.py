"""Blocks, listeners, hops, splitters and partial sums against walks over target neurons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph
from gxnor_snn.graph import (
    Conv2d,
    EventGraph,
    Input,
)
from gxnor_snn.results import Mapping

from ..nets import TERNARY, spiking
from .nets import (
    BINARY,
    BRAINSCALES,
    ODIN,
    SMALL,
    TIANJIC,
    TRUENORTH,
    Edit,
    block_reads,
    blocks,
    dense,
    layer,
    nets,
    readout,
)


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
