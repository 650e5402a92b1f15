"""Tianjic: a peak aggregate, from which only consistency follows."""

import pytest

from gxnor_hardware import load_profile
from gxnor_hardware.neuromorphic.fixed import power_w

CARD = load_profile("tianjic_nature_2019")


def test_the_constant_is_the_published_peak() -> None:
    """649 GSyOPS/W (Pei et al. 2019): a watt pays for as many operations, and nothing is added to an aggregate."""
    constant = CARD.energy["synop"]
    assert (constant.scope, constant.grade) == ("aggregate", "C")
    assert power_w(CARD, {"synop": 649e9}).value == pytest.approx(1.0, rel=1e-3)
    everything = power_w(CARD, {"synop": 649e9, "hop": 1e9, "neuron_update": 1e9, "clock": 300e6})
    assert everything == power_w(CARD, {"synop": 649e9})


def test_a_round_is_16_8_us() -> None:
    """IEEE Circuits and Systems Magazine, Q2 2022: 5050 clock periods at 300 MHz."""
    assert CARD.time["step"].value == pytest.approx(5050 / 300e6, rel=1e-9)


def test_neurons_and_crossings_of_a_chip() -> None:
    """About 40 k neurons and 10 M synapses on a chip."""
    cores, neurons = CARD.number("cores_per_chip"), CARD.number("neurons_per_core")
    assert cores * neurons == pytest.approx(40e3, rel=0.01)
    assert cores * neurons * CARD.number("axons_per_core") == pytest.approx(10e6, rel=0.03)
