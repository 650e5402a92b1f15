"""Shared results: zero differences, fewer synapses, and what is left alone."""

from typing import Any

import numpy as np
import pytest
import torch

from gxnor_converters import from_torch
from gxnor_converters.passes import SHARING_MODES, share_results, shared_results
from gxnor_sims import get_engine
from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import Coding, Conv2d, EventGraph, Identity, Input, Readout, Relay, execute
from gxnor_snn.models import METHODS, vgg
from tests.conformance.compare import assert_same
from tests.conformance.graphs import random_inputs
from tests.converters.random_nets import random_module, random_samples
from tests.converters.sharing.random_convs import random_convs

from .test_passes import assert_same_outputs

NETS = 300
T = Coding.ternary()


def work(graph: EventGraph) -> int:
    return sum(int(graph.fan_out(n).nonzero.sum()) for n, e in graph.projections.items() if e.weighted)


@pytest.mark.parametrize("block", range(10))
def test_every_mode_is_exact_on_random_networks(block: int) -> None:
    changed = dict.fromkeys(SHARING_MODES, 0)
    for seed in range(block * NETS // 10, (block + 1) * NETS // 10):
        graph = random_convs(seed)
        x = random_inputs(graph, 3, seed)
        expected = execute(graph, x, record="all", counts="none")
        for mode in SHARING_MODES:
            shared = shared_results(graph, mode, depth=(2, 8, None)[seed % 3])
            convolutions = {n for n, e in graph.projections.items() if e.kind == "conv2d"}
            assert {*shared.changed, *shared.left} == convolutions
            assert not shared.changed.keys() & shared.left.keys()
            assert (shared.graph is graph) == (not shared.changed)
            if shared.graph is graph:
                continue
            changed[mode] += 1
            assert shared.graph.metadata == {"note": 1}
            got = execute(shared.graph, x, record=list(graph.populations)[:-1], counts="none")
            for name, sums in expected.readouts.items():
                np.testing.assert_array_equal(got.readouts[name], sums, err_msg=f"{seed} {mode}")
            for name, levels in got.spikes.items():
                np.testing.assert_array_equal(levels, expected.spikes[name], err_msg=f"{seed} {mode} {name}")
            saved = sum(c.before - c.after for c in shared.changed.values())
            assert saved > 0
            assert work(graph) - work(shared.graph) == saved
            for change in shared.changed.values():
                assert set(change.projections) <= set(shared.graph.projections)
                assert set(change.populations) == {
                    p for p in change.populations if shared.graph.populations[p].role == "relay"
                }
    assert min(changed.values()) >= 12, changed  # of 30: there is work for every mode


@pytest.mark.parametrize("seed", range(0, NETS, 6))
def test_native_runs_what_shares_and_counts_the_same(seed: int) -> None:
    graph = random_convs(seed)
    native = get_engine("native")
    x = random_inputs(graph, 3, seed)
    for mode in SHARING_MODES:
        after = share_results(graph, mode)
        if after is not graph:
            assert native.supports(after) is None
            assert_same(execute(after, x, record="all"), native.run(after, x, record="all"))


@pytest.mark.parametrize("mode", SHARING_MODES)
def test_a_second_time_changes_nothing(mode: str) -> None:
    for seed in range(40):
        after = share_results(random_convs(seed), mode)
        assert share_results(after, mode) is after


def test_networks_from_torch_keep_their_readouts() -> None:
    for seed in range(30):
        model, shape, given, _ = random_module(seed)
        graph = from_torch(model, shape, input=given)
        after = share_results(graph)
        x = {graph.inputs[0]: random_samples(seed, 3, shape, given)}
        left, right = execute(graph, x), execute(after, x)
        assert sorted(left.readouts) == sorted(right.readouts)
        for name, sums in left.readouts.items():
            np.testing.assert_array_equal(sums, right.readouts[name])


@pytest.mark.parametrize("method", ["gxnor", "bnn", "tbn"])
def test_torch_and_the_graph_that_shares_agree(method: str) -> None:
    model = vgg((2, 8, 8), width=8, classes=3, **METHODS[method]).eval()
    shared = shared_results(from_torch(model, (2, 8, 8)))
    assert set(shared.changed) >= {"conv3", "conv4", "conv5", "conv6"}
    x = np.random.default_rng(0).integers(0, 256, (4, 2, 8, 8)).astype(np.uint8)
    with torch.no_grad():
        expected = model(torch.from_numpy(x)).numpy()
    for name in ("reference", "native"):
        np.testing.assert_array_equal(get_engine(name).run(shared.graph, x).logits, expected)


def single(weights: Any, coding: Coding = T, source: Coding = T, **more: Any) -> EventGraph:
    inputs = weights.shape[1]
    conv = Conv2d(name="c", source="in", target="out", weights=weights, coding=coding, padding=(1,) * 4, **more)
    shape = (inputs * conv.groups, 6, 6)
    out = conv.output_shape(shape)
    return EventGraph(
        [
            Input(name="in", shape=shape, coding=source),
            Readout(name="out", shape=out, scale=np.ones(out[0]), offset=np.zeros(out[0])),
        ],
        [conv],
    )


def test_an_inverse_kernel_is_computed_once() -> None:
    kernel = np.random.default_rng(0).choice([-1, 1], (3, 3))
    graph = single(np.stack([kernel, -kernel, kernel])[:, None], Coding.pm1(1))
    shared = shared_results(graph, "repeats")
    after = shared.graph
    assert list(after.projections) == ["c.maps", "c.adds"]
    assert after.populations["c.maps"].shape == (1, 6, 6)
    assert (after.populations["c.maps"].lo, after.populations["c.maps"].hi) == (-9, 9)  # type: ignore[attr-defined]
    assert after.projections["c.adds"].weights.reshape(-1).tolist() in ([1, -1, 1], [-1, 1, -1])  # type: ignore[attr-defined]
    inside = 16**2  # taps of a padded 3x3 window inside a 6x6 image
    assert (shared.changed["c"].before, shared.changed["c"].after) == (3 * inside, inside + 3 * 36)
    traces = assert_same_outputs(graph, after, random_inputs(graph, 4, 0))
    assert traces[1].counts is not None
    assert traces[1].counts.synapses["c.maps"].n_w.tolist() == [inside] * 4


def test_a_tree_corrects_the_taps_that_differ() -> None:
    base = np.ones((3, 3), int)
    near = base.copy()
    near[1, 1] = -1
    graph = single(np.stack([base, near, -near])[:, None], Coding.pm1(1))
    after = share_results(graph, "mst")
    assert np.count_nonzero(after.projections["c.maps2"].weights) == 1  # type: ignore[attr-defined]
    assert abs(after.projections["c.maps2"].weights).max() == 2  # type: ignore[attr-defined]
    assert_same_outputs(graph, after, random_inputs(graph, 4, 0))


def test_rows_are_shared_across_offsets() -> None:
    row = np.array([1, -1, 1])
    kernel = np.stack([row, -row, row])
    graph = single(kernel[None, None], Coding.pm1(1))
    after = share_results(graph, "sub_kernels")
    assert after.populations["c.maps"].shape == (1, 6, 6)
    assert after.projections["c.adds"].weights.shape == (1, 1, 3, 1)  # type: ignore[attr-defined]
    assert_same_outputs(graph, after, random_inputs(graph, 4, 0))


RNG = np.random.default_rng(1)
SAME = np.tile(RNG.choice([-1, 1], (1, 1, 3, 3)), (6, 2, 1, 1))


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (single(np.ones((6, 2, 1, 1), int)), "one tap"),
        (single(3 * SAME, Coding.pm1(2)), "decompose the graph first"),
        (
            single(
                np.tile(RNG.choice([-1, 1], (1, 1, 3, 3)), (2, 2, 1, 1))
                * np.eye(9)[:2].reshape(2, 1, 3, 3).astype(int)
            ),
            "fewer",
        ),
        (single(100 * SAME, Coding.signmag(8), Coding.signmag(9)), "-32767..32767"),
    ],
)
def test_what_cannot_share_is_left_and_listed(graph: EventGraph, reason: str) -> None:
    shared = shared_results(graph)
    assert shared.graph is graph
    assert reason in shared.left["c"]


def test_a_relay_that_could_not_hold_the_new_range_is_left() -> None:
    """Sums of maps are bounded by the widest of them; a declared range may be too tight for that."""
    weights = np.zeros((6, 2, 1, 3), int)
    weights[:3, 0, 0] = 1
    weights[3:, 0, 0, :2] = -1
    conv = Conv2d(name="c", source="in", target="r", weights=weights, coding=T)
    low, high = conv.bounds((2, 4, 5), Coding.ternary(lo=0))
    assert (low.min(), high.max()) == (-2, 3)

    def graph(least: int) -> EventGraph:
        shape = (6, 4, 3)
        return EventGraph(
            [
                Input(name="in", shape=(2, 4, 5), coding=Coding.ternary(lo=0)),
                Relay(name="r", shape=shape, kind="sum", lo=least, hi=3),
                Readout(name="out", shape=shape, scale=np.ones(6), offset=np.zeros(6)),
            ],
            [conv, Identity(name="i", source="r", target="out")],
        )

    tight, wide = (shared_results(graph(least), "repeats") for least in (-2, -3))
    assert tight.graph.projections["c"] is conv
    assert "declares -2..3, its sums reach -3..3" in tight.left["c"]
    assert set(wide.changed) == {"c"}
    assert_same_outputs(graph(-3), wide.graph, random_inputs(graph(-3), 3, 0))


def test_names_that_are_taken_are_not_taken_again() -> None:
    graph = single(SAME, Coding.pm1(1))
    parts = list(graph.populations.values()), list(graph.projections.values())
    named = EventGraph(
        [*parts[0], Readout(name="c.maps", shape=(1, 6, 6), scale=np.ones(1), offset=np.zeros(1))],
        [
            *parts[1],
            Conv2d(name="c.adds", source="in", target="c.maps", weights=np.ones((1, 2, 1, 1), int), coding=T),
        ],
    )
    after = share_results(named, "repeats")
    assert "c.2.maps" in after.populations
    x = random_inputs(named, 3, 0)
    np.testing.assert_array_equal(execute(after, x).readouts["out"], execute(named, x).readouts["out"])


def test_brian2_runs_shared_maps() -> None:
    pytest.importorskip("brian2")
    graph = single(SAME[:3, :1], Coding.pm1(1))
    after = share_results(graph)
    assert after is not graph
    x = random_inputs(after, 2, 0)
    assert_same(execute(after, x, record="all"), get_engine("brian2").run(after, x, record="all"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "all"}, "mode is 'all', allowed are repeats, mst, sub_kernels, best"),
        ({"depth": 0}, "depth is 0"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        share_results(single(SAME), **arguments)
