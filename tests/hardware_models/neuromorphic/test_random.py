"""Random graphs of every form on cards of listed synapses, software cores and layer engines: priced or refused."""

import numpy as np
import pytest
from hypothesis import given, settings

from gxnor_hardware import load_profile, map_graph, price, profiles
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph

from ...conformance.graphs import event_graphs, random_inputs
from ..crossbar.test_random import counted, ordered

MODELS = ("synapse_lists", "software_cores", "layer_engine")
CARDS = [card for card in map(load_profile, profiles()) if card.model in MODELS]


@settings(max_examples=25, deadline=None)
@given(event_graphs())
def test_bills_are_means_of_samples_and_wider_where_less_is_known(graph: EventGraph) -> None:
    x = random_inputs(graph, 3, seed=2)
    full, basic = counted(graph, x, "full"), counted(graph, x, "basic")
    alone = [counted(graph, {n: v[i : i + 1] for n, v in x.items()}, "full") for i in range(3)]
    for card in CARDS:
        try:
            mapping = map_graph(graph, card)
        except PricingError:
            continue
        assert map_graph(graph, card).to_dict() == mapping.to_dict()
        bill = price(full, card, mapping)
        singles = [price(counts, card, mapping) for counts in alone]
        for one in (bill, *singles):
            ordered(one)
        for name, term in bill.terms.items():
            for key in ("energy_j", "low_j", "high_j", "count"):
                each = [getattr(s.terms[name], key) if name in s.terms else 0.0 for s in singles]
                assert getattr(term, key) == pytest.approx(np.mean(each), rel=1e-9, abs=1e-30)
        for less in (price(full.summed(), card, mapping), price(basic, card, mapping)):
            ordered(less)
            for name, term in bill.terms.items():
                assert less.terms[name].low_j <= term.low_j * (1 + 1e-9)
                assert less.terms[name].high_j >= term.high_j * (1 - 1e-9)
            if bill.latency is not None and less.latency is not None:
                assert less.latency.low_s <= bill.latency.low_s * (1 + 1e-9)
                assert less.latency.high_s >= bill.latency.high_s * (1 - 1e-9)
