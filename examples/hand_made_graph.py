"""An event graph made by hand: three ternary inputs, a median, and every gate accounted for.

Run with ``python examples/hand_made_graph.py``. A neuron that adds its inputs and compares the sum with +-1 gives
their sign by majority; the readout scales it. Both engines give the same integers and the same counts.
"""

import itertools

import numpy as np

from gxnor_sims import simulate
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, Spiking

TERNARY = Coding.ternary()


def majority() -> EventGraph:
    """Three inputs -> one ternary neuron that fires when the sum reaches +1 or falls to -1 -> one readout."""
    return EventGraph(
        [
            Input(name="votes", shape=(3,), coding=TERNARY),
            Spiking(
                name="majority",
                shape=(1,),
                coding=TERNARY,
                thresholds=np.array([[0, 1]]),  # level -1 below 0, level 0 at 0, level +1 from 1 on
                increasing=np.array([True]),
            ),
            Readout(name="result", shape=(1,), scale=np.array([100.0]), offset=np.array([0.0])),
        ],
        [
            Dense(name="add", source="votes", target="majority", weights=np.array([[1, 1, 1]]), coding=TERNARY),
            Dense(name="scale", source="majority", target="result", weights=np.array([[1]]), coding=TERNARY),
        ],
    )


def main() -> None:
    votes = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
    graph = majority()
    native = simulate(graph, votes, engine="native", record="all")
    reference = simulate(graph, votes, engine="reference", record="all")
    assert np.array_equal(native.logits, reference.logits)
    assert np.array_equal(native.logits[:, 0], 100.0 * np.sign(votes.sum(axis=1)))
    for row in (0, 13, 25):
        gates = native.counts.synapses["add"].n_gated[row]
        print(f"votes {votes[row]}: result {native.logits[row, 0]:+.0f}, {gates} of 3 gates open")
    print(f"resting probability over all {len(votes)} inputs: {native.counts.resting:.3f}")


if __name__ == "__main__":
    main()
