"""HERMES: 10.5 TOPS/W for the core (JSSC 2022); 9.76 and 2.48 TOPS/W for the chip (Nature Electronics 2023)."""

from collections.abc import Callable

import pytest

from gxnor_hardware import load_profile
from gxnor_hardware.profile import Profile
from gxnor_snn.graph import Coding

from .full_arrays import full_array

BYTE = Coding.signmag(7, -127, 127)
OPS = 2 * 256 * 256


def test_efficiency_of_the_core() -> None:
    bill = full_array(load_profile("hermes_jssc_2022"), 256, 256, BYTE, Coding.ternary())
    assert bill.energy_j is not None
    assert OPS / bill.energy_j == pytest.approx(10.5e12, rel=0.005)
    assert bill.latency is None


@pytest.mark.parametrize(("mode", "per_watt", "tera"), [("one_phase", 9.76, 63.1), ("four_phase", 2.48, 16.1)])
def test_efficiency_and_throughput_of_the_chip(
    edited: Callable[..., Profile], mode: str, per_watt: float, tera: float
) -> None:
    profile = edited("hermes_natelectron_2023", {"design/read_mode/value": mode})
    bill = full_array(profile, 256, 256, BYTE, Coding.ternary())
    assert bill.energy_j is not None
    assert bill.latency is not None
    assert OPS / bill.energy_j / 1e12 == pytest.approx(per_watt, rel=0.005)
    assert 64 * OPS / bill.latency.time_s / 1e12 == pytest.approx(tera, rel=0.005)
    assert set(bill.terms) == {"operations"}
