import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gxnor_snn.errors import InputError
from gxnor_snn.report import ReportData, render_report, write_report
from gxnor_snn.results import Bill, Counts, Term, Total, Unpriced

VOID = {"meta", "img", "br", "link", "hr", "input"}
HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"


class Page(HTMLParser):
    """The parsed page: tags with attributes, tables as rows of cells, text by section; checks nesting."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.tables, self.open, self.text, self.section = [], [], [], {}, ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.section = dict(attrs)["aria-labelledby"]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.text[self.section] = self.text.get(self.section, "") + text
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += text

    def table(self, *heads):
        (found,) = [t for t in self.tables if t and t[0][: len(heads)] == list(heads)]
        return {row[0]: row[1:] for row in found[1:]}

    def bill(self, largest_term):
        (found,) = [t for t in self.tables if len(t) > 1 and t[1][0] == largest_term]
        return found

    def attributes(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def page(data):
    return Page(render_report(data))


def test_layers_are_means_per_inference_with_totals(page):
    table = page.table("Projection", "Dense synapses")
    assert table == {
        "conv1": ["1,234,012", "678,957", "617,283", "308,641.5", "350,000.5", "75.0\u00a0%", "–"],
        "pool1": ["–", "–", "–", "–", "–", "–", "2,160.5"],
        "fc1": ["2,000", "1,500", "1,300", "900", "950", "55.0\u00a0%", "–"],
        "Whole net": ["1,236,012", "680,457", "618,583", "309,541.5", "350,950.5", "75.0\u00a0%", "2,160.5"],
    }


def test_exact_integers_are_there_too(page):
    table = page.table("Projection", "n_dense")
    assert table["conv1"] == [
        "2,468,024",
        "1,357,914",
        "1,234,566",
        "617,283",
        "2,600,000",
        "1,500,000",
        "700,001",
        "–",
    ]
    assert table["pool1"] == ["–"] * 7 + ["4,321"]


def test_full_counts_get_their_columns(data):
    counts = data.counts
    conv = replace(counts.projections["conv1"], n_bitcount=np.array([11, 22]))
    act = replace(counts.populations["act1"], neurons_reached=np.array([100, 101]))
    full = Counts(2, {**counts.projections, "conv1": conv}, {**counts.populations, "act1": act})
    page = Page(render_report(replace(data, counts=full)))
    assert page.table("Projection", "n_dense")["conv1"][-2] == "33"
    assert page.table("Population", "Neurons")["act1"][-1] == "100.5"


def test_populations(page):
    assert page.table("Population", "Neurons") == {
        "input": ["784", "150", "0", "80.9\u00a0%"],
        "act1.pre (before a pool)": ["512", "50", "100", "70.7\u00a0%"],
        "act1": ["128", "20.5", "11.5", "75.0\u00a0%"],
        "readout": ["10", "–", "–", "–"],
    }


def test_exactness_says_what_was_compared_and_that_nothing_differs(page):
    table = page.table("Kind", "Numbers compared")
    assert table["sums"][:2] == ["1,234,567", "0"]
    assert table["spikes"][:2] == ["7,654,321", "0"]
    assert table["All"][:2] == ["8,899,388", "0"]
    assert "0 of 500 samples differ" in page.text["exactness"]
    assert "abc123" in page.text["exactness"]


def test_a_difference_is_said_aloud(data):
    wrong = {
        **data.certificate,
        "differing": {"sums": 0, "spikes": 3, "readouts": 2, "predictions": 0},
        "samples_differing": 4,
    }
    page = Page(render_report(replace(data, certificate=wrong)))
    assert "4 of 500 samples differ" in page.text["exactness"]
    assert "agree" not in page.text["exactness"]
    assert page.table("Kind", "Numbers compared")["spikes"][1] == "3"
    assert page.table("Kind", "Numbers compared")["All"][1] == "4"


def test_no_certificate_claims_nothing(data):
    text = Page(render_report(replace(data, certificate=None))).text["exactness"]
    assert "not compared" in text
    assert "agree" not in text


def test_an_incomplete_certificate_is_refused(data):
    with pytest.raises(InputError, match="compared, samples_differing missing"):
        render_report(replace(data, certificate={"n_samples": 1, "engine": "native", "differing": {}}))


def test_devices_with_bands_grades_and_latency(page):
    table = page.table("Device", "Energy")
    assert table["A neuromorphic chip"] == [
        "3.08\u00a0µJ",
        "2.98\u00a0µJ to 4.18\u00a0µJ",
        "12.4\u00a0µs",
        "–",
        "B",
        "neuromorphic",
        "–",
    ]


def test_a_bill_without_total_is_shown_as_unpriced(page):
    assert page.table("Device", "Energy")["A memristor array"] == [
        "unpriced",
        "–",
        "–",
        "85.4\u00a0mm2",
        "A",
        "crossbar",
        "buffer traffic",
    ]
    text = page.text["energy"]
    assert "Unpriced, hence no total" in text
    assert "buffer traffic, 4,242 events per inference: nobody published a constant" in text
    terms = page.bill("array reads")
    assert terms[-1][:2] == ["Priced part, no total", "5.50\u00a0nJ"]
    assert not any(row[0] == "Total" for row in terms)


def test_area_and_what_programming_takes_stand_beside_the_energy(page, data, bills):
    text = page.text["energy"]
    assert (
        "Area 85.4\u00a0mm2 (80\u00a0mm2 to 90\u00a0mm2), grade B: chips that hold the graph (shafiee2016" in text
    )
    assert (
        "Writing the weights once, outside the total: 65,536 cells, 557,056 pulses, "
        "5.60\u00a0µJ (1.00\u00a0µJ to 9.00\u00a0µJ), grade M (from memory); cells x pulses."
    ) in text
    bare = replace(
        bills[1].programming, pulses=None, energy_j=None, low_j=None, high_j=None, grade=None, source=""
    )
    page = render_report(replace(data, bills=[replace(bills[1], programming=bare)]))
    assert "65,536 cells, pulses not published, energy not published; cells x pulses." in page


def test_terms_with_everything_behind_them_the_largest_first(page):
    terms = page.bill("synaptic operations")
    assert terms[1:] == [
        [
            "synaptic operations",
            "2.10\u00a0µJ",
            "2.00\u00a0µJ to 3.20\u00a0µJ",
            "68.2\u00a0%",
            "B",
            "89,123.5",
        ],
        ["static power", "980\u00a0nJ", "–", "31.8\u00a0%", "A", "1"],
        ["Total", "3.08\u00a0µJ", "2.98\u00a0µJ to 4.18\u00a0µJ", "", "B", ""],
    ]
    text = page.text["energy"]
    for part in (
        "synaptic operations: n_gated x e",
        "davies2018 table 2, https://example.org/card",
        "static power: P x t",
        "frady2020 table 1",
        "host processor",
        "a pre-silicon minimum",
        "the slowest core of every step",
        "11.0\u00a0µs to 25.0\u00a0µs",
    ):
        assert part in text


def test_overlapping_bands_are_pointed_out_and_only_those(data):
    def bill(name, low, high):
        term = Term((low + high) / 2, low, high, "A", "s", 1.0, "f")
        return Bill(name, name.upper(), "digital", 1, {"t": term}, Total((low + high) / 2, low, high))

    bills = [bill("a", 1e-9, 3e-9), bill("b", 2e-9, 4e-9), bill("c", 5e-9, 6e-9)]
    text = Page(render_report(replace(data, bills=bills))).text["energy"]
    assert "The bands of A and B overlap" in text
    assert text.count("overlap") == 1


def test_summary_provenance_and_files(page):
    pairs = {row[0]: row[1] for t in page.tables for row in t if len(row) == 2}
    assert pairs == {
        "Accuracy": "97.4 %",
        "Samples that differ": "0 of 500",
        "Seed": "0",
        "Command": "gxnor demo",
        "graph.safetensors": "the event graph",
    }


def test_figures_are_inlined_whole_with_size_and_alternative_text(data, page, png):
    (image,) = page.attributes("img")
    prefix = "data:image/png;base64,"
    assert image["src"].startswith(prefix)
    assert base64.b64decode(image["src"].removeprefix(prefix)) == png
    assert image["alt"].startswith("Stacked bars of activation sparsity per layer: input (network input) 80.9")
    assert int(image["width"]) == int.from_bytes(png[16:20], "big")


def test_a_figure_may_be_a_file(data, page, png, tmp_path):
    path = tmp_path / "sparsity.png"
    path.write_bytes(png)
    assert render_report(replace(data, figures={"Sparsity": path})) == render_report(data)


@pytest.mark.parametrize("cut", [0, 4, 20, -5])
def test_a_figure_that_is_no_whole_png_is_refused(data, png, cut):
    with pytest.raises(InputError, match="figure 'Sparsity' is not a whole PNG"):
        render_report(replace(data, figures={"Sparsity": png[:cut]}))


def test_a_missing_figure_is_named(data, tmp_path):
    with pytest.raises(InputError, match=r"figure 'S'.*gone\.png.*No such file"):
        render_report(replace(data, figures={"S": tmp_path / "gone.png"}))


def test_nothing_is_fetched_and_no_script_runs(data):
    html = render_report(data)
    page = Page(html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "base", "form"}
    for _, attrs in page.tags:
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert value.startswith(("data:image/png;base64,", "#"))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL).group(1)
    assert "url(" not in style
    assert "@import" not in style
    policy = next(
        a["content"] for a in page.attributes("meta") if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_every_text_is_escaped(data, png):
    counts = data.counts
    hostile = replace(
        data,
        title=HOSTILE,
        summary=[(HOSTILE, HOSTILE)],
        counts=Counts(2, {HOSTILE: counts.projections["conv1"]}, {HOSTILE: counts.populations["act1"]}),
        bills=[
            Bill(
                HOSTILE,
                HOSTILE,
                HOSTILE,
                1,
                {HOSTILE: Term(1.0, 1.0, 1.0, HOSTILE, HOSTILE, 1.0, HOSTILE)},
                None,
                (Unpriced(HOSTILE, 1.0, HOSTILE),),
                (HOSTILE,),
                (HOSTILE,),
                HOSTILE,
            )
        ],
        certificate={**data.certificate, "engine": HOSTILE, "graph_digest": HOSTILE, "compared": {HOSTILE: 1}},
        figures={HOSTILE: png},
        provenance={HOSTILE: HOSTILE},
        files=[(HOSTILE, HOSTILE)],
    )
    html = render_report(hostile)
    page = Page(html)
    assert not page.attributes("script")
    assert "alert(1)<" not in html
    assert HOSTILE in page.text["summary"]
    assert HOSTILE in page.text["energy"]
    assert "49" not in page.text["summary"]


def test_headings_labels_and_anchors_hold_together(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    used = [a["href"][1:] for a in page.attributes("a")]
    used += [a["aria-labelledby"] for a in page.attributes("section")]
    assert set(used) == set(ids)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert page.attributes("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.attributes("meta")


def test_a_bare_run_still_makes_a_page(counts):
    page = Page(render_report(ReportData("Bare", [], counts)))
    assert "No device was priced" in page.text["energy"]
    assert not page.attributes("img")


def test_the_file_is_whole_or_absent(data, tmp_path):
    path = tmp_path / "out" / "report.html"
    write_report(path, data)
    written = path.read_text(encoding="utf-8")
    assert written == render_report(data)
    with pytest.raises(InputError):
        write_report(path, replace(data, figures={"broken": b"no"}))
    assert path.read_text(encoding="utf-8") == written
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_an_interrupted_write_keeps_the_old_report(data, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    write_report(path, data)
    written = path.read_bytes()

    def half(self, content):
        with self.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        write_report(path, replace(data, title="New"))
    assert path.read_bytes() == written
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_same_run_gives_the_same_page(data):
    assert render_report(data) == render_report(data)
