"""What a chip of binary events and synapse lists cannot run is refused, naming the wall."""

from collections.abc import Callable

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Pool2d

from .nets import TERNARY, dense, readout, spiking

Edit = Callable[..., Profile]
LOIHI = "loihi_micro_2018"


def wall(graph: EventGraph, profile: Profile, message: str) -> None:
    with pytest.raises(PricingError, match=message):
        map_graph(graph, profile)


def test_levels_that_binary_lines_cannot_carry_are_a_wall() -> None:
    hidden = spiking("h", (2,), Coding.signmag(2))
    graph = dense(np.ones((2, 3), np.int8), Input(name="x", shape=(3,), coding=TERNARY), hidden)
    wall(graph, load_profile(LOIHI), r"population 'h' sends levels -2\.\.2; the wall is binary events")


def test_weights_and_sums_beyond_their_words_are_walls() -> None:
    source, hidden = Input(name="x", shape=(3,), coding=Coding.bits(8)), spiking("h", (2,))
    graph = dense(np.ones((2, 3), np.int8), source, hidden, gain=2)
    wall(graph, load_profile(LOIHI), r"needs weight_bits of 10; the wall is 9")
    many = Input(name="x", shape=(600,), coding=Coding.bits(8))
    graph = dense(np.ones((2, 600), np.int8), many, hidden)
    wall(graph, load_profile(LOIHI), r"needs sum_bits of 18; the wall is 17")


def test_one_neuron_that_fills_more_than_a_core_is_a_wall() -> None:
    graph = dense(np.ones((2, 5000), np.int8), Input(name="x", shape=(5000,), coding=TERNARY), spiking("h", (2,)))
    wall(graph, load_profile(LOIHI), r"population 'h' needs axons_in_per_core of 5000 for a single neuron.*4096")


def test_multi_level_values_cannot_be_pooled_by_binary_events() -> None:
    graph = EventGraph(
        [Input(name="x", shape=(1, 4, 4), coding=Coding.bits(8)), spiking("h", (1, 2, 2)), readout("out", (1,))],
        [
            Pool2d(name="pool", source="x", target="h", mode="sum"),
            Dense(name="fc", source="h", target="out", weights=np.ones((1, 4), np.int8), coding=TERNARY),
        ],
    )
    wall(graph, load_profile(LOIHI), r"projection 'pool': a pool2d reads levels of 8 planes")


def test_a_limit_the_card_lacks_is_unchecked_and_never_passed(edited: Edit, dense_net: EventGraph) -> None:
    profile = edited(LOIHI, {"limits/axons_in_per_core": None, "limits/weight_bits": None})
    status = {c.limit: c.status for c in map_graph(dense_net, profile).checks}
    assert (status["axons_in_per_core"], status["weight_bits"]) == ("unchecked", "unchecked")
