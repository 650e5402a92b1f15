"""Random graphs of every form on every crossbar card: priced within the rules, or refused by name."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings

from gxnor_hardware import load_profile, map_graph, price, profiles
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import Bill, Counts

from ...conformance.graphs import event_graphs, random_inputs

CARDS = [card for card in map(load_profile, profiles()) if card.kind == "crossbar"]


def ordered(bill: Bill) -> None:
    """A band holds its value, a total is the sum of its terms, and there is none where something has no price."""
    for term in bill.terms.values():
        assert 0 <= term.low_j <= term.energy_j * (1 + 1e-12)
        assert term.energy_j <= term.high_j * (1 + 1e-12)
    assert (bill.total is None) == bool(bill.unpriced)
    if bill.total is not None:
        assert bill.total.energy_j == pytest.approx(bill.priced_j)
        assert bill.total.low_j == pytest.approx(sum(t.low_j for t in bill.terms.values()))
        assert bill.total.high_j == pytest.approx(sum(t.high_j for t in bill.terms.values()))
    assert pickle.loads(pickle.dumps(bill)) == bill
    json.dumps(bill.to_dict(), allow_nan=False)


def counted(graph: EventGraph, x: dict[str, np.ndarray], mode: str) -> Counts:
    counts = execute(graph, x, counts=mode).counts
    assert counts is not None
    return counts


@settings(max_examples=30, deadline=None)
@given(event_graphs())
def test_bills_of_batches_samples_and_sums_agree(graph: EventGraph) -> None:
    x = random_inputs(graph, 3, seed=1)
    mode = "full" if len(graph.projections) % 2 else "basic"
    batch = counted(graph, x, mode)
    alone = [counted(graph, {n: v[i : i + 1] for n, v in x.items()}, mode) for i in range(3)]
    for card in CARDS:
        mapping = map_graph(graph, card)
        bill, summed = price(batch, card, mapping), price(batch.summed(), card, mapping)
        singles = [price(counts, card, mapping) for counts in alone]
        for one in (bill, summed, *singles):
            ordered(one)
        assert set(bill.terms) == set(summed.terms)
        for name, term in bill.terms.items():
            for key in ("energy_j", "low_j", "high_j", "count"):
                mean = sum(getattr(s.terms[name], key) for s in singles) / 3
                assert getattr(term, key) == pytest.approx(mean, rel=1e-9, abs=1e-30)
            assert summed.terms[name].low_j <= term.low_j * (1 + 1e-12)
            assert summed.terms[name].high_j >= term.high_j * (1 - 1e-12)
