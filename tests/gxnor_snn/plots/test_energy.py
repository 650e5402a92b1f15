import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.markers import CARETLEFT

from gxnor_snn.errors import InputError
from gxnor_snn.plots import energy_by_term
from gxnor_snn.results import Bill, Term, Total, Unpriced


def test_bars_are_the_totals_and_terms_the_largest_term_first(bills):
    ax = energy_by_term(bills)
    assert [bar.get_width() for bar in ax.patches] == [3.001e-6, 3e-6, 1e-9, 2e-12]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "A chip, 14 nm",
        "large",
        "small",
        "An array",
        "reads",
    ]
    heights = [bar.get_y() for bar in ax.patches]
    assert heights == sorted(heights)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_whiskers_are_the_bands(bills):
    ax = energy_by_term(bills)
    bands = [sorted(segment[:, 0]) for c in ax.collections for segment in c.get_segments()]
    np.testing.assert_allclose(bands, [[2e-6, 4e-6], [0.5e-9, 2e-9]])


def test_energies_shares_and_grades_are_printed(bills):
    texts = [t.get_text() for t in energy_by_term(bills).texts]
    assert "3.00\u00a0µJ (2.00\u00a0µJ to 4.00\u00a0µJ)" in texts
    assert "3.00\u00a0µJ · 99.97\u00a0% · grade A" in texts
    assert "1.00\u00a0nJ · 0.03\u00a0% · grade B" in texts


def test_a_bill_without_total_has_no_total_bar_and_names_what_is_unpriced(bills):
    ax = energy_by_term(bills[1:])
    assert [bar.get_width() for bar in ax.patches] == [2e-12]
    texts = [t.get_text() for t in ax.texts]
    assert "no total; the priced terms add up to 2.00\u00a0pJ" in texts
    assert "unpriced, hence no total: buffers" in texts


def test_zero_terms_and_bands_that_reach_zero_stand_on_a_logarithmic_axis():
    terms = {
        "nothing": Term(0.0, 0.0, 0.0, "A", "s", 0.0, "f"),
        "something": Term(1e-9, 0.0, 2e-9, "A", "s", 1.0, "f"),
    }
    ax = energy_by_term([Bill("x", "X", "digital", 1, terms, Total(1e-9, 0.0, 2e-9))])
    assert [bar.get_width() for bar in ax.patches] == [1e-9, 1e-9]
    assert "0\u00a0J · 0.0\u00a0% · grade A" in [t.get_text() for t in ax.texts]
    assert [line.get_xdata()[0] for line in ax.lines if line.get_marker() == CARETLEFT] == [ax.get_xlim()[0]] * 2
    assert "◂ reaches 0" in ax.get_xlabel()
    ax.figure.draw_without_rendering()
    assert np.isfinite(ax.get_xlim()).all()


def test_a_device_with_no_price_at_all_can_stand_alone():
    bill = Bill("x", "X", "digital", 1, {}, None, (Unpriced("everything", 1.0, "unknown"),))
    ax = energy_by_term([bill])
    assert not ax.patches
    assert "no total" in [t.get_text() for t in ax.texts]


def test_names_are_drawn_as_given():
    hostile = "$\\frac{x}$"
    terms = {hostile: Term(1e-9, 1e-9, 1e-9, "A", "s", 1.0, "f")}
    bill = Bill("x", hostile, "digital", 1, terms, None, (Unpriced(hostile, 1.0, "r"),))
    ax = energy_by_term([bill])
    ax.figure.draw_without_rendering()  # mathtext would fail on this
    assert [t.get_text() for t in ax.get_yticklabels()] == [hostile, hostile]


def test_draws_in_the_axes_given(bills):
    ax = Figure().add_subplot()
    assert energy_by_term(bills, ax) is ax
    assert len(ax.patches) == 4


def test_refuses_no_bills():
    with pytest.raises(InputError, match="no bills"):
        energy_by_term([])


def test_a_term_of_nothing_keeps_its_band():
    terms = {"maybe": Term(0.0, 0.0, 3e-9, "A", "s", 0.0, "f"), "sure": Term(1e-9, 1e-9, 1e-9, "A", "s", 1.0, "f")}
    ax = energy_by_term([Bill("x", "X", "digital", 1, terms, Total(1e-9, 1e-9, 4e-9))])
    ends = [segment[:, 0].max() for c in ax.collections for segment in c.get_segments()]
    assert ends == pytest.approx([4e-9, 3e-9])
    assert len([line for line in ax.lines if line.get_marker() == CARETLEFT]) == 1
    assert ax.get_xlim()[1] >= 4e-9
