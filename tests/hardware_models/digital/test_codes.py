"""{-1, +1} writings: every level comes out of them, and products of them add up to the products of the levels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_hardware.digital.codes import Copies, input_copies, weight_copies
from gxnor_snn.graph import Coding

TERNARY = Coding.ternary()


@pytest.mark.parametrize(
    ("coding", "padded", "thresholded", "copies"),
    [
        (Coding.pm1(1), False, True, Copies(1)),
        (Coding.pm1(1), True, True, Copies(2)),
        (Coding.pm1(1, 1, 1), False, True, Copies(1)),
        (TERNARY, False, True, Copies(2)),
        (TERNARY, True, False, Copies(2)),
        (Coding.ternary(0, 1), True, True, Copies(1)),
        (Coding.signmag(2), False, True, Copies(4)),
        (Coding.signmag(2), False, False, Copies(3, weighted=True)),
        (Coding.pm1(2), False, True, Copies(3)),
        (Coding.pm1(2), False, False, Copies(2, weighted=True)),
        (Coding.pm1(2), True, True, Copies(6)),
        (Coding.bits(8), False, False, Copies(8, weighted=True)),
        (Coding.bits(8), True, False, Copies(8, weighted=True)),
        (Coding.bits(1), True, False, Copies(1)),
    ],
)
def test_values_per_activation(coding: Coding, padded: bool, thresholded: bool, copies: Copies) -> None:
    assert input_copies(coding, padded, thresholded) == copies


@pytest.mark.parametrize(
    ("coding", "number"),
    [(Coding.pm1(1), 1), (TERNARY, 2), (Coding.ternary(0, 1), 2), (Coding.signmag(2), 4), (Coding.pm1(2), 3)],
)
def test_values_per_weight(coding: Coding, number: int) -> None:
    assert weight_copies(coding) == Copies(number)


def thermometer(levels: np.ndarray, low: int, high: int, number: int) -> np.ndarray:
    """(number, *shape) values of {-1, +1} with levels = (low + high) / 2 + (high - low) / (2 number) x their sum."""
    step = (high - low) // number
    return np.stack([np.where(levels >= low + (k + 1) * step, 1, -1) for k in range(number)])


@given(
    st.sampled_from([TERNARY, Coding.pm1(1), Coding.signmag(2), Coding.pm1(2), Coding.ternary(0, 1)]),
    st.sampled_from([TERNARY, Coding.pm1(1), Coding.signmag(2), Coding.pm1(2)]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_products_of_the_values_add_up_to_the_products_of_the_levels(
    inputs: Coding, weights: Coding, padded: bool, seed: int
) -> None:
    """One popcount over values x copies, a constant per output, and a division: exact, padding included."""
    rng = np.random.default_rng(seed)
    x, w = rng.choice(inputs.levels, 20), rng.choice(weights.levels, 20)
    if padded:
        x[rng.random(20) < 0.3] = 0  # the zeros of padding, which no synapse reads
    n, m = input_copies(inputs, padded, True).number, weight_copies(weights).number
    low, high = (min(inputs.lo, 0), max(inputs.hi, 0)) if padded else (inputs.lo, inputs.hi)
    p, q = thermometer(x, low, high, n), thermometer(w, -weights.max_abs, weights.max_abs, m)
    popcount = int(np.einsum("ai,bi->", p, q))
    constant = (low + high) * int(w.sum())  # twice the middle of the inputs, known before any input is
    scale = (high - low) // n * (2 * weights.max_abs // m)
    assert 4 * int(x @ w) == scale * popcount + 2 * constant
