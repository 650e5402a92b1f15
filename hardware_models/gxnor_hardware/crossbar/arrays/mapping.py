"""Laying an event graph on arrays of memristor cells.

The rows of an array hold fan-in, its columns outputs; how many of each a weight takes is its `Arrangement`. A
convolution reads its arrays once per output position.

Conversion law, per inference and projection, with ceilings per array:

    conversions = positions x phases x groups x row groups x (outputs x weight groups x c + reference columns)

- phases = ceil(activation planes / input planes of a read), doubled where ``row_drive = "two_phase"`` and levels
  have both signs; with ``"select"`` one per plane, as the sense amplifiers take any sign;
- row groups = sum over the arrays of a column of ceil(its rows / rows_per_read); without that limit one per array;
- c = conversions of a weight group's columns: 2 where both columns of a pair are converted, else 1.

A card without `rows` or `cols` takes arrays as large as a layer, and its mapping says so.
"""

from math import prod
from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_limit
from ...profile import Profile
from .arrangement import Arrangement, arrange, weight_groups
from .vocabulary import input_bits

__all__ = ["conversions", "map_arrays", "pieces"]

_TOTALS = ("conversions", "array_reads", "cells_programmed")


def map_arrays(graph: EventGraph, profile: Profile) -> Mapping:
    """Cut every weight matrix into arrays.

    Raises
    ------
    PricingError
        If an array is too small for one weight, the card's choices contradict each other, or the graph has no
        weights.
    """
    projections = static_projections(graph)
    for name, projection in graph.projections.items():
        if projection.weighted:
            projections[name] |= _tiles(graph, name, profile)
    tiled = {n: q for n, q in projections.items() if "arrays" in q}
    if not tiled:
        raise PricingError(f"card {profile.name!r}: the graph has no Dense or Conv2d projection to map")
    arrays = sum(int(q["arrays"]) for q in tiled.values())
    per_chip = profile.limit("arrays_per_chip")
    chips = -(-arrays // per_chip) if per_chip else 1
    resources: dict[str, Quantity] = {"arrays": arrays, "chips": chips}
    resources |= {total: sum(int(q[total]) for q in tiled.values()) for total in _TOTALS}
    resources["adds_outside"] = sum(_adds(graph, n) for n in graph.populations)
    resources["partial_sums"] = sum(int(q["partial_sums"]) for q in tiled.values())
    checks, notes = _checks(tiled, arrays, profile)
    if chips > 1:
        notes.append(f"the graph takes {chips} chips; traffic between them is not in the model")
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=static_populations(graph),
        resources=resources,
        checks=checks,
        notes=notes,
    )


def _shape(projection: Any, output_shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(fan-in, outputs per group, groups, output positions) of a Dense or Conv2d projection."""
    groups = getattr(projection, "groups", 1)
    fan_in = projection.weights[0].size
    positions = output_shape[1] * output_shape[2] if len(output_shape) == 3 else 1
    return int(fan_in), output_shape[0] // groups, groups, positions


def _adds(graph: EventGraph, name: str) -> int:
    """Digital operations of a population that no array does: scaling by gains, joining sums, adding up pools.

    A neuron that is fed k numbers takes k - 1 additions; a weighted projection, an identity and a max or min pool
    give it one number, a sum pool one per place of its window.
    """
    population = graph.populations[name]
    incoming = graph.incoming(name)
    if not incoming:
        return 0
    scaled = fed = 0
    for projection in incoming:
        outputs = prod(projection.output_shape(graph.populations[projection.source].shape))
        scaled += outputs if projection.gain != 1 else 0
        one = projection.weighted or projection.selects
        fed += outputs if one else int(graph.fan_out(projection.name).dense.sum())
    return scaled + fed - population.size


def pieces(planes: int, together: int) -> list[int]:
    """Magnitude planes of every read of an activation: the fewest reads of at most `together`, evenly filled."""
    count = -(-planes // together)
    return [planes // count + (1 if index < planes % count else 0) for index in range(count)]


def conversions(reads: int, row_groups: int, columns: int) -> int:
    """The conversion law for one group of outputs: every column of every row group in every read."""
    return reads * row_groups * columns


def _tile_rows(rows: int, per_array: int | None) -> list[tuple[int, int]]:
    """(arrays, rows in use) of the arrays below each other that hold `rows`."""
    if per_array is None or rows <= per_array:
        return [(1, rows)]
    full, rest = divmod(rows, per_array)
    return [(full, per_array)] + ([(1, rest)] if rest else [])


def _column_tiles(profile: Profile, arrangement: Arrangement, groups: int) -> tuple[int, int]:
    """(arrays side by side, weight groups in the widest of them).

    Raises
    ------
    PricingError
        If no weight fits.
    """
    cols, rows = profile.limit("cols"), profile.limit("rows")
    for name, limit, needed in (
        ("cols", cols, arrangement.columns + arrangement.reference),
        ("rows", rows, arrangement.rows),
    ):
        if limit is not None and limit < needed:
            raise PricingError(f"card {profile.name!r}: {name} is {limit}; the cells of a weight need {needed}")
    if cols is None:
        return 1, groups
    fit = (cols - arrangement.reference) // arrangement.columns
    return -(-groups // fit), min(groups, fit)


def _tiles(graph: EventGraph, name: str, profile: Profile) -> dict[str, Quantity]:
    projection: Any = graph.projections[name]
    source = graph.populations[projection.source]
    coding: Coding = graph.coding(projection.source)
    weights: Coding = projection.coding
    fan_in, outputs, groups, positions = _shape(projection, projection.output_shape(source.shape))
    arrangement = arrange(profile, coding, weights)
    per_weight, widest = weight_groups(profile, weights)
    drive = profile.choice("row_drive")
    parts = pieces(coding.n_planes, 1 if drive == "select" else profile.number("input_planes"))
    signs = 2 if drive == "two_phase" and coding.lo < 0 < coding.hi else 1
    phases = signs * len(parts)
    tiles = _tile_rows(fan_in * arrangement.rows, profile.limit("rows"))
    together = profile.limit("rows_per_read")
    row_tiles = sum(count for count, _ in tiles)
    in_turn = [-(-rows // together) if together else 1 for _, rows in tiles]
    row_groups = sum(count * turns for (count, _), turns in zip(tiles, in_turn, strict=True))
    column_tiles, widest_tile = _column_tiles(profile, arrangement, outputs * per_weight)
    own = outputs * per_weight * arrangement.conversions
    converted, of_weights = (
        groups * conversions(positions * phases, row_groups, columns)
        for columns in (own + column_tiles * arrangement.reference_conversions, own)
    )
    two_valued = coding.kind in ("pm1", "bits") or not coding.lo < 0 < coding.hi
    most_rows = min(tiles[0][1], together or tiles[0][1])
    highest = -(-most_rows // arrangement.rows) * widest * ((1 << parts[0]) - 1)
    levels = highest + 1 if arrangement.one_sided else 2 * highest + 1
    return {
        "fan_in": fan_in,
        "outputs_per_group": outputs,
        "groups": groups,
        "reads": positions,
        "phases": phases,
        "sign_phases": signs,
        "piece_planes": " ".join(map(str, parts)),
        "input_bits": " ".join(str(input_bits(p, two_valued)) for p in parts),
        "row_tiles": row_tiles,
        "column_tiles": column_tiles,
        "row_groups": row_groups,
        "row_groups_per_array": max(in_turn),
        "rows_per_input": arrangement.rows,
        "columns_per_weight": arrangement.columns,
        "driven_rows": arrangement.driven_rows,
        "cells_read": arrangement.cells_read,
        "reference_columns": arrangement.reference,
        "pairs_per_synapse": per_weight,
        "whole_weights": per_weight == 1,
        "one_plane_cells": per_weight == weights.n_planes,
        "weight_planes": weights.n_planes,
        "nonzero_weight_planes": int(np.count_nonzero(weights.plane_values(projection.weights))),
        "arrays": groups * row_tiles * column_tiles,
        "array_reads": positions * phases * groups * row_groups * column_tiles,
        "conversions": converted,
        "columns_per_array": widest_tile * arrangement.conversions + arrangement.reference_conversions,
        "partial_sums": of_weights - positions * groups * outputs,  # every further number that makes up a sum
        "cells_programmed": groups * fan_in * arrangement.rows * arrangement.devices
        * (outputs * per_weight * arrangement.columns + column_tiles * arrangement.reference),
        "adc_bits_needed": (levels - 1).bit_length(),
    }  # fmt: skip


def _checks(tiled: dict[str, dict[str, Quantity]], arrays: int, profile: Profile) -> tuple[list[Check], list[str]]:
    limits = [check_limit(profile, "arrays_per_chip", arrays, "arrays of the whole graph")]
    notes = []
    for name in ("rows", "cols"):
        if profile.limit(name) is None:
            limits.append(check_limit(profile, name, 0, "the card gives no size of its arrays"))
            notes.append(f"card {profile.name!r} gives no {name} of an array: one as large as each layer is taken")
    limits += _walls(tiled, profile)
    lacking = {n: int(q["adc_bits_needed"]) - (_output_bits(q, profile) or 0) for n, q in tiled.items()}
    worst = max(lacking, key=lambda n: lacking[n])
    needed, allowed = int(tiled[worst]["adc_bits_needed"]), _output_bits(tiled[worst], profile)
    what = f"lossless column sums, worst in {worst!r}"
    if allowed is None:
        return [*limits, Check("adc_bits", "unchecked", note=what)], notes
    if needed <= allowed:
        return [*limits, Check("adc_bits", "pass", needed, allowed, what)], notes
    if profile.limit("adc_bits") == allowed:
        check_limit(profile, "adc_bits", needed, what)  # refuses where the card calls it a wall
    notes.append(f"{allowed}-bit conversion clips column sums of {needed} bits (worst in {worst!r})")
    if any(int(q["row_groups"]) > 1 and lacking[n] > 0 for n, q in tiled.items()):
        notes.append(
            "not exact: sums of several arrays or reads are clipped before they are added, not the whole sum"
        )
    return [*limits, Check("adc_bits", "exceeded", needed, allowed, what)], notes


def _walls(tiled: dict[str, dict[str, Quantity]], profile: Profile) -> list[Check]:
    """Sides of an array that layers are cut by, on a card that forbids the cut."""
    rows = max(int(q["fan_in"]) * int(q["rows_per_input"]) for q in tiled.values())
    cols = max(
        int(q["outputs_per_group"]) * int(q["pairs_per_synapse"]) * int(q["columns_per_weight"])
        + int(q["reference_columns"])
        for q in tiled.values()
    )
    return [
        check_limit(profile, name, needed, "largest layer, which is not cut")
        for name, needed in (("rows", rows), ("cols", cols), ("rows_per_read", rows))
        if name in profile.limits and profile.limits[name].kind == "wall"
    ]


def _output_bits(static: dict[str, Quantity], profile: Profile) -> int | None:
    """Bits of a conversion: those published with the input bits of a projection's reads, else of the converter."""
    bits = str(static["input_bits"]).split()[0]
    published = profile.count.get(f"output_bits_i{bits}")
    return profile.limit("adc_bits") if published is None else int(published.value)
