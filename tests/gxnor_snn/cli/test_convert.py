"""`gxnor convert`: the graph file equals the network, or is not written."""

import numpy as np
import pytest

from gxnor_converters import Certificate, from_torch
from gxnor_sims import simulate
from gxnor_snn.graph import EventGraph
from gxnor_snn.train import load_checkpoint


def test_the_graph_is_that_of_the_checkpoint(work, tmp_path, gxnor) -> None:
    out = tmp_path / "graph.safetensors"
    text = gxnor("convert", work.checkpoint, "--out", out).stdout
    model = load_checkpoint(work.checkpoint)
    graph = EventGraph.load(out)
    assert graph.digest == from_torch(model, model.input_shape).digest
    assert "certificate" not in graph.metadata
    assert graph.metadata["provenance"]["command"].startswith("gxnor convert ")
    assert f"wrote {out}" in text


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_verified_on_data(engine, work, tmp_path, gxnor) -> None:
    out = tmp_path / "graph.safetensors"
    text = gxnor("convert", work.checkpoint, "--out", out, "--data", work.data, "--engine", engine).stdout
    held = EventGraph.load(out).metadata["certificate"]
    assert (held["n_samples"], held["samples_differing"], held["engine"]) == (30, 0, engine)
    assert all(held["compared"].values())
    assert len(held["model_digest"]) == len(held["samples_digest"]) == 64
    assert held["provenance"]["torch"]
    assert "0 of 30" in text
    shown = gxnor("info", out).stdout
    assert f"0 of 30 samples differ between torch, reference and {engine}" in " ".join(shown.split())
    assert held["model_digest"] in "".join(shown.split())


def test_verify_limits_the_samples(work, tmp_path, gxnor) -> None:
    out = tmp_path / "graph.safetensors"
    gxnor("convert", work.checkpoint, "--out", out, "--input", work.x, "--verify", 7)
    assert EventGraph.load(out).metadata["certificate"]["n_samples"] == 7


def test_a_difference_is_an_alarm_and_writes_nothing(work, tmp_path, monkeypatch, invoke) -> None:
    def broken(graph, x, *args, **kwargs):
        trace = simulate(graph, x, *args, **kwargs)
        readouts = {name: sums.copy() for name, sums in trace.readouts.items()}
        next(iter(readouts.values()))[2, 0] += 1
        return type(trace)(**{**vars(trace), "readouts": readouts})

    monkeypatch.setattr("gxnor_snn.cli.conversion.simulate", broken)
    out = tmp_path / "graph.safetensors"
    result = invoke("convert", work.checkpoint, "--out", out, "--data", work.data, "--quiet")
    assert result.exit_code == 1
    assert "NOT EQUAL" in result.stderr
    assert "1 of 30" in result.stderr
    assert "was not written" in result.stderr
    assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_every_kind_that_differs_is_named(capsys) -> None:
    from gxnor_snn.cli.conversion import say_verdict
    from gxnor_snn.cli.screen import Screen

    compared, differing = {"sums": 10, "spikes": 20}, {"sums": 0, "spikes": 2}
    say_verdict(Screen(quiet=True), Certificate(5, "native", "", compared, differing, 2, 0.1))
    assert capsys.readouterr().err == (
        "gxnor: NOT EQUAL: samples that differ between torch, reference and engine native: 2 of 5 "
        "(30 numbers compared); spikes in 2\n"
    )


def test_bad_input_is_refused(work, tmp_path, refused) -> None:
    out = ("--out", tmp_path / "g.safetensors")
    refused("convert", work.graph, *out, match="kind")
    refused("convert", tmp_path / "missing", *out, match="missing")
    refused("convert", work.checkpoint, *out, "--verify", 3, match="--data or --input")
    refused("convert", work.checkpoint, *out, "--data", work.data, "--engine", "nope", match="'nope'.*native")
    refused("convert", work.checkpoint, *out, "--data", "digits", "--input", work.x, match="both")
    wrong = tmp_path / "wrong.npy"
    np.save(wrong, np.zeros((3, 1, 5, 5), np.uint8))
    refused("convert", work.checkpoint, *out, "--input", wrong, match="shape")
    assert not out[1].exists()


def test_a_damaged_checkpoint_is_refused(work, tmp_path, refused) -> None:
    whole = work.checkpoint.read_bytes()
    damaged = tmp_path / "damaged.safetensors"
    for position in (0, 9, len(whole) // 2, len(whole) - 1):
        damaged.write_bytes(whole[:position] + bytes([whole[position] ^ 64]) + whole[position + 1 :])
        refused("convert", damaged, "--out", tmp_path / "g", match="damaged.safetensors")
    damaged.write_bytes(whole[:-5])
    refused("convert", damaged, "--out", tmp_path / "g", match="damaged.safetensors")
