"""Boxes, footprints and routes against walks."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware.timing.flows import ENTRY
from gxnor_hardware.timing.footprint import Box, boxes_of_slice, footprint_of
from gxnor_hardware.timing.links import Links, Sites
from gxnor_snn.graph import EventGraph

from ..neuromorphic.nets import small_nets
from .brute import synapses


@given(st.tuples(*[st.integers(1, 5)] * 3), st.data())
def test_slices_are_made_of_boxes(shape: tuple[int, int, int], data: st.DataObject) -> None:
    size = int(np.prod(shape))
    start = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(start + 1, size))
    seen = np.zeros(shape, int)
    boxes = boxes_of_slice(start, stop, shape)
    for box in boxes:
        seen[slice(*box.channels), slice(*box.rows), slice(*box.columns)] += 1
    expected = np.zeros(size, int)
    expected[start:stop] = 1
    assert np.array_equal(seen.reshape(-1), expected)
    assert len(boxes) <= 5


@given(small_nets(), st.data())
@settings(max_examples=30, deadline=None)
def test_footprints_count_single_synapses(graph: EventGraph, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([*graph.projections]))
    edge = graph.projections[name]
    shape = (*graph.populations[edge.target].shape, 1, 1)[:3]
    spans = []
    for extent in shape:
        start = data.draw(st.integers(0, extent - 1))
        spans.append((start, data.draw(st.integers(start + 1, extent))))
    zero_weights = data.draw(st.booleans())
    values = (edge.weights != 0) * 1 if edge.weighted and not zero_weights else None
    inside = np.zeros(shape, bool)
    inside[tuple(slice(*span) for span in spans)] = True
    expected = synapses(graph, name, zero_weights)[:, inside.reshape(-1)].sum(axis=1)
    found = np.zeros(len(expected), int)
    box = Box(*spans).within(edge.target_channels)
    if box is not None:
        index, count = footprint_of(graph, name, values).counts(box)
        found[index] = count
    assert np.array_equal(found, expected)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 999))
def test_routes_go_along_x_then_y(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cores = 8
    sites = Sites(rng.integers(0, width, cores), rng.integers(0, height, cores), np.zeros(cores, np.int64))
    froms, tos = rng.integers(ENTRY, cores, 12), rng.integers(0, cores, 12)
    links = Links.of(sites)
    routes = links.crossed(froms, tos, np.eye(12, dtype=np.int64), sites)
    for pair, (start, stop) in enumerate(zip(froms.tolist(), tos.tolist(), strict=True)):
        x, y = (0, 0) if start == ENTRY else (int(sites.x[start]), int(sites.y[start]))
        used = []
        while x != sites.x[stop]:
            step = 1 if sites.x[stop] > x else -1
            used.append(((x, y), (x + step, y)))
            x += step
        while y != sites.y[stop]:
            step = 1 if sites.y[stop] > y else -1
            used.append(((x, y), (x, y + step)))
            y += step
        assert sorted(links.ends(k) for k in np.nonzero(routes[pair])[0].tolist()) == sorted(used)
        assert routes[pair].max(initial=0) <= 1
    messages = rng.integers(0, 9, (2, 12))
    assert np.array_equal(links.crossed(froms, tos, messages, sites), messages @ routes)
    assert links.name(0).startswith("(0, 0) -> (1, 0)")
