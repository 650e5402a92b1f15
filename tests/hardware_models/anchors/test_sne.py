"""SNE: two points of one network, on an affine law and not on a proportional one (V5 of the reference)."""

import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.ledger import Amount, Ledger
from gxnor_hardware.neuromorphic.layers.pricing import charge_run
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Bill

OPERATIONS_PER_PERCENT = 48.9e-6 / 0.221e-12
"""Of the DVS-Gesture network: the slope of its two points over the price of an operation."""


def bill_at(percent: float, graph: EventGraph) -> Bill:
    profile = load_profile("sne")
    ledger = Ledger(profile)
    charge_run(profile, Amount.exact(percent * OPERATIONS_PER_PERCENT), ledger)
    return ledger.bill(1, map_graph(graph, profile))


@pytest.mark.parametrize(("percent", "published"), [(1.2, 80e-6), (4.9, 261e-6)])
def test_energy_per_inference_at_an_activity(percent: float, published: float, dense_net: EventGraph) -> None:
    """Di Mauro et al. 2022, abstract. Two points fix intercept and slope: this is calibration, within 1 %."""
    assert bill_at(percent, dense_net).energy_j == pytest.approx(published, rel=0.01)


def test_energy_is_not_proportional_to_activity(dense_net: EventGraph) -> None:
    """From 1.2 % to 4.9 % activity grows 4.1 times, energy 3.3 times."""
    low, high = (bill_at(percent, dense_net).energy_j for percent in (1.2, 4.9))
    assert low is not None
    assert high is not None
    assert high / low == pytest.approx(261 / 80, rel=0.01)
    assert high / low < 0.85 * 4.9 / 1.2


def test_the_price_of_an_operation_is_the_inverse_of_the_headline() -> None:
    """4.5 TOp/s/W: why the price may hold leakage, and the low end of the fixed part is 0."""
    profile = load_profile("sne")
    assert 1 / profile.energy["synop"].value == pytest.approx(4.5e12, rel=0.02)
    assert profile.energy["inference"].low == 0.0
    assert profile.energy["synop"].basis == "unstated"
