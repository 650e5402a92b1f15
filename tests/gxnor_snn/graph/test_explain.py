"""Explanations add up: contributions to sums, gates to counts, for every form of graph."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_snn.errors import EngineError, InputError
from gxnor_snn.graph import EventGraph, execute, explain
from tests.conformance.graphs import event_graphs, random_inputs

from .small import small_graph, small_input


@settings(max_examples=60, deadline=None)
@given(event_graphs(), st.integers(0, 999))
def test_contributions_are_the_sums_and_gates_the_counts(graph: EventGraph, seed: int) -> None:
    x = random_inputs(graph, 1, seed)
    trace = execute(graph, x, record="all")
    assert trace.counts is not None
    assert trace.sums is not None
    for name, population in graph.populations.items():
        if not population.has_inputs:
            continue
        found = [explain(graph, x, name, n, lambda *_: trace) for n in range(population.size)]
        sums = trace.sums[name] if population.has_outputs else trace.readouts[name]
        assert [int(f.contributions.sum()) for f in found] == sums.reshape(-1).tolist()
        assert [f.total for f in found] == sums.reshape(-1).tolist()
        if population.has_outputs:
            assert [f.level for f in found] == trace.spikes[name].reshape(-1).tolist()
        else:
            scale, offset = trace.affine[name]
            shape = (-1,) + (1,) * (len(population.shape) - 1)
            logits = sums[0] * scale.reshape(shape) + offset.reshape(shape)
            assert [f.logit for f in found] == logits.reshape(-1).tolist()
        for edge in graph.incoming(name):
            counts = trace.counts.projections[edge.name]
            flows = [flow for f in found for flow in f.inflows if flow.projection == edge.name]
            if not edge.weighted:
                assert sum(f.n_open for f in flows) == counts.n_moved[0]
                continue
            assert sum(f.n_open for f in flows) == counts.n_gated[0]
            assert sum(int(f.planes.sum()) for f in flows) == counts.n_xnor[0]
            assert sum(len(f.sources) for f in flows) == counts.n_dense[0]
            assert sum(np.count_nonzero(f.levels) for f in flows) == counts.n_x[0]
            assert sum(np.count_nonzero(f.weights) for f in flows) == counts.n_w[0]
            assert all(np.array_equal(f.contributions, f.gain * f.weights * f.levels) for f in flows)
            assert all(not f.planes[f.rests].any() and f.planes[~f.rests].all() for f in flows)


@settings(max_examples=20, deadline=None)
@given(event_graphs(), st.integers(0, 999), st.data())
def test_by_itself_it_runs_the_reference_and_text_shows_open_gates_only(
    graph: EventGraph, seed: int, data: st.DataObject
) -> None:
    x = {name: a[0] for name, a in random_inputs(graph, 1, seed).items()}
    name = data.draw(st.sampled_from([n for n, p in graph.populations.items() if p.has_inputs]))
    place = tuple(data.draw(st.integers(0, n - 1)) for n in graph.populations[name].shape)
    found = explain(graph, x, name, place)
    assert found.index == np.ravel_multi_index(place, graph.populations[name].shape)
    assert found.total == explain(graph, x, name, found.index).total
    rows = found.rows(None)
    assert len(rows) == np.count_nonzero(~found.rests) == found.n_gated + found.n_moved
    assert sum(int(row[5].replace(",", "")) for row in rows) == found.total
    assert len(found.projections) == len(found.populations) == len(found.sources) == len(found.rests)
    assert found.neuron in str(found)
    assert str(found).count("\n") <= 4 + 1 + 24 + 1


def test_what_is_printed() -> None:
    graph, x = small_graph(), small_input()[0]
    deep = explain(graph, x, "deep", 2)
    trace = execute(graph, x[None], record="all")
    assert deep.level == trace.spikes["deep"][0, 2]
    assert deep.thresholds == tuple(graph.populations["deep"].thresholds[2])
    assert deep.increasing is False
    text = str(deep)
    assert text.startswith(f"deep[2]\nsum {deep.total} = ")
    assert f"(sum <= {deep.thresholds[0]}" in text
    assert f"level {deep.level}" in text
    out = explain(graph, x, "out", 1)
    assert f"logit {trace.logits[0, 1]:.6g}" in str(out)
    assert "values moved" in str(out)
    assert "<table>" in out._repr_html_()
    assert "out[1]" in out._repr_html_()
    relay = explain(graph, x, "relay", (0, 1, 2))
    assert (relay.n_gated, relay.n_xnor) == (0, 0)
    assert relay.n_moved == np.count_nonzero(trace.spikes["spk"][0, 0, 2:4, 4:6])
    assert f"sent on as {relay.level}" in str(relay)
    many = explain(graph, np.full((2, 6, 6), 255), "spk", (0, 3, 3))
    assert many.n_xnor == 8 * many.n_gated
    assert many.to_dict()["inflows"][0]["contributions"] == many.contributions.tolist()


@pytest.mark.parametrize(
    ("population", "neuron", "match"),
    [
        ("input", 0, "'input' is an input.*allowed are spk, relay"),
        ("nope", 0, "'nope' is not in the graph"),
        (
            "spk",
            108,
            r"neuron 108 of population 'spk'; allowed are 0..107, or an index into its shape \(3, 6, 6\)",
        ),
        ("spk", -1, "neuron -1"),
        ("spk", (0, 6, 0), r"neuron \(0, 6, 0\)"),
        ("spk", (0, 0), r"neuron \(0, 0\)"),
        ("deep", 1.5, "neuron 1.5"),
        ("spk", (0, 0, 1.5), "neuron"),
        ("deep", "a", "neuron 'a'"),
        ("deep", None, "neuron None"),
    ],
)
def test_neurons_that_are_not_there_are_named(population: str, neuron: object, match: str) -> None:
    with pytest.raises(InputError, match=match):
        explain(small_graph(), small_input()[0], population, neuron)  # type: ignore[arg-type]


def test_one_sample_is_explained() -> None:
    with pytest.raises(InputError, match="5 samples were given, allowed is one"):
        explain(small_graph(), small_input(5), "out", 0)
    with pytest.raises(InputError, match="dtype is float64"):
        explain(small_graph(), small_input()[0].astype(float), "out", 0)
    with pytest.raises(InputError, match="the graph takes"):
        explain(small_graph(), {"other": small_input()[0]}, "out", 0)


def test_an_engine_that_says_something_else_is_caught() -> None:
    def wrong(graph: EventGraph, x: object, record: object) -> object:
        trace = execute(graph, x, record="all")
        return replace(trace, engine="odd", readouts={n: a + 1 for n, a in trace.readouts.items()})

    with pytest.raises(EngineError, match=r"has the sum -?[0-9]+; engine 'odd' says"):
        explain(small_graph(), small_input()[0], "out", 0, wrong)  # type: ignore[arg-type]
