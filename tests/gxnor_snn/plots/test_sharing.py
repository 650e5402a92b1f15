"""Figures of sharing: they show the report's numbers, the null models included."""

import numpy as np
import pytest

from gxnor_converters.sharing import analyse
from gxnor_snn.errors import InputError
from gxnor_snn.plots import figure_png, kernel_frequencies, sharing_by_way
from gxnor_snn.plots.style import description


@pytest.fixture
def report():
    rng = np.random.default_rng(0)
    book = rng.choice([-1, 1], (9, 3, 3))
    return analyse(book[rng.integers(0, 9, (32, 4))])


@pytest.mark.parametrize("what", ["maps", "taps", "additions"])
def test_bars_and_marks_are_the_ratios(report, what):
    ax = sharing_by_way(report, what=what)
    assert figure_png(lambda: ax)[:4] == b"\x89PNG"
    ways = ["repeats", "inverses", "mst", "sub_kernels"]
    figures = [report.ratio(what, way, ["weights"]) for way in ways]
    assert [bar.get_width() for bar in ax.containers[0]] == [f.value for f in figures]
    for line, null in zip(ax.lines, ("uniform", "shuffled"), strict=True):
        assert list(line.get_xdata()) == [f.nulls[null] for f in figures]
    assert "random: uniform" in description(ax)


def test_lines_are_the_frequencies(report):
    ax = kernel_frequencies(report["weights"])
    lines = [list(line.get_ydata()) for line in ax.lines]
    layer = report["weights"]
    found = [layer.statistics, *layer.null_statistics.values()]
    assert lines == [s.distinct.tolist() for s in found]
    assert "128 kernels" in description(ax)
    assert figure_png(lambda: ax)[:4] == b"\x89PNG"


def test_an_unknown_figure_is_refused(report):
    with pytest.raises(InputError, match="what is 'bits'"):
        sharing_by_way(report, what="bits")
