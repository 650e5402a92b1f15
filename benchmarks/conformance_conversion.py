"""Random torch networks of every form against their event graphs, in number: `make conformance-long`.

Each seed makes one network (`tests/converters/random_nets.py`), converts it, and compares torch in eval mode, the
reference and the native engine on a few samples: sums, spikes, counts, readouts, logits. Every difference is
printed with its seed. What is done is kept in a file, so an interrupted run goes on where it stopped.
"""

import sys
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from campaign import Outcome, run  # noqa: E402

from gxnor_converters import from_torch  # noqa: E402
from gxnor_converters.comparison import Comparison  # noqa: E402
from gxnor_converters.recording import recording  # noqa: E402
from gxnor_sims import simulate  # noqa: E402
from tests.converters.net import traits  # noqa: E402
from tests.converters.random_nets import random_module, random_samples  # noqa: E402

SAMPLES = 5


def check(seed: int) -> Outcome:
    """One network on torch, the reference and the native engine."""
    torch.set_num_threads(1)
    model, shape, given, _ = random_module(seed)
    graph = from_torch(model, shape, given)
    x = random_samples(seed, SAMPLES, shape, given)
    comparison = Comparison(graph)
    with recording(model, graph) as recorder:
        outputs = recorder.run(x)
        comparison.add(x, recorder.seen, outputs, simulate(graph, x, record="all", threads=1))
    differing = {kind: int(np.sum(marks)) for kind, marks in comparison.marks().items()}
    return Outcome(comparison.compared, differing, frozenset(traits(model, given)))


if __name__ == "__main__":
    facts = {"engines": "torch eval, reference, native", "samples_each": SAMPLES}
    sys.exit(run(check, "conformance_conversion", "networks", 50_000, __doc__, **facts))
