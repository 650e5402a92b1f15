"""The cost model: it covers all samples, prefers what is cheaper, and never changes a result."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_sims.native import NativeEngine
from gxnor_sims.native.choice import Costs, Share, choose
from gxnor_snn.graph import execute
from tests.conformance.compare import assert_same

from .nets import deep, dense, ternary

COSTS = Costs({2: 80.0, 4: 100.0, 8: 150.0}, 1.0)


@given(
    samples=st.integers(0, 5000),
    threads=st.integers(1, 40),
    form=st.sampled_from(["auto", "samples", "neurons"]),
    lanes=st.none() | st.integers(1, 2000),
    sample=st.floats(0.01, 100.0),
)
def test_every_sample_is_in_one_share(
    samples: int, threads: int, form: str, lanes: int | None, sample: float
) -> None:
    shares = choose(Costs(COSTS.block, sample), samples, threads, form, lanes)
    assert sum(share.samples for share in shares) == samples
    for share in shares:
        assert share.samples > 0
        assert 1 <= share.lanes <= (lanes or 512)
        assert form in ("auto", share.form)
        if share.form == "samples":
            assert share.lanes <= 64 * share.words


def test_one_sample_goes_alone_and_many_go_together() -> None:
    assert choose(COSTS, 1) == (Share("neurons", 0, 1, 1),)
    assert choose(COSTS, 5120) == (Share("samples", 8, 5120, 512),)


@pytest.mark.parametrize("tail", [1, 65, 128])
def test_a_tail_costs_about_its_share(tail: int) -> None:
    whole, both = (sum(COSTS.of(s, 1) for s in choose(COSTS, samples)) for samples in (1024, 1024 + tail))
    assert both - whole <= max(tail, 80.0)


def test_threads_get_blocks_of_one_size() -> None:
    assert choose(Costs(COSTS.block, 1e9), 600, threads=2) == (Share("samples", 8, 600, 300),)
    assert choose(Costs(COSTS.block, 1e9), 200, threads=2) == (Share("samples", 2, 200, 100),)


def test_sparse_activations_go_one_by_one() -> None:
    """The same net and number of samples: what is seen of the input decides."""
    rng = np.random.default_rng(0)
    graph = dense(ternary(rng, 2048, 2048))
    plan = NativeEngine().plan(graph)
    isa = NativeEngine().isa
    forms = {known: plan.shares(512, isa=isa, known={"in": known})[0].form for known in (0.0, 1.0)}
    assert forms == {0.0: "neurons", 1.0: "samples"}


@pytest.mark.parametrize("density", [0.0, 0.01, 1.0])
def test_results_do_not_depend_on_the_choice(density: float) -> None:
    rng = np.random.default_rng(1)
    graph, x = deep(), ternary(rng, 200, 90)
    x[rng.random(x.shape) > density] = 0
    assert_same(execute(graph, x), NativeEngine().run(graph, x))
