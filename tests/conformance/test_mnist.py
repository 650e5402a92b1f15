"""Real digits through whole networks: torch, reference and every dispatch level of the native engine."""

from pathlib import Path

import numpy as np
import pytest

from gxnor_converters import from_torch, verify
from gxnor_sims.native import NativeEngine, available_isas
from gxnor_snn.data import load
from gxnor_snn.graph import EventGraph
from gxnor_snn.models import lenet, mlp
from gxnor_snn.results import EventTrace
from tests.converters.nets import randomise_batch_norms

MODELS = {
    "ternary lenet": lambda: lenet(seed=1),
    "binary lenet": lambda: lenet(n1=0, n2=0, channels=(8, 16), hidden=64, seed=2),
    "several levels": lambda: lenet(n1=2, n2=3, r=0.25, tie="even", channels=(8, 16), hidden=64, seed=3),
    "mlp, ties fire": lambda: mlp((1, 28, 28), [100, 50], 10, r=1.0, tie="fire", seed=4),
}


@pytest.mark.data
@pytest.mark.parametrize("isa", available_isas())
@pytest.mark.parametrize("name", MODELS)
def test_random_batch_norms_on_mnist_leave_no_difference(data_root: Path, name: str, isa: str) -> None:
    model = MODELS[name]()
    randomise_batch_norms(model, seed=11)
    model.bn1.running_var *= 1000  # pixels are bytes: first sums are that much wider
    x = load("mnist", root=data_root).x_test
    x = x[np.random.default_rng(0).choice(len(x), 520, replace=False)]
    engine = NativeEngine(isa=isa)

    def run(graph: EventGraph, part: np.ndarray) -> EventTrace:
        return engine.run(graph, part, record="all", threads=2)

    certificate = verify(model, from_torch(model, model.input_shape), x, run, batch=520)
    assert certificate.equal, certificate
    assert certificate.n_samples == 520
