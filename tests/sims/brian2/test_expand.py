"""Synapses written out against the definition, pair by pair."""

import numpy as np
from hypothesis import given, settings

from gxnor_sims.brian2.expand import count_synapses, synapses_of
from gxnor_snn.graph import EventGraph
from tests.conformance.graphs import event_graphs
from tests.conformance.oracle import pairs


@settings(max_examples=60)
@given(event_graphs())
def test_every_nonzero_weight_is_one_synapse_and_nothing_else_is(graph: EventGraph) -> None:
    total = 0
    for name, p in graph.projections.items():
        source, target = graph.populations[p.source], graph.populations[p.target]
        start, stop = p.target_channels or (0, target.shape[0])
        offset = start * (target.size // target.shape[0])
        expected = sorted(
            (i, o + offset, w)
            for o, i, w in pairs(p, source.shape, (stop - start, *target.shape[1:]))
            if w or not p.weighted
        )
        found = synapses_of(graph, name)
        weights = np.abs(found.weight) if p.selects else found.weight
        assert sorted(zip(found.source.tolist(), found.target.tolist(), weights.tolist(), strict=True)) == expected
        assert np.all(np.diff(found.source) >= 0)
        assert {a.dtype for a in (found.source, found.target, found.weight)} == {np.dtype(np.int32)}
        total += len(found)
    assert count_synapses(graph) == total
