"""What holds for every figure: no global state, nothing cut, no text over text, whole files."""

import subprocess
import sys
from functools import partial
from io import BytesIO
from itertools import combinations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread
from matplotlib.text import Text

from gxnor_snn.errors import InputError
from gxnor_snn.graph import execute
from gxnor_snn.plots import (
    energy_by_term,
    event_raster,
    figure_png,
    gating_funnel,
    save_figure,
    sparsity_per_layer,
)

NAMES = ("sparsity", "gating", "energy", "raster")


@pytest.fixture
def draws(counts, bills, graph, samples):
    trace = execute(graph, samples, record="all")
    return {
        "sparsity": partial(sparsity_per_layer, counts),
        "gating": partial(gating_funnel, counts),
        "energy": partial(energy_by_term, bills),
        "raster": partial(event_raster, graph, trace),
    }


@pytest.mark.parametrize("name", NAMES)
def test_no_pyplot_figure_is_left(draws, name):
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    figure_png(draws[name], dpi=50)
    assert plt.get_fignums() == before


def test_nothing_imports_pyplot_and_matplotlib_waits_for_a_drawing():
    code = (
        "import sys, gxnor_snn.plots as p, gxnor_snn.report\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import numpy as np\n"
        "from gxnor_snn.results import Counts, PopulationCounts\n"
        "c = Counts(1, {}, {'in': PopulationCounts(2, False, np.array([1]), np.array([0]))})\n"
        "p.figure_png(lambda: p.sparsity_per_layer(c))\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def seen_texts(ax):
    """Text and place in pixels of everything written; ticks beyond the ends of an axis are not."""
    figure = ax.figure
    figure.draw_without_rendering()
    beyond = set()
    for one in figure.findobj(Axes):
        for axis in (one.xaxis, one.yaxis):
            low, high = sorted(axis.get_view_interval())
            places = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            beyond |= {id(label) for place, label in places if not low <= place <= high}
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and id(t) not in beyond]
    return [(t.get_text(), t.get_window_extent()) for t in texts]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_lies_over_another_or_over_a_panel(draws, name):
    ax = draws[name]()
    texts = seen_texts(ax)
    assert len(texts) > 5
    for (first, a), (second, b) in combinations(texts, 2):
        assert not a.overlaps(b), f"{first!r} lies over {second!r}"
    for box in ax.child_axes:
        for text, extent in texts:
            own = [t.get_text() for t in box.findobj(Text)]
            assert text in own or not extent.overlaps(box.get_window_extent()), f"{text!r} lies over a panel"


def rendered(draw):
    """Red, green, blue as integers of the saved picture."""
    pixels = imread(BytesIO(figure_png(draw, dpi=60)), format="png")
    return (pixels[..., :3] * 255).round().astype(int)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_at_the_edge(draws, name):
    pixels = rendered(draws[name])
    for edge in (pixels[:2], pixels[-2:], pixels[:, :2], pixels[:, -2:]):
        assert (edge == 255).all()


@pytest.mark.parametrize("name", NAMES)
def test_saved_figures_are_png_and_the_same_every_time(draws, name, tmp_path):
    path = tmp_path / "new" / "figure.png"
    save_figure(path, draws[name], dpi=60)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.read_bytes() == figure_png(draws[name], dpi=60)
    assert [p.name for p in path.parent.iterdir()] == ["figure.png"]


def test_a_failing_drawing_leaves_the_old_file(tmp_path):
    path = tmp_path / "figure.png"
    path.write_bytes(b"old")
    with pytest.raises(InputError):
        save_figure(path, lambda: energy_by_term([]))
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["figure.png"]


def test_both_event_colours_reach_the_picture(draws):
    pixels = rendered(draws["raster"])
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        assert np.any(np.abs(pixels - colour).max(axis=-1) <= 2)
