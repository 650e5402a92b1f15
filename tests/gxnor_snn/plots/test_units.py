import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.plots.units import count, engineering, percent, square_millimetres

FACTORS = {"a": 1e-18, "f": 1e-15, "p": 1e-12, "n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (44.8e-6, "44.8\u00a0µJ"),
        (1.61e-15, "1.61\u00a0fJ"),
        (999.96e-9, "1.00\u00a0µJ"),
        (0.99949e-9, "999\u00a0pJ"),
        (123e-3, "123\u00a0mJ"),
        (1.0, "1.00\u00a0J"),
        (0.0, "0\u00a0J"),
        (-2.5e-3, "-2.50\u00a0mJ"),
        (3e-22, "0.000300\u00a0aJ"),
    ],
)
def test_engineering_writes_three_digits_and_a_prefix(value, expected):
    assert engineering(value, "J") == expected


@given(st.floats(1e-18, 9.99e8))
def test_engineering_reads_back_within_half_a_digit(value):
    number, unit = engineering(value, "J").split("\u00a0")
    assert float(number) * FACTORS[unit[:-1]] == pytest.approx(value, rel=0.00501)
    assert 1 <= float(number) < 1000


def test_counts_have_separators_and_show_that_a_mean_is_one():
    assert [count(v) for v in (0, 1234567, 2.0, 5339.84, 8510.96)] == ["0", "1,234,567", "2", "5,339.8", "8,511.0"]


def test_small_counts_never_read_as_zero():
    assert [count(v) for v in (0.0002931, 0.5, 2.04, 9.5)] == ["0.000293", "0.5", "2.04", "9.5"]


@pytest.mark.parametrize(
    ("square_metres", "text"),
    [(4.3e-4, "430"), (4.70744e-3, "4,710"), (8.54e-5, "85.4"), (9e-11, "9e-05"), (0, "0")],
)
def test_areas_are_square_millimetres(square_metres, text):
    assert square_millimetres(square_metres) == f"{text}\u00a0mm2"


def test_percent_never_rounds_to_all_or_nothing():
    assert percent(0.5591) == "55.9\u00a0%"
    assert percent(0) == "0.0\u00a0%"
    assert percent(1.0) == "100.0\u00a0%"
    assert percent(0.99997) == "99.997\u00a0%"
    assert percent(0.00002) == "0.002\u00a0%"
