"""Rules that hold on every card: nothing missing is free, nothing is paid twice, bands and grades are carried."""

import itertools
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price, profiles
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.results import Bill, Counts, Total, indistinguishable
from gxnor_snn.results.bill import GRADES

Edit = Callable[..., Profile]
LOIHI, ISAAC, CUTIE = "loihi_micro_2018", "isaac_isca_2016", "cutie_arxiv_2022"
TERM_OF = {
    (LOIHI, "energy/synop"): "synaptic events",
    (LOIHI, "energy/message"): "messages",
    (LOIHI, "energy/hop_x"): "hops",
    (LOIHI, "power/static"): "static",
    (ISAAC, "energy/adc_conversion"): "adc",
    (ISAAC, "energy/row_drive"): "row drivers",
    (ISAAC, "energy/cell_read"): "array",
    (ISAAC, "energy/tile_digital"): "tile",
}


def bill_of(graph: EventGraph, counts: Counts, profile: Profile) -> Bill:
    return price(counts, profile, map_graph(graph, profile))


class Work:
    """What a card prices here: the net of convolutions, or where that meets a wall of the card the dense one."""

    def __init__(self, name: str, conv_net: EventGraph, dense_net: EventGraph, pixels: Any) -> None:
        self.profile = load_profile(name)
        self.graph, self.inputs = conv_net, pixels
        try:
            self.mapping = map_graph(conv_net, self.profile)
        except PricingError:
            self.graph, self.inputs = dense_net, lambda n: np.random.default_rng(n).integers(-1, 2, (n, 2))
            self.mapping = map_graph(dense_net, self.profile)

    def counts(self, samples: int) -> Counts:
        found = execute(self.graph, self.inputs(samples), counts="full").counts
        assert found is not None
        return found


@pytest.fixture
def work(name: str, conv_net: EventGraph, dense_net: EventGraph, pixels: Any) -> Work:
    return Work(name, conv_net, dense_net, pixels)


@pytest.mark.parametrize("name", profiles())
def test_bills_carry_bands_grades_sources_and_counts(name: str, work: Work) -> None:
    bill = price(work.counts(6), work.profile, work.mapping)
    assert (bill.total is None) == bool(bill.unpriced)
    if bill.total is not None:
        assert bill.total.low_j <= bill.total.energy_j <= bill.total.high_j
        assert bill.energy_j == bill.total.energy_j == pytest.approx(bill.priced_j)
    for term in bill.terms.values():
        assert 0 <= term.low_j <= term.energy_j <= term.high_j
        assert term.grade in GRADES
        assert term.formula
        assert term.source or term.count == 0
    assert bill.weakest_grade == max((t.grade for t in bill.terms.values()), key=GRADES.index, default=None)
    assert bill.n_samples == 6
    assert bill.excluded
    if bill.latency is not None:
        assert bill.latency.low_s <= bill.latency.time_s <= bill.latency.high_s


@pytest.mark.parametrize("name", [LOIHI, ISAAC, CUTIE])
def test_the_first_cards_give_totals_and_latencies(name: str, conv_net: EventGraph, conv_counts: Counts) -> None:
    bill = bill_of(conv_net, conv_counts, load_profile(name))
    assert bill.total is not None
    assert bill.latency is not None


@pytest.mark.parametrize("name", profiles())
def test_bills_and_mappings_are_json_and_survive_pickling(name: str, work: Work) -> None:
    mapping = work.mapping
    bill = price(work.counts(6), work.profile, mapping)
    for thing in (mapping, bill):
        assert pickle.loads(pickle.dumps(thing)) == thing
        assert json.loads(json.dumps(thing.to_dict(), allow_nan=False)) == thing.to_dict()
    assert mapping.graph == work.graph.digest
    assert bill.to_dict()["energy_j"] == bill.energy_j


@pytest.mark.parametrize("name", profiles())
def test_summed_and_per_sample_counts_cost_the_same(name: str, work: Work) -> None:
    profile, mapping, counts = work.profile, work.mapping, work.counts(6)
    whole, summed = price(counts, profile, mapping), price(counts.summed(), profile, mapping)
    if profile.kind != "neuromorphic":  # whose time is not linear in the counts
        assert whole == summed
    assert (summed.total is None) == (whole.total is None)
    if summed.total is None or whole.total is None:
        return
    assert summed.total.low_j <= whole.total.low_j * (1 + 1e-12)
    assert summed.total.high_j >= whole.total.high_j * (1 - 1e-12)


@pytest.mark.parametrize("name", profiles())
def test_the_price_of_a_batch_is_the_mean_of_its_samples(name: str, work: Work) -> None:
    x = work.inputs(4)
    counts = [execute(work.graph, part).counts for part in (x, *np.split(x, 4))]
    whole, *parts = [price(c, work.profile, work.mapping).priced_j for c in counts if c is not None]
    assert whole == pytest.approx(np.mean(parts), rel=1e-9)


@pytest.mark.parametrize(("card", "path"), sorted(TERM_OF))
def test_a_constant_nobody_published_leaves_the_total_open(
    card: str, path: str, edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    # few compartments per core, so that there are hops to price
    small = {"limits/neurons_per_core/value": 128} if card == LOIHI else {}
    bill = bill_of(conv_net, conv_counts, edited(card, {**small, path: None}))
    assert bill.total is None
    assert bill.energy_j is None
    missing, *_ = bill.unpriced
    assert missing.term == TERM_OF[card, path]
    assert missing.count > 0
    assert path.split("/")[1] in missing.reason
    assert bill.priced_j > 0
    with pytest.raises(PricingError, match=f"no total to compare; unpriced: {missing.term}"):
        bill.distinguishable_from(bill)


def test_an_aggregate_replaces_what_it_includes(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    included = ["message", "hop_x", "hop_y", "neuron_update", "neuron_update_idle", "static", "reset"]
    changes: dict[str, Any] = {f"energy/{name}": None for name in included if name != "static"}
    changes |= {"power/static": None, "energy/synop/scope": "aggregate", "energy/synop/includes": included}
    bill = bill_of(conv_net, conv_counts, edited(LOIHI, changes))
    assert set(bill.terms) == {"synaptic events"}
    assert bill.unpriced == ()
    assert bill.energy_j == bill.terms["synaptic events"].energy_j


def test_zero_is_a_claim_and_is_priced(edited: Edit, conv_net: EventGraph, conv_counts: Counts) -> None:
    table = {"value_pj": 0, "scope": "marginal", "per": "x", "source": "the design has none", "grade": "A"}
    bill = bill_of(conv_net, conv_counts, edited(ISAAC, {"energy/adc_conversion": table}))
    assert bill.total is not None
    assert bill.terms["adc"].energy_j == 0


@pytest.mark.parametrize(
    ("card", "path", "unit"),
    [(ISAAC, "time/read_cycle", "mw"), (ISAAC, "time/adc_conversion", "mw"), (LOIHI, "time/synop", "mw")],
)
def test_static_power_without_a_latency_is_unpriced(
    card: str, path: str, unit: str, edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    own = {f"value_{unit}": 1.0, "scope": "marginal", "per": "chip", "source": "a data sheet", "grade": "A"}
    registers = ["input_register", "output_register"]
    changes = {"energy/registers/includes": registers} if card == ISAAC else {}
    profile = edited(card, {**changes, "power/static": own, path: None})
    bill = bill_of(conv_net, conv_counts, profile)
    assert (bill.total, bill.latency) == (None, None)
    assert [u.term for u in bill.unpriced] == ["static"]
    assert "no latency" in bill.unpriced[0].reason


def test_derived_structure_weakens_what_rests_on_it(
    edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    terms = bill_of(conv_net, conv_counts, load_profile(ISAAC)).terms
    assert {terms[n].grade for n in ("adc", "sample and hold", "row drivers", "array")} == {"D"}
    sure = {f"design/{name}/grade": "A" for name in ("pair", "row_drive", "pair_subtraction")}
    terms = bill_of(conv_net, conv_counts, edited(ISAAC, sure)).terms
    assert {terms[n].grade for n in ("adc", "sample and hold", "row drivers", "array")} == {"B"}


def test_a_term_of_nothing_has_the_grade_of_its_constants(
    edited: Edit, dense_net: EventGraph, at_activity: Callable[..., Counts]
) -> None:
    hops = bill_of(dense_net, at_activity(dense_net), edited(LOIHI, {"energy/hop_x/grade": "C"})).terms["hops"]
    assert (hops.count, hops.grade) == (0, "C")


def test_the_high_end_of_a_crossbar_is_every_part_of_every_read(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(ISAAC)
    terms = bill_of(conv_net, conv_counts, profile).terms
    reads = terms["tile"].count
    for term, constant, parts in (
        ("adc", "adc_conversion", 128), ("sample and hold", "sample_hold", 128), ("row drivers", "row_drive", 128),
        ("array", "cell_read", 128 * 128),
    ):  # fmt: skip
        assert terms[term].high_j == pytest.approx(reads * parts * profile.energy[constant].high)
        assert terms[term].energy_j < terms[term].high_j


def test_constants_from_memory_warn_and_weaken_the_bill(
    edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    bill = bill_of(conv_net, conv_counts, edited(ISAAC, {"energy/row_drive/grade": "M"}))
    assert bill.weakest_grade == "M"
    assert bill.terms["row drivers"].grade == "M"
    assert "unverified (grade M): row_drive of card 'isaac_isca_2016'" in bill.warnings
    fact = bill_of(conv_net, conv_counts, edited(ISAAC, {"limits/rows/grade": "M"}))
    assert "unverified (grade M): rows of card 'isaac_isca_2016'" in fact.warnings
    assert not any("unverified" in w for w in bill_of(conv_net, conv_counts, load_profile(ISAAC)).warnings)


@pytest.mark.parametrize("name", profiles())
def test_energy_never_falls_when_more_gates_open(
    name: str, dense_net: EventGraph, at_activity: Callable[..., Counts]
) -> None:
    profile = load_profile(name)
    mapping = map_graph(dense_net, profile)
    energies = [
        price(at_activity(dense_net, gated=g, driven=g**0.5), profile, mapping).priced_j
        for g in (0, 0.2, 0.5, 0.8, 1)
    ]
    for one, other in itertools.pairwise(energies):
        assert one <= other
        if name in (LOIHI, ISAAC, CUTIE):
            assert one < other


def test_counts_of_another_graph_are_refused(
    conv_net: EventGraph, dense_net: EventGraph, conv_counts: Counts
) -> None:
    profile = load_profile(LOIHI)
    mapping = map_graph(conv_net, profile)
    other = execute(dense_net, np.ones((1, 2), np.int64)).counts
    assert other is not None
    with pytest.raises(PricingError, match=r"counts have the projections \['fc1', 'fc2'\], the mapping on 'loihi"):
        price(other, profile, mapping)
    changed = {**conv_counts.projections}
    changed["fc"] = replace(conv_counts.synapses["fc"], n_w=conv_counts.synapses["fc"].n_w + 1)
    with pytest.raises(PricingError, match=r"projection 'fc': counts have n_w \d+ per sample, the mapping has"):
        price(Counts(6, changed, conv_counts.populations), profile, mapping)
    people = {**conv_counts.populations, "act2": replace(conv_counts.populations["act2"], n_neurons=73)}
    with pytest.raises(
        PricingError, match="population 'act2': counts have n_neurons 73 per sample, the mapping has 72"
    ):
        price(Counts(6, conv_counts.projections, people), profile, mapping)
    swapped = {**conv_counts.projections, "pool1": conv_counts.projections["fc"]}
    with pytest.raises(PricingError, match="projection 'pool1': counts are not those of a pool2d"):
        price(Counts(6, swapped, conv_counts.populations), profile, mapping)
    with pytest.raises(PricingError, match="counts hold 0 samples"):
        price(replace(conv_counts, n_samples=0), profile, mapping)


def test_a_mapping_on_another_card_is_refused(conv_net: EventGraph, conv_counts: Counts) -> None:
    with pytest.raises(PricingError, match=r"the mapping is on card 'isaac_isca_2016' .* 'loihi_micro_2018'"):
        price(conv_counts, load_profile(LOIHI), map_graph(conv_net, load_profile(ISAAC)))


def test_a_card_of_other_content_under_the_same_name_is_refused(
    edited: Edit, conv_net: EventGraph, conv_counts: Counts
) -> None:
    same = edited(LOIHI, {})
    assert same.digest == load_profile(LOIHI).digest
    mapping = map_graph(conv_net, same)
    assert price(conv_counts, load_profile(LOIHI), mapping) == price(conv_counts, same, mapping)
    for changes in ({"energy/synop/value_pj": 25.0}, {"limits/neurons_per_core/value": 8}):
        with pytest.raises(PricingError, match=r"a card 'loihi_micro_2018' of other content"):
            price(conv_counts, edited(LOIHI, changes), mapping)


def test_things_of_another_kind_are_refused(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(LOIHI)
    mapping = map_graph(conv_net, profile)
    for words, name in (((None, profile, mapping), "counts"), ((conv_counts, "loihi", mapping), "profile"),
                        ((conv_counts, profile, None), "mapping")):  # fmt: skip
        with pytest.raises(PricingError, match=f"^{name} is .*; allowed is "):
            price(*words)
    with pytest.raises(PricingError, match="graph is None; allowed is EventGraph"):
        map_graph(None, profile)  # type: ignore[arg-type]


def test_devices_whose_bands_overlap_are_not_distinguishable(conv_net: EventGraph, conv_counts: Counts) -> None:
    bill = bill_of(conv_net, conv_counts, load_profile(LOIHI))
    near = replace(bill, profile="near", total=Total(2.0, 1.0, 3.0))
    far = replace(bill, profile="far", total=Total(5.0, 3.5, 9.0))
    wide = replace(bill, profile="wide", total=Total(5.0, 2.0, 9.0))
    none = replace(bill, profile="none", total=None)
    assert near.distinguishable_from(far)
    assert far.distinguishable_from(near)
    assert not wide.distinguishable_from(near)
    assert indistinguishable([near, far, wide, none]) == [("near", "wide"), ("far", "wide")]


def test_internal_populations_are_priced_as_neurons(conv_net: EventGraph, conv_counts: Counts) -> None:
    mapping = map_graph(conv_net, load_profile(LOIHI))
    assert conv_counts.populations["act1.pre"].internal
    assert mapping.resources["compartments"] == 2 * (600 + 150 + 72) + 4


def test_importing_the_package_loads_no_heavy_library() -> None:
    import subprocess
    import sys

    code = "import sys, gxnor_hardware; sys.exit(any(m in sys.modules for m in ('torch', 'matplotlib', 'brian2')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
