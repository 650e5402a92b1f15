"""Kinds of arrays: what cells, word lines, converters and published figures make of the same counts."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError, ProfileError
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, execute
from gxnor_snn.results import Counts

Edit = Callable[..., Profile]
ISAAC = "isaac_isca_2016"
FACT = {"source": "test", "grade": "A"}
PRICE = {"scope": "marginal", "per": "x", **FACT}


def test_cells_of_low_and_high_resistance_have_prices_of_their_own(
    edited: Edit, conv_net: EventGraph, pixels: Any
) -> None:
    """V^2 t G: 0.2 V, 10 ns, 100 uS and 1 uS; a cell that rests has no voltage and costs nothing."""
    own = {
        "energy/cell_read": None,
        "energy/cell_low": {"value_fj": 40.0, **PRICE},
        "energy/cell_high": {"value_fj": 0.4, **PRICE},
    }
    counts = execute(conv_net, pixels(4)).counts
    assert counts is not None
    total = counts.summed().projections
    low = sum(int(getattr(total[n], "n_xnor", 0)) for n in ("conv1", "conv2", "fc")) / 4
    cells = sum(2 * int(getattr(total[n], "n_x_planes", 0)) for n in ("conv1", "conv2", "fc")) / 4
    profile = edited(ISAAC, own)
    term = price(counts, profile, map_graph(conv_net, profile)).terms["array"]
    assert term.energy_j == pytest.approx(low * 40e-15 + (cells - low) * 0.4e-15)
    assert term.low_j == term.energy_j == term.high_j


def test_a_price_for_every_cell_and_one_for_some_is_a_double_charge(edited: Edit) -> None:
    with pytest.raises(ProfileError, match="cell_read and cell_low both hold cell_low"):
        edited(ISAAC, {"energy/cell_low": {"value_fj": 40.0, **PRICE}})


def test_what_a_zero_saves_on_word_lines_is_what_the_cell_lets_it(
    edited: Edit, conv_net: EventGraph, pixels: Any
) -> None:
    """A zero that disconnects its row saves the word line; a zero at 0 V leaves it on, and saves the driver only."""
    line = {"energy/word_line": {"value_fj": 500.0, **PRICE}}
    bills = {}
    for word, x in itertools.product(("off", "0v"), (pixels(3), pixels(3) * 0)):
        profile = edited(ISAAC, {**line, "design/zero_row": {"value": word, **FACT}})
        counts = execute(conv_net, x).counts
        assert counts is not None
        bills[word, bool(x.any())] = price(counts, profile, map_graph(conv_net, profile)).terms
    assert bills["off", True]["word lines"].count == bills["off", True]["row drivers"].count
    assert bills["off", False]["word lines"].energy_j < bills["off", True]["word lines"].energy_j
    assert bills["0v", False]["word lines"] == bills["0v", True]["word lines"]
    # taps of all positions, planes and column tiles: 100 x 5 x 9, 2 groups x 9 x 2 x 27, 2 x 72
    assert bills["0v", True]["word lines"].count == 100 * 5 * 9 + 9 * 2 * 2 * 27 + 2 * 72
    assert bills["0v", False]["row drivers"].energy_j < bills["0v", True]["row drivers"].energy_j


def test_converters_shared_by_columns_take_turns(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    """Layers of 12, 8 and 8 converted columns: one converter takes 12 x 40 ns, four take 3 and 2 turns."""
    slow = {"time/adc_conversion/value_ns": 40.0, "time/adc_conversion/band_ns": [40.0, 40.0]}
    for converters, turns in ((1, (12, 8, 8)), (4, (3, 2, 2))):
        profile = edited(ISAAC, {**slow, "design/adcs_per_array/value": converters})
        latency = price(conv_counts, profile, map_graph(conv_net, profile)).latency
        assert latency is not None
        expected = sum(n * max(100, t * 40) for n, t in zip((500, 18, 2), turns, strict=True))
        assert latency.time_s == pytest.approx(expected * 1e-9)
    settled = edited(ISAAC, {"time/sample_hold": {"value_ns": 20.0, "per": "read", **FACT}})
    latency = price(conv_counts, settled, map_graph(conv_net, settled)).latency
    assert latency is not None
    assert latency.time_s == pytest.approx(520 * 120e-9)
    unknown = edited(ISAAC, {"design/adcs_per_array": None})
    assert price(conv_counts, unknown, map_graph(conv_net, unknown)).latency is None


def test_area_is_that_of_chips_of_arrays_or_of_their_parts(
    edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    def area(changes: dict[str, Any]) -> float | None:
        profile = edited(ISAAC, changes)
        bill = price(conv_counts, profile, map_graph(conv_net, profile))
        return None if bill.area is None else bill.area.area_m2

    def um2(value: float) -> dict[str, Any]:
        return {"value_um2": value, "per": "x", **FACT}

    arrays = map_graph(conv_net, load_profile(ISAAC)).resources["arrays"]
    assert arrays == 4
    assert area({}) == pytest.approx(85.4e-6)
    assert area({"area/chip": None}) is None
    assert area({"area/chip": None, "area/array": um2(1000.0)}) == pytest.approx(4 * 1e-9)
    parts = {"cell": 25 / 128**2, "row_driver": 0.166, "converter": 1200.0, "sample_hold": 0.04}
    own = {"area/chip": None, **{f"area/{name}": um2(value) for name, value in parts.items()}}
    assert area(own) == pytest.approx(4 * (25 + 128 * 0.166 + 1200 + 128 * 0.04) * 1e-12)
    own.pop("area/converter")
    assert area(own) is None


def test_programming_is_told_apart_from_the_total(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    pulses = {"count/pulses_per_cell": {"value": 8.5, "band": [2, 10], "per": "cell", **FACT}}
    pulse = {"energy/program_pulse": {"value_pj": 10.0, "band_pj": [1.0, 20.0], **PRICE}}
    cells = 2 * (9 * 6 + 2 * 27 * 4 + 72 * 4)
    for changes, number, joule in (({}, None, None), (pulses, 8.5, None), ({**pulses, **pulse}, 8.5, 85e-12)):
        profile = edited(ISAAC, changes)
        bill = price(conv_counts, profile, map_graph(conv_net, profile))
        assert bill.programming is not None
        assert bill.programming.cells == cells
        assert bill.programming.pulses == (None if number is None else pytest.approx(cells * number))
        assert bill.programming.energy_j == (None if joule is None else pytest.approx(cells * joule))
        assert (
            bill.energy_j
            == price(conv_counts, load_profile(ISAAC), map_graph(conv_net, load_profile(ISAAC))).energy_j
        )
    assert bill.programming is not None
    assert bill.programming.high_j == pytest.approx(cells * 10 * 20e-12)


def test_one_sense_operation_per_weight(conv_net: EventGraph, conv_counts: Counts) -> None:
    """2T2R: rows follow each other, every weight is sensed once per activation plane, and nothing has a price."""
    profile = load_profile("hfo2_2t2r")
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    sensed = 100 * 5 * 9 * 6 + 9 * 27 * 8 + 72 * 4
    assert (bill.unpriced[0].term, bill.unpriced[0].count) == ("sense amplifiers", sensed)
    assert (bill.total, bill.latency, bill.terms) == (None, None, {})


def test_cells_of_four_levels_hold_more_of_a_weight(edited: Edit) -> None:
    """A pair of 4-level cells holds two planes, a single one only a ternary weight."""
    weights = np.array([[2, -1], [0, 1], [-2, 2]])
    graph = EventGraph(
        [
            Input(name="x", shape=(2,), coding=Coding.ternary()),
            Readout(name="out", shape=(3,), scale=np.ones(3), offset=np.zeros(3)),
        ],
        [Dense(name="p", source="x", target="out", weights=weights, coding=Coding.signmag(2))],
    )
    four = {"design/cell_levels": {"value": 4, **FACT}}
    assert map_graph(graph, load_profile(ISAAC)).resources["cells_programmed"] == 2 * 2 * 6
    assert map_graph(graph, edited(ISAAC, four)).resources["cells_programmed"] == 2 * 6
    assert (
        map_graph(graph, load_profile("quaternary")).resources["cells_programmed"] == 2 * 6 + 2
    )  # and a reference
    with pytest.raises(PricingError, match="weight needs cell_levels of 3; allowed are 2"):
        map_graph(graph, edited("quaternary_elex_2019", {"design/cell_levels/value": 2}))


def test_choices_that_contradict_each_other_are_refused(edited: Edit, conv_net: EventGraph) -> None:
    with pytest.raises(PricingError, match="row_drive is 'bipolar' beside pair 'xnor'; allowed is two_row"):
        map_graph(conv_net, edited("xnor_rram_ted_2020", {"design/row_drive/value": "bipolar"}))
    with pytest.raises(PricingError, match="pair_subtraction is 'digital' beside pair 'rows'; allowed is analog"):
        map_graph(conv_net, edited("neurram_nature_2022", {"design/pair_subtraction/value": "digital"}))


def test_published_efficiencies_do_not_fall_with_activity_but_their_low_end_does(
    conv_net: EventGraph, pixels: Any
) -> None:
    profile = load_profile("hermes")
    mapping = map_graph(conv_net, profile)
    busy, silent = (execute(conv_net, x).counts for x in (pixels(3), pixels(3) * 0))
    assert busy is not None
    assert silent is not None
    one, other = (
        price(busy, profile, mapping).terms["operations"],
        price(silent, profile, mapping).terms["operations"],
    )
    assert one.energy_j == other.energy_j
    assert one.high_j == other.high_j
    assert other.low_j < one.low_j < one.energy_j
    neurram = load_profile("neurram")
    terms = [price(c, neurram, map_graph(conv_net, neurram)).terms for c in (busy, silent)]
    for term in ("neurons and converters", "word line switching"):
        assert terms[0][term] == terms[1][term]
    assert terms[1]["input pulses"].energy_j < terms[0]["input pulses"].energy_j


def test_cells_of_one_state_hold_nothing(edited: Edit, conv_net: EventGraph) -> None:
    with pytest.raises(PricingError, match="cell_levels is 1; allowed are 2 and more"):
        map_graph(conv_net, edited(ISAAC, {"design/cell_levels": {"value": 1, **FACT}}))


def test_sums_of_rows_read_in_turn_are_clipped_one_by_one(edited: Edit, conv_net: EventGraph) -> None:
    """One array of 72 rows, read 8 rows at a time: what is added up was clipped before."""
    few = {"value": 8, "kind": "budget", **FACT}
    profile = edited(ISAAC, {"limits/adc_bits/value": 3, "limits/rows_per_read": few})
    assert any("not exact" in note for note in map_graph(conv_net, profile).notes)
    whole = edited(ISAAC, {"limits/adc_bits/value": 3})
    assert not any("not exact" in note for note in map_graph(conv_net, whole).notes)


def test_a_batch_costs_the_mean_of_its_samples_where_counts_only_bound_the_reads() -> None:
    """Nine planes in two reads of NeuRRAM: how many reads a value drives depends on its bits, sample by sample."""
    graph = EventGraph(
        [
            Input(name="x", shape=(2,), coding=Coding.signmag(9)),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [Dense(name="p", source="x", target="out", weights=np.array([[1, 1]]), coding=Coding.ternary())],
    )
    profile = load_profile("neurram")
    mapping = map_graph(graph, profile)
    x = np.array([[1, 0], [255, 255]])
    counts, first, second = (execute(graph, part).counts for part in (x, x[:1], x[1:]))
    assert counts is not None
    assert first is not None
    assert second is not None
    bill, *alone = (price(c, profile, mapping).terms["input pulses"] for c in (counts, first, second))
    assert bill.energy_j == pytest.approx(sum(t.energy_j for t in alone) / 2)
    assert bill.low_j == pytest.approx(sum(t.low_j for t in alone) / 2)
    summed = price(counts.summed(), profile, mapping).terms["input pulses"]
    assert summed.low_j <= bill.low_j <= bill.high_j <= summed.high_j


def test_a_bill_is_as_well_known_as_the_facts_its_counts_rest_on(edited: Edit, conv_net: EventGraph) -> None:
    """HERMES: planes per read and the read mode are of grade D, so is every count of reads."""
    counts = execute(conv_net, np.zeros((1, 1, 10, 10), np.int64)).counts
    assert counts is not None
    changes = {f"design/{name}/grade": "A" for name in ("input_planes", "read_mode")}
    better = edited("hermes_natelectron_2023", changes)
    memory = edited("hermes_natelectron_2023", {**changes, "limits/rows/grade": "M"})
    for profile, grade in ((load_profile("hermes"), "D"), (better, "A"), (memory, "M")):
        bill = price(counts, profile, map_graph(conv_net, profile))
        assert bill.terms["operations"].grade == bill.weakest_grade == grade
        assert bill.latency is not None
        assert bill.latency.grade == max(grade, "D")
    assert any("unverified (grade M): rows" in warning for warning in bill.warnings)


def test_a_card_with_areas_of_parts_says_what_it_lacks_for_the_whole(edited: Edit, conv_counts: Counts,
                                                                      conv_net: EventGraph) -> None:  # fmt: skip
    cell = {"value_um2": 1.0, "per": "cell", **FACT}
    profile = edited(ISAAC, {"area/chip": None, "area/cell": cell, "design/adcs_per_array": None})
    bill = price(conv_counts, profile, map_graph(conv_net, profile))
    assert bill.area is None
    assert any(part.startswith("area: card 'isaac_isca_2016' lacks") for part in bill.excluded)
