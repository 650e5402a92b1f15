"""NeuRRAM (Wan et al., Nature 2022): efficiency and throughput against input and output bits."""

import pytest

from gxnor_hardware import load_profile
from gxnor_snn.graph import Coding

from .full_arrays import full_array

NEURRAM = load_profile("neurram_nature_2022")
POINTS = {  # input bits: (output bits, TOPS of 48 cores, TOPS/W)
    1: (3, 2.1223, 43.0788), 2: (4, 1.7931, 40.3341), 3: (5, 1.1654, 23.0907), 4: (6, 0.74387, 15.9541),
    5: (7, 0.52541, 11.0317), 6: (8, 0.41772, 8.2572), 7: (9, 0.34387, 7.7500), 8: (10, 0.26387, 6.4374),
}  # fmt: skip


def coding(bits: int) -> Coding:
    """Inputs of that many bits: a sign and bits - 1 planes; one bit is two-valued."""
    planes = max(bits - 1, 1)
    return Coding.bits(1) if bits == 1 else Coding.signmag(planes, 1 - (1 << planes), (1 << planes) - 1)


@pytest.mark.parametrize("bits", POINTS)
def test_energy_and_time_of_a_full_core(bits: int) -> None:
    output_bits, tera, per_watt = POINTS[bits]
    bill = full_array(NEURRAM, 128, 256, coding(bits), Coding.ternary())
    assert bill.energy_j is not None
    assert bill.latency is not None
    ops = 2 * 128 * 256
    # the sum of three digitised curves against the curve of their total: 11 % apart at 6 bits in the source
    assert ops / bill.energy_j / 1e12 == pytest.approx(per_watt, rel=0.12 if bits == 6 else 0.02)
    assert 48 * ops / bill.latency.time_s / 1e12 == pytest.approx(tera, rel=1e-3)
    assert set(bill.terms) == {"word line switching", "neurons and converters", "input pulses"}
    assert any(f"{output_bits}-bit conversion clips" in w for w in bill.warnings)


def test_a_ternary_input_is_two_bits_and_a_byte_two_reads() -> None:
    ternary = full_array(NEURRAM, 128, 256, Coding.ternary(), Coding.ternary())
    assert ternary.terms["neurons and converters"].energy_j == pytest.approx(2 * 128 * 256 * 12.38674172e-15)
    byte = full_array(NEURRAM, 128, 256, Coding.bits(8), Coding.ternary())
    assert byte.terms["neurons and converters"].energy_j == pytest.approx(2 * 2 * 128 * 256 * 44.21188287e-15)


def test_area_and_pulses_of_a_core() -> None:
    bill = full_array(NEURRAM, 128, 256, Coding.ternary(), Coding.ternary())
    assert bill.area is not None
    assert bill.programming is not None
    assert bill.area.area_m2 == pytest.approx(1.161e-6, rel=1e-3)
    assert (bill.programming.cells, bill.programming.pulses) == (65536, 65536 * 8.5)
    assert bill.programming.energy_j is None
    assert any("grade M" in w and "pulses_per_cell" in w for w in bill.warnings)
