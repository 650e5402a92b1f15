"""Random event graphs of every form on the reference and on the native engine, in number: `make conformance-long`.

Each seed makes one graph (`tests/conformance/graphs.py`) and a batch for it. The native engine runs it on every
instruction set, in both forms of lanes and as it chooses itself, threads and block size changing from seed to
seed. Readouts, levels of all populations and full counts (basic ones where output neurons are the lanes) must be
those of the reference, sample by sample. Every difference is printed with its seed. What is done is kept in a
file, so an interrupted run goes on where it stopped.
"""

import sys
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from campaign import Outcome, run  # noqa: E402

from gxnor_snn.graph import Coding, EventGraph, execute  # noqa: E402
from tests.conformance.compare import differences  # noqa: E402
from tests.conformance.engines import NATIVE, counts_of  # noqa: E402
from tests.conformance.graphs import random_graph, random_inputs  # noqa: E402

SIZES = (1, 2, 3, 5, 31, 63, 64, 65, 100, 127, 128, 129, 255, 256, 257, 511, 512, 513)
BLOCKS = (None, None, 1, 7, 64, 200)


def traits(graph: EventGraph, n: int) -> frozenset[str]:
    """What a graph has."""

    def coded(coding: Coding) -> str:
        return f"{coding.kind}({coding.n_planes})" + (" by table" if coding.table else "")

    found = {f"{n} samples", f"{len(graph.populations)} populations"}
    for name, population in graph.populations.items():
        kind = "sum relay" if population.role == "relay" and population.adds else population.role
        found |= {kind, f"levels {coded(graph.coding(name))}"} if population.has_outputs else {kind}
    for projection in graph.projections.values():
        found.add(projection.kind)
        if projection.weighted:
            found.add(f"weights {coded(projection.coding)}")
        found |= {"gain"} if projection.gain != 1 else set()
        found |= {"target channels"} if projection.target_channels else set()
    return frozenset(found)


def check(seed: int) -> Outcome:
    """One graph on every engine."""
    rng = np.random.default_rng((seed, 1))
    graph, n = random_graph(seed), int(rng.choice(SIZES))
    x = random_inputs(graph, n, seed)
    modes = {counts_of(name, full=True) for name in NATIVE}
    expected = {mode: execute(graph, x, record="all", counts=mode) for mode in modes}
    compared: Counter[str] = Counter()
    differing: Counter[str] = Counter()
    for name, engine in NATIVE.items():
        counts = counts_of(name, full=True)
        trace = engine.run(
            graph,
            x,
            record="all",
            counts=counts,
            threads=int(rng.integers(1, 4)),
            batch=BLOCKS[rng.integers(len(BLOCKS))],
        )
        more, wrong = differences(expected[counts], trace)
        compared += more
        differing += wrong
    return Outcome(compared, differing, traits(graph, n))


if __name__ == "__main__":
    facts = {"engines": ", ".join(["reference", *NATIVE])}
    sys.exit(run(check, "conformance_graphs", "graphs", 20_000, __doc__, **facts))
