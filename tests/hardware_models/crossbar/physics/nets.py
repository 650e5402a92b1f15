"""Small graphs of one layer, random arrays, and a tile walk by brute force in numpy."""

import itertools
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from gxnor_hardware.crossbar import ArraySpec
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Projection, Readout


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def one_layer(weights: NDArray[Any], source: Coding, coding: Coding | None = None) -> EventGraph:
    """Input -> Dense -> Readout; the weights are ternary unless a coding is given."""
    inputs = weights.shape[1]
    feed = Dense(name="fc", source="in", target="out", weights=weights, coding=coding or Coding.ternary())
    return read_out(feed, (inputs,), source)


def read_out(feed: Projection, shape: tuple[int, ...], source: Coding) -> EventGraph:
    """Input of this shape -> the projection -> Readout."""
    found = feed.output_shape(shape)
    ones = np.ones(found[0])
    return EventGraph(
        [
            Input(name="in", shape=shape, coding=source),
            Readout(name="out", shape=found, scale=ones, offset=0 * ones),
        ],
        [feed],
    )


@st.composite
def arrays(draw: Any, adc_bits: int | None = 24) -> ArraySpec:
    """Arrays of every scheme, small enough that layers are cut."""
    return ArraySpec(
        rows=draw(st.integers(2, 40)),
        cols=draw(st.integers(2, 9)),
        cells=draw(st.sampled_from(["pair", "single"])),
        drive=draw(st.sampled_from(["bipolar", "two_phase", "two_row"])),
        subtraction=draw(st.sampled_from(["analog", "digital"])),
        dac_bits=draw(st.integers(1, 9)),
        adc_bits=adc_bits,
    )


def planes_of(level: int, kind: str, n: int) -> list[int]:
    """Plane values of one level, from the definition of the codings."""
    if kind == "pm1":
        code = (level + 2**n - 1) // 2
        return [2 * ((code >> k) & 1) - 1 for k in range(n)]
    return [int(np.sign(level)) * ((abs(level) >> k) & 1) for k in range(n)]


def converted(total: int, reach: int, top: int) -> float:
    """The value of one ADC code: nearest, halves up, clipped; steps of one unit where the range allows."""
    reach = max(reach, top)
    code = (2 * total * top + reach) // (2 * reach)
    return max(-top, min(top, code)) * reach / top


def by_hand(
    graph: EventGraph, array: ArraySpec, matrix: NDArray[np.int64], inputs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Sums of ideal pairs, cell by cell, plane by plane: `matrix` (outputs, fan-in), `inputs` (samples, fan-in)."""
    (feed,) = graph.projections.values()
    source, weights = graph.coding("in"), feed.coding
    assert array.adc_bits is not None
    top = 2 ** (array.adc_bits - 1) - 1
    sides = [1, -1] if array.subtraction == "digital" else [0]  # the + column, the - column, or their difference
    found = np.zeros((len(inputs), len(matrix)))
    for start in range(0, matrix.shape[1], array.inputs_per_tile):
        cut = slice(start, start + array.inputs_per_tile)
        planes = [
            [[planes_of(int(w), weights.kind, weights.n_planes)[k] for w in row[cut]] for row in matrix]
            for k in range(weights.n_planes)
        ]

        def on(w: int, side: int, drive: int) -> int:
            """Current of the cell of weight w on that side; the second row of an input holds -w, driven by 1."""
            if side == 0:
                return drive * w
            return int(drive * w == side) if array.drive == "two_row" else drive * (w == side)

        reach = {
            side: max(
                sum(abs(w) if side == 0 or array.drive == "two_row" else w == side for w in row)
                for plane in planes
                for row in plane
            )
            for side in sides
        }
        for n, sample in enumerate(inputs):
            digits = [planes_of(int(v), source.kind, source.n_planes) for v in sample[cut]]
            for j in range(source.n_planes):
                drive = [d[j] for d in digits]
                phases = [(drive, 1)]
                if array.drive == "two_phase" and source.lo < 0:
                    phases = [([max(d, 0) for d in drive], 1), ([max(-d, 0) for d in drive], -1)]
                for (phase, sign), (k, plane), side in itertools.product(phases, enumerate(planes), sides):
                    for o, row in enumerate(plane):
                        total = sum(on(w, side, d) for d, w in zip(phase, row, strict=True))
                        found[n, o] += (side or 1) * sign * 2 ** (j + k) * converted(total, reach[side], top)
    return found
