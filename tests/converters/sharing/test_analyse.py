"""Counts of sharing against brute force, null models against closed forms and published figures."""

import itertools
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_converters.sharing import (
    WAYS,
    analyse,
    distinct_fraction,
    group_kernels,
    kernels_by_channel,
    spanning_tree,
    work_of,
)
from gxnor_converters.sharing.kernels import number_rows, weights_of_kernels
from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Conv2d, EventGraph, Input, Readout

LEVELS = {"binary": [-1, 1], "ternary": [-1, 0, 1], "sparse": [-1, 0, 0, 0, 1], "Z_2": [-2, -1, 0, 1, 2]}
SIZES = [(1, 1), (1, 3), (2, 2), (3, 3), (5, 5)]


def drawn(seed: int, levels: str, shape: tuple[int, ...]) -> Any:
    return np.random.default_rng(seed).choice(LEVELS[levels], size=shape)


def brute_force(weights: Any, groups: int) -> dict[str, tuple[int, int, int]]:
    """Maps, taps, additions by definition, with sets of tuples."""
    outputs, per_group, rows, columns = weights.shape
    found = dict.fromkeys(WAYS, (0, 0, 0))

    def add(way: str, maps: int, taps: int, additions: int) -> None:
        found[way] = tuple(a + b for a, b in zip(found[way], (maps, taps, additions), strict=True))

    def canonical(kernel: tuple[int, ...]) -> tuple[int, ...]:
        return max(kernel, tuple(-v for v in kernel))

    def nonzero(kernel: tuple[int, ...]) -> int:
        return sum(v != 0 for v in kernel)

    for channel in range(per_group * groups):
        group, own = divmod(channel, per_group)
        out = range(group * outputs // groups, (group + 1) * outputs // groups)
        kernels = [tuple(int(v) for v in weights[o, own].reshape(-1)) for o in out]
        used = [k for k in kernels if any(k)]
        taps = sum(map(nonzero, used))
        add("dense", len(kernels), len(kernels) * rows * columns, len(kernels) * rows * columns)
        add("gated", len(used), taps, taps)
        for way, unique in (("repeats", set(used)), ("inverses", {canonical(k) for k in used})):
            inside = sum(map(nonzero, unique))
            add(way, len(unique), inside, inside - len(unique) + len(used))
        vertices = [(0,) * (rows * columns), *{canonical(k) for k in used}]
        graph = nx.Graph()
        for a, b in itertools.combinations(vertices, 2):
            edits = (sum(x != s * y for x, y in zip(a, b, strict=True)) for s in (1, -1))
            graph.add_edge(a, b, weight=min(edits))
        edits = int(nx.minimum_spanning_tree(graph).size("weight"))
        add("mst", len(vertices) - 1, edits, edits + len(used))
        parts = [k[r * columns : (r + 1) * columns] for k in used for r in range(rows)]
        parts = [p for p in parts if any(p)]
        unique = {canonical(p) for p in parts}
        inside = sum(map(nonzero, unique))
        add("sub_kernels", len(unique), inside, inside - len(unique) + len(parts))
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 999),
    st.sampled_from(list(LEVELS)),
    st.sampled_from(SIZES),
    st.integers(1, 24),
    st.sampled_from([1, 2]),
)
def test_counts_are_those_of_brute_force(
    seed: int, levels: str, size: tuple[int, int], count: int, groups: int
) -> None:
    weights = drawn(seed, levels, (count * groups, 2, *size))
    kernels = kernels_by_channel(weights, groups)
    np.testing.assert_array_equal(weights_of_kernels(kernels, weights.shape, groups), weights)
    work = work_of(kernels, size)
    assert {way: w.values() for way, w in work.items()} == brute_force(weights, groups)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 999), st.sampled_from(list(LEVELS)), st.sampled_from(SIZES), st.sampled_from([None, 1, 2, 4])
)
def test_groups_and_trees_rebuild_every_kernel(
    seed: int, levels: str, size: tuple[int, int], depth: int | None
) -> None:
    kernels = kernels_by_channel(drawn(seed, levels, (40, 3, *size)))
    groups = group_kernels(kernels)
    rebuilt = np.where(groups.label[..., None] < 0, 0, groups.kernels[groups.label]) * groups.sign[..., None]
    np.testing.assert_array_equal(rebuilt, kernels)
    tree = spanning_tree(groups, depth)
    assert tree.depth.max(initial=0) <= (depth or len(groups.kernels))
    for g in np.argsort(tree.depth):  # parents first
        parent = tree.parent[g]
        start = groups.kernels[parent] * tree.sign[g] if parent >= 0 else np.zeros_like(groups.kernels[g])
        assert tree.edits[g] == np.count_nonzero(groups.kernels[g] - start)
        assert tree.depth[g] == (tree.depth[parent] + 1 if parent >= 0 else 1)
        assert parent < 0 or groups.channel[parent] == groups.channel[g]


def test_numbers_of_wide_rows_do_not_overflow() -> None:
    rows = np.random.default_rng(0).integers(-128, 128, (50, 30))
    rows[25:] = rows[:25]
    keys = number_rows(rows)
    assert len(np.unique(keys)) == len(np.unique(rows, axis=0)) == 25
    np.testing.assert_array_equal(keys[25:], keys[:25])


@pytest.mark.parametrize(
    ("levels", "way", "expected"),
    [
        ("binary", "repeats", [(64, 0.941), (128, 0.886), (256, 0.788), (512, 0.632)]),
        ("binary", "inverses", [(64, 0.886), (128, 0.788), (256, 0.633), (512, 0.433)]),
        ("ternary", "repeats", [(64, 0.998), (128, 0.997), (256, 0.994), (512, 0.987)]),
        ("ternary", "inverses", [(64, 0.997), (128, 0.994), (256, 0.987), (512, 0.974)]),
    ],
)
def test_random_kernels_share_what_the_closed_form_says(levels: str, way: str, expected: list[Any]) -> None:
    states = {("binary", "repeats"): 512, ("binary", "inverses"): 256, ("ternary", "repeats"): 19683}.get(
        (levels, way), 9842
    )
    for count, fraction in expected:
        assert distinct_fraction(count, states) == pytest.approx(fraction, abs=6e-4)
        kernels = kernels_by_channel(drawn(count, levels, (count, 40, 3, 3)))
        maps = len(group_kernels(kernels, signed=way == "inverses").kernels)
        assert maps / kernels[..., 0].size == pytest.approx(fraction, abs=0.012)


@pytest.mark.parametrize(("count", "taps", "share"), [(128, 2.00, 0.34), (256, 1.73, 0.29), (512, 1.55, 0.26)])
def test_taps_of_trees_on_random_ternary_kernels(count: int, taps: float, share: float) -> None:
    report = analyse(drawn(count, "ternary", (count, 12, 3, 3)))
    layer = report["weights"]
    assert layer.work["mst"].taps / layer.kernels == pytest.approx(taps, rel=0.04)
    figure = layer.ratio("taps", "mst")
    assert figure.value == pytest.approx(share, abs=0.012)
    assert figure.nulls["uniform"] == pytest.approx(figure.value, rel=0.03)


def binary_graph(width: int = 128, seed: int = 0, part: int = 1) -> EventGraph:
    """conv1 .. conv6 of the CIFAR-10 network of the papers, binary at random, without thresholds between.

    With `part` inner layers read one input channel in so many; what a channel shares stays the same.
    """
    rng = np.random.default_rng(seed)
    sizes = [(3, width, 32), (width, width, 32), (width, 2 * width, 16), (2 * width, 2 * width, 16)]
    sizes += [(2 * width, 4 * width, 8), (4 * width, 4 * width, 8)]
    populations: list[Any] = []
    projections: list[Any] = []
    for i, (inputs, outputs, size) in enumerate(sizes, start=1):
        channels = max(3, inputs // part)
        source, target = f"in{i}", f"out{i}"
        populations.append(Input(name=source, shape=(channels, size, size), coding=Coding.pm1(1)))
        one = np.ones(outputs)
        populations.append(Readout(name=target, shape=(outputs, size, size), scale=one, offset=one))
        weights = rng.choice([-1, 1], (outputs, channels, 3, 3))
        projections.append(
            Conv2d(
                name=f"conv{i}",
                source=source,
                target=target,
                weights=weights,
                coding=Coding.pm1(1),
                padding=(1,) * 4,
            )
        )
    return EventGraph(populations, projections)


def test_chance_alone_saves_40_percent_at_the_papers_widths() -> None:
    report = analyse(binary_graph(part=16), null_channels=8)
    figure = report.ratio("maps", "inverses", [f"conv{i}" for i in range(2, 7)])
    assert figure.value == pytest.approx(0.60, abs=0.01)
    assert figure.nulls["uniform"] == pytest.approx(figure.value, abs=0.01)
    assert figure.nulls["shuffled"] == pytest.approx(figure.value, abs=0.01)
    per_filter = sum(report[f"conv{i}"].work["repeats"].maps for i in range(2, 7)) / sum(
        report[f"conv{i}"].kernels for i in range(2, 7)
    )
    assert per_filter == pytest.approx(0.67, abs=0.02)  # by filter, not by work


def test_weights_that_repeat_beat_both_null_models() -> None:
    rng = np.random.default_rng(0)
    book = rng.choice([-1, 1], (20, 3, 3))
    report = analyse(book[rng.integers(0, 20, (256, 16))])
    figure = report["weights"].ratio("maps", "inverses")
    assert figure.value <= 20 / 256 < min(figure.nulls.values()) - 0.5
    assert report["weights"].statistics.entropy_bits <= np.log2(20)
    assert report["weights"].statistics.distinct.sum() == 256 * 16
    for null in report["weights"].null_statistics.values():
        assert null.entropy_bits > 8.5  # of 9, from 4096 kernels
        assert len(null.distinct) == 256
        assert null.kernels == 256 * 16
    assert len(report["weights"].statistics.distinct) <= 20


def test_a_report_says_what_its_figures_are() -> None:
    report = analyse(drawn(0, "sparse", (8, 3, 3, 3)))
    text = str(report)
    assert "over the nonzero taps of all kernels" in text
    assert "shuffled" in text
    assert report.to_dict()["layers"][0]["work"]["dense"]["taps"] == 8 * 3 * 9
    again = analyse(drawn(0, "sparse", (8, 3, 3, 3)))
    assert again.to_dict() == report.to_dict()  # its own generator
    assert report["weights"].memory_bits is None
    graph = binary_graph(4)
    layer = analyse(graph)["conv1"]
    assert layer.map_bits == 5  # -9 .. 9
    assert layer.memory_bits is not None
    assert layer.memory_bits[1] == layer.work["inverses"].maps * 32 * 32 * 5


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: analyse(np.ones((2, 3))), r"convolution weights are float64 of shape \(2, 3\)"),
        (lambda: analyse(drawn(0, "binary", (2, 2, 3, 3)), null_channels=0), "null_channels is 0"),
        (lambda: analyse(drawn(0, "binary", (2, 2, 3, 3)))["x"], "no layer 'x'; it has weights"),
        (lambda: analyse(drawn(0, "binary", (2, 2, 1, 1))).ratio("maps", "mst"), "no 3x3 convolution"),
        (lambda: analyse(drawn(0, "binary", (2, 2, 3, 3))).ratio("bits", "mst"), "'bits' of way 'mst'"),
        (lambda: kernels_by_channel(drawn(0, "binary", (3, 2, 3, 3)), 2), "groups is 2"),
        (lambda: spanning_tree(group_kernels(drawn(0, "binary", (1, 2, 9))), 0), "depth is 0"),
        (lambda: distinct_fraction(0, 5), "at least 1"),
    ],
)
def test_bad_input_is_refused(run: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        run()
