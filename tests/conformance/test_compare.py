"""What checks in number rest on: differences are found, and a seed is a graph."""

from dataclasses import replace

import numpy as np
import pytest

from gxnor_snn.graph import execute
from tests.gxnor_snn.graph.small import small_graph, small_input

from .compare import differences
from .graphs import random_graph


def test_differences_of_every_kind_are_found_sample_by_sample() -> None:
    graph = small_graph()
    trace = execute(graph, small_input(5), record="all", counts="full")
    compared, differing = differences(trace, trace)
    assert set(compared) == {"readouts", "levels", "counts"}
    assert min(compared.values()) > 0
    assert not +differing
    name = graph.readouts[0]
    wrong = {**trace.readouts, name: trace.readouts[name] + (np.arange(5) == 3)[:, None]}
    assert +differences(trace, replace(trace, readouts=wrong))[1] == {"readouts": 1}
    assert +differences(trace, replace(trace, counts=None))[1] == {"counts": 5}
    basic = execute(graph, small_input(5), record="all")
    assert +differences(basic, trace)[1] == {"counts": 5}
    short = {key: levels.astype(np.int8) for key, levels in trace.spikes.items()}
    assert +differences(trace, replace(trace, spikes=short))[1] == {"levels": 5}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_seed_is_a_graph(seed: int) -> None:
    assert random_graph(seed).digest == random_graph(seed).digest
    assert random_graph(seed).digest != random_graph(seed + 1).digest
