"""Every way of putting weights into cells, walked array by array: the sums come out, and the counts are exact."""

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gxnor_hardware import map_graph, price
from gxnor_hardware.crossbar.arrays.activity import activity
from gxnor_hardware.events import Events
from gxnor_hardware.profile import Profile
from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Input, Readout, execute

from .test_arrays import taps_of

Edit = Callable[..., Profile]
ISAAC = "isaac_isca_2016"
CODINGS = (Coding.ternary(), Coding.signmag(2), Coding.signmag(3), Coding.pm1(1), Coding.pm1(2))
INPUTS = (*CODINGS, Coding.bits(1), Coding.bits(3), Coding.bits(8))
CHOICES = [
    *((p, d, s) for p, d, s in itertools.product(["columns"], ["bipolar", "two_phase", "two_row", "select"],
                                                 ["analog", "digital"])),
    ("rows", "bipolar", "analog"), ("rows", "two_phase", "analog"),
    ("cell", "bipolar", "analog"), ("cell", "two_phase", "analog"), ("cell", "two_row", "analog"),
    ("cell", "select", "analog"), ("xnor", "two_row", "digital"),
    ("single", "bipolar", "analog"), ("single", "two_phase", "digital"), ("single", "two_row", "analog"),
]  # fmt: skip


def weight_parts(weights: Any, coding: Coding, pair: str, levels: int) -> list[tuple[int, Any]]:
    """(scale, values) of the cell groups of a weight matrix."""
    planes = list(enumerate(coding.plane_values(weights)))
    if pair == "single":
        values = 1 + (coding.hi - coding.lo) // (2 if coding.kind == "pm1" else 1)
        if values <= levels:
            return [(1, weights)]
        return [(1 << k, p.astype(int)) for k, p in planes]
    if max(-coding.lo, coding.hi) <= levels - 1:
        return [(1, weights)]
    per_cell = 1 if pair == "xnor" else {2: 1, 3: 1, 4: 2}[levels]
    chunks = [planes[i : i + per_cell] for i in range(0, len(planes), per_cell)]
    return [(1 << c[0][0], sum((1 << (k - c[0][0])) * p.astype(int) for k, p in c)) for c in chunks]


def cells_of(values: Any, pair: str, two_row: bool, binary: bool) -> tuple[Any, Any]:
    """Cell levels (fan-in, rows, columns, devices) of one weight column, and the sign of every column and device."""
    plus, minus = np.maximum(values, 0), np.maximum(-values, 0)
    if pair == "rows":
        return np.stack([plus, minus], 1)[:, :, None, None], np.ones((1, 1))
    if pair == "xnor":
        if binary:
            return np.stack([plus, minus], 1)[:, :, None, None], np.ones((1, 1))
        pairs = np.stack([np.stack([plus, minus], -1), np.stack([minus, plus], -1)], 1)
        return pairs[..., None], np.array([[1], [-1]])
    both = np.stack([plus, minus], -1)
    rows = np.stack([both, both[:, ::-1]], 1) if two_row else both[:, None]
    return (
        (rows[..., None], np.array([[1], [-1]])) if pair == "columns" else (rows[:, :, None], np.array([[1, -1]]))
    )


def walk(projection: Any, source: Coding, levels: Any, profile: Profile) -> tuple[Counter[str], Any]:
    """Read every array, position by position, and add up what it converts: (what was done, sums)."""
    done: Counter[str] = Counter()
    pair, drive = profile.choice("pair"), profile.choice("row_drive")
    digital, states = profile.choice("pair_subtraction") == "digital", profile.number("cell_levels")
    in_rows, in_cols, together = (profile.limit(n) for n in ("rows", "cols", "rows_per_read"))
    planes = [taps_of(projection, p.astype(int)) for p in source.plane_values(levels)]
    most = 1 if drive == "select" else profile.number("input_planes")
    count = -(-len(planes) // most)
    order = iter(range(len(planes)))
    parts = [[next(order) for _ in range(len(planes) // count + (i < len(planes) % count))] for i in range(count)]
    signed = source.lo < 0 < source.hi
    two_row = drive == "two_row" and signed
    weights = projection.weights.reshape(len(projection.weights), -1).astype(int)
    groups = getattr(projection, "groups", 1)
    outputs = len(weights) // groups
    sums = np.zeros((groups, planes[0].shape[1], outputs), int)
    for group in range(groups):
        own = weights[group * outputs : (group + 1) * outputs]
        split = weight_parts(own, projection.coding, pair, states)
        columns = [(o, scale, values[o]) for scale, values in split for o in range(outputs)]
        width = {"columns": 2, "xnor": 1 if projection.coding.kind == "pm1" else 2}.get(pair, 1)
        fit = ((in_cols - (pair == "single")) // width) if in_cols else len(columns)
        blocks = [columns[i : i + fit] for i in range(0, len(columns), fit)]
        for part, position in itertools.product(parts, range(planes[0].shape[1])):
            a = sum((1 << (k - part[0])) * planes[k][group, position] for k in part)
            if drive == "select":
                phases = [(1, np.ones_like(a)[:, None])]
            elif pair == "xnor" or two_row:
                phases = [(1, np.stack([np.maximum(a, 0), np.maximum(-a, 0)], 1))]
                if pair == "single":
                    phases = [(1, np.stack([a, -a], 1))]
            elif drive == "two_phase" and signed:
                phases = [(1, np.maximum(a, 0)[:, None]), (-1, np.maximum(-a, 0)[:, None])]
            else:
                phases = [(1, a[:, None])]
            if pair == "rows":
                phases = [(s, np.concatenate([v, -v], 1)) for s, v in phases]
            for (sign, volts), block in itertools.product(phases, blocks):
                flat = volts.reshape(-1)
                if two_row and pair == "single":
                    flat = np.abs(np.stack([np.maximum(a, 0), np.maximum(-a, 0)], 1)).reshape(-1)
                step = in_rows or len(flat)
                for top in range(0, len(flat), step):
                    tile_rows = range(top, min(top + step, len(flat)))
                    for start in range(0, len(tile_rows), together or len(flat)):
                        rows = list(tile_rows)[start : start + (together or len(flat))]
                        done["reads"] += 1
                        done["rows"] += sum(bool(flat[r]) for r in rows)
                        done["conversions"] += int(pair == "single" and digital)
                        per_input = volts.shape[1]
                        for o, scale, values in block:
                            low = offset = 0
                            if pair == "single":
                                # lowest level of the cell; +-values keep the pm1 spacing
                                low = min(projection.coding.lo if len(split) == 1 else -1, 0)
                                cells = np.repeat((values - low)[:, None], per_input, 1)[:, :, None, None]
                                signs = np.ones((1, 1))
                            else:
                                cells, signs = cells_of(
                                    values, pair, two_row, binary=projection.coding.kind == "pm1"
                                )
                            stored = cells.reshape(-1, *cells.shape[2:])
                            total = 0
                            for r in rows:
                                on = bool(flat[r])
                                done["cells"] += stored[r].size * on
                                done["low"] += int(np.count_nonzero(stored[r])) * on
                                volt = flat[r] if drive != "select" else a[r]
                                if two_row and pair == "single":
                                    volt = volt * (1 if r % 2 == 0 else -1)
                                if pair == "rows":
                                    volt = flat[r]
                                total += int((stored[r] * signs).sum()) * int(volt)
                                offset += low * int(volt)
                            if pair == "xnor" and projection.coding.kind == "pm1":
                                total = 2 * total - int(sum(flat[r] for r in rows))
                            done["conversions"] += signs.shape[0] if digital else 1
                            sums[group, position, o] += sign * scale * (1 << part[0]) * (total + offset)
                        if pair == "single":
                            done["cells"] += sum(bool(flat[r]) for r in rows)
    return done, sums.transpose(0, 2, 1).reshape(len(weights), -1)


@st.composite
def nets(draw: st.DrawFn) -> tuple[EventGraph, Any]:
    source, coding = draw(st.sampled_from(INPUTS)), draw(st.sampled_from(CODINGS))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def values(of: Coding, shape: tuple[int, ...]) -> Any:
        step = 2 if of.kind == "pm1" else 1
        return rng.choice(np.arange(of.lo, of.hi + 1, step), shape)

    if draw(st.booleans()):
        shape: tuple[int, ...] = (draw(st.integers(1, 6)),)
        weights = values(coding, (draw(st.integers(1, 4)), shape[0]))
        projection: Any = Dense(name="p", source="x", target="out", weights=weights, coding=coding)
    else:
        groups = draw(st.integers(1, 2))
        shape = (2, 3, 3)
        weights = values(coding, (2, 2 // groups, 2, 2))
        pad = (1, 0, 0, 1)
        projection = Conv2d(
            name="p", source="x", target="out", weights=weights, coding=coding, padding=pad, groups=groups
        )
    out = projection.output_shape(shape)
    reads = Readout(name="out", shape=out, scale=np.ones(out[0]), offset=np.zeros(out[0]))
    return EventGraph([Input(name="x", shape=shape, coding=source), reads], [projection]), values(source, shape)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nets(), st.sampled_from(CHOICES), st.integers(1, 3), st.sampled_from([2, 3, 4]),
    st.sampled_from([None, 2, 3, 5, 64]), st.sampled_from([None, 3, 5, 64]), st.sampled_from([None, 1, 2, 3]),
)  # fmt: skip
def test_every_arrangement_gives_the_sums_and_the_counts(
    edited: Edit, net: tuple[EventGraph, Any], choice: tuple[str, str, str], together: int, states: int,
    rows: int | None, cols: int | None, at_once: int | None,
) -> None:  # fmt: skip
    graph, levels = net
    projection: Any = graph.projections["p"]
    pair, drive, subtraction = choice
    assume(pair != "single" or (states > 2 and projection.coding.kind != "pm1"))

    def limit(value: int | None) -> dict[str, Any] | None:
        return None if value is None else {"value": value, "kind": "budget", "source": "test", "grade": "A"}

    word = {"source": "test", "grade": "A"}
    changes = {
        "design/pair/value": pair, "design/row_drive/value": drive, "design/pair_subtraction/value": subtraction,
        "design/input_planes/value": together, "design/cell_levels": {"value": states, **word},
        "limits/rows": limit(rows), "limits/cols": limit(cols),
    }  # fmt: skip
    if at_once is not None:
        changes["limits/rows_per_read"] = limit(at_once)
    profile = edited(ISAAC, changes)
    trace = execute(graph, levels[None], counts="full")
    assert trace.counts is not None
    mapping = map_graph(graph, profile)
    done, sums = walk(projection, graph.coding("x"), levels, profile)
    np.testing.assert_array_equal(sums.reshape(-1), trace.readouts["out"].reshape(-1))
    assert mapping.resources["conversions"] == done["conversions"]
    assert mapping.resources["array_reads"] == done["reads"]
    found = activity(Events(trace.counts, mapping), profile, mapping)["p"]
    for amount, walked in ((found.rows, done["rows"]), (found.cells, done["cells"]), (found.low, done["low"])):
        assert amount.low <= walked * (1 + 1e-12) + 1e-9
        assert amount.high >= walked * (1 - 1e-12) - 1e-9
        if pair != "single" and together == 1 and states == 2:
            assert amount.value == pytest.approx(walked)
    assert found.low.value + found.high.value == pytest.approx(found.cells.value)
    bill = price(trace.counts, profile, mapping)
    assert bill.terms["adc"].count == done["conversions"]
    assert bill.terms["row drivers"].count == pytest.approx(found.rows.value)
