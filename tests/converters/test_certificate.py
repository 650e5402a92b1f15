"""The certificate must be able to fail: every kind of lie in an engine is found."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gxnor_converters import Certificate, certify, from_torch, verify
from gxnor_sims import simulate
from gxnor_snn.errors import ConversionError, InputError
from gxnor_snn.graph import EventGraph
from gxnor_snn.layers import DiscreteActivation, DiscreteLinear
from gxnor_snn.models import lenet
from gxnor_snn.results import EventTrace

from .nets import randomise_batch_norms


@pytest.fixture(scope="module")
def case() -> tuple[torch.nn.Module, EventGraph, np.ndarray]:
    model = lenet((1, 12, 12), channels=(3, 5), hidden=9, kernel=3, classes=4)
    randomise_batch_norms(model, 4)
    x = np.random.default_rng(0).integers(0, 256, (20, 1, 12, 12)).astype(np.uint8)
    return model, from_torch(model, (1, 12, 12)), x


def honest(graph: EventGraph, x: np.ndarray) -> EventTrace:
    return simulate(graph, x, engine="reference", record="all")


def test_an_honest_engine_passes(case) -> None:
    model, graph, x = case
    certificate = verify(model, graph, x, honest, batch=7)
    assert certificate.equal
    assert certificate.n_samples == 20
    assert certificate.graph_digest == graph.digest
    assert certificate.compared["readouts"] == 2 * 20 * 4
    assert certificate.compared["predictions"] == 20
    products = {"conv1": 3 * 100, "conv2": 5 * 9, "fc1": 9, "fc2": 4}
    held = {"act1.pre": 3 * 100, "act1": 3 * 25, "act2.pre": 5 * 9, "act2": 5, "act3": 9}  # by this engine
    assert certificate.compared["sums"] == 20 * (sum(products.values()) + sum(held.values()))
    assert certificate.to_dict()["equal"] is True


def _lie(kind: str):
    def run(graph: EventGraph, x: np.ndarray) -> EventTrace:
        trace = honest(graph, x)
        if kind == "spikes":
            spikes = {n: s.copy() for n, s in trace.spikes.items()}
            flat = spikes["act2"].reshape(len(x), -1)
            flat[3, 0] = -flat[3, 0] if flat[3, 0] else 1
            return replace(trace, spikes=spikes)
        if kind == "readouts":
            sums = trace.readouts["readout"].copy()
            sums[5, 1] += 1
            return replace(trace, readouts={"readout": sums})
        counts = trace.counts
        fc1 = counts.projections["fc1"]
        n_gated = fc1.n_gated.copy()
        n_gated[2] += 1
        n_gated[4] -= 1
        changed = {**counts.projections, "fc1": replace(fc1, n_gated=n_gated)}
        return replace(trace, counts=replace(counts, projections=changed))

    return run


@pytest.mark.parametrize(("kind", "samples"), [("spikes", 1), ("readouts", 1), ("counts", 2)])
def test_a_lie_is_found_and_counted_in_samples(case, kind: str, samples: int) -> None:
    model, graph, x = case
    certificate = verify(model, graph, x, _lie(kind))
    assert not certificate.equal
    assert certificate.differing[kind] == samples == certificate.samples_differing


def test_another_network_is_not_certified(case) -> None:
    _model, graph, x = case
    other = lenet((1, 12, 12), channels=(3, 5), hidden=9, kernel=3, classes=4, seed=9)
    randomise_batch_norms(other, 4)
    certificate = verify(other, graph, x, honest)
    assert certificate.differing["sums"] == certificate.samples_differing == 20


def test_what_cannot_be_compared_is_refused(case) -> None:
    model, graph, x = case
    with pytest.raises(InputError, match="needs samples"):
        verify(model, graph, x[:0], honest)
    with pytest.raises(InputError, match="x is a list, allowed is a numpy array"):
        verify(model, graph, x.tolist(), honest)
    with pytest.raises(InputError, match="did not record population 'input'"):
        verify(model, graph, x, lambda g, x: simulate(g, x, engine="reference"))
    deeper = torch.nn.Sequential(model)
    with pytest.raises(ConversionError, match="has no counterpart"):
        verify(deeper, graph, x, honest)


def test_full_counts_are_compared_where_they_are_basic(case) -> None:
    model, graph, x = case
    full = verify(model, graph, x, lambda g, x: simulate(g, x, engine="reference", record="all", counts="full"))
    assert full.equal
    assert full.compared == verify(model, graph, x, honest).compared


def test_a_run_without_counts_is_refused(case) -> None:
    model, graph, x = case
    with pytest.raises(InputError, match="counts='basic'"):
        verify(model, graph, x, lambda g, x: simulate(g, x, engine="reference", record="all", counts="none"))

    def some(graph: EventGraph, x: np.ndarray) -> EventTrace:
        trace = honest(graph, x)
        kept = {n: c for n, c in trace.counts.projections.items() if n != "fc1"}
        return replace(trace, counts=replace(trace.counts, projections=kept))

    with pytest.raises(InputError, match="no counts of 'fc1'"):
        verify(model, graph, x, some)


def test_a_model_that_runs_a_module_twice_is_refused(case) -> None:
    model, graph, x = case
    twice = torch.nn.Sequential()
    for name, module in model.named_children():
        twice.add_module(name, module)
        if name == "act1":
            twice.add_module("again", module)
    with pytest.raises(ConversionError, match="module 'act1' runs twice"):
        verify(twice, graph, x, honest)


def test_a_model_that_lacks_a_product_is_refused(case) -> None:
    _model, graph, x = case
    with pytest.raises(ConversionError, match="'conv1' has no counterpart in the model"):
        verify(torch.nn.Flatten(), graph, x, honest)


def test_a_certificate_is_plain_data() -> None:
    certificate = Certificate(1, "e", "d", {"sums": 1}, {"sums": 0}, 0, 0.5)
    assert certificate.to_dict()["compared"] == {"sums": 1}


def test_a_certificate_travels_with_its_graph_and_no_other(case) -> None:
    model, graph, x = case
    certificate = verify(model, graph, x, honest)
    certified = certify(graph, certificate, data="noise")
    held = certified.metadata["certificate"]
    assert held["data"] == "noise"
    assert held["equal"] is True
    assert held["provenance"]["torch"]
    assert certified.digest == graph.digest
    assert "0 of 20 samples differ" in certified.summary().proof
    with pytest.raises(ConversionError, match="verify this one"):
        certify(graph.subgraph(["act1"]), certificate)


def test_digests_tell_models_and_samples_apart(case) -> None:
    model, graph, x = case
    first, again = verify(model, graph, x, honest), verify(model, graph, x, honest, batch=3)
    assert (first.model_digest, first.samples_digest) == (again.model_digest, again.samples_digest)
    assert verify(model, graph, x[:-1], honest).samples_digest != first.samples_digest
    other = lenet((1, 12, 12), channels=(3, 5), hidden=9, kernel=3, classes=4, seed=9)
    randomise_batch_norms(other, 4)
    assert verify(other, graph, x, honest).model_digest != first.model_digest


class Heads(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.act = DiscreteLinear(6, 5), DiscreteActivation()
        self.one, self.two = DiscreteLinear(5, 3), DiscreteLinear(5, 2)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        h = self.act(self.body(x))
        return {"one": self.one(h), "two": self.two(h)}


def test_a_lie_in_one_of_several_readouts_is_found() -> None:
    model = Heads()
    graph = from_torch(model, (6,), ("zn", 1))
    x = np.random.default_rng(0).integers(-1, 2, (9, 6))
    assert verify(model, graph, x, honest).compared["predictions"] == 18

    def lie(graph: EventGraph, x: np.ndarray) -> EventTrace:
        trace = honest(graph, x)
        sums = trace.readouts["readout.two"].copy()
        sums[4] += 1
        return replace(trace, readouts={**trace.readouts, "readout.two": sums})

    certificate = verify(model, graph, x, lie)
    assert certificate.differing["readouts"] == certificate.differing["logits"] == 1


def test_a_graph_of_other_outputs_is_refused(case) -> None:
    model = Heads()
    graph = from_torch(model, (6,), ("zn", 1))
    x = np.random.default_rng(0).integers(-1, 2, (9, 6))
    model.forward = lambda x: {"one": Heads.forward(model, x)["one"]}
    with pytest.raises(ConversionError, match=r"readout 'readout.two' has no counterpart"):
        verify(model, graph, x, honest)


def test_a_module_may_be_named_as_a_part_is() -> None:
    generator = torch.Generator().manual_seed(0)
    model = torch.nn.Sequential()
    for name in ("part0", "part1"):
        model.add_module(name, torch.nn.Sequential())
        model.get_submodule(name).add_module("part0", DiscreteLinear(4, 4, generator=generator))
        model.get_submodule(name).add_module("act", DiscreteActivation())
    model.add_module("last", DiscreteLinear(4, 2, generator=generator))
    x = np.random.default_rng(0).integers(-1, 2, (9, 4))
    certificate = verify(model, from_torch(model, (4,), ("zn", 1)), x, honest)
    assert certificate.equal
    assert certificate.compared["sums"] >= 9 * (4 + 4 + 2)
