"""One list of neurons, two lists of synapses."""

import numpy as np
from hypothesis import given, settings

from gxnor_sims.brian2 import wire
from gxnor_snn.graph import EventGraph
from tests.conformance.graphs import event_graphs

from .nets import mlp, pooled, residual


def test_inputs_come_first_and_populations_lie_side_by_side() -> None:
    wiring = wire(mlp())
    assert wiring.spans == {"in": slice(0, 30), "h1": slice(30, 50), "h2": slice(50, 62), "out": slice(62, 66)}
    assert (wiring.n_inputs, wiring.n_neurons, wiring.n_slots, wiring.uncounted) == (30, 66, 1, False)


def test_projections_that_overlap_count_apart_and_others_share_a_counter() -> None:
    wiring = wire(residual())
    assert wiring.slots == {"left": 1, "right": 1, "plain": 1, "twice": 2, "jo": 1, "ao": 2}
    assert wiring.links["twice"].weight.tolist() == [2, 2]
    assert wiring.raw_weight("twice").tolist() == [1, 1]
    assert wiring.targets("right") == slice(wiring.spans["joined"].start + 2, wiring.spans["joined"].stop)


def test_a_pool_into_a_sum_has_neurons_of_its_own_and_one_into_a_relay_has_none() -> None:
    wiring = wire(pooled())
    assert list(wiring.helpers) == ["max"]
    helpers = wiring.helpers["max"]
    assert wiring.area[helpers].tolist() == wiring.area[wiring.spans["r"]].tolist() == [4, 4]
    assert not wiring.area[wiring.spans["s"]].any()
    (onward,) = (link for link in wiring.add.links if not link.delayed)
    assert onward.source.tolist() == list(range(helpers.start, helpers.stop))
    assert onward.target.tolist() == list(range(wiring.spans["s"].start, wiring.spans["s"].stop))
    assert onward.weight.tolist() == [-3, -3]
    assert set(wiring.links["min"].weight.tolist()) == {-1}
    assert wiring.uncounted


@settings(max_examples=40)
@given(event_graphs())
def test_spans_tell_where_everything_lies(graph: EventGraph) -> None:
    wiring = wire(graph)
    assert sum(s.stop - s.start for s in (*wiring.spans.values(), *wiring.helpers.values())) == wiring.n_neurons
    for bundle in (wiring.add, wiring.pick):
        assert bundle.size == len(bundle.gather("source")) == len(bundle.gather("target"))
    for name, link in wiring.links.items():
        bundle = wiring.pick if name in wiring.pick.spans else wiring.add
        np.testing.assert_array_equal(bundle.gather("weight")[bundle.spans[name]], link.weight)
        where, source = wiring.targets(name), wiring.spans[graph.projections[name].source]
        assert np.all((link.target >= where.start) & (link.target < where.stop))
        assert np.all((link.source >= source.start) & (link.source < source.stop))
