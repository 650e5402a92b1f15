"""Crossbar: counts against a walk over every array, latency, and what does not fit."""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gxnor_hardware import load_profile, map_graph, price
from gxnor_hardware.profile import Profile
from gxnor_snn.errors import PricingError
from gxnor_snn.graph import (
    Coding,
    Dense,
    EventGraph,
    Identity,
    Input,
    Readout,
    Spiking,
    execute,
)
from gxnor_snn.results import Counts

Edit = Callable[..., Profile]
ISAAC = "isaac_isca_2016"


def taps_of(projection: Any, plane: Any) -> Any:
    """The rows of a projection's arrays for one plane: (groups, output positions, fan-in)."""
    if projection.kind == "dense":
        return plane.reshape(1, 1, -1)
    rows, columns = projection.weights.shape[2:]
    top, bottom, left, right = projection.padding
    padded = np.pad(plane, ((0, 0), (top, bottom), (left, right)))
    out_h, out_w = projection.output_shape(plane.shape)[1:]
    windows = []
    for y, x in itertools.product(range(out_h), range(out_w)):
        at_y, at_x = y * projection.stride[0], x * projection.stride[1]
        windows.append(padded[:, at_y : at_y + rows, at_x : at_x + columns].reshape(projection.groups, -1))
    return np.stack(windows, axis=1)


def walk(projection: Any, coding: Coding, levels: Any, profile: Profile) -> Counter[str]:
    """Read every array once per output position and phase, and count what it does, by brute force."""
    done: Counter[str] = Counter()
    drive, rows, cols = profile.choice("row_drive"), profile.number("rows"), profile.number("cols")
    per_pair = 2 if profile.choice("pair_subtraction") == "digital" else 1
    signed = coding.lo < 0 < coding.hi
    weights = projection.weights.reshape(projection.weights.shape[0], -1)
    outputs = len(weights) // getattr(projection, "groups", 1)
    for plane in coding.plane_values(levels):
        taps = taps_of(projection, plane)
        if drive == "two_row" and signed:
            phases = [np.stack([taps == 1, taps == -1], axis=-1).reshape(*taps.shape[:2], -1)]
        elif drive == "two_phase" and signed:
            phases = [taps == 1, taps == -1]
        else:
            phases = [taps != 0]
        for rows_on, group in itertools.product(phases, range(len(taps))):
            own = weights[group * outputs : (group + 1) * outputs]
            own = np.repeat(own, 2, axis=1) if rows_on.shape[2] == 2 * own.shape[1] else own
            for position in rows_on[group]:
                for row in range(0, len(position), rows):
                    for pair in range(0, outputs, cols // 2):
                        tile = own[pair : pair + cols // 2, row : row + rows]
                        active = position[row : row + rows]
                        done["array_reads"] += 1
                        done["conversions"] += len(tile) * per_pair
                        done["row_drives"] += int(active.sum())
                        done["cells"] += int(active.sum()) * 2 * len(tile)
                        done["low_resistance"] += int(np.count_nonzero(tile[:, active]))
    return done


@pytest.mark.parametrize("drive", ["bipolar", "two_phase", "two_row"])
@pytest.mark.parametrize("subtraction", ["digital", "analog"])
@pytest.mark.parametrize(("rows", "cols"), [(128, 128), (16, 6)])
def test_every_count_equals_a_walk_over_all_arrays(
    conv_net: EventGraph, pixels: Any, edited: Edit, drive: str, subtraction: str, rows: int, cols: int
) -> None:
    profile = edited(
        ISAAC,
        {
            "design/row_drive/value": drive,
            "design/pair_subtraction/value": subtraction,
            "limits/rows/value": rows,
            "limits/cols/value": cols,
            "energy/cell_read/value_fj": 1.0,
        },
    )
    x = pixels(1)
    trace = execute(conv_net, x, record="all")
    assert trace.counts is not None
    levels = {"input": x[0], **{n: s[0] for n, s in trace.spikes.items()}}
    walked: Counter[str] = Counter()
    for projection in conv_net.projections.values():
        if projection.weighted:
            walked += walk(projection, conv_net.coding(projection.source), levels[projection.source], profile)
    mapping = map_graph(conv_net, profile)
    terms = price(trace.counts, profile, mapping).terms
    assert mapping.resources["conversions"] == terms["adc"].count == walked["conversions"]
    assert mapping.resources["array_reads"] == terms["tile"].count == walked["array_reads"]
    assert terms["row drivers"].count == walked["row_drives"]
    assert terms["array"].count == walked["cells"]
    assert terms["array"].low_j == pytest.approx(walked["low_resistance"] * 1e-15)
    assert terms["array"].high_j == pytest.approx(walked["array_reads"] * rows * cols * 1e-15)


def test_conversions_do_not_shrink_with_sparsity_but_drives_and_cells_do(
    conv_net: EventGraph, pixels: Any
) -> None:
    profile = load_profile(ISAAC)
    mapping = map_graph(conv_net, profile)
    busy, silent = (execute(conv_net, x).counts for x in (pixels(3), pixels(3) * 0))
    assert busy is not None
    assert silent is not None
    one, other = price(busy, profile, mapping).terms, price(silent, profile, mapping).terms
    for term in ("adc", "sample and hold", "tile", "registers", "shift and add"):
        assert one[term] == other[term]
    assert other["row drivers"].energy_j < one["row drivers"].energy_j
    assert other["array"].energy_j < one["array"].energy_j


def test_latency_is_the_longest_chain_of_reads(conv_net: EventGraph, conv_counts: Counts) -> None:
    profile = load_profile(ISAAC)
    latency = price(conv_counts, profile, map_graph(conv_net, profile)).latency
    assert latency is not None
    reads = 100 * 5 + 9 * 2 + 1 * 2  # positions x phases: 5 pixel planes, then both signs
    assert latency.time_s == pytest.approx(reads * 100e-9)
    assert latency.low_s == pytest.approx(reads * 100e-9)
    assert latency.high_s == pytest.approx(reads * 200e-9)


def test_parallel_branches_do_not_add_their_times() -> None:
    ternary = Coding.ternary()
    weights = np.ones((3, 2), np.int8)
    spiking: dict[str, Any] = {
        "coding": ternary,
        "thresholds": np.tile([0, 1], (3, 1)),
        "increasing": np.ones(3, bool),
    }
    graph = EventGraph(
        [
            Input(name="x", shape=(2,), coding=ternary),
            Spiking(name="a", shape=(3,), **spiking),
            Spiking(name="b", shape=(3,), **spiking),
            Readout(name="out", shape=(3,), scale=np.ones(3), offset=np.zeros(3)),
        ],
        [
            Dense(name="xa", source="x", target="a", weights=weights, coding=ternary),
            Dense(name="xb", source="x", target="b", weights=weights, coding=ternary),
            Dense(name="ao", source="a", target="out", weights=np.ones((3, 3), np.int8), coding=ternary),
            Identity(name="bo", source="b", target="out"),
        ],
    )
    profile = load_profile(ISAAC)
    counts = execute(graph, np.ones((1, 2), np.int64)).counts
    assert counts is not None
    latency = price(counts, profile, map_graph(graph, profile)).latency
    assert latency is not None
    assert latency.time_s == pytest.approx(2 * 2 * 100e-9)


def test_more_arrays_than_a_chip_has_leave_the_links_unpriced(edited: Edit, conv_net: EventGraph) -> None:
    profile = edited(ISAAC, {"limits/arrays_per_chip/value": 2})
    mapping = map_graph(conv_net, profile)
    assert mapping.resources["chips"] == 2
    counts = execute(conv_net, np.zeros((1, 1, 10, 10), np.int64)).counts
    assert counts is not None
    bill = price(counts, profile, mapping)
    assert bill.total is None
    assert [u.term for u in bill.unpriced] == ["chip links"]


def test_an_array_too_narrow_for_a_pair_is_refused(edited: Edit, conv_net: EventGraph) -> None:
    with pytest.raises(PricingError, match="cols is 1; the cells of a weight need 2"):
        map_graph(conv_net, edited(ISAAC, {"limits/cols/value": 1}))
