"""Dense processors: arithmetic and memory worked out by hand, both columns, and no gain from zeros."""

from collections.abc import Callable
from typing import Any

import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.digital.arithmetic.memory import accesses
from gxnor_hardware.ledger import Amount
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, EventGraph, execute
from gxnor_snn.results import Bill, Counts

from .nets import MNIST, network, uniform

Edit = Callable[..., Profile]
FLOAT, INT8, BINARY = (f"horowitz_{kind}_isscc_2014" for kind in ("float32", "int8", "binary"))
KIB = 1024


def bill_of(graph: EventGraph, counts: Counts, profile: Profile) -> Bill:
    return price(counts, profile, map_graph(graph, profile))


def test_the_small_net_costs_what_was_worked_out_by_hand(dense_net: EventGraph) -> None:
    """2 -> 3 -> 1, ternary: 9 synapses, 3 neurons of two thresholds."""
    bill = bill_of(dense_net, uniform(dense_net), load_profile(FLOAT))
    energies = {name: term.energy_j * 1e12 for name, term in bill.terms.items()}
    assert energies == pytest.approx(
        {
            "multiplications": 9 * 3.7,
            "additions": 9 * 0.9,
            "other additions": 6 * 0.9,
            "weight reads": 9 / 2 * 10,  # half an access of the smallest memory per float32
            "input reads": 9 / 2 * 10,
            "sum accesses": 0.0,
            "output writes": 4 / 2 * 10,
        }
    )
    # ideal reuse reads six and three weights, two and three inputs; without a register each synapse takes two sums
    assert bill.terms["weight reads"].low_j == pytest.approx(9 / 2 * 10e-12)
    assert bill.terms["input reads"].low_j == pytest.approx(5 / 2 * 10e-12)
    assert bill.terms["sum accesses"].high_j == pytest.approx(2 * 9 / 2 * 10e-12)
    compute, memory = bill.subtotals["compute only"], bill.subtotals["memory"]
    assert compute.energy_j == pytest.approx(9 * 4.6e-12 + 6 * 0.9e-12)
    assert bill.energy_j == pytest.approx(compute.energy_j + memory.energy_j)
    assert bill.latency is None
    assert bill.to_dict()["subtotals"]["memory"]["energy_j"] == memory.energy_j


def test_the_binary_processor_takes_two_values_per_ternary_one(dense_net: EventGraph) -> None:
    terms = bill_of(dense_net, uniform(dense_net), load_profile(BINARY)).terms
    assert terms["xnor and count"].count == 4 * 9
    assert terms["xnor and count"].energy_j == pytest.approx(36 * 4e-15)
    assert terms["xnor and count"].grade == "D"
    assert terms["weight reads"].energy_j == pytest.approx(9 * 2 / 64 * 10e-12)
    assert terms["output writes"].energy_j == pytest.approx((3 * 2 + 32) / 64 * 10e-12)
    assert "multiplications" not in terms
    plain = network([("dense", (3,)), ("dense", (1,))], (2,), Coding.pm1(1), Coding.pm1(1))
    assert bill_of(plain, uniform(plain), load_profile(BINARY)).terms["xnor and count"].count == 9


def test_pixels_are_shifted_and_added_bit_by_bit() -> None:
    graph = network([("dense", (4,)), ("dense", (1,))], (6,), inputs=Coding.bits(8))
    resources = map_graph(graph, load_profile(BINARY)).resources
    assert resources["products"] == 8 * 2 * 24 + 4 * 4
    assert resources["other_additions"] == 7 * 4
    assert map_graph(graph, load_profile(INT8)).resources["products"] == 28


@pytest.mark.parametrize(
    ("size", "energy"),
    [
        (1, 10), (8 * KIB, 10), (20 * KIB, 15), (32 * KIB, 20), (528 * KIB, 60), (KIB * KIB, 100),
        (KIB * KIB + 1, 1950),
    ],
)  # fmt: skip
def test_an_access_costs_by_the_size_of_its_memory(size: int, energy: float) -> None:
    constants = load_profile(INT8).energy
    charges = accesses(Amount.exact(8.0), bits=8, stored=size)
    assert sum(a.value for _, a in charges) == pytest.approx(1)
    assert sum(a.value * constants[n].value for n, a in charges) == pytest.approx(energy * 1e-12)


def test_zeros_save_nothing(conv_net: EventGraph, pixels: Any) -> None:
    for card in (FLOAT, INT8, BINARY):
        profile = load_profile(card)
        counts = [execute(conv_net, x).counts for x in (pixels(2), pixels(2) * 0)]
        busy, silent = [bill_of(conv_net, c, profile) for c in counts if c is not None]
        assert busy.terms == silent.terms


def test_padding_is_in_the_high_end_only(conv_net: EventGraph, conv_counts: Counts) -> None:
    bill = bill_of(conv_net, conv_counts, load_profile(FLOAT))
    dense = sum(int(conv_net.fan_out(n).dense.sum()) for n in conv_counts.synapses)
    padded = sum(conv_net.fan_out(n).padded for n in conv_counts.synapses)
    term = bill.terms["multiplications"]
    assert (term.low_j, term.energy_j) == pytest.approx((dense * 3.7e-12, dense * 3.7e-12))
    assert term.high_j == pytest.approx(padded * 3.7e-12)
    assert bill.terms["other additions"].count == 2 * (600 + 72) + 600 - 150  # thresholds, and maxima of four


def test_large_tensors_lie_in_dram_and_the_bill_says_that_its_price_is_from_memory() -> None:
    graph = network(MNIST, (1, 28, 28))
    bill = bill_of(graph, uniform(graph), load_profile(FLOAT))
    assert bill.terms["weight reads"].grade == "M"
    assert bill.terms["additions"].grade == "A"
    assert f"unverified (grade M): dram of card {FLOAT!r}" in bill.warnings
    small = bill_of(graph, uniform(graph), load_profile(INT8))  # 524 kB of weights
    assert small.weakest_grade == "D"
    assert not any("unverified" in w for w in small.warnings)


def test_a_missing_price_leaves_the_subtotal_out(edited: Edit, dense_net: EventGraph) -> None:
    bill = bill_of(dense_net, uniform(dense_net), edited(FLOAT, {"energy/multiply": None}))
    assert [u.term for u in bill.unpriced] == ["multiplications"]
    assert bill.total is None
    assert set(bill.subtotals) == {"memory"}
    bill = bill_of(dense_net, uniform(dense_net), edited(FLOAT, {"energy/sram_8kb": None}))
    assert {u.term for u in bill.unpriced} == {"weight reads", "input reads", "sum accesses", "output writes"}
    assert set(bill.subtotals) == {"compute only"}


def test_values_beyond_the_operand_are_a_wall() -> None:
    wide = network([("dense", (3,)), ("dense", (1,))], (2,), inputs=Coding.signmag(10))
    with pytest.raises(
        PricingError, match=r"levels of 'x' are -512\.\.512; the wall is operand_bits of 8, allowed are -128"
    ):
        map_graph(wide, load_profile(INT8))
    heavy = network([("dense", (3,)), ("dense", (1,))], (2,), values=Coding.pm1(7, -127, 127))
    assert map_graph(heavy, load_profile(INT8)).resources["products"] == 9
    askew = network([("dense", (3,)), ("dense", (1,))], (2,), inputs=Coding.signmag(8, lo=-100, hi=150))
    with pytest.raises(
        PricingError, match=r"levels of 'x' are -100\.\.150; .* allowed are -128\.\.127, or 0\.\.255"
    ):
        map_graph(askew, load_profile(INT8))
    assert map_graph(wide, load_profile(FLOAT)).resources["products"] == 9


def test_float_sums_beyond_their_significand_are_named() -> None:
    graph = network([("dense", (2,)), ("dense", (1,))], (1100,), inputs=Coding.bits(15))
    mapping = map_graph(graph, load_profile(FLOAT))
    assert mapping.checks[0].status == "exceeded"
    assert any("sum_bits is 27, the card has 25" in note and "is rounded" in note for note in mapping.notes)
    assert map_graph(network(MNIST, (1, 28, 28)), load_profile(FLOAT)).checks[0].status == "pass"
    assert map_graph(network(MNIST, (1, 28, 28)), load_profile(INT8)).checks[0].status == "unchecked"
