"""The figure of networks side by side: its bars are the rows' numbers, and what has no price says so."""

import pytest

from gxnor_hardware.operations import price_operations
from gxnor_snn.errors import InputError
from gxnor_snn.plots import figure_png, operations_by_network
from gxnor_snn.plots.style import description
from gxnor_snn.results import OpRow


def rows(network, basis, **numbers):
    given = {"synapses": 1000.0, "weights": 100, "weight_bits": 2.0} | numbers
    return [OpRow(network, basis, layer, **given) for layer in (None, "a")]


@pytest.fixture
def prices():
    return price_operations(
        [
            *rows("TWN", "uniform", additions=667.0),
            *rows("TWN", "measured", additions=500.0),
            *rows("GXNOR", "uniform", xnor=444.0),
            *rows("GXNOR", "measured", xnor=300.0, shift_adds=10.0),
            *rows("shared mst", "measured", xnor=100.0, additions=90.0, counted=40.0, weight_bits=None),
        ]
    )


def test_operations_are_those_of_the_rows(prices):
    ax = operations_by_network(prices)
    uniform, measured = ([bar.get_width() for bar in bars] for bars in ax.containers)
    assert uniform == [667, 444]
    assert measured == [500, 310, 150]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["TWN", "GXNOR", "shared mst"]
    assert figure_png(lambda: ax)[:4] == b"\x89PNG"


@pytest.mark.parametrize("what", ["once", "each"])
def test_energies_hold_the_memory_and_show_the_compute(prices, what):
    ax = operations_by_network(prices, what=what)
    widths = [bar.get_width() for bars in ax.containers for bar in bars]
    order = [r for b in ("uniform", "measured") for r in prices.totals if r.row.basis == b]
    assert widths == [e.energy_j for r in order if (e := r.energies[what])]
    marks = sorted(float(x) for line in ax.lines if line.get_marker() == "D" for x in line.get_xdata())
    assert marks == sorted(r.energies["compute"].energy_j for r in prices.totals)
    assert [t.get_text() for t in ax.texts].count("unpriced: weights") == 1
    assert "shared mst, measured unpriced: weights" in description(ax)
    assert figure_png(lambda: ax)[:4] == b"\x89PNG"


def test_it_draws_in_given_axes(prices):
    ax = operations_by_network(prices)
    ax.clear()
    assert operations_by_network(prices, ax) is ax


def test_what_cannot_be_drawn_is_refused(prices):
    with pytest.raises(InputError, match="what is 'area', allowed are operations, once, each"):
        operations_by_network(prices, what="area")
    empty = price_operations(rows("TWN", "measured", weights=0, synapses=0.0), ["horowitz_float32"])
    with pytest.raises(InputError, match="has anything to draw"):
        operations_by_network(empty)
