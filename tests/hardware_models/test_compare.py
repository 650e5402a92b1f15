"""One run on many devices: bills, walls, what has no price, and who cannot be told apart."""

import itertools
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_hardware import Comparison, compare, load_profile, map_graph, price, profiles
from gxnor_hardware.markdown import _joule, comparison_table, constant_text
from gxnor_hardware.profile import Constant, Profile
from gxnor_hardware.units import DIMENSIONS, to_si
from gxnor_snn.errors import PricingError, ProfileError
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import Bill, Counts, Total, overlapping_groups

Edit = Callable[..., Profile]
LOIHI, ISAAC, CUTIE, INT8 = "loihi_micro_2018", "isaac_isca_2016", "cutie_arxiv_2022", "horowitz_int8_isscc_2014"


def test_every_shipped_card_answers(conv_net: EventGraph, conv_counts: Counts) -> None:
    found = compare(conv_net, conv_counts)
    assert {*found.bills, *found.refusals} == set(profiles())
    assert not {*found.bills} & {*found.refusals}
    assert set(found.mappings) == set(found.bills)
    for name, bill in found.bills.items():
        profile = load_profile(name)
        assert bill == price(conv_counts, profile, map_graph(conv_net, profile))
    for name, reason in found.refusals.items():
        assert name in reason
        with pytest.raises((PricingError, ProfileError)):
            map_graph(conv_net, load_profile(name))
    assert {*found.ranking, *found.unpriced} == set(found.bills)
    assert (found.graph, found.n_samples) == (conv_net.digest, 6)


def test_what_it_says(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    silent = replace(edited(ISAAC, {"energy/adc_conversion": None}), name="no_adc")
    narrow = edited("chewbaccann_iscas_2021", {"limits/kernel/value": 1})
    bare = load_profile(INT8)
    mute = replace(bare, name="mute", design={n: f for n, f in bare.design.items() if n != "operand_bits"})
    found = compare(conv_net, conv_counts, [CUTIE, "horowitz_int8", silent, narrow, mute, CUTIE])
    assert list(found.bills) == [CUTIE, INT8, "no_adc"]
    assert list(found.refusals) == ["chewbaccann_iscas_2021", "mute"]
    assert "operand_bits is missing" in found.refusals["mute"]
    assert "needs kernel of 3; the wall is 1" in found.refusals["chewbaccann_iscas_2021"]
    assert {name: [u.term for u in missing] for name, missing in found.unpriced.items()} == {"no_adc": ["adc"]}
    assert found.grades == {CUTIE: "D", INT8: "D", "no_adc": found.bills["no_adc"].weakest_grade}
    assert set(found.ranking) == {CUTIE, INT8}
    assert found.groups in ((), (found.ranking,))
    assert len(found.groups) == len(found.indistinguishable)


def test_it_is_json_and_survives_pickling(conv_net: EventGraph, conv_counts: Counts) -> None:
    found = compare(conv_net, conv_counts)
    again: Comparison = pickle.loads(pickle.dumps(found))
    assert again == found
    content = found.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["bills"][CUTIE] == found.bills[CUTIE].to_dict()
    assert content["not_distinguishable"] == [list(group) for group in found.groups]


def test_as_markdown(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    silent = replace(edited(ISAAC, {"energy/adc_conversion": None}), name="no_adc")
    narrow = edited("chewbaccann_iscas_2021", {"limits/kernel/value": 1})
    found = compare(conv_net, conv_counts, [silent, INT8, CUTIE, narrow])
    head, _, *rows = comparison_table(found).splitlines()
    assert head == "| target | energy | low | high | weakest grade |"
    labels = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    int8 = ["Dense int8 at 45 nm (Horowitz)", "- compute only", "- memory"]
    assert labels[: labels.index("")] == [
        *(x for name in found.ranking for x in (int8 if name == INT8 else [found.bills[name].display])),
        silent.display,
    ]
    assert f"| {silent.display} | unpriced: adc |  |  | D |" in rows
    assert rows[-1].startswith("- cannot run the graph: card 'chewbaccann_iscas_2021'")
    assert [_joule(e) for e in (0.0, 1.5e-12, 999e-9, 2.0, 1e-19)] == ["0 J", "1.5 pJ", "999 nJ", "2 J", "0.1 aJ"]


@pytest.mark.parametrize(
    ("section", "unit", "text"),
    [
        ("conductance", "us", "20 uS"),
        ("conductance", "s", "20 S"),
        ("time", "us", "20 us"),
        ("energy", "pj", "20 pJ"),
        ("power", "uw", "20 uW"),
        ("frequency", "mhz", "20 MHz"),
        ("frequency", "hz", "20 Hz"),
        ("voltage", "mv", "20 mV"),
        ("resistance", "kohm", "20 kohm"),
        ("area", "um2", "20 um2"),
        ("ratio", "", "20"),
    ],
)
def test_units_are_printed_as_they_are_written(section: str, unit: str, text: str) -> None:
    si = to_si(20, DIMENSIONS[section].units[unit])
    constant = Constant(si, si, si, unit, None, (), None, "part", "measured", "a paper", "A")
    assert constant_text(section, constant) == (text, "")


def bill(name: str, low: float, high: float) -> Bill:
    return Bill(name, name, "digital", 1, {}, Total((low + high) / 2, low, high))


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=8))
def test_groups_are_the_largest_sets_that_overlap_two_by_two(bands: list[tuple[int, int]]) -> None:
    bills = [bill(f"b{i}", low, low + width) for i, (low, width) in enumerate(bands)]
    names = [b.profile for b in bills]
    apart = {
        frozenset((a.profile, b.profile)) for a, b in itertools.combinations(bills, 2) if a.distinguishable_from(b)
    }
    cliques = [
        set(chosen)
        for size in range(2, len(names) + 1)
        for chosen in itertools.combinations(names, size)
        if not any(frozenset(pair) in apart for pair in itertools.combinations(chosen, 2))
    ]
    largest = [c for c in cliques if not any(c < other for other in cliques)]
    found = overlapping_groups(bills)
    assert sorted(map(sorted, found)) == sorted(map(sorted, largest))
    for group in found:
        energies = [b.energy_j for name in group for b in bills if b.profile == name]
        assert energies == sorted(energies, key=float)  # type: ignore[arg-type]


def test_bills_without_a_total_are_in_no_group() -> None:
    assert overlapping_groups([bill("a", 1, 2), replace(bill("b", 1, 2), total=None)]) == []


def test_bad_input_is_refused(
    edited: Edit, conv_net: EventGraph, dense_net: EventGraph, conv_counts: Counts
) -> None:
    with pytest.raises(PricingError, match="no card to compare on"):
        compare(conv_net, conv_counts, [])
    with pytest.raises(PricingError, match=f"two cards named {CUTIE!r} differ"):
        compare(conv_net, conv_counts, [CUTIE, edited(CUTIE, {"frequency/clock/value_mhz": 50.0})])
    with pytest.raises(ProfileError, match="'nope' is unknown"):
        compare(conv_net, conv_counts, ["nope"])
    single: Any
    for single in (CUTIE, load_profile(CUTIE), Path("a.toml"), 3):
        with pytest.raises(PricingError, match=r"profiles is .*; allowed are several cards"):
            compare(conv_net, conv_counts, single)
    other = execute(dense_net, np.ones((1, 2), np.int64)).counts
    with pytest.raises(PricingError, match="counts have the projections"):
        compare(conv_net, other, [CUTIE])  # type: ignore[arg-type]
    bad: Any
    for bad in (None, "graph"):
        with pytest.raises(PricingError, match=r"graph is .*; allowed is EventGraph"):
            compare(bad, conv_counts)
        with pytest.raises(PricingError, match=r"counts is .*; allowed is Counts"):
            compare(conv_net, bad)
