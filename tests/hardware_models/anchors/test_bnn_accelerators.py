"""Published efficiencies of binary and ternary accelerators, recomputed from the cards; V11."""

import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_snn.graph import Coding

from ..digital.nets import network, uniform

BINARY = Coding.pm1(1)


@pytest.mark.parametrize(
    ("card", "word", "tera_per_watt", "femtojoule"),
    [
        ("chewbaccann_iscas_2021", "binary", 223, 4.48),
        ("xne_tcad_2018", "binary", 46.3, 21.6),
        ("xnorbin_coolchips_2018", "binary", 95, 10.5),
        ("braintta_arxiv_2022", "binary", 28.6, 35),
        ("braintta_arxiv_2022", "ternary", 14.9, 67),
        ("braintta_arxiv_2022", "int8", 2.47, 405),
        ("bankman_jssc_2019", "binary", 532, 1.9),
    ],
)
def test_energy_per_operation_and_efficiency_agree(
    card: str, word: str, tera_per_watt: float, femtojoule: float
) -> None:
    energy = load_profile(card).energy[f"operation_{word}"].value
    assert energy == pytest.approx(femtojoule * 1e-15, rel=0.012)
    assert 1 / energy == pytest.approx(tera_per_watt * 1e12, rel=0.01)


def test_power_over_throughput_of_chewbaccann_is_within_its_band() -> None:
    """1.1 mW at 241 GOPS, by the bill of a binary net: energy / latency."""
    profile = load_profile("chewbaccann")
    graph = network([("5valid", (32, 8, 8)), ("dense", (10,))], (16, 12, 12), BINARY, BINARY)
    bill = price(uniform(graph), profile, map_graph(graph, profile))
    assert bill.total is not None
    assert bill.latency is not None
    assert bill.total.energy_j / bill.latency.time_s == pytest.approx(1.1e-3, rel=0.02)
    assert bill.total.high_j / bill.latency.time_s == pytest.approx(1.1e-3, rel=0.005)


def test_ternary_costs_nearly_twice_binary_on_braintta() -> None:
    energy = load_profile("braintta").energy
    assert energy["operation_ternary"].value / energy["operation_binary"].value == pytest.approx(1.9, abs=0.03)


def test_v11_the_mixed_signal_chip() -> None:
    """0.9 mW at 237 frames/s are 3.80 uJ a frame; about 2 GOp at the card's energy per operation are the same."""
    published = 0.9e-3 / 237
    assert published == pytest.approx(3.8e-6, rel=0.002)
    assert 2e9 * load_profile("bankman").energy["operation_binary"].value == pytest.approx(published, rel=0.25)
    layer = 256 * 256 * 4
    assert (8 * layer + 5.5 * 8 * 1024) / 8 / 1024 == pytest.approx(
        261.5, abs=0.1
    )  # weights of 8 layers and the last
    graph = network([("2valid", (256, 3, 3))] * 1 + [("dense", (10,))], (256, 4, 4), BINARY, BINARY)
    profile = load_profile("bankman")
    bill = price(uniform(graph), profile, map_graph(graph, profile))
    assert bill.weakest_grade == "M"
    assert "unverified (grade M): operation_binary of card 'bankman_jssc_2019'" in bill.warnings
    assert bill.terms["binary operations"].count == 2 * (9 * layer + 2304 * 10)
