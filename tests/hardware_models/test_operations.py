"""Priced operations: hand-worked energies, the papers' uniform states, ratios with their extremes, refusals."""

import json
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.operations import layer_table, operations_table, price_operations
from gxnor_snn.errors import PricingError
from gxnor_snn.results import OpRow, op_counts

PJ, FJ = 1e-12, 1e-15


def rows(network, basis="always", layers=("a",), **numbers):
    """Rows of equal layers, and of all together."""
    given = {"synapses": 1000.0, "weights": 100, "weight_bits": 2.0} | numbers
    many = {k: v * len(layers) for k, v in given.items() if k not in ("weight_bits", "resting") and v is not None}
    each = [OpRow(network, basis, name, **given) for name in layers]
    return [OpRow(network, basis, None, **(given | many)), *each]


def joules(priced, figure):
    energy = priced.energies[figure]
    return energy.energy_j, energy.low_j, energy.high_j


FULL = rows("full precision", multiplications=1000.0, additions=1000.0, weight_bits=32.0)
TWN = rows("TWN", "measured", additions=600.0, resting=0.4)
GXNOR = rows("GXNOR", "measured", xnor=300.0, shift_adds=5.0, additions=7.0, resting=0.7)
UNIFORM = rows("GXNOR", "uniform", xnor=444.0, resting=5 / 9)


def test_compute_by_hand():
    prices = price_operations([*FULL, *TWN, *GXNOR])
    assert prices.find("full precision", "always", "float").energies["compute"].energy_j == pytest.approx(
        4600 * PJ
    )
    assert joules(prices.find("full precision", "always", "integer"), "compute") == pytest.approx(
        (230 * PJ, 230 * PJ, 300 * PJ)
    )
    assert joules(prices.find("TWN", "measured", "float"), "compute") == pytest.approx((540 * PJ,) * 3)
    assert joules(prices.find("TWN", "measured", "integer"), "compute") == pytest.approx(
        (18 * PJ, 18 * PJ, 60 * PJ)
    )
    # 300 XNOR at 4 (3.75 to 30) fJ, 7 additions at 0.03 (to 0.1) pJ, 5 shifted ones at 0.1 pJ
    gxnor = prices.find("GXNOR", "measured", "binary")
    assert joules(gxnor, "compute") == pytest.approx(
        (1200 * FJ + 0.71 * PJ, 1125 * FJ + 0.71 * PJ, 9000 * FJ + 1.2 * PJ)
    )
    grades = {row.key: row.energies["compute"].grade for row in prices.totals}
    assert grades["TWN", "measured", "float"] == "A"
    assert grades["GXNOR", "measured", "binary"] == "D"


def test_weights_by_hand():
    """100 weights take 100 reads at once, 1000 one by one: n bits / 64 accesses of 10 pJ."""
    prices = price_operations([*FULL, *TWN, *GXNOR])
    expected = {
        ("full precision", "always", "float"): 32,
        ("full precision", "always", "integer"): 8,
        ("TWN", "measured", "float"): 2,
        ("TWN", "measured", "integer"): 2,
        ("GXNOR", "measured", "binary"): 2,
    }
    for row in prices.totals:
        once, each = (row.energies[f"weights_{name}"] for name in ("once", "each"))
        assert once.energy_j == pytest.approx(100 * expected[row.key] / 64 * 10 * PJ)
        assert each.energy_j == pytest.approx(10 * once.energy_j)
        assert (once.grade, each.grade) == ("D", "D")
        for name in ("once", "each"):
            parts = row.energies["compute"].energy_j, row.energies[f"weights_{name}"].energy_j
            assert row.energies[name].energy_j == pytest.approx(sum(parts))


def test_every_layer_lies_in_a_memory_of_its_own():
    """8 KB + 12 KB: halfway between 8 and 32 KB is 15 pJ; and beyond 1 MB is DRAM, grade M."""
    half = rows("TWN", "measured", ("a", "b"), weights=20 * 1024 * 4, synapses=1e6)
    row = price_operations(half).find("TWN", "measured", "float")
    assert row.energies["weights_once"].energy_j == pytest.approx(2 * 20 * 1024 * 4 * 2 / 64 * 15 * PJ)
    far = rows("full precision", weights=1 << 19, synapses=1e6, weight_bits=32.0)
    row = price_operations(far).find("full precision", "always", "float")
    assert joules(row, "weights_each") == pytest.approx((0.5e6 * 1.95e-9, 0.5e6 * 1.3e-9, 0.5e6 * 2.6e-9))
    assert row.energies["weights_each"].grade == "M"
    assert row.energies["once"].grade == "M"


def test_shared_results_have_no_price_for_weights_and_say_so():
    shared = rows("shared mst", "measured", xnor=100.0, additions=50.0, counted=20.0, weight_bits=None)
    (row,) = price_operations(shared).totals
    assert row.energies["compute"].energy_j == pytest.approx(100 * 4 * FJ + 30 * 0.03 * PJ)
    assert [row.energies[n] for n in ("weights_once", "weights_each", "once", "each")] == [None] * 4
    assert {u.term for u in row.unpriced} == {"weights"}
    assert "unpriced" in operations_table(price_operations(shared))


def test_without_a_card_or_a_constant_there_is_no_price():
    prices = price_operations([*FULL, *GXNOR], ["horowitz_float32"])
    assert prices.find("full precision", "always", "float").energies["each"] is not None
    gxnor = prices.find("GXNOR", "measured", "binary")
    assert gxnor.energies["compute"] is None
    assert gxnor.energies["each"] is None
    assert any("no card of binary arithmetic" in u.reason for u in gxnor.unpriced)
    assert prices.ratio(gxnor, prices.totals[0], "compute") is None
    card = load_profile("horowitz_binary")
    poor = replace(card, energy={n: c for n, c in card.energy.items() if n != "xnor_count"})
    (row,) = price_operations(GXNOR, [poor, "horowitz_int8"]).totals
    assert row.energies["compute"] is None
    assert row.energies["weights_once"] is not None
    assert [u.term for u in row.unpriced] == ["XNOR and bit counts"]
    (idle,) = price_operations(rows("GXNOR", "uniform", resting=1.0), [poor]).totals
    assert idle.energies["compute"].energy_j == 0  # nothing happened: no constant is missed


def test_ratios_cancel_what_both_sides_charge():
    """XNOR of 300 and of 444 cost alike, whatever one costs: their bands overlap, their ratio does not hold 1."""
    prices = price_operations([*rows("GXNOR", "measured", xnor=300.0), *UNIFORM, *TWN])
    measured, uniform = (prices.find("GXNOR", basis, "binary") for basis in ("measured", "uniform"))
    assert joules(measured, "compute")[2] > joules(uniform, "compute")[1]
    ratio = prices.ratio(measured, uniform, "compute")
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((300 / 444,) * 3)
    assert ratio.distinguishable
    twn = prices.find("TWN", "measured", "integer")
    ratio = prices.ratio(twn, uniform, "compute")
    assert (ratio.low, ratio.high) == pytest.approx((18 / (444 * 0.03), 60 / (444 * 0.00375)))
    same = price_operations([*rows("BNN", xnor=1000.0), *TWN])
    ratio = same.ratio(*same.totals[:2], "compute")  # 4 (3.75 to 30) pJ against 540 pJ
    assert ratio.distinguishable
    ratio = same.ratio(same.totals[2], same.totals[0], "compute")  # 18 to 60 pJ against 3.75 to 30
    assert ratio.low < 1 < ratio.high
    assert not ratio.distinguishable
    assert ("BNN", "TWN, int8, measured") in same.not_distinguishable("compute")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=6, max_size=6))
def test_extremes_are_those_of_the_corners(numbers):
    a, b, c, d, e, f = map(float, numbers)
    prices = price_operations(
        [
            *rows("GXNOR", "measured", xnor=a, additions=b, shift_adds=c),
            *rows("GXNOR", "uniform", xnor=d, additions=e, shift_adds=f + 1),
        ]
    )
    ratio = prices.ratio(*prices.totals, "compute")
    corners = [
        (a * x + b * y + c * 0.1) / (d * x + e * y + (f + 1) * 0.1)
        for x, y in product((0.00375, 0.03), (0.03, 0.1))
    ]
    assert ratio.low == pytest.approx(min(corners), rel=1e-9)
    assert ratio.high == pytest.approx(max(corners), rel=1e-9)
    assert ratio.low <= ratio.value * (1 + 1e-12)
    assert ratio.value <= ratio.high * (1 + 1e-12)


@pytest.mark.parametrize("field", ["xnor", "additions", "shift_adds", "weights", "synapses", "weight_bits"])
def test_more_work_never_costs_less(field):
    start = {
        "xnor": 10.0,
        "additions": 10.0,
        "shift_adds": 10.0,
        "weights": 5000,
        "synapses": 9000.0,
        "weight_bits": 2.0,
    }
    before = None
    for factor in (1, 2, 7, 100, 10_000):
        (row,) = price_operations(rows("GXNOR", "measured", **(start | {field: start[field] * factor}))).totals
        now = [joules(row, figure) for figure in ("compute", "once", "each")]
        assert before is None or all(
            new >= old * (1 - 1e-12)
            for n, o in zip(now, before, strict=True)
            for new, old in zip(n, o, strict=True)
        )
        before = now


@pytest.fixture(scope="module")
def priced(conv_net, conv_counts):
    return price_operations(op_counts(conv_net, conv_counts))


def test_a_counted_net(priced, conv_net, conv_counts):
    """Measured resting is the run's; ternary layers rest 5/9 where all states are equally probable."""
    assert priced.find("GXNOR", "measured", "binary").row.resting == pytest.approx(conv_counts.resting)
    for layer in ("conv2", "fc"):
        assert priced.find("GXNOR", "uniform", "binary", layer).row.resting == pytest.approx(5 / 9)
        assert f"| {layer} | 55.6 % |" in layer_table(priced)
    layout = map_graph(conv_net, load_profile("horowitz_float32"))
    full = priced.find("full precision", "always", "float")
    assert full.row.multiplications == layout.resources["products"]
    assert full.energies["compute"].energy_j == pytest.approx(4.6 * PJ * full.row.multiplications)


def test_dictionary_and_tables(priced):
    found = json.loads(json.dumps(priced.to_dict()))
    assert {row["network"] for row in found["totals"]} == {"full precision", "BWN", "TWN", "BNN", "GXNOR", "MBN"}
    gxnor = next(r for r in found["totals"] if (r["network"], r["basis"]) == ("GXNOR", "measured"))
    assert gxnor["ratios"]["GXNOR, measured"]["each"] == {
        "value": 1,
        "low": 1,
        "high": 1,
        "distinguishable": False,
    }
    assert gxnor["ratios"]["full precision, float32"]["compute"]["high"] < 1
    assert set(gxnor["energies"]) == set(found["figures"])
    text = operations_table(priced)
    assert "| GXNOR, uniform |" in text
    for block in text.split("\n\n")[:3]:
        assert len({line.count("|") for line in block.splitlines()}) == 1


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ([], "of nothing"),
        (["row"], "a row is 'row'"),
        (FULL[1:], "both are needed"),
        (FULL[:1], "both are needed"),
        ([*FULL, FULL[1]], "stands there twice"),
        (rows("SNN"), "unknown network; allowed are full precision, BWN"),
        (rows("TWN", "guessed"), "unknown basis; allowed are always, uniform"),
        (rows("TWN", "measured", additions=-1.0), "additions is -1.0"),
        (rows("TWN", "measured", additions=float("nan")), "additions is nan"),
        (rows("TWN", "measured", additions=float("inf")), "additions is inf"),
        (rows("TWN", "measured", resting=1.5), "resting is 1.5; allowed are 0..1"),
        (rows("TWN", "measured", additions="many"), "additions is 'many'; allowed are numbers from 0"),
        ([replace(TWN[0], additions=601.0), TWN[1]], "additions of all layers is 601, of the layers 600"),
    ],
)
def test_rows_that_make_no_sense_are_refused(given, match):
    with pytest.raises(PricingError, match=match):
        price_operations(given)


def test_cards_and_figures_that_make_no_sense_are_refused():
    with pytest.raises(PricingError, match="is of model 'synapse_lists'"):
        price_operations(FULL, ["loihi"])
    with pytest.raises(PricingError, match="no card to price on"):
        price_operations(FULL, [])
    card = load_profile("horowitz_int8")
    with pytest.raises(PricingError, match="both of integer arithmetic"):
        price_operations(FULL, [card, replace(card, name="other")])
    prices = price_operations(FULL)
    with pytest.raises(PricingError, match="figure is 'area'; allowed are compute"):
        prices.ratio(*prices.totals, "area")
    with pytest.raises(PricingError, match="no row 'TWN'"):
        prices.find("TWN", "uniform", "float")
