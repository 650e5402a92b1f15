"""Tiles with narrow converters against a walk cell by cell: a sum of clipped codes is not a clipped sum."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware.crossbar import ArraySpec, simulate
from gxnor_hardware.crossbar.devices import Device
from gxnor_snn.graph import Coding, Conv2d, execute

from .nets import by_hand, one_layer, read_out, seeded

CODINGS = [Coding.ternary(), Coding.pm1(2), Coding.signmag(3), Coding.bits(3)]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 999))
def test_dense_layers_match_a_walk_by_hand(data: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    source, coding = data.draw(st.sampled_from(CODINGS)), data.draw(st.sampled_from(CODINGS))
    array = ArraySpec(
        rows=data.draw(st.integers(2, 12)),
        cols=data.draw(st.integers(2, 7)),
        cells="pair",
        drive=data.draw(st.sampled_from(["bipolar", "two_phase", "two_row"])),
        subtraction=data.draw(st.sampled_from(["analog", "digital"])),
        adc_bits=data.draw(st.sampled_from([2, 3, 4])),
    )
    weights = rng.choice(coding.levels, size=(4, data.draw(st.integers(1, 30))))
    x = rng.choice(source.levels, size=(3, weights.shape[1]))
    graph = one_layer(weights, source, coding)
    found = simulate(graph, x, Device.ideal(), seeded(0), array=array).readouts["out"]
    np.testing.assert_allclose(found, by_hand(graph, array, weights, x), rtol=1e-5, atol=1e-4)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999), rows=st.integers(2, 20), groups=st.sampled_from([1, 2]))
def test_convolutions_lie_along_the_rows_in_the_order_of_their_weights(seed: int, rows: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(-1, 2, (4, 4 // groups, 2, 3))
    conv = Conv2d(
        name="conv", source="in", target="out", weights=weights, coding=Coding.ternary(), groups=groups,
        padding=(1, 0, 2, 1), stride=(2, 1), dilation=(1, 2),
    )  # fmt: skip
    x = rng.integers(-1, 2, (2, 4, 5, 6))
    graph = read_out(conv, (4, 5, 6), Coding.ternary())
    array = ArraySpec(rows=rows, adc_bits=3)
    found = simulate(graph, x, Device.ideal(), seeded(0), array=array).readouts["out"]
    padded = np.pad(x, ((0, 0), (0, 0), (1, 0), (2, 1)))
    per_in, per_out = 4 // groups, 4 // groups
    for (r, c), _ in np.ndenumerate(found[0, 0]):
        window = padded[:, :, 2 * r : 2 * r + 2, c : c + 6 : 2][..., :3]
        for g in range(groups):
            inputs = window[:, g * per_in : (g + 1) * per_in].reshape(2, -1)
            # ranges are those of the widest column of the whole layer, so both groups are walked together
            both = weights.reshape(4, -1)
            expected = by_hand(graph, array, both, inputs)[:, g * per_out : (g + 1) * per_out]
            np.testing.assert_allclose(found[:, g * per_out : (g + 1) * per_out, r, c], expected, atol=1e-4)


def test_a_sum_of_clipped_codes_is_not_a_clipped_sum() -> None:
    weights = np.array([[1] * 4 + [-1] * 2])
    graph = one_layer(weights, Coding.ternary())
    x = np.ones((1, 6), np.int64)
    array = ArraySpec(rows=4, adc_bits=3, adc_range={"fc": (2.0, 2.0)})  # codes -3..3 of step 1
    assert execute(graph, x).readouts["out"].tolist() == [[2]]
    assert simulate(graph, x, Device.ideal(), seeded(0), array=array).readouts["out"].tolist() == [[1.0]]


def test_several_planes_at_once_are_an_amplitude() -> None:
    graph = one_layer(np.array([[1, 1]]), Coding.bits(8))
    x = np.array([[255, 254]])
    for bits, expected in ((1, 509.0), (4, 509.0), (8, 509.0)):
        array = ArraySpec(dac_bits=bits, adc_bits=12)
        assert simulate(graph, x, Device.ideal(), seeded(0), array=array).readouts["out"].item() == expected
    coarse = simulate(graph, x, Device.ideal(), seeded(0), array=ArraySpec(dac_bits=8, adc_bits=4))
    assert not coarse.exact
    assert abs(coarse.readouts["out"].item() - 509) <= 510 / 7 / 2
