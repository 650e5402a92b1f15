"""Synapse memory of a core: the list format, and whole cores against lists built one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.neuromorphic.lists.memory import list_bits
from gxnor_hardware.neuromorphic.lists.reach import VectorReach
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph

Edit = Callable[..., Profile]
LOIHI = "loihi_micro_2018"


def stored(length: int, weight_bits: int, compartments: int) -> int:
    """One list, piece by piece: 64 synapses and a 10-bit header at most, in whole 64-bit words."""
    index = max(6, int(compartments - 1).bit_length())
    total = 0
    while length > 0:
        piece = min(length, 64)
        bits = piece * (weight_bits + index) + 10
        total += 64 * -(-bits // 64)
        length -= piece
    return total


@pytest.mark.parametrize("compartments", [1, 2, 64, 65, 1000, 1024])
@pytest.mark.parametrize("weight_bits", [2, 9])
def test_lists_are_stored_piece_by_piece(weight_bits: int, compartments: int) -> None:
    lengths = np.array([[0, 1, 5, 63, 64, 65, 128, 1000]])
    copies = np.array([[1, 1, 2, 1, 3, 1, 1, 4]])
    expected = sum(
        stored(int(n), weight_bits, compartments) * int(c) for n, c in zip(lengths[0], copies[0], strict=True)
    )
    found = list_bits(lengths, copies, weight_bits, np.array([compartments]), load_profile(LOIHI))
    assert found.tolist() == [expected]


def bits_by_hand(
    graph: EventGraph, name: str, blocks: list[Any], fan: int, lines: int, weight_bits: int
) -> list[int]:
    """Synapse memory per block with one list per source pixel, by sending a one-hot pixel through the masks."""
    projection: Any = graph.projections[name]
    channels, height, width = graph.populations[projection.source].shape
    mask = (projection.weights != 0).astype(float)
    found = [0] * len(blocks)
    for y in range(height):
        for x in range(width):
            pixel = np.zeros((1, channels, height, width))
            pixel[0, :, y, x] = 1
            reached = projection.product(pixel, mask, np)[0]
            for index, (block, compartments) in enumerate(blocks):
                found[index] += stored(int(reached[block].sum()) * lines * fan, weight_bits, compartments)
    return found


@pytest.mark.parametrize("capacity", [1024, 48, 20])
def test_core_memory_equals_lists_built_one_by_one(edited: Edit, conv_net: EventGraph, capacity: int) -> None:
    changes = {"limits/neurons_per_core/value": capacity, "design/conv_weights/value": "unrolled"}
    mapping = map_graph(conv_net, edited(LOIHI, changes))
    most = []
    for name, target, lines, weight_bits in (("conv1", "act1.pre", 5, 6), ("conv2", "act2", 2, 2)):
        static, shape = mapping.populations[target], conv_net.populations[target].shape
        steps = [int(static[f"block_{w}"]) for w in ("channels", "rows", "columns")]
        assert np.prod(steps) * 2 <= capacity
        blocks = []
        for starts in np.ndindex(*(-(-n // s) for n, s in zip(shape, steps, strict=True))):
            block = tuple(slice(k * s, min((k + 1) * s, n)) for k, s, n in zip(starts, steps, shape, strict=True))
            blocks.append((block, int(np.prod([b.stop - b.start for b in block])) * 2))
        assert len(blocks) == static["cores"]
        most.append(max(bits_by_hand(conv_net, name, blocks, 2, lines, weight_bits)))
    (check,) = [c for c in mapping.checks if c.limit == "synapse_bits_per_core"]
    assert check.note == "fullest core, of population 'act1.pre'"
    assert check.used == max(most)


def test_shared_lists_take_less_memory_than_unrolled_ones(edited: Edit, conv_net: EventGraph) -> None:
    used = []
    for choice in ("shared", "unrolled"):
        checks = map_graph(conv_net, edited(LOIHI, {"design/conv_weights/value": choice})).checks
        used += [c.used for c in checks if c.limit == "synapse_bits_per_core"]
    assert used[0] is not None
    assert used[1] is not None
    assert used[0] < used[1]


def test_too_little_memory_takes_more_cores_and_too_little_for_a_neuron_is_refused(
    edited: Edit, conv_net: EventGraph
) -> None:
    cores = [
        int(map_graph(conv_net, edited(LOIHI, {"limits/synapse_bits_per_core/value": bits})).resources["cores"])
        for bits in (1 << 20, 1 << 14, 1 << 13)
    ]
    assert cores[0] < cores[1] < cores[2]
    with pytest.raises(PricingError, match=r"needs synapse_bits_per_core of .* for a single neuron"):
        map_graph(conv_net, edited(LOIHI, {"limits/synapse_bits_per_core/value": 256}))


def test_output_axons_bind_too(edited: Edit, conv_net: EventGraph) -> None:
    small = {"limits/neurons_per_core/value": 40}
    free = map_graph(conv_net, edited(LOIHI, small))
    tight = map_graph(conv_net, edited(LOIHI, {**small, "limits/axons_out_per_core/value": 12}))
    (check,) = [c for c in tight.checks if c.limit == "axons_out_per_core"]
    assert check.used is not None
    assert check.used <= 12
    assert int(tight.resources["cores"]) > int(free.resources["cores"])


def test_a_source_of_no_pieces_cannot_be_cut() -> None:
    reach = VectorReach(1, 4)
    assert reach.pieces == 0
    with pytest.raises(PricingError, match=r"pieces 0\.\.1 of a source were asked for; it has 0"):
        reach.part(0, 1)
