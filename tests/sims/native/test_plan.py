"""Planning: forms of levels, digits of weights, the cache, the description, the refusals."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gxnor_sims.native import NativeEngine, plan_of
from gxnor_sims.native.lowering import signed_digits
from gxnor_sims.native.slabs import Form, in_slab_order, rises_of
from gxnor_snn.errors import UnsupportedGraphError
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Relay
from tests.gxnor_snn.graph.small import small_graph

from .nets import T, deep, dense, readout, spiking, ternary


@given(arrays(np.int64, st.integers(0, 20), elements=st.integers(-(2**61), 2**61)))
def test_signed_digits_add_up_and_are_never_adjacent(values: np.ndarray) -> None:
    total = [0] * len(values)
    last = {}
    for sign, level, where in signed_digits(values):
        for i in np.flatnonzero(where):
            total[i] += sign << level
            assert level - last.get(i, -2) >= 2
            last[i] = level
    assert total == values.tolist()


@given(
    arrays(np.int8, st.integers(0, 20), elements=st.integers(-128, 127)),
    st.sampled_from([1, -1, 2, -3, 127, 128, -32768, 1 << 40]),
)
def test_signed_digits_of_small_types_have_room(values: np.ndarray, factor: int) -> None:
    total = [0] * len(values)
    for sign, level, where in signed_digits(values, factor):
        for i in np.flatnonzero(where):
            total[i] += sign << level
    assert total == [factor * v for v in values.tolist()]


@pytest.mark.parametrize(
    ("coding", "form"),
    [
        (Coding.ternary(), Form(True, 2, -1, 1)),
        (Coding.ternary(lo=0), Form(False, 1, 0, 1)),
        (Coding.ternary(lo=0, hi=0), Form(False, 1, 0, 1)),
        (Coding.pm1(1), Form(False, 1, -1, 2)),
        (Coding.pm1(3), Form(False, 3, -7, 2)),
        (Coding.bits(8), Form(False, 8, 0, 1)),
        (Coding.signmag(2), Form(False, 3, -2, 1)),
        (Coding.signmag(3, table=(-3, 0, 3)), Form(True, 2, -3, 3)),
        (Coding.signmag(3, table=(-3, 0, 6)), Form(False, 2, -3, 3)),
    ],
)
def test_levels_become_as_few_planes_as_they_need(coding: Coding, form: Form) -> None:
    assert Form.of(coding) == form
    assert form.lowest + form.step * int(rises_of(coding).sum()) == coding.hi


def test_channels_are_innermost_in_a_slab() -> None:
    values = np.arange(24).reshape(2, 3, 4)
    assert in_slab_order(values)[:4].tolist() == [0, 12, 1, 13]
    assert in_slab_order(np.arange(3)).tolist() == [0, 1, 2]


def test_a_plan_is_made_once_and_goes_with_its_graph() -> None:
    graph = small_graph()
    plan = plan_of(graph)
    assert NativeEngine().plan(graph) is plan
    assert NativeEngine("portable").plan(graph) is plan
    gone = weakref.ref(graph)
    del graph
    gc.collect()
    assert gone() is None


def test_the_description_names_every_population_and_its_work() -> None:
    graph = deep()
    plan = plan_of(graph)
    by_name = {layer.name: layer for layer in plan.layers}
    assert list(by_name) == list(graph.populations)
    # two planes for every nonzero ternary weight
    assert by_name["h0"].additions == 2 * np.count_nonzero(graph.projections["fc0"].weights)
    text = plan.describe(600, isa="portable", threads=2, form="samples")
    assert text.startswith("600 samples on portable, by predicted cost:\n  600 in form samples, ")
    assert "1 in form neurons" in plan.describe(1, form="neurons")
    assert all(name in text for name in graph.populations)


def test_the_description_tells_how_sums_are_cut() -> None:
    rng = np.random.default_rng(0)
    weights = ternary(rng, 64, 1024)
    graph = EventGraph(
        [Input(name="in", shape=(1024,), coding=T), spiking("h", (64,), [0, 1]), readout(10)],
        [
            Dense(name="wide", source="in", target="h", weights=weights, coding=T),
            Dense(name="small", source="h", target="out", weights=ternary(rng, 10, 64), coding=T),
        ],
    )
    plan = plan_of(graph)
    chunks = [layer.chunks for layer in plan.layers]
    assert [0, *plan.program.chunks] == chunks
    assert (chunks[0], chunks[2]) == (0, 1)
    assert chunks[1] > 1
    heads, *rows = [line.split() for line in plan.describe(600, form="samples").splitlines()[-4:]]
    assert [row[heads.index("chunks")] for row in rows] == [str(n) for n in chunks]


def test_border_taps_are_left_out_of_the_predicted_work() -> None:
    from gxnor_snn.graph import Conv2d

    layer = Conv2d(
        name="c",
        source="in",
        target="out",
        weights=np.ones((1, 1, 3, 3), int),
        coding=T,
        stride=(2, 1),
        padding=(1, 0, 2, 1),
    )
    shape = layer.output_shape((1, 5, 4))
    graph = EventGraph([Input(name="in", shape=(1, 5, 4), coding=T), readout(*shape)], [layer])
    assert plan_of(graph).layers[-1].additions == 2 * int(graph.fan_out("c").nonzero.sum())


def test_sums_beyond_the_counters_are_refused() -> None:
    top = (1 << 30) - 1
    wide = Coding.signmag(31, lo=-top, hi=top)
    graph = EventGraph(
        [
            Input(name="in", shape=(1,), coding=Coding.bits(1)),
            readout(1),
        ],
        [Dense(name="fc", source="in", target="out", weights=np.array([[top]]), coding=wide, gain=(1 << 31) - 1)],
    )
    assert NativeEngine().supports(graph) is None
    assert NativeEngine().run(graph, np.array([[1]])).readouts["out"].tolist() == [[top * ((1 << 31) - 1)]]
    two = EventGraph(
        [Input(name="in", shape=(2,), coding=Coding.ternary()), readout(1)],
        [
            Dense(
                name="fc",
                source="in",
                target="out",
                weights=np.array([[top, -top]]),
                coding=wide,
                gain=(1 << 31) - 1,
            )
        ],
    )
    reason = NativeEngine().supports(two)
    assert reason == "population 'out': its sums take 63 bits, allowed are 62"
    with pytest.raises(UnsupportedGraphError, match="its sums take 63 bits"):
        NativeEngine().run(two, np.array([[1, 1]]))


def test_more_planes_than_a_list_can_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is lowered: at its true height the test would need gigabytes, if a graph reaches it at all."""
    graph = dense(np.ones((1, 3), int), Coding.bits(8))
    monkeypatch.setattr("gxnor_sims.native.plan._MAX_SLAB_PLANES", 24)
    assert NativeEngine().supports(graph) is None
    monkeypatch.setattr("gxnor_sims.native.plan._MAX_SLAB_PLANES", 23)
    assert NativeEngine().supports(graph) == "population 'in': 3 neurons of 8 planes, allowed are 23 planes in all"


def test_everything_of_the_schema_is_supported() -> None:
    assert NativeEngine().supports(small_graph()) is None
    assert NativeEngine().supports(dense(np.ones((1, 3), int))) is None
    sums = EventGraph(
        [
            Input(name="in", shape=(3,), coding=T),
            Relay(name="sum", shape=(2,), kind="sum", lo=-9, hi=9),
            readout(1),
        ],
        [
            Dense(name="a", source="in", target="sum", weights=np.ones((2, 3), int), coding=T, gain=2),
            Dense(name="b", source="sum", target="out", weights=np.ones((1, 2), int), coding=T),
        ],
    )
    assert NativeEngine().supports(sums) is None
    assert NativeEngine().run(sums, np.array([[1, 1, -1]])).readouts["out"].tolist() == [[4]]
