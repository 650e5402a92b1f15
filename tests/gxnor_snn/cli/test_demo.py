"""`gxnor demo`: the whole chain, with shortened training, on the real digits."""

import json
import re

import numpy as np
import pytest

from gxnor_hardware import load_profile
from gxnor_sims import simulate
from gxnor_snn.cli.counts_file import read_counts
from gxnor_snn.data import load
from gxnor_snn.graph import EventGraph
from gxnor_snn.train import evaluate
from gxnor_snn.train.checkpoint import read_checkpoint

FILES = {
    "checkpoint.safetensors",
    "graph.safetensors",
    "counts.json",
    "certificate.json",
    "energy.json",
    "sparsity.png",
    "gating.png",
    "energy.png",
    "raster.png",
    "report.html",
}


def test_everything_is_written_and_fits_together(tmp_path, gxnor) -> None:
    out = tmp_path / "demo"
    text = gxnor("demo", "--epochs", 1, "--seed", 4, "--out", out).stdout
    assert {path.name for path in out.iterdir()} == FILES
    digits = load("digits")
    graph = EventGraph.load(out / "graph.safetensors")
    held = read_checkpoint(out / "checkpoint.safetensors")
    trace = simulate(graph, digits.x_test, "reference")

    right = evaluate(held.model, digits.x_test, digits.y_test)
    assert right == np.mean(trace.predictions == digits.y_test)
    rows = {key.strip(): value for key, value in re.findall(r"^(\w[^\n]*?)  +(\S[^\n]*?) *$", text, flags=re.M)}
    for row in ("accuracy, torch", "accuracy, engine native"):
        assert float(rows[row].split()[0]) == pytest.approx(100 * right, abs=0.05)
    assert rows["samples that differ"].startswith("0 of 500 (")
    assert float(rows["resting probability"].split()[0]) == pytest.approx(100 * trace.counts.resting, abs=0.05)

    certificate = json.loads((out / "certificate.json").read_text())
    assert (certificate["n_samples"], certificate["equal"], certificate["engine"]) == (500, True, "native")
    assert certificate["graph_digest"] == graph.digest
    counts = read_counts(out / "counts.json")
    assert counts.counts.to_dict() == trace.counts.to_dict()
    assert (counts.graph_file, counts.graph_digest) == ("graph.safetensors", graph.digest)
    energy = json.loads((out / "energy.json").read_text())
    cards = [load_profile(name) for name in ("loihi", "crossbar", "cutie")]
    assert [target["bill"]["profile"] for target in energy["targets"]] == [card.name for card in cards]
    assert all(target["mapping"]["graph"] == graph.digest for target in energy["targets"])

    for provenance in (
        certificate["provenance"],
        energy["provenance"],
        json.loads((out / "counts.json").read_text())["provenance"],
        graph.metadata["provenance"],
        held.metadata,
    ):
        assert provenance["seed"] == "4"
        assert provenance["command"].startswith("gxnor demo --epochs 1 ")
        assert {"torch", "numpy", "processor", "torch threads", "recipe", "data"} <= set(provenance)
    page = (out / "report.html").read_text(encoding="utf-8")
    for card in cards:
        assert card.display in page
    assert page.count("data:image/png;base64,") == 6
    gxnor("price", out / "counts.json", "-q")
    gxnor("info", out / "graph.safetensors", "-q")
    gxnor("info", out / "checkpoint.safetensors", "-q")


def test_one_sample_that_differs_is_an_alarm(tmp_path, monkeypatch, invoke) -> None:
    calls = []

    def broken(graph, x, *args, **kwargs):
        trace = simulate(graph, x, *args, **kwargs)
        calls.append(len(x))
        if len(calls) > 1:
            return trace
        spikes = {name: levels.copy() for name, levels in trace.spikes.items()}
        spikes["act1"][3].flat[0] = 1 - spikes["act1"][3].flat[0] ** 2
        return type(trace)(**{**vars(trace), "spikes": spikes})

    monkeypatch.setattr("gxnor_snn.cli.conversion.simulate", broken)
    result = invoke("demo", "--epochs", 1, "--out", tmp_path, "--quiet")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.match("gxnor: NOT EQUAL: .*: 1 of 500 .*spikes in 1", result.stderr)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert json.loads((tmp_path / "certificate.json").read_text())["samples_differing"] == 1


def test_bad_input_is_refused(tmp_path, monkeypatch, refused) -> None:
    monkeypatch.delenv("GXNOR_DATA", raising=False)
    out = ("--out", tmp_path / "demo")
    refused("demo", "--data", "mnist", *out, match="GXNOR_DATA")
    refused("demo", "--data", "nope", *out, match="'nope'.*digits")
    refused("demo", "--recipe", "nope", *out, match="'nope'.*best")
    refused("demo", "--epochs", "0", *out, match="--epochs")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("gxnor_snn.cli.chain.fit", lambda *a, **k: pytest.fail("training began"))
    (tmp_path / "file").touch()
    refused("demo", "--out", tmp_path / "file", match="cannot make the folder")
