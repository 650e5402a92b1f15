import numpy as np
import pytest
from matplotlib.figure import Figure

from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, explain
from gxnor_snn.plots import gate_contributions
from gxnor_snn.plots.style import description


def wide(n):
    """One readout over `n` inputs of weight +1, -1, 0, +1, ..."""
    weights = np.array([[1, -1, 0]] * n).reshape(1, -1)[:, :n]
    return EventGraph(
        [
            Input(name="in", shape=(n,), coding=Coding.signmag(3)),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [Dense(name="fc", source="in", target="out", weights=weights, coding=Coding.ternary())],
    )


def test_bars_are_the_open_gates_sorted_with_sign():
    found = explain(wide(6), np.array([2, 3, 4, -4, 0, 1]), "out", 0)
    ax = gate_contributions(found)
    adds, takes = ([bar.get_width() for bar in c] for c in ax.containers)
    assert (adds, takes) == ([2], [-3, -4])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["in[0]", "in[1]", "in[3]"]
    assert "out[0] · sum -5, logit -5" in ax.get_title(loc="left")
    assert "3 of 6 gates open" in description(ax)
    ax.figure.draw_without_rendering()


def test_many_gates_have_no_names_and_most_keeps_the_largest():
    x = np.arange(60) % 9 - 4
    found = explain(wide(60), x, "out", 0)
    ax = gate_contributions(found, Figure().add_subplot())
    widths = [bar.get_width() for c in ax.containers for bar in c]
    assert widths == sorted(widths, reverse=True)
    assert sum(widths) == found.total
    assert len(widths) == found.n_gated > 24
    assert len(ax.get_yticks()) == 0
    few = [bar.get_width() for c in gate_contributions(found, most=5).containers for bar in c]
    assert len(few) == 5
    assert min(map(abs, few)) == max(map(abs, widths))
    with pytest.raises(InputError, match="most is 0"):
        gate_contributions(found, most=0)


def test_a_silent_neuron_has_no_bars():
    ax = gate_contributions(explain(wide(4), np.zeros(4, int), "out", 0))
    assert [len(c) for c in ax.containers] == [0, 0]
    ax.figure.draw_without_rendering()
