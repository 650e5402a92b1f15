"""Lines and axons of source values, the fan-in they leave, magnitudes, and walls of numbers and events."""

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import (
    Coding,
    EventGraph,
    Input,
    Pool2d,
    Relay,
)

from ..nets import TERNARY, spiking
from .nets import BINARY, BRAINSCALES, ODIN, TIANJIC, TRUENORTH, Edit, dense, layer, readout


@pytest.mark.parametrize(
    ("card", "coding", "axons", "fan_in"),
    [
        (TRUENORTH, TERNARY, 4, 64),
        (TRUENORTH, BINARY, 2, 128),
        (TRUENORTH, Coding.pm1(1), 4, 64),
        (TIANJIC, TERNARY, 1, 256),
        (BRAINSCALES, TERNARY, 2, 128),
        (BRAINSCALES, BINARY, 2, 128),
    ],
)
def test_axons_per_input_and_the_fan_in_they_leave(card: str, coding: Coding, axons: int, fan_in: int) -> None:
    profile = load_profile(card)
    mapping = map_graph(layer(fan_in, 5, coding), profile)
    assert mapping.projections["fc"]["axons_per_value"] == axons
    assert mapping.populations["h"]["row_groups"] == 1
    assert not any("approximation" in note and "partial" in note for note in mapping.notes)
    if "partial_sums" in profile.design:
        assert map_graph(layer(fan_in + 1, 5, coding), profile).populations["h"]["row_groups"] == 2
    else:
        with pytest.raises(
            PricingError, match=f"'h' needs axons_per_core of {axons * (fan_in + 1)}; the wall is 256"
        ):
            map_graph(layer(fan_in + 1, 5, coding), profile)


def test_partial_sums_say_whether_they_are_exact(edited: Edit) -> None:
    spikes = map_graph(layer(65, 5), load_profile(TRUENORTH))
    assert any("'h' takes 2 cores" in n and "approximation" in n for n in spikes.notes)
    values = map_graph(layer(257, 5), load_profile(TIANJIC))
    assert any("'h' takes 2 cores" in n and "exact where they fit" in n for n in values.notes)
    refused = edited(TRUENORTH, {"design/partial_sums": None})
    with pytest.raises(PricingError, match=r"needs axons_per_core of 260; the wall is 256"):
        map_graph(layer(65, 5), refused)


@pytest.mark.parametrize(
    ("coding", "weights", "gain", "axons"),
    [
        # magnitudes 1 and 16 are the two units: bits of 1, 2, 4, 8 copies of either, both signs of weight
        (Coding.bits(8), TERNARY, 1, 2 * (1 + 2 + 4 + 8) * 2),
        (Coding.bits(2), TERNARY, 1, 2 * (1 + 1)),
        (TERNARY, Coding.signmag(2), 1, 4 * 2),
        (TERNARY, Coding.signmag(3), 1, 4 * (1 + 2 + 1)),
        (TERNARY, TERNARY, 7, 4),
        (TERNARY, TERNARY, 255, 4),
    ],
)
def test_magnitudes_are_made_of_four_axon_types(coding: Coding, weights: Coding, gain: int, axons: int) -> None:
    mapping = map_graph(layer(3, 2, coding, weights, gain=gain), load_profile(TRUENORTH))
    assert mapping.projections["fc"]["axons_per_value"] == axons


def test_multi_bit_synapses_share_out_larger_weights() -> None:
    mapping = map_graph(layer(3, 2, TERNARY, Coding.signmag(4)), load_profile(ODIN))
    assert mapping.projections["fc"]["axons_per_value"] == 4 * 2  # magnitude 8 on 3-bit synapses
    assert {c.limit: c.status for c in mapping.checks}["weight_bits"] == "exceeded"


def test_walls_of_numbers_and_events(edited: Edit) -> None:
    def wall(graph: EventGraph, card: str | Profile, message: str) -> None:
        with pytest.raises(PricingError, match=message):
            map_graph(graph, load_profile(card) if isinstance(card, str) else card)

    wall(layer(3, 2, gain=300), TRUENORTH, r"needs effects of \[300\] in 2 sign\(s\); the wall is axon_types")
    levels = EventGraph(
        [Input(name="x", shape=(2,), coding=TERNARY), spiking("h", (2,), Coding.signmag(2)), readout("out", 1)],
        [dense("fc", "x", "h", np.eye(2, dtype=int)), dense("last", "h", "out", [[1, 1]])],
    )
    for card in (TRUENORTH, ODIN, BRAINSCALES):
        wall(levels, card, r"population 'h' sends levels -2\.\.2; the wall is binary events")
    assert map_graph(levels, load_profile(TIANJIC)).projections["last"]["axons_per_value"] == 1
    wall(
        layer(40, 2, weights=Coding.signmag(6)), TIANJIC, r"needs \d+ different weights; the wall is weight_levels"
    )
    wall(layer(3, 2, delay=15), TRUENORTH, "needs delay_steps of 16; the wall is 15")
    wall(layer(4, 2), edited(TRUENORTH, {"limits/sum_bits/value": 2}), "needs sum_bits of 3; the wall is 2")
    wall(layer(200, 2, Coding.bits(1)), ODIN, r"needs neurons_per_core of \d+; the wall is 256")
    pixels = EventGraph(
        [
            Input(name="x", shape=(1, 4, 4), coding=Coding.bits(3)),
            Relay(name="p", shape=(1, 2, 2)),
            readout("out", 1),
        ],
        [Pool2d(name="pool", source="x", target="p"), dense("last", "p", "out", np.ones((1, 4), int))],
    )
    wall(pixels, TRUENORTH, r"sends levels 0\.\.7; the wall is binary events|reads levels of 3 planes; the wall")
    wall(pixels, TIANJIC, r"population 'x' of levels 0\.\.7 is pooled; the wall is that a neuron adds")
    small = edited(TRUENORTH, {"limits/axons_per_core/value": 3})
    wall(layer(3, 2), small, "a single value of projection 'fc' takes 4 axons; the wall is axons_per_core")
    few = edited(TRUENORTH, {"limits/cores_per_chip/kind": "wall", "limits/cores_per_chip/value": 1})
    wall(layer(300, 2), few, r"needs cores_per_chip of \d+; the wall is 1")


def test_cores_of_one_neuron_are_a_wall(edited: Edit) -> None:
    """A ternary neuron is two, and copies of a line cannot be made one by one."""
    one = {"limits/neurons_per_core/value": 1}
    with pytest.raises(
        PricingError, match=r"neuron of population 'h'.* takes 2 neurons of a core; .* allowed are 1"
    ):
        map_graph(layer(3, 2), edited(TRUENORTH, one))
    with pytest.raises(PricingError, match=r"takes splitters; the wall is neurons_per_core of 1"):
        map_graph(layer(3, 2), edited(TIANJIC, one))


def test_what_saturates_is_named() -> None:
    graph = EventGraph(
        [Input(name="x", shape=(40,), coding=BINARY), readout("out", 1)],
        [dense("fc", "x", "out", np.full((1, 40), 7), Coding.signmag(3, lo=-7, hi=7))],
    )
    mapping = map_graph(graph, load_profile(ODIN))
    assert {c.limit: c.status for c in mapping.checks}["sum_bits"] == "exceeded"
    assert any("sum_bits is 9, the card has 8" in note and "saturates" in note for note in mapping.notes)


def test_signed_synapses_with_unsigned_events(edited: Edit) -> None:
    profile = edited(TIANJIC, {"design/axon_carries/value": "sign", "design/signed_neurons/value": "two_neurons"})
    mapping = map_graph(layer(128, 5), profile)
    assert mapping.projections["fc"]["axons_per_value"] == 2
    assert mapping.populations["h"]["row_groups"] == 1
    assert mapping.populations["h"]["compartments"] == 10
