"""XNOR-RRAM (Yin et al., arXiv 1909.07514): 24 TOPS/W and 158 GOPS at binary inputs and weights."""

import pytest

from gxnor_hardware import load_profile
from gxnor_snn.graph import Coding

from .full_arrays import full_array

PROFILE = load_profile("xnor_rram_ted_2020")


def test_efficiency_and_throughput_of_a_full_array() -> None:
    binary = Coding.pm1(1)
    bill = full_array(PROFILE, 64, 64, binary, binary)
    assert bill.energy_j is not None
    assert bill.latency is not None
    assert 2 * 64 * 64 / bill.energy_j == pytest.approx(24e12, rel=0.01)
    assert 2 * 64 * 64 / bill.latency.time_s == pytest.approx(158e9, rel=0.01)


def test_a_ternary_weight_takes_two_columns() -> None:
    binary = full_array(PROFILE, 64, 64, Coding.pm1(1), Coding.pm1(1))
    ternary = full_array(PROFILE, 64, 32, Coding.ternary(), Coding.ternary())
    assert ternary.energy_j == binary.energy_j
