"""`gxnor explain`: what it prints and writes are the gates of the neuron asked for."""

import json

import numpy as np

from gxnor_sims import explain
from gxnor_snn.graph import EventGraph


def test_gates_are_printed_and_written(work, tmp_path, gxnor) -> None:
    out, figure = tmp_path / "gates.json", tmp_path / "gates.png"
    words = ("--data", work.data, "--sample", 3, "--population", "readout", "--neuron", 2)
    text = gxnor("explain", work.graph, *words, "--out", out, "--figure", figure).stdout
    graph, x, y = EventGraph.load(work.graph), np.load(work.x), np.load(work.y)
    found = explain(graph, x[3], "readout", 2)
    assert f"{found.n_gated} of {len(found.sources)} gates open" in text
    assert f"logit {found.logit:.6g}" in text
    assert str(int(y[3])) in next(line for line in text.splitlines() if line.startswith("class of the sample"))
    assert sum(line.startswith("fc") for line in text.splitlines()) == min(found.n_gated, 24)
    held = json.loads(out.read_text())
    assert sum(held["inflows"][0]["contributions"]) == held["total"] == found.total
    assert held["provenance"]["graph sha256"] == graph.digest
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_a_neuron_of_an_image_and_the_largest_gates(work, gxnor) -> None:
    words = ("--input", work.x, "--population", "act1", "--neuron", "1, 2,3", "--engine", "torch")
    assert "act1[1,2,3]" in gxnor("explain", work.graph, *words).stdout
    few = gxnor(
        "explain", work.graph, "--input", work.x, "--population", "readout", "--neuron", 0, "--most", 1
    ).stdout
    assert "more" in few


def test_what_is_not_there_is_refused(work, tmp_path, refused) -> None:
    data = ("explain", work.graph, "--data", work.data)
    refused(*data, "--population", "readout", "--neuron", 99, match=r"neuron 99 .*allowed are 0\.\.")
    refused(*data, "--population", "input", "--neuron", 0, match="'input' is an input")
    refused(*data, "--population", "readout", "--neuron", "a,b", match="--neuron 'a,b'")
    refused(*data, "--population", "readout", "--neuron", 0, "--sample", 30, match=r"the data hold 0\.\.29")
    refused(*data, "--population", "readout", "--neuron", 0, "--out", tmp_path / "x.txt", match="ends in .json")
    refused(*data, "--neuron", 0, match="Missing option '--population'")
