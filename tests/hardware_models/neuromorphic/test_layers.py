"""Engines that hold whole layers: binary spikes, zeros that cost, and every wall by its name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.events import Events
from gxnor_hardware.neuromorphic.layers.pricing import synaptic_operations
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Pool2d, Relay
from gxnor_snn.graph import execute as run
from gxnor_snn.results import Counts

from ..conftest import TERNARY, readout, spiking
from .walk import walked

Edit = Callable[..., Profile]
SPECK, SNE = "speck_natcommun_2024", "sne_date_2022"


def ternary(*shape: int) -> Any:
    return np.random.default_rng(shape).integers(-1, 2, shape)


def source(*shape: int, coding: Coding = TERNARY) -> Input:
    return Input(name="input", shape=shape, coding=coding)


def conv(name: str, start: str, end: str, weights: Any, pad: int = 0, **more: Any) -> Conv2d:
    return Conv2d(
        name=name,
        source=start,
        target=end,
        coding=TERNARY,
        padding=(pad,) * 4,
        weights=np.asarray(weights),
        **more,
    )


def dense(name: str, start: str, end: str, weights: Any, **more: Any) -> Dense:
    return Dense(name=name, source=start, target=end, coding=TERNARY, weights=np.asarray(weights), **more)


def pooled_net(mode: Any = "sum", kernel: int = 2, **more: Any) -> EventGraph:
    """Conv -> pool -> conv -> dense; the pool is what the tests vary."""
    side, area = 8 // kernel, kernel * kernel
    relay = Relay(name="p", shape=(4, side, side), kind="sum", lo=-area, hi=area)
    if mode != "sum":
        relay = Relay(name="p", shape=(4, side, side))
    return EventGraph(
        [source(2, 8, 8), spiking("a", (4, 8, 8)), relay, spiking("b", (6, side, side)), readout("out", 5)],
        [
            conv("c1", "input", "a", ternary(4, 2, 3, 3), 1),
            Pool2d(name="pool", source="a", target="p", mode=mode, kernel=(kernel, kernel), **more),
            conv("c2", "p", "b", ternary(6, 4, 3, 3), 1),
            dense("fc", "b", "out", ternary(5, 6 * side * side)),
        ],
    )


def chain(layers: int, size: int = 4) -> EventGraph:
    """Dense layers one after another, the last one a readout."""
    names = ["input", *(f"h{k}" for k in range(layers - 1)), "out"]
    return EventGraph(
        [source(size), *(spiking(n, (size,)) for n in names[1:-1]), readout("out", size)],
        [dense(f"fc{k}", names[k], names[k + 1], ternary(size, size)) for k in range(layers)],
    )


def one_conv(outputs: int, inputs: int, kernel: int, size: int, **more: Any) -> EventGraph:
    edge = conv("c", "input", "a", np.ones((outputs, inputs, kernel, kernel), int), **more)
    shape = edge.output_shape((inputs, size, size))
    return EventGraph([source(inputs, size, size), replace(readout("a", outputs), shape=shape)], [edge])


def test_operations_are_those_of_a_walk_over_the_recorded_spikes() -> None:
    graph, images = pooled_net(), ternary(3, 2, 8, 8)
    trace = run(graph, images, record=["input", "a", "p", "b"], counts="full")
    assert trace.counts is not None
    edges = graph.projections
    c1 = sum(walked(edges["c1"], trace.spikes["input"][k], zeros=True) for k in range(3)) * 2
    fc = sum(walked(edges["fc"], trace.spikes["b"][k], zeros=True) for k in range(3))
    # behind the pool every spike meets the kernel at its merged address, also where two of them cancel
    at: dict[tuple[int, int], int] = {}
    for row, column in np.ndindex(4, 4):
        lone = np.zeros((4, 4, 4), int)
        lone[0, row, column] = 1
        at[row, column] = walked(edges["c2"], lone, zeros=True) * 2
    c2 = sum(at[row // 2, column // 2] for *_, row, column in zip(*np.nonzero(trace.spikes["a"]), strict=True))
    bill = price(trace.counts, load_profile(SNE), map_graph(graph, load_profile(SNE)))
    term = bill.terms["synaptic operations"]
    assert term.low_j <= (c1 + c2 + fc) / 3 * 0.221e-12 <= term.high_j
    far = price(trace.counts, load_profile(SPECK), map_graph(graph, load_profile(SPECK)))
    assert far.unpriced[0].count == pytest.approx(term.count)
    # the two layers without a pool in front are exact
    events = Events(trace.counts, map_graph(graph, load_profile(SNE)))
    for name, expected in (("c1", c1), ("fc", fc)):
        found = synaptic_operations(events, map_graph(graph, load_profile(SNE)), name)
        assert found.value == expected / 3
        assert found.low <= found.value <= found.high


@settings(max_examples=25, deadline=None)
@given(
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    pad=st.integers(0, 2),
    groups=st.sampled_from([1, 2]),
    seed=st.integers(0, 1 << 16),
)
def test_events_of_any_convolution_are_those_of_a_walk(
    kernel: int, stride: int, pad: int, groups: int, seed: int
) -> None:
    """Software pays nonzero weights in range; an engine all taps of a whole kernel, in range at least."""
    rng = np.random.default_rng(seed)
    edge = conv(
        "c", "input", "a", rng.integers(-1, 2, (4, 2 // groups, kernel, kernel)), pad, stride=(stride, stride),
        groups=groups,
    )  # fmt: skip
    channels, rows, columns = edge.output_shape((2, 5, 6))
    graph = EventGraph([source(2, 5, 6), replace(readout("a", channels), shape=(channels, rows, columns))], [edge])
    images = rng.integers(-1, 2, (2, 2, 5, 6))
    counts = run(graph, images).counts
    assert counts is not None
    software, engine = load_profile("spinnaker"), load_profile(SNE)
    events = sum(walked(edge, image) for image in images) / 2
    assert price(counts, software, map_graph(graph, software)).terms["synaptic events"].count == events
    term = price(counts, engine, map_graph(graph, engine)).terms["synaptic operations"]
    assert term.count == sum(walked(edge, image, zeros=True) for image in images) * groups / 2
    estimate = np.count_nonzero(images) / 2 * 4 * kernel**2 / stride**2
    if (rows, columns) != (1, 1):
        assert term.high_j == pytest.approx(max(term.count, estimate) * 0.221e-12)


def test_operations_behind_a_pool_are_exact_where_every_place_has_the_same_fan_out() -> None:
    graph = EventGraph(
        [
            source(1, 4, 4),
            spiking("a", (2, 4, 4)),
            Relay(name="p", shape=(2, 2, 2), kind="sum", lo=-4, hi=4),
            readout("out", 3),
        ],
        [
            conv("c", "input", "a", ternary(2, 1, 1, 1)),
            Pool2d(name="pool", source="a", target="p", mode="sum"),
            dense("fc", "p", "out", ternary(3, 8)),
        ],
    )
    trace = run(graph, ternary(4, 1, 4, 4), record=["a", "input"])
    assert trace.counts is not None
    spikes = {name: np.count_nonzero(trace.spikes[name]) / 4 for name in ("a", "input")}
    bill = price(trace.counts, load_profile(SNE), map_graph(graph, load_profile(SNE)))
    assert bill.terms["synaptic operations"].count == spikes["input"] * 2 * 2 + spikes["a"] * 3


def test_a_zero_weight_costs_as_much_as_any_other() -> None:
    graphs = [
        EventGraph([source(1, 6, 6), readout_map(2, 6)], [conv("c", "input", "a", weights, 1)])
        for weights in (np.zeros((2, 1, 3, 3), int), np.ones((2, 1, 3, 3), int))
    ]
    image = ternary(2, 1, 6, 6)
    counts = [run(g, image).counts for g in graphs]
    bills = [
        price(c, load_profile(SNE), map_graph(g, load_profile(SNE)))
        for g, c in zip(graphs, counts, strict=True)
        if c is not None
    ]
    assert bills[0].energy_j == bills[1].energy_j


def readout_map(channels: int, size: int) -> Any:
    return replace(readout("a", channels), shape=(channels, size, size))


def test_groups_are_zeros_in_a_whole_kernel() -> None:
    edges = [conv("c", "input", "a", np.ones((4, n, 3, 3), int), groups=4 // n) for n in (4, 2)]
    image = ternary(3, 4, 6, 6)
    found = []
    for edge in edges:
        graph = EventGraph([source(4, 6, 6), readout_map(4, 4)], [edge])
        counts = run(graph, image).counts
        assert counts is not None
        mapping = map_graph(graph, load_profile(SNE))
        found.append((price(counts, load_profile(SNE), mapping).energy_j, mapping.resources["kernel_words"]))
    assert found[0] == found[1]


def test_energy_is_affine_in_activity(at_activity: Callable[..., Counts]) -> None:
    profile, graph = load_profile(SNE), chain(3, 40)
    mapping = map_graph(graph, profile)

    def energy(share: float) -> float:
        found = price(at_activity(graph, share, share), profile, mapping).energy_j
        assert found is not None
        return found

    first, second, third = energy(0.1), energy(0.2), energy(0.3)
    assert first < second < third
    assert second < 2 * first  # not proportional
    assert third - second == pytest.approx(second - first)
    assert energy(0.0) == pytest.approx(21.3e-6)


def test_bit_planes_of_an_input_are_lines() -> None:
    graph = EventGraph(
        [source(3, coding=Coding.bits(3)), readout("out", 2)], [dense("fc", "input", "out", ternary(2, 3))]
    )
    counts = run(graph, np.array([[7, 1, 0]])).counts
    assert counts is not None
    mapping = map_graph(graph, load_profile(SNE))
    assert price(counts, load_profile(SNE), mapping).terms["synaptic operations"].count == 2 * (3 + 1)
    check = next(c for c in mapping.checks if c.limit == "weight_bits")
    assert (check.used, check.status) == (4, "pass")


def ended(population: Any, edge: Any) -> EventGraph:
    """Two inputs, one population, one readout."""
    return EventGraph([source(2), population, readout("out", 1)], [edge, dense("end", "a", "out", [[1, 1]])])


def fans(count: int) -> EventGraph:
    outs = [readout(f"out{k}", 1) for k in range(count)]
    edges = [dense(f"fc{k}", "a", f"out{k}", np.ones((1, 2), int)) for k in range(count)]
    return EventGraph(
        [source(2), spiking("a", (2,)), *outs], [dense("in", "input", "a", np.ones((2, 2), int)), *edges]
    )


def residual() -> EventGraph:
    return EventGraph(
        [source(2), spiking("a", (2,)), readout("out", 2)],
        [
            dense("fc0", "input", "a", np.ones((2, 2), int)),
            dense("fc1", "a", "out", np.ones((2, 2), int)),
            Identity(name="skip", source="input", target="out"),
        ],
    )


def scaled(gain: int, inputs: int = 2) -> EventGraph:
    return EventGraph(
        [source(inputs), readout("out", 1)], [dense("fc", "input", "out", np.ones((1, inputs), int), gain=gain)]
    )


def levels() -> EventGraph:
    coding = Coding.signmag(2, -2, 2)
    wide = replace(spiking("a", (2,)), coding=coding, thresholds=np.tile([-2, -1, 1, 2], (2, 1)))
    return ended(wide, dense("fc", "input", "a", np.ones((2, 2), int)))


def identity() -> EventGraph:
    return ended(spiking("a", (2,)), Identity(name="same", source="input", target="a"))


WALLS: list[tuple[Callable[[], EventGraph], str]] = [
    (lambda: chain(10), r"needs cores of 10.*the wall is 9"),
    (lambda: pooled_net("max"), r"'pool' into 'p' is a maximum or minimum pool .max-pool.; the wall is pool"),
    (lambda: pooled_net(("max", "max", "min", "max")), r"max-pool.; the wall is pool"),
    (
        lambda: pooled_net("sum", 8),
        r"windows of \(8, 8\).*the wall is pool, allowed are windows side by side of .1, 2, 4",
    ),
    (lambda: one_conv(1, 1, 17, 20), r"kernel of 17; the wall is 16"),
    (lambda: one_conv(1, 1, 3, 20, stride=(16, 16)), r"stride of 16; the wall is 8"),
    (
        lambda: one_conv(1, 1, 3, 20, stride=(3, 3)),
        r"stride \(3, 3\); the wall is stride, allowed are powers of two",
    ),
    (lambda: one_conv(1, 1, 3, 20, dilation=(2, 2)), r"dilation \(2, 2\); the wall is kernel"),
    (lambda: one_conv(1, 1, 16, 20, pad=8), r"padding of 8; the wall is 7"),
    (lambda: one_conv(1, 1, 3, 130, stride=(4, 4)), r"in_size of 130; the wall is 128"),
    (lambda: one_conv(1, 1, 1, 65), r"out_size of 65; the wall is 64"),
    (lambda: one_conv(1025, 1, 1, 2), r"channels of 1025; the wall is 1024"),
    (lambda: chain(2, 300), r"layer 'h0'.*needs kernel_words of 614400, the largest core has 65536"),
    (lambda: one_conv(32, 1, 1, 64), r"layer 'a'.*needs neuron_words of 131072, the largest core has 65536"),
    (lambda: fans(3), r"fan_out of 3; the wall is 2"),
    (residual, r"'out' adds 2 projections \(fc1, skip\).*kernels_per_layer of 2; the wall is 1"),
    (lambda: scaled(128), r"weight_bits of 9; the wall is 8"),
    (lambda: scaled(127, 300), r"sum_bits of 17; the wall is 16"),
    (levels, r"'a' sends levels -2..2; the wall is binary events"),
    (identity, r"'a' is fed by same \(identity\) without weights; the wall is pool"),
]


@pytest.mark.parametrize(("graph", "message"), WALLS)
def test_every_wall_of_speck_refuses_by_name(graph: Callable[[], EventGraph], message: str) -> None:
    with pytest.raises(PricingError, match=rf"card 'speck_natcommun_2024': .*{message}"):
        map_graph(graph(), load_profile(SPECK))


def test_weights_beyond_four_bits_do_not_fit_sne() -> None:
    with pytest.raises(PricingError, match=r"card 'sne_date_2022'.*weight_bits of 5; the wall is 4"):
        map_graph(scaled(8), load_profile(SNE))
    assert map_graph(scaled(7), load_profile(SNE)).resources["layers"] == 1


def test_layers_take_the_cores_whose_memories_hold_them() -> None:
    """Large kernels go where there is kernel memory, large maps where there is neuron memory."""
    graph = EventGraph(
        [source(2, 32, 32), spiking("map", (16, 32, 32)), spiking("deep", (16, 16, 16)), readout("out", 4)],
        [
            conv("c1", "input", "map", ternary(16, 2, 3, 3), 1),
            conv("c2", "map", "deep", ternary(16, 16, 3, 3), 1, stride=(2, 2)),
            dense("fc", "deep", "out", ternary(4, 16 * 256)),
        ],
    )
    profile = load_profile(SPECK)
    mapping = map_graph(graph, profile)
    cores = [int(mapping.populations[n]["first_core"]) for n in ("map", "deep", "out")]
    assert len(set(cores)) == 3
    for name, core in zip(("map", "deep", "out"), cores, strict=True):
        for memory in ("kernel_words", "neuron_words"):
            assert int(mapping.populations[name][memory]) <= profile.number(f"{memory}_{core}")
    assert cores[0] < 5  # 32 maps of 32 x 32


def test_layers_that_fit_one_by_one_may_not_fit_together() -> None:
    """Three layers need 64 Ki of kernel memory, which two cores have."""
    with pytest.raises(PricingError, match="every layer fits a core, but not all of them at once"):
        map_graph(chain(4, 90), load_profile(SPECK))
    assert map_graph(chain(2, 90), load_profile(SPECK)).resources["cores"] == 2


def test_what_nobody_published_about_speck_is_named(at_activity: Callable[..., Counts]) -> None:
    graph = chain(3)
    bill = price(at_activity(graph), load_profile(SPECK), map_graph(graph, load_profile(SPECK)))
    assert {u.term for u in bill.unpriced} == {"synaptic operations", "static"}
    assert (bill.total, bill.latency, dict(bill.terms)) == (None, None, {})


def test_spikes_on_arrival_are_told_to_differ() -> None:
    notes = map_graph(chain(3), load_profile(SPECK)).notes
    assert any("no steps" in note for note in notes)
    always = ended(spiking("a", (2,), -1, 0), dense("fc", "input", "a", np.ones((2, 2), int)))
    assert any(
        "a hold neurons that send a nonzero level" in n for n in map_graph(always, load_profile(SPECK)).notes
    )
    assert not any("no steps" in note for note in map_graph(chain(3), load_profile(SNE)).notes)


def test_a_card_without_a_fixed_part_needs_its_static_power(
    edited: Edit, at_activity: Callable[..., Counts]
) -> None:
    graph, profile = chain(2), edited(SNE, {"energy/inference": None})
    bill = price(at_activity(graph), profile, map_graph(graph, profile))
    assert bill.total is None
    assert [u.term for u in bill.unpriced] == ["static"]
