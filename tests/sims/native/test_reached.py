"""Full counts of the native engine: open gates, synapse by synapse, against the reference and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims.native import NativeEngine, available_isas, plan_of
from gxnor_sims.native.reached import plane_signs, weight_planes
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Readout, execute
from gxnor_snn.results import Counts
from tests.conformance.compare import assert_same_counts
from tests.conformance.graphs import ACTIVATION_CODINGS, INPUT_CODINGS, WEIGHT_CODINGS
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import dense, readout

ISAS = available_isas()
SIGNED_TABLE = Coding.signmag(5, table=(-20, -3, 0, 1, 7, 31))


def full(graph: EventGraph, x: object, isa: str | None = None, **options: int) -> Counts:
    counts = NativeEngine(isa).run(graph, x, counts="full", **options).counts
    assert counts is not None
    return counts


def same(graph: EventGraph, x: object, isa: str | None = None, **options: int) -> None:
    expected = execute(graph, x, counts="full").counts
    assert expected is not None
    assert_same_counts(expected, full(graph, x, isa, **options))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("source", [*INPUT_CODINGS, SIGNED_TABLE, Coding.pm1(4, table=(-9, -1, 3, 15))], ids=str)
def test_every_coding_of_levels_meets_every_coding_of_weights(source: Coding, isa: str) -> None:
    rng = np.random.default_rng(0)
    codings = [*WEIGHT_CODINGS, SIGNED_TABLE, Coding.pm1(3, table=(-7, 1, 5)), *ACTIVATION_CODINGS[-1:]]
    parts = [Input(name="in", shape=(6,), coding=source)]
    edges = []
    for k, coding in enumerate(codings):
        weights = rng.choice(coding.levels, (3, 6))
        edges.append(Dense(name=f"fc{k}", source="in", target=f"out{k}", weights=weights, coding=coding))
        parts.append(Readout(name=f"out{k}", shape=(3,), scale=np.ones(3), offset=np.zeros(3)))
    graph = EventGraph(parts, edges)
    x = rng.choice(source.levels, (70, 6)) * (
        rng.random((70, 6)) < 0.4 if source.contains(np.zeros(1, int)) else 1
    )
    same(graph, x, isa)


@pytest.mark.parametrize("isa", ISAS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_convolutions_of_every_geometry(isa: str, data: st.DataObject) -> None:
    def draw(low: int, high: int) -> int:
        return data.draw(st.integers(low, high))

    rng = np.random.default_rng(draw(0, 999))
    groups, per_group, outputs = draw(1, 2), draw(1, 2), draw(1, 3)
    kernel, dilation = (draw(1, 3), draw(1, 3)), (draw(1, 3), draw(1, 2))
    padding = tuple(draw(0, 3) for _ in range(4))
    image = tuple((k - 1) * d + 1 + draw(0, 4) for k, d in zip(kernel, dilation, strict=True))
    weights = rng.integers(-1, 2, (groups * outputs, per_group, *kernel))
    conv = Conv2d(
        name="conv",
        source="in",
        target="out",
        weights=weights,
        coding=Coding.ternary(),
        stride=(draw(1, 3), draw(1, 3)),
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    shape = (groups * per_group, *image)
    source = data.draw(st.sampled_from([Coding.ternary(), Coding.signmag(3), Coding.pm1(1)]))
    graph = EventGraph(
        [Input(name="in", shape=shape, coding=source), readout(*conv.output_shape(shape))],
        [conv],
    )
    x = rng.choice(source.levels, (5, *shape))
    same(graph, np.where(rng.random(x.shape) < 0.8, 0, x) if source.contains(np.zeros(1, int)) else x, isa)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("fan_in", [1, 3, 4, 5, 8, 129, 10_000])
def test_lists_of_every_length_end_at_the_last_entry(fan_in: int, isa: str) -> None:
    """One event per sample, each at another input, so that no lane is reached twice."""
    n = min(fan_in, 600)
    x = np.zeros((n + 1, fan_in), np.int8)
    x[np.arange(n), np.linspace(0, fan_in - 1, n).astype(int)] = 1
    counts = full(dense(np.ones((1, fan_in), np.int8)), x, isa)
    assert counts.populations["out"].neurons_reached.tolist() == [1] * n + [0]
    assert counts.synapses["fc"].n_bitcount.tolist() == [1] * n + [0]
    assert counts.synapses["fc"].n_agree.tolist() == [1] * n + [0]


@pytest.mark.parametrize("outputs", [1, 127, 128, 129, 300])
def test_outputs_beyond_a_chunk_are_counted(outputs: int) -> None:
    counts = full(dense(np.ones((outputs, 2), np.int8)), np.array([[0, 0], [0, 1], [1, -1]]))
    assert counts.populations["out"].neurons_reached.tolist() == [0, outputs, outputs]
    assert counts.synapses["fc"].n_agree.tolist() == [0, outputs, outputs]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 511, 512, 513])
def test_samples_of_every_number(n: int, isa: str) -> None:
    same(small_graph(), small_input(n), isa, threads=2, batch=200)


def test_weights_that_are_all_zero_reach_nothing() -> None:
    counts = full(dense(np.zeros((3, 4), np.int8)), np.ones((2, 4), np.int8))
    assert counts.populations["out"].neurons_reached.tolist() == [0, 0]
    assert counts.synapses["fc"].n_bitcount.tolist() == [0, 0]


def test_full_counts_have_a_plan_of_their_own_and_leave_the_other_alone() -> None:
    graph = small_graph()
    basic, whole = plan_of(graph), plan_of(graph, full=True)
    assert plan_of(graph) is basic
    assert plan_of(graph, full=True) is whole
    assert basic.program.n_rows < whole.program.n_rows
    plain = NativeEngine().run(graph, small_input(3)).counts
    assert plain is not None
    assert all(p.neurons_reached is None for p in plain.populations.values())


@pytest.mark.parametrize("coding", [*WEIGHT_CODINGS, SIGNED_TABLE], ids=str)
def test_planes_of_weights_are_those_of_the_coding(coding: Coding) -> None:
    weights = np.random.default_rng(0).choice(coding.levels, (4, 1, 9))
    masks, times = weight_planes(coding, weights)
    planes = [p != 0 for p in coding.plane_values(weights)]
    assert sum(times * mask.sum() for _, _, mask in masks) == sum(p.sum() for p in planes)
    edge = Dense(name="fc", source="in", target="out", weights=weights[:, 0], coding=coding)
    up, down = plane_signs(edge, (9,))
    values = np.stack(coding.plane_values(weights[:, 0]))
    np.testing.assert_array_equal(up, (values == 1).sum(axis=(0, 1)))
    np.testing.assert_array_equal(down, (values == -1).sum(axis=(0, 1)))
