"""SpiNNaker and SpiNNaker2: the published numbers, recomputed from the cards."""

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.events import Events
from gxnor_hardware.neuromorphic.software.pricing import tick_times
from gxnor_snn.graph import Dense, EventGraph, Input
from gxnor_snn.graph import execute as run
from gxnor_snn.results import Bill, Counts

from ..conftest import TERNARY, readout


def layer(inputs: int, outputs: int) -> tuple[EventGraph, Counts]:
    """Dense, every gate open: inputs x outputs synaptic events in one tick, outputs updated neurons."""
    graph = EventGraph(
        [Input(name="in", shape=(inputs,), coding=TERNARY), readout("out", outputs)],
        [Dense(name="fc", source="in", target="out", coding=TERNARY, weights=np.ones((outputs, inputs), int))],
    )
    counts = run(graph, np.ones((1, inputs), np.int64)).counts
    assert counts is not None
    return graph, counts


def bill_of(card: str, inputs: int = 10, outputs: int = 10) -> Bill:
    graph, counts = layer(inputs, outputs)
    return price(counts, load_profile(card), map_graph(graph, load_profile(card)))


@pytest.mark.parametrize(
    ("card", "synop", "update"),
    [("spinnaker", 13.3e-9, 26e-9), ("spinnaker2_prototype", 450e-12, 2.19e-9), ("spinnaker2", 10e-12, None)],
)
def test_prices_of_an_event_and_of_an_update(card: str, synop: float, update: float | None) -> None:
    """Hoeppner et al. 2019 as carried by KerasSpiking; Gonzalez et al. 2024."""
    terms = bill_of(card).terms
    assert terms["synaptic events"].energy_j / 100 == pytest.approx(synop)
    assert ("neuron updates" in terms) == (update is not None)
    if update is not None:
        assert terms["neuron updates"].energy_j / 10 == pytest.approx(update)


def test_a_board_of_48_chips_stays_below_a_watt_per_chip() -> None:
    """Stromatias et al., IJCNN 2013, abstract: 250,000 neurons, 1.8e9 synaptic events/s, below 1 W per chip.

    The prices hold no idle power, so what they give must lie below that, and not be lost in it.
    """
    terms = bill_of("spinnaker").terms
    per_event = terms["synaptic events"].energy_j / terms["synaptic events"].count
    per_update = terms["neuron updates"].energy_j / terms["neuron updates"].count
    watt = (1.8e9 * per_event + 250_000 * 1000 * per_update) / 48
    assert 0.25 < watt < 1.0


def test_ten_thousand_events_per_millisecond_is_where_the_deadline_starts_to_bind() -> None:
    """Rhodes et al. 2018, abstract: within a factor of 2 of the design target of 10,000 events per millisecond."""
    profile = load_profile("spinnaker")
    graph, counts = layer(100, 100)
    times = tick_times(Events(counts, map_graph(graph, profile)), profile, map_graph(graph, profile))
    assert times is not None
    population, (value, low, high) = times[1]
    assert population == "out"
    assert (float(low[0]), float(value[0]), float(high[0])) == pytest.approx((1e-3, 2e-3, 2e-3))
    assert profile.time["synop"].grade == "D"  # worked out from the abstract, which gives no time of an event
    slower, kept = bill_of("spinnaker", 100, 100), bill_of("spinnaker", 50, 100)
    assert any("2 times the 1 ms of real time" in w for w in slower.warnings)
    assert not any(w.startswith("deadline") for w in kept.warnings)


def test_the_mac_array_reaches_its_published_efficiency() -> None:
    """Hoeppner et al.: 6.4 TOPS/W, a multiplication and an addition being two operations."""
    term = bill_of("spinnaker2_mac").terms["multiplications"]
    assert 2 * term.count / term.energy_j == pytest.approx(6.4e12)
