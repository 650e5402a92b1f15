"""Fixed synapse arrays and digital chips on random graphs of every form: a wall by name, or a sound bill."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from gxnor_hardware import load_profile, map_graph, price, profiles
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import Bill, Counts

from ..conformance.graphs import event_graphs, random_inputs

MODELS = ("synapse_array", "unrolled", "arithmetic", "throughput")
CARDS = [card for card in map(load_profile, profiles()) if card.model in MODELS]


def holds(bill: Bill) -> None:
    """Terms add up to the total, values lie in their bands, and what has no price leaves no total."""
    assert (bill.total is None) == bool(bill.unpriced)
    for term in bill.terms.values():
        assert 0 <= term.low_j <= term.energy_j * (1 + 1e-12)
        assert term.energy_j <= term.high_j * (1 + 1e-12)
    if bill.total is not None:
        assert bill.total.energy_j == pytest.approx(bill.priced_j, rel=1e-12)
        assert bill.total.low_j <= bill.total.energy_j * (1 + 1e-12)
        assert bill.total.energy_j <= bill.total.high_j * (1 + 1e-12)
    if bill.total is not None and bill.subtotals:
        assert sum(part.energy_j for part in bill.subtotals.values()) == pytest.approx(bill.total.energy_j)
    if bill.latency is not None:
        assert 0 <= bill.latency.low_s <= bill.latency.time_s <= bill.latency.high_s
    assert json.loads(json.dumps(bill.to_dict(), allow_nan=False)) == bill.to_dict()


def means(whole: Bill, parts: list[Bill], summed: Bill) -> None:
    """A batch costs the mean of its samples; its summed counts the same, with bands that are no narrower."""
    for name, term in whole.terms.items():
        assert np.mean([part.terms[name].energy_j for part in parts]) == pytest.approx(term.energy_j)
        assert summed.terms[name].low_j <= term.low_j * (1 + 1e-9)
        assert summed.terms[name].high_j >= term.high_j * (1 - 1e-9)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=event_graphs())
def test_random_graphs_meet_a_wall_or_get_a_sound_bill(graph: EventGraph) -> None:
    x = random_inputs(graph, 2, 1)
    each = [{name: levels[i : i + 1] for name, levels in x.items()} for i in range(2)]
    counts, *singles = (_counted(graph, levels) for levels in (x, *each))
    for card in CARDS:
        try:
            mapping = map_graph(graph, card)
        except PricingError as wall:
            assert card.name in str(wall)  # noqa: PT017
            continue
        bill = price(counts, card, mapping)
        holds(bill)
        means(bill, [price(c, card, mapping) for c in singles], price(counts.summed(), card, mapping))


def _counted(graph: EventGraph, x: dict[str, np.ndarray]) -> Counts:
    counts = execute(graph, x, counts="full").counts
    assert counts is not None
    return counts
