import numpy as np
import pytest
from matplotlib.figure import Figure

from gxnor_snn.errors import InputError
from gxnor_snn.plots import sparsity_per_layer
from gxnor_snn.results import Counts, PopulationCounts


def test_bars_are_the_fractions_of_zero_negative_and_positive(counts):
    ax = sparsity_per_layer(counts)
    zero, negative, positive = ([bar.get_width() for bar in c] for c in ax.containers)
    # input: 80 of 200 positive; act1: 12 negative and 8 positive of 40
    np.testing.assert_allclose(zero, [0.6, 0.5])
    np.testing.assert_allclose(negative, [0.0, 0.3])
    np.testing.assert_allclose(positive, [0.4, 0.2])
    starts = [bar.get_x() for bar in ax.containers[2]]
    np.testing.assert_allclose(starts, [0.6, 0.8])


def test_internal_populations_and_readouts_are_left_out_and_the_input_is_marked(counts):
    labels = [t.get_text() for t in sparsity_per_layer(counts).get_yticklabels()]
    assert labels == ["input\nnetwork input, 100 values", "act1\n20 neurons"]


def test_inputs_can_be_named(counts):
    labels = [t.get_text() for t in sparsity_per_layer(counts, inputs=["act1"]).get_yticklabels()]
    assert labels == ["input\n100 neurons", "act1\nnetwork input, 20 values"]


def test_shares_are_printed(counts):
    texts = [t.get_text() for t in sparsity_per_layer(counts).texts]
    assert texts == [f"{share}\u00a0%" for share in ("60.0", "50.0", "30.0", "40.0", "20.0")]


def test_summed_counts_give_the_same_figure(counts):
    alone, summed = (
        [b.get_width() for c in sparsity_per_layer(part).containers for b in c]
        for part in (counts, counts.summed())
    )
    assert alone == summed


def test_draws_in_the_axes_given(counts):
    ax = Figure().add_subplot()
    assert sparsity_per_layer(counts, ax) is ax
    assert len(ax.patches) == 6


def test_refuses_counts_without_samples_or_levels():
    empty = Counts(0, {}, {"input": PopulationCounts(3, False, np.zeros(0, int), np.zeros(0, int))})
    with pytest.raises(InputError, match="0 samples"):
        sparsity_per_layer(empty)
    with pytest.raises(InputError, match="no population"):
        sparsity_per_layer(Counts(1, {}, {"readout": PopulationCounts(3)}))
