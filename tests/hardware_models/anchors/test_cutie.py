"""V6, TCN-CUTIE on CIFAR-10: 2.72 uJ, 12.2 mW peak, 1.61 fJ/op, 1036 TOp/s/W peak, from the card."""

import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_snn.graph import Coding
from gxnor_snn.results import Bill

from ..digital.nets import CIFAR, MNIST, network, uniform

CARD = load_profile("cutie")
CLOCK = CARD.frequency["clock"].value
CYCLES = CLOCK / 3200
"""Cycles of one inference at the published 3200 a second."""
FULL = 96 * 96 * 9 * 2
"""Operations of a cycle in which every multiplier works."""


def test_cycles_operations_and_use_of_the_published_net() -> None:
    operations = 5.4e12 / 3200
    assert pytest.approx(16_875) == CYCLES
    assert operations == pytest.approx(1.69e9, rel=0.002)
    assert operations / (CYCLES * FULL) == pytest.approx(0.60, abs=0.005)
    assert FULL == 2 * int(map_graph(network(MNIST, (1, 28, 28)), CARD).resources["multipliers"]) == 165_888


def test_energy_and_power_of_the_published_net() -> None:
    energy = CYCLES * CARD.energy["cycle"].value
    assert energy == pytest.approx(2.72e-6, rel=0.01)
    assert energy * 3200 == pytest.approx(8.7e-3, rel=0.01)
    assert energy / (5.4e12 / 3200) == pytest.approx(1.61e-15, rel=0.01)
    assert CARD.energy["cycle"].high * CLOCK == pytest.approx(12.2e-3, rel=0.01)


def test_the_published_peak_lies_in_the_band_of_a_full_array() -> None:
    """Prediction: a full array at the reference activity, between nothing and everything following toggling."""
    activity, cycle = CARD.ratio["reference_activity"], CARD.energy["cycle"]
    energies = [cycle.low, cycle.low * (4 / 9) / activity.low]
    assert FULL / max(energies) < 1036e12 < FULL / min(energies) * 1.006


def bill_of(graph: object) -> Bill:
    return price(uniform(graph), CARD, map_graph(graph, CARD))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("layers", "shape", "microjoule"), [(MNIST, (1, 28, 28), 0.014), (CIFAR, (3, 32, 32), 2.0)]
)
def test_the_worked_check_is_a_full_array_and_lies_in_the_band(
    layers: object, shape: tuple[int, ...], microjoule: float
) -> None:
    """0.014 and 2.0 uJ are 1.61 fJ times all operations: what the array would take if every layer filled it."""
    graph = network(layers, shape, Coding.ternary())  # type: ignore[arg-type]
    operations = 2 * sum(graph.fan_out(n).padded for n, p in graph.projections.items() if p.weighted)
    assert operations * 1.61e-15 == pytest.approx(microjoule * 1e-6, rel=0.03)
    total = bill_of(graph).total
    assert total is not None
    assert total.low_j < microjoule * 1e-6 < total.high_j
