"""Delay models."""

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_sims.brian2 import DelayModel, FixedDelays, MappedDelays, RandomDelays, wire
from gxnor_sims.brian2.delays import delays_of
from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph, Input

from .nets import T, chain, dense, mlp, readout, spiking


def test_a_graph_has_delays_of_its_own() -> None:
    assert delays_of(None, wire(chain(3, 0, 2))) == {"ia": 3, "ab": 0, "bo": 2}


def test_fixed_delays_go_before_the_graphs() -> None:
    found = delays_of(FixedDelays({"ab": 5, "ia": np.array([1, 4])}), wire(chain(3, 0, 2)))
    assert found["ia"].tolist() == [1, 4]
    assert (found["ab"], found["bo"]) == (5, 2)


def test_random_delays_are_drawn_per_synapse_and_the_same_from_the_same_seed() -> None:
    wiring = wire(mlp())
    found = RandomDelays(1, 3, seed=4).of(wiring)
    assert {n: len(d) for n, d in found.items()} == {n: len(link.source) for n, link in wiring.links.items()}
    assert set(np.concatenate(list(found.values()))) == {1, 2, 3}
    again, other = RandomDelays(1, 3, seed=4).of(wiring), RandomDelays(1, 3, seed=5).of(wiring)
    assert all(np.array_equal(found[n], again[n]) for n in found)
    assert not all(np.array_equal(found[n], other[n]) for n in found)


def test_delays_of_a_layout_are_its_hops() -> None:
    rng = np.random.default_rng(0)
    n = 3000  # several cores, so that messages travel
    graph = EventGraph(
        [Input(name="in", shape=(64,), coding=T), spiking("a", -3, 3, n), readout("out", 4)],
        [
            dense("ia", "in", "a", rng.integers(-1, 2, (n, 64))),
            dense("ao", "a", "out", rng.integers(-1, 2, (4, n))),
        ],
    )
    mapping = map_graph(graph, load_profile("loihi"))
    found = delays_of(MappedDelays(mapping), wire(graph))
    for name, steps in found.items():
        q = mapping.projections[name]
        hops = (q["hops_x_per_line_value"] + q["hops_y_per_line_value"]) / q["messages_per_line_value"]
        assert steps == int(np.ceil(hops - 1e-9))
    assert max(found.values()) > 0
    twice = delays_of(MappedDelays(mapping, steps_per_hop=2), wire(graph))
    assert all(found[n] <= twice[n] <= 2 * found[n] for n in found)
    with pytest.raises(InputError, match="another graph"):
        delays_of(MappedDelays(mapping), wire(chain(0, 0, 0)))
    with pytest.raises(InputError, match="tells no hops of projection"):
        delays_of(MappedDelays(map_graph(graph, load_profile("crossbar"))), wire(graph))
    with pytest.raises(InputError, match="steps_per_hop is nan"):
        delays_of(MappedDelays(mapping, float("nan")), wire(graph))


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (FixedDelays({"nope": 1}), "no projection 'nope'"),
        (FixedDelays({"ia": -1}), "allowed are 0..65536"),
        (FixedDelays({"ia": 10**6}), "allowed are 0..65536"),
        (FixedDelays({"ia": 0.5}), "float64"),
        (FixedDelays({"ia": [1, 2, 3]}), r"int64 \(3,\)"),
        (RandomDelays(3, 1, 0), "low <= high"),
        (RandomDelays(0.5, 3, 0), r"0\.5\.\.3 with seed 0 is given, allowed are integers"),
        (RandomDelays(0, "a", 0), "'a' with seed 0"),
        (RandomDelays(0, 2**70, 0), "high <= 65536"),
        (RandomDelays(0, 3, None), "seed None"),
        (RandomDelays(0, 3, -1), "seed -1"),
        (MappedDelays(None), "mapping is None, allowed is what map_graph made"),
        ("slow", "delays is 'slow', allowed is a delay model or None"),
    ],
)
def test_bad_delays_are_named(model: DelayModel, match: str) -> None:
    with pytest.raises(InputError, match=match):
        delays_of(model, wire(chain(0, 0, 0)))


def test_anything_with_the_method_is_a_model() -> None:
    class Mine:
        def of(self, wiring):
            return {"ia": 1, "ab": 1}

    assert isinstance(Mine(), DelayModel)
    with pytest.raises(InputError, match="projection 'bo'"):
        delays_of(Mine(), wire(chain(0, 0, 0)))
