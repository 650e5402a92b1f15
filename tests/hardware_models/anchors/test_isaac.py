"""ISAAC (Shafiee et al., ISCA 2016, Table I): 330 mW a tile, 65.8 W a chip, 32.26 W of converters, 627.5 GOPS/W."""

import pytest

from gxnor_hardware import load_profile
from gxnor_hardware.crossbar.arrays.mapping import conversions
from gxnor_snn.graph import Coding

from .full_arrays import full_array

ISAAC = load_profile("isaac_isca_2016")
TILES, LINKS_W = 168, 10.4
PER_TILE = 96
TERNARY = Coding.ternary()


def tile_w() -> float:
    """Every row, column and cell of every array of a tile at work: 64 ternary weights are 128 columns."""
    bill = full_array(ISAAC, 128, 64, Coding.bits(1), TERNARY)
    assert bill.energy_j is not None
    assert bill.latency is not None
    return PER_TILE * bill.energy_j / bill.latency.time_s


def tops() -> float:
    """16-bit operations: 8 slices of 2 bits give 16 weights per row, 16 one-bit inputs take 16 reads."""
    chip = ISAAC.number("arrays_per_chip")
    return 2 * chip * 128 * 16 / (16 * ISAAC.time["read_cycle"].value)


def test_power_of_a_tile_and_of_the_chip() -> None:
    assert tile_w() == pytest.approx(0.32981, rel=1e-3)
    assert tile_w() == pytest.approx(0.330, rel=0.01)
    assert TILES * tile_w() + LINKS_W == pytest.approx(65.8, rel=0.01)


def test_operations_per_second_and_per_watt() -> None:
    assert tops() == pytest.approx(41.3e12, rel=0.01)
    assert tops() / (TILES * tile_w() + LINKS_W) == pytest.approx(627.5e9, rel=0.01)


def test_power_of_the_converters_by_the_conversion_law() -> None:
    """16 weights of 8 slices fill 128 columns; 16 reads of all: as many conversions as multiplications."""
    per_mac = conversions(16, 1, 16 * 8) / (128 * 16)
    assert per_mac == 1
    adc = ISAAC.energy["adc_conversion"].value
    assert 41.3e12 / 2 * per_mac * adc == pytest.approx(32.26, rel=0.01)
    assert tops() / 2 * per_mac * adc == pytest.approx(32.26, rel=0.01)


def test_share_of_the_converters_in_a_tile() -> None:
    terms = full_array(ISAAC, 128, 64, Coding.bits(1), TERNARY).terms
    assert PER_TILE * terms["adc"].energy_j / 100e-9 / tile_w() == pytest.approx(0.58, rel=0.03)
    assert PER_TILE * terms["row drivers"].energy_j / 100e-9 / tile_w() == pytest.approx(0.145, rel=0.03)
    assert PER_TILE * terms["array"].energy_j / 100e-9 / tile_w() == pytest.approx(0.087, rel=0.03)
