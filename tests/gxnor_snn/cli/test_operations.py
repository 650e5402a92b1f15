"""`gxnor operations`: the same table from a graph and from its counts, and what it refuses."""

import json

import numpy as np
import pytest

from gxnor_hardware.operations import operations_table, price_operations
from gxnor_sims import simulate
from gxnor_snn.cli.counts_file import read_counts
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import op_counts


def test_graph_and_counts_give_the_same_prices(work, tmp_path, gxnor) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    text = gxnor("operations", work.graph, "--data", work.data, "--out", a).stdout
    gxnor("operations", work.counts, "--out", b, "-q")
    one, other = (json.loads(path.read_text()) for path in (a, b))
    assert {k: one[k] for k in one if k != "provenance"} == {k: other[k] for k in other if k != "provenance"}
    graph = EventGraph.load(work.graph)
    prices = price_operations(op_counts(graph, read_counts(work.counts).counts))
    assert one["totals"] == json.loads(json.dumps(prices.to_dict()["totals"]))
    assert "55.6" in text
    assert "full precision" in text
    assert one["provenance"]["graph sha256"] == graph.digest


def test_sharing_markdown_and_figure(work, tmp_path, gxnor) -> None:
    out, figure = tmp_path / "o.md", tmp_path / "o.png"
    text = gxnor("operations", work.counts, "--sharing", "--out", out, "--figure", figure).stdout
    assert "no price, shared mst, measured: weights" in text
    page = out.read_text()
    assert "| shared sub_kernels, measured |" in page
    assert "| layer | uniform | measured |" in page
    assert "not counted" in page
    assert figure.read_bytes()[:4] == b"\x89PNG"


def test_bit_counts_come_from_full_counts(work, tmp_path, gxnor) -> None:
    out = tmp_path / "o.json"
    words = ("operations", work.graph, "--input", work.x, "--samples", 3, "--bit-counts")
    gxnor(*words, "--out", out, "-q")
    row = next(
        r for r in json.loads(out.read_text())["totals"] if (r["network"], r["basis"]) == ("GXNOR", "measured")
    )
    assert row["bitcounts"] > 0


def test_cards_of_ones_own(work, tmp_path, gxnor, refused) -> None:
    out = tmp_path / "o.json"
    text = gxnor("operations", work.counts, "--card", "horowitz_float32", "--out", out).stdout
    assert "no card of binary arithmetic" in text
    found = json.loads(out.read_text())
    assert found["cards"] == {"float": "horowitz_float32_isscc_2014"}
    assert all(r["energies"]["compute"] is None for r in found["totals"] if r["arithmetic"] != "float")
    refused("operations", work.counts, "--card", "loihi", match="is of model 'synapse_lists'")


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (("{counts}", "--samples", "3"), "a counts file .* holds them already"),
        (("{counts}", "--bit-counts"), "a counts file .* holds them already"),
        (("{graph}", "--input", "{x}", "--graph", "{graph}"), "--graph belongs to a counts file"),
        (("{counts}", "--out", "o.txt"), r"allowed are names that end in .json or .md"),
        (("{graph}",), "--data|--input"),
    ],
)
def test_what_it_refuses(work, refused, tmp_path, monkeypatch, words, match) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"counts": work.counts, "graph": work.graph, "x": work.x}
    refused("operations", *(word.format(**names) for word in words), match=match)
    assert not list(tmp_path.iterdir())


def test_markdown_is_the_library_table(work, tmp_path, gxnor) -> None:
    out = tmp_path / "o.md"
    gxnor("operations", work.graph, "--input", work.x, "--out", out, "-q")
    graph = EventGraph.load(work.graph)
    counts = simulate(graph, np.load(work.x)).counts
    assert counts is not None
    assert out.read_text().startswith(operations_table(price_operations(op_counts(graph, counts))))
