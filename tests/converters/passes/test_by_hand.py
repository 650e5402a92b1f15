"""Passes on graphs made by hand: what goes, what stays, and why."""

import numpy as np
import pytest

from gxnor_converters.passes import merge_thresholds, prune_dead, rechannel, reorder_channels
from gxnor_converters.passes.thresholds import narrowed
from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Pool2d, Readout, Relay, Spiking
from tests.conformance.graphs import random_inputs

from .test_passes import assert_same_outputs

T = Coding.ternary()


def spiking(name: str, shape: tuple[int, ...], thresholds: list[list[int]], coding: Coding = T) -> Spiking:
    up = np.ones(len(thresholds), bool)
    return Spiking(name=name, shape=shape, coding=coding, thresholds=np.array(thresholds), increasing=up)


def chain(thresholds: list[list[int]], coding: Coding = T) -> EventGraph:
    """Two inputs, a hidden layer of the given thresholds, a second one, a readout."""
    n = len(thresholds)
    return EventGraph(
        [
            Input(name="in", shape=(2,), coding=T),
            spiking("a", (n,), thresholds, coding),
            spiking("b", (2,), [[0, 1], [-1, 1]]),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            Dense(name="ia", source="in", target="a", weights=np.tile([1, -1], (n, 1)), coding=T),
            Dense(name="ab", source="a", target="b", weights=np.ones((2, n), int), coding=T, gain=2),
            Dense(name="bo", source="b", target="out", weights=np.ones((1, 2), int), coding=T),
        ],
    )


def test_a_channel_that_always_fires_moves_into_the_thresholds() -> None:
    graph = chain([[0, 1], [-9, -9], [9, 9], [-9, 9]])  # free, always +1, always -1, always 0
    after = prune_dead(graph)
    assert after.populations["a"].shape == (1,)
    assert after.projections["ab"].weights.tolist() == [[1], [1]]
    assert (
        after.populations["b"].thresholds.tolist() == graph.populations["b"].thresholds.tolist()
    )  # +1 and -1 cancel
    graph = chain([[0, 1], [-9, -9], [-9, -9], [9, 9]])  # +2 - 1, times the gain of 2
    after = prune_dead(graph)
    assert after.populations["b"].thresholds.tolist() == [
        [-2, -1],
        [-2, -1],
    ]  # 0 - 2, 1 - 2; -1 - 2 is never missed
    assert_same_outputs(graph, after, random_inputs(graph, 9, 0))


def test_one_channel_of_a_dead_population_stays() -> None:
    after = prune_dead(chain([[9, 9], [9, 9]]))
    assert after.populations["a"].shape == (1,)


def image(level: list[int], padding: int, feed: Identity | Conv2d) -> EventGraph:
    """A channel that lives and one of the given thresholds, read by a convolution."""
    size = 1 + 2 * padding
    return EventGraph(
        [
            Input(name="in", shape=(2, 3, 3), coding=T),
            spiking("a", (2, 3, 3), [[0, 1], level]),
            spiking("b", (1, size, size), [[0, 1]]),
            Readout(name="out", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [
            feed,
            Conv2d(
                name="ab",
                source="a",
                target="b",
                weights=np.ones((1, 2, 3, 3), int),
                coding=T,
                padding=(padding,) * 4,
            ),
            Dense(name="bo", source="b", target="out", weights=np.ones((1, size * size), int), coding=T),
        ],
    )


MIX = Conv2d(name="ia", source="in", target="a", weights=np.ones((2, 2, 1, 1), int), coding=T)
BELOW, ABOVE, SILENT = [9, 9], [-9, -9], [-9, 9]


@pytest.mark.parametrize(
    ("level", "padding", "kept"), [(BELOW, 0, 1), (ABOVE, 0, 1), (SILENT, 1, 1), (BELOW, 1, 2), (ABOVE, 1, 2)]
)
def test_padding_holds_on_to_channels_that_fire(level: list[int], padding: int, kept: int) -> None:
    graph = image(level, padding, MIX)
    after = prune_dead(graph)
    assert after.populations["a"].shape == (kept, 3, 3)
    assert_same_outputs(graph, after, random_inputs(graph, 9, 0))


def test_what_is_tied_to_an_input_stays() -> None:
    graph = image(SILENT, 0, Identity(name="ia", source="in", target="a"))
    assert prune_dead(graph) is graph


def test_relays_and_pools_die_with_their_source() -> None:
    graph = EventGraph(
        [
            Input(name="in", shape=(1, 4, 4), coding=T),
            spiking("a", (3, 4, 4), [[0, 1], [9, 9], [-9, 9]]),
            Relay(name="r", shape=(3, 2, 2)),
            Readout(name="out", shape=(2,), scale=np.ones(2), offset=np.zeros(2)),
        ],
        [
            Conv2d(name="ia", source="in", target="a", weights=np.ones((3, 1, 1, 1), int), coding=T),
            Pool2d(name="ar", source="a", target="r", mode=("max", "min", "max")),
            Dense(name="ro", source="r", target="out", weights=np.ones((2, 12), int), coding=T),
        ],
    )
    after = prune_dead(graph)
    assert after.populations["r"].shape == (2, 2, 2)  # the channel of -1 feeds a readout, the silent one goes
    assert after.projections["ar"].mode == ("max", "min")
    assert after.projections["ro"].weights.shape == (2, 8)


def test_levels_that_nobody_sends_leave_the_coding() -> None:
    coding = Coding.signmag(3)  # -4 .. 4, sums of two ternary inputs reach -2 .. 2
    graph = chain([[-9, -9, -9, -1, 0, 1, 9, 9], [-9, -9, -9, 0, 0, 0, 2, 9]], coding)
    after = merge_thresholds(graph)
    assert after.coding("a") == Coding("signmag", 2, -1, 3)
    assert after.populations["a"].thresholds.tolist() == [[-1, 0, 1, 3], [0, 0, 0, 2]]


@pytest.mark.parametrize(
    ("coding", "levels", "expected"),
    [
        (T, [-1, 1], Coding.pm1(1)),
        (T, [0, 1], Coding.ternary(0, 1)),
        (Coding.signmag(3), [-1, 0, 1], Coding("signmag", 1, -1, 1)),
        (Coding.signmag(3), [-4, 4], Coding.signmag(3, table=(-4, 4))),
        (Coding.pm1(3), [-1, 1, 3], Coding("pm1", 2, -1, 3)),
        (Coding.pm1(3), [7], Coding("pm1", 3, 7, 7)),
        (Coding.bits(4), [0, 1, 2, 3], Coding.bits(2)),
        (Coding.bits(4), [0], Coding("bits", 1, 0, 0)),
    ],
)
def test_codings_are_narrowed_to_the_levels_that_stay(coding: Coding, levels: list[int], expected: Coding) -> None:
    assert narrowed(coding, levels) == expected


def test_an_order_of_one_s_own() -> None:
    graph = chain([[0, 1], [1, 2], [-1, 0]])
    after = reorder_channels(graph, {"a": [2, 0, 1]})
    assert after.populations["a"].thresholds.tolist() == [[-1, 0], [0, 1], [1, 2]]
    assert_same_outputs(graph, after, random_inputs(graph, 9, 0))
    assert reorder_channels(graph, {"a": [0, 1, 2]}) is graph


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ({"a": [0, 0, 1]}, "allowed is a permutation of 0..2"),
        ({"x": [0]}, "no population 'x'"),
        ({"in": [1, 0]}, "'in' is an input or a readout"),
    ],
)
def test_orders_that_cannot_be_are_refused(orders: dict[str, list[int]], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        reorder_channels(chain([[0, 1], [1, 2], [-1, 0]]), orders)


def test_groups_that_would_break_are_refused() -> None:
    graph = EventGraph(
        [
            Input(name="in", shape=(4, 2, 2), coding=T),
            spiking("a", (4, 2, 2), [[0, 1]] * 4),
            Readout(name="out", shape=(4, 2, 2), scale=np.ones(4), offset=np.zeros(4)),
        ],
        [
            Conv2d(name="ia", source="in", target="a", weights=np.ones((4, 4, 1, 1), int), coding=T),
            Conv2d(name="ao", source="a", target="out", weights=np.ones((4, 2, 1, 1), int), coding=T, groups=2),
        ],
    )
    assert reorder_channels(graph, {"a": [1, 0, 3, 2]}).populations["a"].shape == (4, 2, 2)
    with pytest.raises(ConversionError, match=r"projection 'ao' .conv2d. cannot follow the channels kept of 'a'"):
        reorder_channels(graph, {"a": [0, 2, 1, 3]})
    with pytest.raises(ConversionError, match="cannot follow"):
        rechannel(graph, {"a": [0, 1, 2]})
