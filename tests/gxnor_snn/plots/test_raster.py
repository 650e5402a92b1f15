import numpy as np
import pytest
from matplotlib.figure import Figure

from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, execute
from gxnor_snn.plots import event_raster


@pytest.fixture
def trace(graph, samples):
    return execute(graph, samples, record="all")


def labels(ax):
    return [t.get_text() for t in ax.texts]


def picture(box):
    return np.ma.getdata(box.images[0].get_array())


def test_panels_follow_the_graph_and_end_with_the_logits(graph, trace):
    ax = event_raster(graph, trace)
    assert len(ax.child_axes) == 5
    texts = labels(ax)
    order = [texts.index(name) for name in graph.populations]
    assert order == sorted(order)
    tops = [box.get_position().y1 for box in ax.child_axes]
    assert tops == sorted(tops, reverse=True)


@pytest.mark.parametrize("sample", [0, 2])
def test_feature_maps_show_the_sign_and_size_of_every_level(graph, trace, samples, sample):
    image = picture(event_raster(graph, trace, sample).child_axes[0])
    assert image.shape == (3, 7)  # two maps of 3x3 with a gap between
    assert np.isnan(image[:, 3]).all()
    maps = np.stack([image[:, :3], image[:, 4:]])
    levels = samples[sample]
    np.testing.assert_array_equal(np.sign(maps), np.sign(levels))
    nonzero = levels != 0
    np.testing.assert_allclose(np.abs(maps)[nonzero], 0.25 + 0.75 * np.abs(levels)[nonzero] / np.abs(levels).max())


def test_events_are_drawn_as_their_levels_are(graph, trace):
    dense, sparse = (event_raster(graph, t, 1).child_axes for t in (trace, trace.sparse()))
    for a, b in zip(dense[:-1], sparse[:-1], strict=True):  # the last panel holds logits
        np.testing.assert_array_equal(picture(a), picture(b))


def test_vectors_are_folded_in_reading_order(graph, trace):
    image = picture(event_raster(graph, trace, 1).child_axes[3])
    np.testing.assert_array_equal(np.sign(image).ravel(), np.sign(trace.spikes["act2"][1]))


def test_long_vectors_keep_every_neuron_and_say_where_rows_start():
    n = 300
    graph = EventGraph(
        [
            Input(name="in", shape=(n,), coding=Coding.ternary()),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [Dense(name="fc", source="in", target="out", coding=Coding.ternary(), weights=np.ones((1, n), int))],
    )
    x = np.random.default_rng(0).integers(-1, 2, (1, n))
    box = event_raster(graph, execute(graph, x, record="all")).child_axes[0]
    image = picture(box)
    shown = image.ravel()
    np.testing.assert_array_equal(shown[:n], x[0])
    assert np.isnan(shown[n:]).all()
    assert [t.get_text() for t in box.get_yticklabels()] == ["0", str(image.shape[1] * (len(image) - 1))]


def test_counts_and_the_pool_are_written_beside_the_panel(graph, trace):
    up, down = (int((s * trace.spikes["act1.pre"][0] > 0).sum()) for s in (1, -1))
    assert f"2 maps of 2×2\n+{up}  −{down}\nbefore the pool" in labels(event_raster(graph, trace))


def test_logits_are_the_bars_of_the_last_panel(graph, trace):
    ax = event_raster(graph, trace, 2)
    heights = [bar.get_height() for bar in ax.child_axes[-1].patches]
    np.testing.assert_array_equal(heights, trace.logits[2])
    assert f"logits, prediction {trace.predictions[2]}" in labels(ax)


def test_shows_only_what_was_recorded(graph, samples):
    ax = event_raster(graph, execute(graph, samples, record=["act2"]))
    assert len(ax.child_axes) == 2
    assert "input" not in labels(ax)


def test_the_note_on_paler_colours_stands_only_where_levels_have_sizes(graph, samples, trace):
    note = "paler: smaller magnitude in its panel"
    assert note in labels(event_raster(graph, trace))
    assert note not in labels(event_raster(graph, execute(graph, samples, record=["act1"])))


def test_a_trace_of_a_part_can_name_its_sample(graph, trace):
    assert labels(event_raster(graph, trace, 1))[0] == "Events of sample 1"
    assert labels(event_raster(graph, trace, 0, title="Sample 17 with a $"))[0] == "Sample 17 with a $"


def test_draws_in_the_axes_given(graph, trace):
    ax = Figure().add_subplot()
    assert event_raster(graph, trace, 0, ax) is ax
    assert len(ax.child_axes) == 5


@pytest.mark.parametrize("sample", [-1, 3])
def test_refuses_a_sample_that_is_not_there(graph, trace, sample):
    with pytest.raises(InputError, match=r"allowed is 0\.\.2"):
        event_raster(graph, trace, sample)


def test_refuses_a_trace_without_levels_or_of_another_graph(graph, samples, trace):
    with pytest.raises(InputError, match="needs at least one population"):
        event_raster(graph, execute(graph, samples))
    other = EventGraph(
        [
            Input(name="input", shape=(2, 3, 3), coding=Coding.signmag(3)),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [Dense(name="fc", source="input", target="out", coding=Coding.ternary(), weights=np.ones((1, 18), int))],
    )
    with pytest.raises(InputError, match="only those of the graph"):
        event_raster(other, trace)
