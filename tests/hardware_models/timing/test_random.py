"""Random graphs of every form on every card with cores: timed within the bill, event for event, or refused by name."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

from gxnor_hardware import load_profile, map_graph, price, profiles, timing
from gxnor_hardware.timing.models import CHIPS
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, execute

from ...conformance.graphs import event_graphs, random_inputs
from .bounds import check_bill

CARDS = [card for card in map(load_profile, profiles()) if card.model in CHIPS]


@given(event_graphs())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_sample_lies_within_its_bill(graph: EventGraph) -> None:
    trace: Any = execute(graph, random_inputs(graph, 1, seed=2), record="all", counts="full")
    for card in CARDS:
        try:
            mapping = map_graph(graph, card)
        except PricingError:
            continue  # a wall of the card
        found = timing(graph, trace, mapping, card)
        check_bill(found, price(trace.counts, card, mapping))
        if card.model == "synapse_array":
            continue  # splitters and copies of lines: held against walks elsewhere
        expected = sum(float(q.get("partial_messages", 0)) * float(q.get("compartments_per_neuron", 1))
                       for q in mapping.populations.values())  # fmt: skip
        for name, static in mapping.projections.items():
            dense = card.choice("synapses") == "mac_array" if card.model == "software_cores" else False
            label = "n_dense" if dense and graph.projections[name].weighted else str(static["event"])
            each = float(static.get("synapses_per_event", 1))
            expected += float(np.sum(getattr(trace.counts.projections[name], label))) * each
        assert found.events.sum() == expected, card.name
