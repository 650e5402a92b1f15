"""Crossbar: digital work that no array does is counted and named as left out."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Readout,
    execute,
)
from gxnor_snn.results import Counts

Edit = Callable[..., Profile]
ISAAC = "isaac_isca_2016"


def test_gains_and_joined_sums_are_named_as_left_out(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(ISAAC)
    assert map_graph(conv_net, profile).resources["adds_outside"] == 0
    ternary = Coding.ternary()
    own = np.ones((3, 3), np.int8)
    out = Readout(name="out", shape=(3,), scale=np.ones(3), offset=np.zeros(3))
    graph = EventGraph(
        [Input(name="x", shape=(3,), coding=ternary), out],
        [
            Dense(name="a", source="x", target="out", weights=own, coding=ternary, gain=2),
            Dense(name="b", source="x", target="out", weights=own, coding=ternary),
            Identity(name="skip", source="x", target="out", gain=-1),
        ],
    )
    mapping = map_graph(graph, profile)
    assert mapping.resources["adds_outside"] == 3 + 3 + (3 + 3)  # gain; second layer; skip with its sign
    counts = execute(graph, np.ones((1, 3), np.int64)).counts
    assert counts is not None
    assert any("12 digital additions and scalings" in part for part in price(counts, profile, mapping).excluded)


def test_what_channels_of_their_own_take_needs_no_addition() -> None:
    """Concatenation joins nothing; a max pool compares; a sum pool of 2 x 2 places takes three additions."""
    ternary = Coding.ternary()

    def net(*projections: Any, channels: int, side: int) -> EventGraph:
        shape = (channels, side, side)
        out = Readout(name="out", shape=shape, scale=np.ones(channels), offset=np.zeros(channels))
        return EventGraph([Input(name="x", shape=(1, 4, 4), coding=ternary), out], projections)

    def conv(name: str, at: int, **own: Any) -> Conv2d:
        weights = np.ones((1, 1, 1, 1), np.int8)
        return Conv2d(
            name=name,
            source="x",
            target="out",
            coding=ternary,
            weights=weights,
            target_channels=(at, at + 1),
            **own,
        )

    def adds(graph: EventGraph) -> Any:
        return map_graph(graph, load_profile(ISAAC)).resources["adds_outside"]

    skip = Identity(name="skip", source="x", target="out", target_channels=(1, 2))
    assert adds(net(conv("a", 0), conv("b", 1), channels=2, side=4)) == 0
    assert adds(net(conv("a", 0), skip, channels=2, side=4)) == 0
    assert adds(net(conv("a", 1), conv("b", 0), skip, channels=2, side=4)) == 16
    for mode, number in (("max", 0), ("sum", 3 * 4)):
        pool = Pool2d(name="p", source="x", target="out", kernel=(2, 2), mode=mode, target_channels=(0, 1))
        assert adds(net(pool, conv("a", 1, stride=(2, 2)), channels=2, side=2)) == number
