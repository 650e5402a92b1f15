"""One layer that fills an array exactly, with every input at work: the operating point of published efficiencies."""

import numpy as np

from gxnor_hardware import map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, execute
from gxnor_snn.results import Bill

__all__ = ["full_array"]


def full_array(profile: Profile, inputs: int, outputs: int, source: Coding, weights: Coding) -> Bill:
    """The bill of `inputs` x `outputs` weights of the highest level, all inputs at theirs."""
    graph = EventGraph(
        [
            Input(name="x", shape=(inputs,), coding=source),
            Readout(name="out", shape=(outputs,), scale=np.ones(outputs), offset=np.zeros(outputs)),
        ],
        [
            Dense(
                name="p", source="x", target="out", coding=weights,
                weights=np.full((outputs, inputs), weights.hi, np.int16),
            )
        ],
    )  # fmt: skip
    counts = execute(graph, np.full((1, inputs), source.hi, np.int64), counts="full").counts
    assert counts is not None
    mapping = map_graph(graph, profile)
    assert mapping.resources["arrays"] == 1
    return price(counts, profile, mapping)
