"""The neurons form, forced: the same results as the reference on every instruction set."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gxnor_sims.native import NativeEngine, available_isas
from gxnor_sims.native.layout import Layout, Table, layout_of
from gxnor_sims.native.neurons import digits_of, packed, planes_of
from gxnor_snn.errors import EngineError, InputError, UnsupportedGraphError
from gxnor_snn.graph import Coding, EventGraph, execute
from tests.conformance.compare import assert_same
from tests.conformance.graphs import event_graphs, random_inputs
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import T, conv, deep, dense, ternary

ENGINES = [NativeEngine(isa, "neurons") for isa in available_isas()]


def on_every_isa(graph: EventGraph, x: Any, **options: Any) -> None:
    expected = execute(graph, x, record="all")
    for engine in ENGINES:
        assert_same(expected, engine.run(graph, x, record="all", **options))


@settings(max_examples=60, deadline=None)
@given(graph=event_graphs(), seed=st.integers(0, 999), n=st.sampled_from([1, 2, 5]))
def test_random_graphs(graph: EventGraph, seed: int, n: int) -> None:
    on_every_isa(graph, random_inputs(graph, n, seed), threads=1 + seed % 3)


@pytest.mark.parametrize("outputs", [1, 63, 64, 65, 127, 128, 129, 256, 257, 500, 513, 1100])
def test_every_number_of_lanes(outputs: int) -> None:
    rng = np.random.default_rng(outputs)
    graph = deep(depth=2, width=outputs, inputs=50)
    on_every_isa(graph, ternary(rng, 3, 50))


@pytest.mark.parametrize("fan_in", [1, 65, 1000])
@pytest.mark.parametrize(
    ("source", "weight"),
    [
        (Coding.bits(8), Coding.ternary()),
        (Coding.bits(8), Coding.signmag(4)),
        (Coding.pm1(1), Coding.pm1(1)),
        (Coding.pm1(3), Coding.pm1(2)),
        (Coding.signmag(3), Coding.signmag(3)),
        (Coding.signmag(4, table=(-8, -2, 1, 7)), Coding.bits(3)),
        (Coding.ternary(lo=0), Coding.pm1(8)),
    ],
)
@pytest.mark.parametrize("gain", [1, -3, (1 << 31) - 1])
def test_planes_of_every_coding_on_both_sides(fan_in: int, source: Coding, weight: Coding, gain: int) -> None:
    rng = np.random.default_rng(fan_in)
    weights = rng.choice(weight.levels, (3, fan_in))
    weights[0] = weight.hi
    x = rng.choice(source.levels, (4, fan_in))
    x[0], x[1] = source.hi, source.lo
    on_every_isa(dense(weights, source, weight, gain=gain), x)


@pytest.mark.parametrize(
    ("channels", "outputs", "kernel", "stride", "dilation", "groups"),
    [
        (1, 6, (5, 5), (1, 1), (1, 1), 1),
        (3, 16, (3, 3), (1, 1), (1, 1), 1),
        (4, 8, (3, 3), (2, 2), (1, 1), 2),
        (6, 6, (3, 2), (1, 3), (2, 2), 6),
        (8, 40, (1, 1), (1, 1), (1, 1), 1),
        (5, 130, (2, 3), (1, 2), (1, 1), 1),
    ],
)
def test_convolutions_whose_columns_share_lanes(
    channels: int, outputs: int, kernel: Any, stride: Any, dilation: Any, groups: int
) -> None:
    rng = np.random.default_rng(channels)
    graph = conv(
        ternary(rng, outputs, channels // groups, *kernel),
        (channels, 7, 13),
        stride=stride,
        dilation=dilation,
        groups=groups,
        padding=(1, 2, 0, 1),
    )
    on_every_isa(graph, ternary(rng, 2, channels, 7, 13))


@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 511, 512, 513])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_batch_size(n: int, threads: int) -> None:
    """Forced, and as the cost model chooses: the small net goes through every form."""
    graph, x = deep(), ternary(np.random.default_rng(n), n, 90)
    expected = execute(graph, x, record="all")
    for isa in available_isas():
        for form in ("neurons", "auto", "samples"):
            assert_same(expected, NativeEngine(isa, form).run(graph, x, record="all", threads=threads))


@pytest.mark.parametrize("form", ["samples", "neurons"])
@pytest.mark.parametrize(
    ("coding", "good", "bad"),
    [
        (T, [-1, 0, 1], [-2, 2, 127, -128, 2**40, -(2**40), 2**32, 2**32 + 1]),
        (Coding.ternary(lo=0), [0, 1], [-1, 2, 2**63 + 1, 2**64 - 1]),
        (Coding.pm1(2), [-3, -1, 1, 3], [-2, 0, 2, 5, 2**33 + 1]),
        (Coding.signmag(4, table=(-8, -2, 1, 7)), [-8, -2, 1, 7], [-9, -7, 0, 8]),
        (Coding.bits(8), [0, 255], [-1, 256, 2**63]),
    ],
)
def test_levels_that_are_not_admissible_are_refused(
    form: str, coding: Coding, good: list[int], bad: list[int]
) -> None:
    graph = dense(np.ones((1, 5), int), coding)
    engine = NativeEngine(form=form)
    for level in good:
        engine.run(graph, np.full((3, 5), level))
    for level in bad:
        dtype = np.uint64 if level >= 2**63 else np.int64
        x = np.full((3, 5), max(good), dtype)
        x[2, 4] = level
        with pytest.raises(InputError, match=f"sample 2 holds {level}, allowed are"):
            engine.run(graph, x)


def test_full_counts_come_from_the_other_form() -> None:
    graph, x = small_graph(), small_input(2)
    with pytest.raises(UnsupportedGraphError, match="form 'neurons' makes no full counts"):
        NativeEngine(form="neurons").run(graph, x, counts="full")
    assert_same(execute(graph, x, counts="full"), NativeEngine().run(graph, x, counts="full"))


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(EngineError, match="form is 'lanes', allowed are auto, samples, neurons"):
        NativeEngine(form="lanes")


# --- lowering ---------------------------------------------------------------------------------------------------


@given(arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.integers(-(2**31), 2**31)))
def test_planes_add_up_to_the_weights(weights: np.ndarray) -> None:
    planes = planes_of(weights)
    total = np.full(weights.shape, planes.lowest, np.int64)
    for first, level, width in planes.entries:
        for j in range(first, first + width):
            total += planes.bits(weights)[j].astype(np.int64) << level
    np.testing.assert_array_equal(total, weights)


@pytest.mark.parametrize(
    ("weights", "planes"), [([-1, 0, 1], 2), ([-1, 1], 1), ([0, 1], 1), ([3], 0), ([-4, 0, 4], 2), ([-3, 0, 3], 3)]
)
def test_weights_take_few_planes(weights: list[int], planes: int) -> None:
    assert planes_of(np.array(weights)).count == planes


@pytest.mark.parametrize("coding", [T, Coding.pm1(3), Coding.bits(8), Coding.signmag(4, table=(-8, -3, 0, 7))])
@pytest.mark.parametrize("gain", [1, -1, 5, -(2**31) + 1])
def test_digits_add_up_to_the_levels(coding: Coding, gain: int) -> None:
    positive, negative = digits_of(coding, gain)
    for level in coding.levels:
        at = int(level) - coding.lo
        assert int(positive[at]) - int(negative[at]) == int(level) * gain
        assert not positive[at] or not negative[at]


@pytest.mark.parametrize("at_once", [1, 300, 1 << 20])
def test_lane_0_is_the_lowest_bit(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("gxnor_sims.native.neurons._AT_ONCE", at_once)
    weights = np.zeros((3, 130), np.int8)
    weights[0, 0] = weights[1, 65] = weights[2, 129] = 1
    table = packed(planes_of(weights), weights, Layout(2, 1, 2)).reshape(2, 3, 2)
    assert table[0].tolist() == [[1, 0], [0, 2], [0, 0]]
    assert table[1].tolist() == [[0, 0], [0, 0], [2, 0]]


def test_few_channels_share_a_vector_and_many_do_not_waste_one() -> None:
    narrow = Table(
        channels=1, outputs=16, rows=5, columns=5, stride=1, dilation=1, width=24, windows=576, whole=True
    )
    assert layout_of(narrow, (2, 4, 8)).together > 1
    assert layout_of(replace(narrow, whole=False), (2, 4, 8)) == Layout(2, 1, 1)
    wide = replace(narrow, channels=512, outputs=512, rows=3, columns=3)
    assert layout_of(wide, (2, 4, 8)).together == 1
    for table in (narrow, wide):
        layout = layout_of(table, (2, 4, 8))
        lanes = layout.together * table.outputs
        assert layout.chunks == -(-lanes // (64 * layout.words))
