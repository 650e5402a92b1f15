"""Random graphs of wide layers, whose sums are cut into chunks, in every form against the reference walk."""

import numpy as np
import pytest

from gxnor_sims.native import NativeEngine, available_isas, plan_of
from gxnor_snn.graph import execute
from tests.conformance.compare import assert_same
from tests.conformance.graphs import random_inputs

from .wide import wide_graph

BATCHES = (1, 5, 63, 64, 65, 130, 513)


@pytest.mark.parametrize("seed", range(40))
def test_wide_graphs_run_alike_everywhere(seed: int) -> None:
    graph = wide_graph(seed)
    batch = BATCHES[seed % len(BATCHES)]
    counts = "full" if seed % 3 == 0 and batch < 100 else "basic"
    x = random_inputs(graph, batch, seed)
    expected = execute(graph, x, record="all", counts=counts)
    for isa in available_isas():
        found = NativeEngine(isa, "samples").run(graph, x, record="all", counts=counts, threads=1 + seed % 2)
        assert_same(found, expected)
        if counts == "basic" and batch < 100:
            assert_same(NativeEngine(isa, "neurons").run(graph, x, record="all", counts=counts), expected)


def test_most_of_these_graphs_are_cut() -> None:
    cut = [max(plan_of(wide_graph(seed)).program.chunks) > 1 for seed in range(40)]
    assert np.mean(cut) > 0.6
