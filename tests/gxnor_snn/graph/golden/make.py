"""Write the golden files of the current schema version: ``python -m tests.gxnor_snn.graph.golden.make``.

Run it once, when a schema version is new; files of older versions are never written again.
"""

from pathlib import Path

import numpy as np

from gxnor_converters import from_torch
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.graph.migrations import CURRENT
from tests.converters.random_nets import random_module, random_samples
from tests.gxnor_snn.graph.small import small_graph, small_input

FOLDER = Path(__file__).parent
SEEDS = (3, 5, 49)  # converted networks with residuals, concatenations, several readouts and codings


def graphs() -> dict[str, tuple[EventGraph, np.ndarray]]:
    """Graphs of every form by name, each with a few samples."""
    found = {"small": (small_graph(note={"text": "of version 1"}), small_input())}
    for seed in SEEDS:
        model, shape, given, _ = random_module(seed)
        found[f"net{seed}"] = from_torch(model, shape, given), random_samples(seed, 4, shape, given)
    return found


def main() -> None:
    """Write a graph and an npz of samples, readouts and levels for each."""
    for name, (graph, x) in graphs().items():
        stem = FOLDER / f"v{CURRENT}_{name}"
        graph.save(stem.with_suffix(".safetensors"))
        trace = execute(graph, x, record="all")
        arrays = {f"readout/{n}": a for n, a in trace.readouts.items()}
        arrays |= {f"spikes/{n}": a for n, a in trace.spikes.items()}
        np.savez_compressed(stem.with_suffix(".npz"), x=x, digest=np.array(graph.digest), **arrays)


if __name__ == "__main__":
    main()
