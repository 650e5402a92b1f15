"""Branches of planes: zero differences against the quantised torch network on the engines, and their counts."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_converters import decompose, from_torch
from gxnor_converters.decomposition import branch_work
from gxnor_converters.passes import share_results
from gxnor_sims import get_engine
from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Readout, Relay, Spiking, execute
from gxnor_snn.models import METHODS, lenet, mlp
from tests.conformance.compare import assert_same
from tests.conformance.graphs import event_graphs, random_inputs

T = Coding.ternary()
SHAPE = (1, 6, 6)


def network(m: int, k: int, seed: int) -> Any:
    keywords: Any = {**METHODS["mbn"], "n1": m, "n2": k, "seed": seed}
    if seed % 2:
        return mlp(SHAPE, [7, 6], 3, **keywords).eval()
    return lenet(SHAPE, 3, channels=(4,), hidden=6, kernel=3, padding=1, **keywords).eval()


def settled(model: Any) -> Any:
    """The network with batch norms that have seen some data, so that levels differ."""
    model.train()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _ in range(3):
            model(torch.randint(0, 256, (16, *model.input_shape), generator=generator, dtype=torch.uint8))
    return model.eval()


@pytest.mark.parametrize("m", range(1, 9))
@pytest.mark.parametrize("k", range(1, 9))
def test_all_numbers_of_bits_agree_with_torch(m: int, k: int) -> None:
    seed = m + k
    model = settled(network(m, k, seed))
    graph = from_torch(model, SHAPE)
    x = np.random.default_rng(seed).integers(0, 256, (5, *SHAPE)).astype(np.uint8)
    with torch.no_grad():
        expected = model(torch.from_numpy(x)).numpy()
    branched = decompose(graph)
    for name, edge in branched.projections.items():
        if edge.weighted:
            assert (edge.coding.n_planes, branched.coding(edge.source).n_planes) == (1, 1), name  # type: ignore[attr-defined]
    engines = [get_engine("native", form=form) for form in ("samples", "neurons")]
    engines += [get_engine("reference"), get_engine("torch", device="cpu")]
    traces = [engine.run(each, x) for engine in engines for each in (branched, graph)]
    for trace in traces:
        np.testing.assert_array_equal(trace.logits, expected)
    plain = execute(graph, x).counts
    work = {row.layer: row for row in branch_work(graph)}
    assert plain is not None
    for name, counts in plain.synapses.items():
        parts = [
            c
            for n, c in traces[0].counts.synapses.items()
            if n == name or n.startswith(f"{name}.")  # type: ignore[union-attr]
        ]
        assert len(parts) == work[name].branches
        np.testing.assert_array_equal(sum(p.n_xnor for p in parts), counts.n_xnor)
        if graph.coding(graph.projections[name].source).kind == "pm1":
            assert set(counts.n_xnor) == {work[name].xnor}
            assert (work[name].weight_planes, work[name].activation_planes) == (m, k)
        else:
            assert work[name].activation_planes == 8  # bit planes of pixels


@settings(max_examples=60, deadline=None)
@given(event_graphs(), st.integers(0, 999))
def test_every_coding_is_exact(graph: EventGraph, seed: int) -> None:
    after = decompose(graph)
    x = random_inputs(graph, 3, seed)
    native = get_engine("native")
    names = [n for n, p in graph.populations.items() if p.has_outputs]
    left = execute(graph, x, record=names, counts="full")
    right = execute(after, x, record=names, counts="full")
    for name, sums in left.readouts.items():
        np.testing.assert_array_equal(right.readouts[name], sums)
    for name, levels in left.spikes.items():
        np.testing.assert_array_equal(right.spikes[name], levels)
    assert left.counts is not None
    assert right.counts is not None
    for name, counts in left.counts.synapses.items():
        parts = [c for n, c in right.counts.synapses.items() if n == name or n.startswith(f"{name}.")]
        for field in ("n_xnor", "n_bitcount", "n_agree"):
            total = sum(getattr(p, field) for p in parts)
            np.testing.assert_array_equal(total, getattr(counts, field), err_msg=f"{name} {field}")
    if native.supports(graph) is None:
        assert native.supports(after) is None
        assert_same(execute(after, x), native.run(after, x))
    assert decompose(after) is after


@settings(max_examples=60, deadline=None)
@given(event_graphs(("dense", "conv", "residual", "concat", "mixed", "pool", "pooled")), st.integers(0, 999))
def test_two_bits_of_equal_weight_give_the_same_logits_and_spikes(graph: EventGraph, seed: int) -> None:
    after = decompose(graph, ternary="two_bits")
    x = random_inputs(graph, 3, seed)
    names = [n for n, p in graph.populations.items() if p.has_outputs]
    left, right = (execute(g, x, record=names) for g in (graph, after))
    for name, sums in left.readouts.items():
        scales = [g.populations[name].scale for g in (graph, after)]  # type: ignore[attr-defined]
        factor = scales[0][0] / scales[1][0]
        assert factor in (1, 2, 4)
        np.testing.assert_array_equal(right.readouts[name], sums * int(factor))
    for name, levels in left.spikes.items():
        np.testing.assert_array_equal(right.spikes[name], levels)
    for edge in after.projections.values():
        if edge.weighted:
            assert (
                edge.coding.kind != "ternary"
                or graph.projections[edge.name.split(".")[0]].coding.kind == "signmag"
            )  # type: ignore[attr-defined]


def ternary_net() -> EventGraph:
    rng = np.random.default_rng(0)
    return EventGraph(
        [
            Input(name="in", shape=(2, 4, 4), coding=T),
            Spiking(
                name="a",
                shape=(3, 4, 4),
                coding=T,
                thresholds=np.tile([-1, 2], (3, 1)),
                increasing=np.array([True, False, True]),
            ),
            Readout(name="out", shape=(2,), scale=rng.normal(size=2), offset=rng.normal(size=2)),
        ],
        [
            Conv2d(
                name="c",
                source="in",
                target="a",
                weights=rng.integers(-1, 2, (3, 2, 3, 3)),
                coding=T,
                padding=(1,) * 4,
            ),
            Identity(name="skip", source="in", target="a", gain=2, target_channels=(0, 2)),
            Dense(name="fc", source="a", target="out", weights=rng.integers(-1, 2, (2, 48)), coding=T),
        ],
    )


def test_ternary_in_two_bits_never_rests() -> None:
    graph = ternary_net()
    after = decompose(graph, ternary="two_bits")
    x = random_inputs(graph, 4, 0)
    traces = [get_engine(e).run(after, x) for e in ("reference", "native")]
    np.testing.assert_array_equal(traces[0].logits, execute(graph, x).logits)
    assert_same(*traces)
    counts = traces[0].counts
    assert counts is not None
    assert counts.resting == 0
    work = branch_work(graph, ternary="two_bits")
    assert [row.branches for row in work] == [4, 4]
    xnor = {n: c.n_xnor for n, c in counts.synapses.items()}
    for row in work:
        total = sum(v for n, v in xnor.items() if n.startswith(f"{row.layer}."))
        assert set(np.atleast_1d(total)) == {row.xnor}
        assert row.shift_adds == 3 * row.bitcounts // 4
    assert [row.branches for row in branch_work(graph)] == [1, 1]
    assert decompose(graph) is graph  # sign and mask: one gated plane each


def test_one_layer_alone() -> None:
    graph = from_torch(network(2, 2, 1), SHAPE)
    after = decompose(graph, "fc2")
    assert [n for n in after.projections if n.startswith("fc")] == [
        "fc1",
        "fc2.0.0",
        "fc2.0.1",
        "fc2.1.0",
        "fc2.1.1",
        "fc3",
    ]
    assert [row.layer for row in branch_work(graph, "fc2")] == ["fc2"]
    gains = [after.projections[f"fc2.{m}.{k}"].gain for m in (0, 1) for k in (0, 1)]
    assert gains == [1, 2, 2, 4]


@pytest.mark.parametrize("most", [2, 32767])
def test_relays_declare_what_planes_could_give(most: int) -> None:
    """Two planes of -1..1 could give +-3 where levels are -2..2."""
    gain = 1 if most == 2 else most // 2
    relay = Relay(name="r", shape=(1,), kind="sum", lo=-2 * gain, hi=2 * gain)
    graph = EventGraph(
        [
            Input(name="in", shape=(1,), coding=Coding.signmag(2, lo=-2, hi=2)),
            relay,
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            Dense(name="a", source="in", target="r", weights=np.ones((1, 1), int), coding=T, gain=gain),
            Dense(name="b", source="r", target="out", weights=np.ones((1, 1), int), coding=T),
        ],
    )
    if most == 2:
        after = decompose(graph, "a")
        assert (after.populations["r"].lo, after.populations["r"].hi) == (-3, 3)  # type: ignore[attr-defined]
        x = np.array([[-2], [-1], [0], [1], [2]])
        np.testing.assert_array_equal(execute(after, x).readouts["out"], x)
    else:
        with pytest.raises(ConversionError, match=r"-49149\.\.49149, allowed is a part of .*; name other layers"):
            decompose(graph, "a")


def test_branches_share_results() -> None:
    """Kernels of several bits are left alone by sharing; those of their branches are binary."""
    graph = from_torch(
        settled(lenet((1, 8, 8), 3, channels=(4, 32), hidden=6, kernel=3, padding=1, **METHODS["mbn"])), (1, 8, 8)
    )
    assert share_results(graph) is graph
    branched = decompose(graph)
    after = share_results(branched)
    assert after is not branched
    x = random_inputs(graph, 3, 0)
    np.testing.assert_array_equal(execute(after, x).logits, execute(graph, x).logits)


@pytest.mark.parametrize(("m", "k"), [(2, 3), (1, 2), (1, 1), (3, 1)])
def test_brian2_runs_branches(m: int, k: int) -> None:
    pytest.importorskip("brian2")
    graph = decompose(
        from_torch(settled(mlp((1, 2, 2), [3], 2, **{**METHODS["mbn"], "n1": m, "n2": k})), (1, 2, 2))
    )
    x = random_inputs(graph, 2, 0)
    assert_same(execute(graph, x, record="all"), get_engine("brian2").run(graph, x, record="all"))


def relayed() -> EventGraph:
    return EventGraph(
        [
            Input(name="in", shape=(2,), coding=T),
            Relay(name="r", shape=(1,), kind="sum", lo=-2, hi=2),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            Dense(name="a", source="in", target="r", weights=np.ones((1, 2), int), coding=T),
            Dense(name="b", source="r", target="out", weights=np.ones((1, 1), int), coding=T),
        ],
    )


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: decompose(ternary_net(), ["x"]), "'x' is no layer of the graph; they are c, fc"),
        (lambda: decompose(ternary_net(), "skip"), "'skip' is no layer"),
        (lambda: decompose(ternary_net(), ternary="bits"), "ternary is 'bits'"),  # type: ignore[arg-type]
        (lambda: branch_work(ternary_net(), "x"), "'x' is no layer"),
        (lambda: branch_work(ternary_net(), ternary="x"), "ternary is 'x'"),  # type: ignore[arg-type]
        (lambda: decompose(relayed(), ternary="two_bits"), "population 'r' would get 4 times its sums"),
    ],
)
def test_bad_arguments_are_refused(run: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        run()
