"""BrainScaleS-2: power that does not follow activity, and no time to charge it over."""

import pytest

from gxnor_hardware import load_profile
from gxnor_hardware.neuromorphic.fixed import power_w

CARD = load_profile("brainscales2_frontiers_2022")


def test_power_is_the_same_idle_and_active() -> None:
    """About 175 mW in all (Goeltz et al., Cramer et al., as cited by others)."""
    idle, active = power_w(CARD, {}), power_w(CARD, {"synop": 1e10, "neuron_update": 1e9})
    assert idle == active
    assert idle.value == pytest.approx(0.175)
    assert CARD.power["static"].grade == "C"


def test_the_array_has_the_published_crossings() -> None:
    """131 072 synapses of 6 bits; no time of an inference is published for networks at large."""
    assert CARD.number("axons_per_core") * CARD.number("neurons_per_core") == 131_072
    assert not CARD.time
    assert not CARD.frequency
