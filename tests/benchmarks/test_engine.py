"""The benchmark of the native engine: its nets, the plain twin that the field runs, and what it writes."""

import sys
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from gxnor_sims import simulate
from gxnor_snn.graph import Coding, EventGraph
from gxnor_snn.models import lenet

Part = Callable[[str], ModuleType]
IMAGES = np.random.default_rng(0).integers(0, 256, (60, 1, 12, 12), np.uint8)


def small(part: Part, zeros: float, turned: bool) -> EventGraph:
    """A small lenet; turned: the gain of every second channel is negative."""
    model = lenet((1, 12, 12), channels=(4, 6), hidden=16, kernel=3, padding=1, seed=1)
    if turned:
        with torch.no_grad():
            for name in ("bn1", "bn2", "bn3"):
                getattr(model, name).weight[::2] *= -1
    graph: EventGraph = part("engine_nets").untrained(model, IMAGES, zeros)
    return graph


@pytest.mark.parametrize("turned", [False, True])
def test_the_twin_gives_the_graphs_predictions_in_float32(part: Part, turned: bool) -> None:
    graph = small(part, 0.5, turned)
    twin, levels = part("peers.twin"), part("peers.torch_net").Levels
    stages = twin.stages_of(graph)
    assert all(stage.folds for stage in stages) is not turned
    with torch.inference_mode():
        logits = twin.layers_of(stages, levels)(torch.from_numpy(IMAGES).float())
    np.testing.assert_allclose(logits.numpy(), simulate(graph, IMAGES).logits, rtol=1e-5, atol=1e-5)


def test_a_graph_that_is_no_chain_has_no_twin(part: Part) -> None:
    graph = part("engine_nets").tiny()
    (edge,) = graph.projections.values()
    doubled = EventGraph([*graph.populations.values()], [edge, replace(edge, name="again")])
    with pytest.raises(ValueError, match=r"out.*no chain"):
        part("peers.twin").stages_of(doubled)


@pytest.mark.parametrize("zeros", [0.3, 0.5, 0.9])
def test_nets_have_the_share_of_zeros_asked_for(part: Part, zeros: float) -> None:
    nets = part("engine_nets")
    assert nets.nonzero_share(nets.dense_sums(zeros)) == pytest.approx(1 - zeros, abs=0.002)
    weights = nets.conv_layer(zeros, channels=32, image=4).projections["conv"].weights
    assert (weights == 0).mean() == pytest.approx(zeros, abs=0.02)


def test_levels_of_a_layer_are_of_all_three_kinds(part: Part) -> None:
    nets = part("engine_nets")
    x = nets.ternary((64, 256), 0.5, seed=1)
    levels = simulate(nets.dense_layer(0.5, size=256), x, record=["h"]).spikes["h"]
    assert 0.2 < (levels == 0).mean() < 0.5
    assert Coding.ternary().levels.tolist() == np.unique(levels).tolist()


def test_the_quickest_is_kept_and_all_are_told(part: Part) -> None:
    calls: list[str] = []
    best, tried = part("peers").quickest({name: lambda name=name: calls.append(name) for name in ("a", "b")})
    assert best in calls
    assert calls == ["a", "b"] * 2
    assert tried.startswith(best)
    assert "a " in tried.partition(" of ")[2]
    assert "b " in tried.partition(" of ")[2]


def test_a_library_that_is_missing_is_left_out_and_named(
    part: Part, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    peers, timing = part("peers"), part("engine_timing")
    monkeypatch.setitem(sys.modules, "snntorch", None)
    nothing = peers.Contestant(lambda: None, "as it is", "all", {"torch": "2"})
    field = {"gone": lambda: peers.require("snntorch", "snntorch==1.0.0"), "there": lambda: nothing}
    setting = timing.Setting(threads=torch.get_num_threads(), rounds=2, trained=None)
    found = timing.contest({"own": lambda: None}, field, setting)
    assert found["left_out"] == {
        "gone": "snntorch==1.0.0 is not installed (snntorch is missing): pip install snntorch==1.0.0"
    }
    assert set(found["seconds"]) == {"native, own", "there"}
    assert set(found["times_as_fast"]) == {"there"}
    assert "pip install" in capsys.readouterr().out


def test_a_fault_inside_a_library_is_no_missing_library(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    peers = part("peers")

    def broken(name: str) -> Any:
        raise ImportError("cannot import name 'x'")

    monkeypatch.setattr(peers, "importlib", SimpleNamespace(import_module=broken))
    with pytest.raises(ImportError, match="cannot import name"):
        peers.require("snntorch", "snntorch==1.0.0")


def test_the_table_shows_what_was_recorded(part: Part) -> None:
    contest = {
        "seconds": {"native, 1/2 zeros": 0.002, "torch": 0.03},
        "times_as_fast": {"torch": {"1/2 zeros": 15.04}},
        "left_out": {"snnTorch": "pip install snntorch"},
    }
    rows = {
        "dense": {"2": {"figures": contest}},
        "overhead": {"1": {"figures": {"microseconds": {"simulate": 30.26}}}},
        "counting": {"1": {"figures": {"with_over_without": {"dense": 1.0312}}}},
    }
    text = part("engine_table").table(rows)
    assert "### dense, 2 threads\n\n|  | ms | x torch |\n| --- | --- | --- |\n" in text
    assert "| native, 1/2 zeros | 2 | 15.04 |\n| torch | 30 |  |\n" in text
    assert "snnTorch: pip install snntorch" in text
    assert "### overhead, 1 thread" in text
    assert "| simulate | 30.3 |" in text
    assert "| dense | 1.031 |" in text


def test_the_summary_has_a_line_per_contestant(part: Part) -> None:
    def figures(ratio: float) -> dict[str, Any]:
        ratios = {"1/2 zeros": ratio, "1/3 zeros": 9.0, "1/2 zeros, sums read out": 7.0, "1/2 zeros, avx2": 5.5}
        return {"figures": {"times_as_fast": {"torch": ratios}}}

    lines = part("engine_table").summary({"dense": {"1": figures(12.34), "2": figures(11.0)}}).splitlines()
    assert lines[2] == "| dense 1024 x 1024, batch 1024 | torch | 12.34 | 9.00 |  | 5.50 |  | 11.00 |"
    assert lines[3] == "| same, sums read out | torch | 7.00 |  |  |  |  | 7.00 |"
    assert len(lines) == 4
