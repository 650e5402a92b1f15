"""Speck: the worked example and the formula of its documentation, recomputed from the card."""

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.neuromorphic.layers.layer import find_layers
from gxnor_hardware.neuromorphic.layers.memory import kernel_words, neuron_words
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, Conv2d, EventGraph, Input

from ..conftest import TERNARY, readout


def convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> EventGraph:
    """3 x 3 kernels with padding 1 over binary events, unsigned at both ends: no channel is doubled."""
    edge = Conv2d(
        name="conv",
        source="in",
        target="out",
        coding=TERNARY,
        padding=(1, 1, 1, 1),
        stride=(stride, stride),
        weights=np.ones((outputs, inputs, 3, 3), int),
    )
    shape = edge.output_shape((inputs, size, size))
    out = readout("out", outputs)
    object.__setattr__(out, "shape", shape)
    return EventGraph([Input(name="in", shape=(inputs, size, size), coding=Coding.bits(1)), out], [edge])


def test_the_worked_example_of_the_overview() -> None:
    """sinabs docs/speck/overview.md: 16 -> 32 channels, 3 x 3, 64 x 64: 8 Ki kernel words, 128 Ki neurons, refused."""
    profile = load_profile("speck")
    (layer,) = find_layers(convolution(16, 32, 64), profile)
    assert kernel_words(layer) == 8 * 1024
    assert neuron_words(layer, profile) == 128 * 1024
    with pytest.raises(PricingError, match="needs neuron_words of 131072, the largest core has 65536"):
        map_graph(convolution(16, 32, 64), profile)
    assert map_graph(convolution(16, 32, 32), profile).resources["cores"] == 1


@pytest.mark.parametrize("stride", [1, 2])
def test_operations_per_spike(stride: int) -> None:
    """sinabs docs/speck/faqs/tips_for_training.md: Cout kx ky / (sx sy)."""
    (layer,) = find_layers(convolution(2, 8, 16, stride), load_profile("speck"))
    assert layer.synops_per_event == 8 * 3 * 3 / stride**2
    assert layer.out_channels == 8


def test_memory_of_the_chip() -> None:
    """sinabs 3.1.0, get_constraints: 272 Ki kernel words, 320 Ki neurons, the 0.32 M neurons of the overview."""
    profile = load_profile("speck")
    kernels, neurons = (
        [profile.number(f"{memory}_words_{core}") for core in range(profile.number("cores"))]
        for memory in ("kernel", "neuron")
    )
    assert sum(kernels) == 272 * 1024
    assert sum(neurons) == pytest.approx(0.32e6, rel=0.03)


def test_resting_power_is_on_the_card_and_power_in_use_is_not() -> None:
    """Yao et al. 2024, abstract: 0.42 mW at rest; 0.70 mW is a total of one application."""
    profile = load_profile("speck")
    assert profile.power["static"].value == 0.42e-3
    assert not profile.energy
