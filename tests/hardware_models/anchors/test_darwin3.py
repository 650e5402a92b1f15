"""Darwin3: its published size, and events at their price."""

import pytest

from gxnor_hardware import load_profile, map_graph, price

from ..conftest import counts_at
from ..neuromorphic.nets import mlp_of


def test_the_chip_has_2_35_million_neurons() -> None:
    profile = load_profile("darwin3")
    assert profile.number("cores_per_chip") * profile.number("neurons_per_core") == pytest.approx(
        2.35e6, rel=0.005
    )
    assert profile.number("tiles_x") * profile.number("tiles_y") == profile.number("cores_per_chip") + 1


def test_a_synaptic_event_takes_5_47_pj() -> None:
    graph, profile = mlp_of(100, 50, 10), load_profile("darwin3")
    term = price(counts_at(graph), profile, map_graph(graph, profile)).terms["synaptic events"]
    assert term.energy_j / term.count == pytest.approx(5.47e-12)
