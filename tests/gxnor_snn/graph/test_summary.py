"""What a graph says of itself, as text and as HTML."""

from html.parser import HTMLParser

import numpy as np

from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, Summary

from .small import small_graph


def test_rows_tell_what_the_graph_holds() -> None:
    graph = small_graph()
    summary = graph.summary()
    assert isinstance(summary, Summary)
    rows = {p.name: p for p in summary.populations}
    assert rows["spk"].role == "spiking (internal)"
    assert rows["spk"].decreasing == 1
    thresholds = graph.populations["spk"].thresholds
    assert rows["spk"].thresholds == (thresholds.min(), thresholds.max())
    assert rows["deep"].coding == "signmag(3) -4..4"
    edges = {p.name: p for p in summary.projections}
    conv = graph.projections["conv"].weights
    nonzero = [int((conv[o] != 0).sum()) for o in range(3)]
    assert edges["conv"].fan_in == (18, min(nonzero), max(nonzero))
    assert edges["conv"].zeros == int((conv == 0).sum())
    assert edges["conv"].form == "conv2d, padding 1, delay 2"
    assert edges["pool"].form == "pool2d max/min, kernel 2, stride 2"
    assert edges["conv"].synapses == int(graph.fan_out("conv").dense.sum())
    assert edges["conv"].n_bytes == -(-conv.size // 4)
    assert summary.totals["neurons"] == sum(p.size for p in graph.populations.values())
    assert summary.totals["weights"] == sum(p.weights.size for p in graph.projections.values() if p.weighted)


def test_the_text_has_a_line_per_part() -> None:
    graph = small_graph()
    lines = str(graph.summary()).splitlines()
    for name in (*graph.populations, *graph.projections):
        assert any(line.startswith(f"{name} ") for line in lines)
    assert "not verified" in lines[1]


class Balanced(HTMLParser):
    """Every tag that opens closes; collects the texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_html_is_whole_and_holds_every_part() -> None:
    graph = small_graph(certificate={"engine": "<script>alert(1)</script>"})
    parser = Balanced()
    html = graph.summary()._repr_html_()
    parser.feed(html)
    assert parser.open == []
    assert set(graph.populations) | set(graph.projections) <= set(parser.texts)
    assert "<script>" not in html


def test_the_certificate_is_told_in_a_line() -> None:
    graph = small_graph()
    proof = {
        "n_samples": 1000,
        "samples_differing": 0,
        "engine": "native",
        "compared": {"sums": 7, "spikes": 5},
        "graph_digest": graph.digest,
    }
    expected = "0 of 1,000 samples differ between torch, reference and native (12 numbers)"
    assert graph.with_metadata(certificate=proof).summary().proof == expected
    other = graph.with_metadata(certificate={**proof, "graph_digest": "0" * 64})
    assert other.summary().proof == "certificate of another graph"
    for odd in ({}, {**proof, "compared": 3}, {**proof, "n_samples": "x"}):
        assert graph.with_metadata(certificate=odd).summary().proof == "certificate in an unknown form"
    assert graph.with_metadata(certificate=[1]).summary().proof == "not verified"


def test_a_graph_without_weights_has_a_summary() -> None:
    graph = small_graph().subgraph(["relay"])
    assert "0 weights in 0 bytes" in graph.summary().head


def test_a_wide_layer_has_one_line() -> None:
    graph = EventGraph(
        [
            Input(name="i", shape=(3,), coding=Coding.ternary()),
            Readout(name="o", shape=(2,), scale=np.ones(2), offset=np.zeros(2)),
        ],
        [
            Dense(
                name="d",
                source="i",
                target="o",
                weights=np.array([[1, 0, -1], [0, 0, 1]]),
                coding=Coding.ternary(),
            )
        ],
    )
    assert graph.summary().projections[0].texts() == (
        "d", "i", "o", "dense", "2x3", "ternary -1..1", "1 .. 2 of 3", "50.0 %",
    )  # fmt: skip
