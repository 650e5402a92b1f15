"""A net trained on real data: torch on every test image against every form of the native engine."""

import numpy as np
import pytest
import torch

from gxnor_converters import from_torch, verify
from gxnor_snn.data import Dataset, load
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import EventTrace
from gxnor_snn.train import demo_setup, evaluate, fit

from .compare import assert_same
from .engines import NATIVE, counts_of


@pytest.fixture(scope="module")
def trained() -> tuple[torch.nn.Module, EventGraph, Dataset]:
    digits = load("digits")
    spec, recipe = demo_setup("digits")
    model = spec.build()
    fit(model, digits, recipe.replace(epochs=3))
    return model, from_torch(model, model.input_shape), digits


def test_the_net_has_learned(trained: tuple[torch.nn.Module, EventGraph, Dataset]) -> None:
    model, _, digits = trained
    assert evaluate(model, digits.x_test, digits.y_test) > 0.9


@pytest.mark.parametrize("engine", NATIVE)
def test_all_digits_are_the_same_in_torch_and_native(
    trained: tuple[torch.nn.Module, EventGraph, Dataset], engine: str
) -> None:
    model, graph, digits = trained

    def run(part: EventGraph, x: np.ndarray) -> EventTrace:
        return NATIVE[engine].run(part, x, record="all")

    certificate = verify(model, graph, digits.x_test, run)
    assert certificate.equal, certificate
    assert certificate.n_samples == len(digits.x_test)


@pytest.mark.parametrize("engine", [name for name in NATIVE if counts_of(name, full=True) == "full"])
def test_full_counts_of_all_digits(trained: tuple[torch.nn.Module, EventGraph, Dataset], engine: str) -> None:
    _, graph, digits = trained
    expected = execute(graph, digits.x_test, record="all", counts="full")
    assert_same(expected, NATIVE[engine].run(graph, digits.x_test, record="all", counts="full"))
