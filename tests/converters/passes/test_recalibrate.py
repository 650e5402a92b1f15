"""Thresholds that follow their sums: by hand, exactly where sums are only stretched, and what it is worth."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gxnor_converters import from_torch
from gxnor_converters.passes import merge_similar, project_codebook, recalibrate
from gxnor_converters.passes.recalibrate import spiking_after
from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Dense, EventGraph, Identity, Input, Readout, Relay, Spiking, execute
from gxnor_snn.models import METHODS, lenet
from tests.conformance.graphs import random_inputs
from tests.converters.sharing.random_convs import random_convs

T = Coding.ternary()


def net(weight: int, gain: int = 1, thresholds: Any = ((-1, 2), (-1, 2))) -> EventGraph:
    """One input, two neurons with sum weight * gain * x, one of them decreasing."""
    return EventGraph(
        [
            Input(name="in", shape=(1,), coding=Coding.signmag(3, lo=-5, hi=5)),
            Relay(name="r", shape=(2,), kind="sum", lo=-100, hi=100),
            Spiking(
                name="a",
                shape=(2,),
                coding=T,
                thresholds=np.array(thresholds),
                increasing=np.array([True, False]),
            ),
            Readout(name="out", shape=(2,), scale=np.ones(2), offset=np.zeros(2)),
        ],
        [
            Dense(name="fc", source="in", target="r", weights=np.full((2, 1), weight), coding=T, gain=gain),
            Identity(name="i", source="r", target="a"),
            Identity(name="o", source="a", target="out"),
        ],
    )


X = np.array([[-5], [-2], [0], [1], [5]])


def test_thresholds_by_hand() -> None:
    before, after = net(1), net(1, 4)
    assert spiking_after(after, "fc") == ["a"]
    moved = recalibrate(after, before, ["a"], X).populations["a"]
    # -1.5 and 1.5 (up), -0.5 and 2.5 (down), each a quarter of the way: times 4
    assert moved.thresholds.tolist() == [[-6, 6], [-2, 10]]  # type: ignore[attr-defined]


def test_thresholds_out_of_reach_stay_there() -> None:
    before = net(1, thresholds=((-5, 6), (-6, 5)))  # the first always passed, the second never, and so below
    for gain in (1, 4):
        moved = recalibrate(net(1, gain), before, ["a"], X[1:4])
        sent = execute(moved, X, record=["a"]).spikes["a"]
        np.testing.assert_array_equal(sent, execute(before, X, record=["a"]).spikes["a"])


def test_sums_that_do_not_vary_are_moved_only() -> None:
    before, after = net(1), net(1, 4)
    moved = recalibrate(after, before, ["a"], X[:1])  # -5 becomes -20
    assert moved.populations["a"].thresholds.tolist() == [[-16, -13], [-16, -13]]  # type: ignore[attr-defined]


def test_stretched_sums_give_the_same_spikes() -> None:
    for seed in range(40):
        before = random_convs(seed)
        x = random_inputs(before, 70, seed)  # more than one batch
        spiking = [n for n, p in before.populations.items() if p.role == "spiking"]
        feeds = {e.name for n in spiking for e in before.incoming(n)}
        edges = [replace(e, gain=3 * e.gain) if n in feeds else e for n, e in before.projections.items()]
        stretched = EventGraph(list(before.populations.values()), edges)
        expected = execute(before, x, record=spiking).spikes
        got = execute(recalibrate(stretched, before, spiking, x), x, record=spiking).spikes
        again = recalibrate(before, before, spiking, x)
        for name in spiking:
            np.testing.assert_array_equal(got[name], expected[name])
            left, right = (g.populations[name].thresholds for g in (before, again))  # type: ignore[attr-defined]
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("run", [project_codebook, merge_similar])
def test_calibrated_channels_send_as_often_as_before(run: Any) -> None:
    options: Any = {**METHODS["gxnor"], "seed": 1}
    model = lenet((1, 8, 8), 3, channels=(8, 24), hidden=4, kernel=3, padding=1, **options)
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (96, 1, 8, 8)).astype(np.uint8))
    with torch.no_grad():
        for _ in range(20):
            model.train()(images)  # batch norm has seen them
    graph = from_torch(model.eval(), (1, 8, 8))
    x, held = images.numpy()[:64], images.numpy()[64:]

    def rates(g: EventGraph) -> Any:
        """How often each channel sends -1 and +1."""
        sent = execute(g, held, record=["act2.pre"], counts="none").spikes["act2.pre"]
        return np.stack([(sent == level).mean(axis=(0, 2, 3)) for level in (-1, 1)])

    def nearness(g: EventGraph) -> float:
        return float(-np.abs(rates(g) - rates(graph)).mean())

    options = {"sizes": [4]} if run is project_codebook else {"taps": 4, "keep": [0.1]}
    plain, calibrated = (run(graph, nearness, 1.0, layers="conv2", calibration=c, **options) for c in (None, x))
    assert -calibrated.after < 0.6 * -plain.after
    graphs: list[Any] = [graph, plain.graph, calibrated.graph]
    np.testing.assert_array_equal(*(g.projections["conv2"].weights for g in graphs[1:]))
    for name in graph.populations:  # only thresholds are others, and only those behind the layer
        if name != "act2.pre" and graph.populations[name].role == "spiking":
            np.testing.assert_array_equal(*(g.populations[name].thresholds for g in graphs[::2]))


@pytest.mark.parametrize(
    ("names", "x", "message"),
    [
        (["r"], X, "'r' is no spiking population"),
        (["x"], X, "'x' is no spiking population"),
        (["a"], X[:0], "no sample"),
        (["a"], X + 9, "input 'in'"),
    ],
)
def test_bad_input_is_refused(names: list[str], x: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        recalibrate(net(1, 2), net(1), names, x)
