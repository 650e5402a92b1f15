from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from gxnor_snn.errors import InputError
from gxnor_snn.plots import gating_funnel
from gxnor_snn.results import Counts, MoveCounts


def scaled(counts, name, factor):
    """The same counts with one projection `factor` times as large."""
    part = counts.projections[name]
    larger = replace(part, **{f: getattr(part, f) * factor for f in ("n_dense", "n_w", "n_gated")})
    return Counts(counts.n_samples, {**counts.projections, name: larger}, counts.populations)


def test_bars_are_means_per_inference_without_pools(counts):
    ax = gating_funnel(counts)
    dense, by_weight, gated = ([bar.get_width() for bar in c] for c in ax.containers)
    assert dense == [1000, 400]
    assert by_weight == [600, 300]
    assert gated == [250.5, 80]
    assert ax.get_xscale() == "linear"


def test_values_shares_and_resting_probabilities_are_printed(counts):
    ax = gating_funnel(counts)
    assert {t.get_text() for t in ax.texts} == {
        "1,000",
        "400",
        "600  (60.0\u00a0%)",
        "300  (75.0\u00a0%)",
        "250.5  (25.1\u00a0%)",
        "80  (20.0\u00a0%)",
    }
    # 1 - 501/2000, 1 - 160/800, 1 - 661/2800
    assert [t.get_text() for t in ax.get_yticklabels()] == ["conv1\nrests 75.0\u00a0%", "fc1\nrests 80.0\u00a0%"]
    assert "76.4\u00a0%" in ax.get_title(loc="left")


def test_layers_of_very_different_size_get_a_logarithmic_axis_that_shows_every_bar(counts):
    ax = gating_funnel(scaled(counts, "conv1", 1000))
    assert ax.get_xscale() == "log"
    low, high = ax.get_xlim()
    widths = [bar.get_width() for c in ax.containers for bar in c]
    assert low < min(widths)
    assert high > max(widths)


def test_a_layer_without_open_gates_is_labelled_zero(counts):
    for factor in (1, 1000):
        silent = scaled(scaled(counts, "conv1", factor), "fc1", 1)
        part = replace(silent.projections["fc1"], n_gated=np.zeros(2, int))
        ax = gating_funnel(Counts(2, {**silent.projections, "fc1": part}, silent.populations))
        assert "0  (0.0\u00a0%)" in [t.get_text() for t in ax.texts]


def test_draws_in_the_axes_given(counts):
    ax = Figure().add_subplot()
    assert gating_funnel(counts, ax) is ax
    assert len(ax.patches) == 6


def test_refuses_counts_without_synapses():
    with pytest.raises(InputError, match="0 Dense or Conv2d"):
        gating_funnel(Counts(1, {"pool": MoveCounts(np.array([1]))}, {}))
