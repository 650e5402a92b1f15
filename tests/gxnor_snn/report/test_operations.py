"""The report's section on other networks: its numbers, its words for what is missing, and that it may be absent."""

from dataclasses import replace

import pytest

from gxnor_hardware.operations import price_operations
from gxnor_snn.report import render_report
from gxnor_snn.report.operations import operation_tables
from gxnor_snn.results import OpRow

from .test_report import HOSTILE, Page


def rows(network, basis="always", **numbers):
    given = {"synapses": 1000.0, "weights": 100, "weight_bits": 2.0} | numbers
    return [OpRow(network, basis, layer, **given) for layer in (None, HOSTILE)]


@pytest.fixture
def prices():
    return price_operations(
        [
            *rows("full precision", multiplications=1000.0, additions=1000.0, weight_bits=32.0),
            *rows("GXNOR", "uniform", xnor=444.4, resting=5 / 9),
            *rows("GXNOR", "measured", xnor=300.0, resting=0.7, bitcounts=None),
            *rows("shared mst", "measured", xnor=100.0, additions=90.0, counted=40.0, weight_bits=None),
        ]
    )


def test_the_section_shows_the_numbers(data, prices):
    page = Page(render_report(replace(data, operations=prices)))
    operations = page.table("Network", "Products")
    assert operations["full precision"] == ["1,000", "1,000", "0", "0", "0", "0.0\u00a0%"]
    assert operations["GXNOR, measured"] == ["0", "0", "300", "not counted", "0", "70.0\u00a0%"]
    energies = page.table(
        "Network", "Compute", "Compute + weights read once", "Compute + weights read per synapse", "Grade"
    )
    # 300 XNOR at 4 (3.75 to 30) fJ; 100 and 1,000 reads of 2 bits from 8 KB
    assert energies["GXNOR, measured"][0].replace("\u00a0", " ") == "1.20 pJ (1.12 pJ to 9.00 pJ)"
    assert energies["full precision, float32"][1].replace("\u00a0", " ") == "5.10 nJ"
    assert energies["full precision, float32"][3] == "D"
    assert energies["shared mst, measured"][1:] == ["unpriced", "unpriced", "D"]
    resting = page.table("Layer", "Uniform", "Measured")
    assert resting == {HOSTILE: ["55.6\u00a0%", "70.0\u00a0%"], "Whole net": ["55.6\u00a0%", "70.0\u00a0%"]}
    assert "were not trained" in page.text["operations"]


def test_without_prices_there_is_no_section(data):
    assert "operations" not in Page(render_report(data)).text


def test_a_ratio_that_may_be_one_is_marked():
    close = price_operations([*rows("GXNOR", "measured", xnor=300.0), *rows("TWN", "measured", additions=50.0)])
    ratios = next(t for t in operation_tables(close) if "over that of GXNOR" in t.caption)
    assert [row[1] for row in ratios.rows if "int8" in row[0]] == ["1.25 (0.1667 to 4.444) ~"]
