"""Counts that no run can have counted are refused by name."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import Counts

CASES: list[tuple[str, Any, str]] = [
    ("n_x_planes", np.array([-5, 1]), "n_x_planes is array.*whole numbers from 0"),
    ("n_x_planes", np.array([np.nan, 1.0]), "n_x_planes is array.*whole numbers from 0"),
    ("n_xnor", np.array([1.5, 2.5]), "n_xnor is array.*whole numbers from 0"),
    ("n_x_planes", np.array([3]), "one for each of 2"),
    ("n_x_planes", np.array(5), "some counts are summed and some are not"),
    ("n_x", np.array([7, 7]), "n_x above n_dense"),
    ("n_x_planes", np.array([0, 0]), "n_x above n_x_planes"),
    ("n_gated", np.array([6, 6]), "n_gated above n_x"),
    ("n_xnor", np.array([0, 0]), "n_gated above n_xnor"),
]


def counted(net: EventGraph) -> Counts:
    counts = execute(net, np.array([[1, 0], [1, 1]])).counts
    assert counts is not None
    return counts


@pytest.mark.parametrize(("label", "value", "reason"), CASES)
def test_impossible_counts_of_a_projection(dense_net: EventGraph, label: str, value: Any, reason: str) -> None:
    counts, profile = counted(dense_net), load_profile("isaac")
    own = {**counts.projections, "fc1": replace(counts.projections["fc1"], **{label: value})}
    with pytest.raises(PricingError, match=f"projection 'fc1': .*{reason}"):
        price(replace(counts, projections=own), profile, map_graph(dense_net, profile))


def test_more_firing_neurons_than_there_are(dense_net: EventGraph) -> None:
    counts, profile = counted(dense_net), load_profile("loihi")
    many = replace(counts.populations["hidden"], spikes_pos=np.array([3, 3]), spikes_neg=np.array([0, 1]))
    own = {**counts.populations, "hidden": many}
    with pytest.raises(PricingError, match=r"'hidden': counts have 7 firing neurons in 2 samples; .* at most 3"):
        price(replace(counts, populations=own), profile, map_graph(dense_net, profile))
