import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gxnor_snn.errors import InputError
from gxnor_snn.spaces import DiscreteSpace, StepFunction, code_levels, code_unit, hrelu_steps, log_steps, mbn_steps


def q(x: float, m: int) -> int:
    """The quantiser as published, as a level: 2 round((2^m - 1) (x + 1) / 2) - (2^m - 1), half to even."""
    top = 2**m - 1
    return 2 * round(top * (min(max(x, -1), 1) + 1) / 2) - top


def ap2(x: float) -> float:
    return math.copysign(2.0 ** round(math.log2(abs(x))), x) if x else 0.0


def test_levels_of_the_codes() -> None:
    assert code_levels(("zn", 0)) == (-1, 1)
    assert code_levels(("zn", 2)) == (-2, -1, 0, 1, 2)
    assert code_levels(("mbn", 1)) == (-1, 1)
    assert code_levels(("mbn", 2)) == (-3, -1, 1, 3)
    assert code_levels(("hrelu", 3)) == (1, 3, 5, 7)
    assert code_levels(("log", 3)) == (-4, -2, -1, 0, 1, 2, 4)


@given(st.sampled_from(["zn", "mbn", "log"]), st.integers(1, 8))
def test_codes_are_symmetric_and_end_at_their_unit(coding: str, n: int) -> None:
    levels = code_levels((coding, n))
    assert levels == tuple(-v for v in reversed(levels))
    assert code_unit((coding, n)) == levels[-1]
    assert len(levels) == {"zn": 2**n + 1, "mbn": 2**n, "log": 2 * n + 1}[coding]


@given(st.integers(1, 8), st.floats(-2, 2))
def test_mbn_is_the_published_quantiser_beside_its_ties(m: int, x: float) -> None:
    if abs((2**m - 1) * (x + 1) / 2 % 1 - 0.5) > 1e-9:
        assert mbn_steps(m).levels_of(np.array([x]))[0] == q(x, m)


@pytest.mark.parametrize("m", range(1, 9))
def test_mbn_ties_go_to_the_even_index(m: int) -> None:
    """In units in which thresholds are whole numbers, every tie is exact, and Python's round is half-even."""
    top = 2**m - 1
    centres = np.arange(1 - top, top, 2)
    levels = mbn_steps(m, half_range=float(top)).levels_of(centres.astype(np.float64))
    index = (levels + top) // 2
    assert (index % 2 == 0).all()
    assert levels.tolist() == [2 * round((c + top) / 2) - top for c in centres.tolist()]
    up = mbn_steps(m, half_range=float(top), tie="up").levels_of(centres.astype(np.float64))
    assert up.tolist() == (centres + 1).tolist()


def test_one_bit_with_ties_up_is_the_sign() -> None:
    x = np.array([-1.0, -5e-324, -0.0, 0.0, 2.0])
    assert mbn_steps(1, tie="up").levels_of(x).tolist() == [-1, -1, 1, 1, 1]
    assert mbn_steps(1).levels_of(x).tolist() == [-1, -1, -1, -1, 1]


@given(st.integers(2, 8), st.floats(-2, 2), st.sampled_from([0.5, 1.0, 3.0]))
def test_hrelu_is_mbn_of_the_clipped_number(m: int, x: float, half_range: float) -> None:
    clipped = np.array([max(x, 0.0)])
    expected = mbn_steps(m, half_range).levels_of(clipped)
    assert hrelu_steps(m, half_range).levels_of(np.array([x])) == expected
    assert (expected > 0).all()


@given(st.integers(1, 8), st.floats(-2, 2, allow_subnormal=False))
def test_log_levels_are_the_nearest_power_in_exponent(n: int, x: float) -> None:
    power = ap2(x)
    expected = 0.0 if abs(power) < 2.0 ** (1 - n) else math.copysign(min(abs(power), 1.0), x)
    assert log_steps(n).levels_of(np.array([x]))[0] == expected * 2 ** (n - 1)


@pytest.mark.parametrize("n", range(1, 9))
def test_log_thresholds_are_the_first_float64_beyond_the_irrational_ones(n: int) -> None:
    """t^2 = 2^(2j - 1) / 4^(n-1) exactly decides on which side of it a float64 stands."""
    from fractions import Fraction

    for j in range(n):
        step = log_steps(n).steps[n + j]
        exact = Fraction(2) ** (2 * (j - n + 1) - 1)
        assert step.closed
        assert Fraction(step.at) ** 2 > exact > Fraction(float(np.nextafter(step.at, 0))) ** 2


FUNCTIONS = [
    *(mbn_steps(m, h, tie) for m in (1, 2, 3, 8) for h in (1.0, 0.7) for tie in ("even", "up")),
    *(hrelu_steps(m) for m in (2, 5)),
    *(log_steps(n, h) for n in (1, 4, 8) for h in (1.0, 0.7)),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_numpy_and_torch_agree_on_and_beside_every_threshold(function: StepFunction) -> None:
    at = np.array([step.at for step in function.steps])
    x = np.concatenate([at, np.nextafter(at, -9), np.nextafter(at, 9)])
    levels = function.levels_of(x)
    assert levels.tolist() == function.levels_of(torch.from_numpy(x)).tolist()
    closed = np.array([step.closed for step in function.steps])
    low, high = np.array(function.values[:-1]), np.array(function.values[1:])
    assert levels.tolist() == [*np.where(closed, high, low), *low, *high]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: code_levels(("bits", 2)), "coding is 'bits'"),
        (lambda: mbn_steps(0), "n is 0"),
        (lambda: mbn_steps(9), "n is 9"),
        (lambda: hrelu_steps(1), "integers 2 to 8"),
        (lambda: log_steps(True), "n is True"),
        (lambda: mbn_steps(2, tie="fire"), "tie is 'fire'"),
        (lambda: mbn_steps(2, 0.0), "half_range is 0.0"),
        (lambda: log_steps(2, float("inf")), "half_range is inf"),
        (lambda: DiscreteSpace(9), "n is 9"),
    ],
)
def test_bad_arguments_are_named(call, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()
