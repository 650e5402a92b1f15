"""{-1, +1} writings: every level comes out of them, and products of them add up to the products of the levels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxnor_hardware.digital.codes import Copies, fits, input_copies, weight_copies, work_outside
from gxnor_snn.graph import Coding, Conv2d, EventGraph, Identity, Input, Pool2d, Readout, Relay

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


@pytest.mark.parametrize(
    ("lo", "hi", "good"),
    [(-128, 127, True), (0, 255, True), (-1, 128, False), (-100, 150, False), (0, 256, False), (-129, 0, False)],
)
def test_words_of_eight_bits_are_signed_or_not(lo: int, hi: int, good: bool) -> None:
    assert fits(lo, hi, 8) is good


def test_work_beside_the_products_by_hand() -> None:
    """A neuron that is fed k numbers takes k - 1 additions or comparisons, and a gain one scaling."""

    def conv(name: str, outputs: int, channels: tuple[int, int], gain: int = 1) -> Conv2d:
        weights = np.ones((outputs, 2, 1, 1), np.int8)
        ends = {"source": "x", "target": "r", "target_channels": channels}
        return Conv2d(name=name, weights=weights, coding=TERNARY, gain=gain, **ends)

    shape, one = (4, 4, 4), {"scale": np.ones(4), "offset": np.zeros(4)}
    graph = EventGraph(
        [
            Input(name="x", shape=(2, 4, 4), coding=TERNARY),
            Relay(name="p", shape=(2, 2, 2)),
            Relay(name="same", shape=(2, 4, 4)),
            Relay(name="s", shape=(2, 3, 3), kind="sum", lo=-9, hi=9),
            Readout(name="r", shape=shape, **one),
            Readout(name="q", shape=(2, 2, 2), scale=np.ones(2), offset=np.zeros(2)),
            Readout(name="t", shape=(2, 3, 3), scale=np.ones(2), offset=np.zeros(2)),
        ],
        [
            Pool2d(name="max", source="x", target="p", kernel=(2, 2), stride=(2, 2)),
            Identity(name="id", source="x", target="same"),
            Pool2d(name="sum", source="x", target="s", mode="sum", kernel=(3, 3), stride=(2, 2), padding=(1, 1, 1, 1), ceil_mode=True),
            conv("a", 1, (0, 1)), conv("b", 2, (1, 3)), conv("c", 2, (2, 4)), conv("d", 1, (2, 3), gain=3),
            Identity(name="e", source="p", target="q"),
            Identity(name="f", source="s", target="t"),
        ],
    )  # fmt: skip
    assert work_outside(graph, "p") == 2 * 4 * 3
    assert work_outside(graph, "same") == work_outside(graph, "q") == work_outside(graph, "x") == 0
    # places of 3 x 3 windows at a stride of 2 over 4 + 2 rows: 2, 3 and 1 within the image along an axis
    assert work_outside(graph, "s") == 2 * ((2 + 3 + 1) ** 2 - 9)
    # channel 2 gets b, c and d, of which d is scaled; the others get one each
    assert work_outside(graph, "r") == 16 * (2 + 1)


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
