"""Crossbar: the conversion law for nets worked out by hand, and the bits that tell sums apart."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Input,
    Pool2d,
    Readout,
    Relay,
    Spiking,
)

Edit = Callable[..., Profile]
ISAAC = "isaac_isca_2016"


def vgg_like(shapes: list[tuple[str, tuple[int, ...]]], input_shape: tuple[int, ...]) -> EventGraph:
    """A chain of same-padded or valid convolutions, pools and dense layers with weights of one."""
    ternary = Coding.ternary()
    populations: list[Any] = [Input(name="input", shape=input_shape, coding=ternary)]
    projections: list[Any] = []
    for index, (kind, shape) in enumerate(shapes):
        source = populations[-1]
        name = f"layer{index}"
        if kind == "pool":
            populations.append(Relay(name=name, shape=shape))
            projections.append(Pool2d(name=f"p{index}", source=source.name, target=name))
            continue
        if index == len(shapes) - 1:
            size = shape[0]
            populations.append(Readout(name=name, shape=shape, scale=np.ones(size), offset=np.zeros(size)))
        else:
            rest: dict[str, Any] = {
                "thresholds": np.tile([0, 1], (shape[0], 1)),
                "increasing": np.ones(shape[0], bool),
            }
            populations.append(Spiking(name=name, shape=shape, coding=ternary, **rest))
        if kind == "dense":
            weights = np.ones((shape[0], source.size), np.int8)
            projections.append(
                Dense(name=f"p{index}", source=source.name, target=name, weights=weights, coding=ternary)
            )
            continue
        kernel = int(kind[0])
        pad = (kernel // 2,) * 4 if kind.endswith("same") else (0,) * 4
        weights = np.ones((shape[0], source.shape[0], kernel, kernel), np.int8)
        projections.append(
            Conv2d(name=f"p{index}", source=source.name, target=name, weights=weights, coding=ternary, padding=pad)
        )
    return EventGraph(populations, projections)


MNIST = vgg_like(
    [
        ("5valid", (32, 24, 24)), ("pool", (32, 12, 12)), ("5valid", (64, 8, 8)), ("pool", (64, 4, 4)),
        ("dense", (512,)), ("dense", (10,)),
    ],
    (1, 28, 28),
)  # fmt: skip
CIFAR_LAYERS = [
    ("3same", (128, 32, 32)), ("3same", (128, 32, 32)), ("pool", (128, 16, 16)),
    ("3same", (256, 16, 16)), ("3same", (256, 16, 16)), ("pool", (256, 8, 8)),
    ("3same", (512, 8, 8)), ("3same", (512, 8, 8)), ("pool", (512, 4, 4)),
    ("dense", (1024,)), ("dense", (10,)),
]  # fmt: skip


@pytest.mark.parametrize(("size", "arrays", "conversions"), [(128, 76, 51_240), (256, 23, 36_884)])
def test_the_mnist_net_takes_the_tiles_and_conversions_worked_out_by_hand(
    edited: Edit, size: int, arrays: int, conversions: int
) -> None:
    mapping = map_graph(MNIST, ideal(edited, size))
    assert (mapping.resources["arrays"], mapping.resources["conversions"]) == (arrays, conversions)


@pytest.mark.parametrize(("size", "arrays", "conversions"), [(128, 1592, 4.9e6), (256, 402, 2.6e6)])
def test_the_cifar_net_takes_the_tiles_and_conversions_worked_out_by_hand(
    edited: Edit, size: int, arrays: int, conversions: float
) -> None:
    mapping = map_graph(vgg_like(CIFAR_LAYERS, (3, 32, 32)), ideal(edited, size))
    assert mapping.resources["arrays"] == arrays
    assert mapping.resources["conversions"] == pytest.approx(conversions, rel=0.02)


def ideal(edited: Edit, size: int) -> Profile:
    """Square arrays, bipolar rows in one phase, one conversion per pair."""
    return edited(
        ISAAC,
        {
            "limits/rows/value": size,
            "limits/cols/value": size,
            "design/row_drive/value": "bipolar",
            "design/pair_subtraction/value": "analog",
        },
    )


def test_the_law_holds_for_full_arrays() -> None:
    """conversions = MACs x cells per weight x phases / rows where nothing is rounded up."""
    graph = vgg_like([("dense", (64,)), ("dense", (128,))], (256,))
    mapping = map_graph(graph, load_profile(ISAAC))
    macs = [256 * 64, 64 * 128]
    first, second = (mapping.projections[f"p{i}"]["conversions"] for i in (0, 1))
    assert first == macs[0] * 2 * 2 / 128
    assert second == macs[1] * 2 * 2 / 64  # 64 inputs fill half the rows of an array


def test_converter_bits_are_checked_against_lossless_sums(edited: Edit, conv_net: EventGraph) -> None:
    assert all(c.status == "pass" for c in map_graph(MNIST, load_profile(ISAAC)).checks)
    mapping = map_graph(MNIST, edited(ISAAC, {"limits/adc_bits/value": 7}))
    (bits,) = [c for c in mapping.checks if c.limit == "adc_bits"]
    assert (bits.status, bits.used, bits.allowed) == ("exceeded", 8, 7)
    assert any("7-bit conversion clips" in note for note in mapping.notes)
    unknown = map_graph(MNIST, edited(ISAAC, {"limits/adc_bits": None}))
    assert {c.limit: c.status for c in unknown.checks}["adc_bits"] == "unchecked"


@pytest.mark.parametrize(
    ("limit", "value", "needed"), [("rows", 16, 72), ("cols", 6, 12), ("rows_per_read", 8, 72)]
)
def test_a_card_that_forbids_cutting_a_layer_refuses_it(
    edited: Edit, conv_net: EventGraph, limit: str, value: int, needed: int
) -> None:
    """Layers of 9 x 6, 27 x 4 and 72 x 4 weights, two columns each."""
    wall = {"value": value, "kind": "wall", "source": "test", "grade": "A"}
    with pytest.raises(PricingError, match=f"needs {limit} of {needed}; the wall is {value}"):
        map_graph(conv_net, edited(ISAAC, {f"limits/{limit}": wall}))
    fits = {f"limits/{limit}": {**wall, "value": needed}}
    assert {c.limit: c.status for c in map_graph(conv_net, edited(ISAAC, fits)).checks}[limit] == "pass"


def test_a_card_that_forbids_clipping_refuses_it(edited: Edit) -> None:
    wall = {"value": 7, "kind": "wall", "source": "test", "grade": "A"}
    with pytest.raises(PricingError, match="needs adc_bits of 8; the wall is 7"):
        map_graph(MNIST, edited(ISAAC, {"limits/adc_bits": wall}))
