"""A trained net on all 10,000 test images of MNIST: torch, the reference and the native engine in all its forms.

python benchmarks/conformance_mnist.py    # part of `make conformance-long`; needs MNIST under GXNOR_DATA

First torch in eval mode is proven against the native engine by a certificate: sums, spikes, counts, logits,
predictions. Then every form of the native engine is compared with the reference, full counts included.
"""

import os
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from record import record  # noqa: E402

from gxnor_converters import from_torch, verify  # noqa: E402
from gxnor_sims import simulate  # noqa: E402
from gxnor_snn.data import load  # noqa: E402
from gxnor_snn.graph import execute  # noqa: E402
from gxnor_snn.train import demo_setup, evaluate, fit  # noqa: E402
from tests.conformance.compare import differences  # noqa: E402
from tests.conformance.engines import NATIVE, counts_of  # noqa: E402

EPOCHS, PIECE = 2, 500


def main() -> int:
    """Train, prove, compare, record; 1 if anything differs."""
    if not os.environ.get("GXNOR_DATA"):
        print("GXNOR_DATA is not set: MNIST is left out")
        return 0
    data = load("mnist")
    spec, recipe = demo_setup("mnist")
    model = spec.build()
    fit(model, data, recipe.replace(epochs=EPOCHS, seed=1, threads=1))
    graph = from_torch(model, model.input_shape)
    began = time.perf_counter()
    proof = verify(model, graph, data.x_test, lambda g, x: simulate(g, x, record="all"), batch=PIECE)
    print(proof, flush=True)
    compared: Counter[str] = Counter()
    differing: dict[str, Counter[str]] = {name: Counter() for name in NATIVE}
    for first in range(0, len(data.x_test), PIECE):
        x = data.x_test[first : first + PIECE]
        modes = {counts_of(name, full=True) for name in NATIVE}
        expected = {mode: execute(graph, x, record="all", counts=mode) for mode in modes}
        for name, engine in NATIVE.items():
            counts = counts_of(name, full=True)
            more, wrong = differences(expected[counts], engine.run(graph, x, record="all", counts=counts))
            compared += more
            differing[name] += wrong
    wrong_samples = proof.samples_differing + sum(sum(found.values()) for found in differing.values())
    figures = {
        "network": "lenet, gxnor",
        "epochs": EPOCHS,
        "test_accuracy": evaluate(model, data.x_test, data.y_test),
        "samples": len(data.x_test),
        "torch_against_native": {
            "samples_that_differ": proof.samples_differing,
            "numbers_compared": dict(proof.compared),
        },
        "native_against_reference": {
            "samples_that_differ": {name: dict(+found) for name, found in differing.items()},
            "numbers_compared": dict(compared),
        },
        "seconds_to_compare": round(time.perf_counter() - began, 1),
    }
    record("conformance_mnist", figures, dataset="mnist", seed=1, graph=graph.digest)
    return 1 if wrong_samples else 0


if __name__ == "__main__":
    sys.exit(main())
