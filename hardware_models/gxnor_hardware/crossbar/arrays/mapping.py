"""Laying an event graph on arrays of memristor cells.

A weight plane is a differential pair of cells in one row and two neighbouring columns:
w = +1 -> (low, high resistance), -1 -> (high, low), 0 -> (high, high). The rows of an array hold fan-in, its
columns outputs; a convolution reads its arrays once per output position.

How signed activation planes reach a row is the card's ``row_drive``:

========== ================================ ================================
choice     rows per input q                 reads (phases) per plane
========== ================================ ================================
bipolar    1                                1
two_phase  1                                2 where levels have both signs
two_row    2 where levels have both signs   1
========== ================================ ================================

Conversion law: conversions per inference = reads x phases x ceil(fan_in q / rows) x outputs x weight planes x c,
with c = 1 where a pair is subtracted in the analogue domain, 2 where both its columns are converted.
"""

from math import prod
from typing import Any

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import static_populations, static_projections
from ...limits import check_limit
from ...profile import Profile

__all__ = ["map_arrays"]


def map_arrays(graph: EventGraph, profile: Profile) -> Mapping:
    """Cut every weight matrix into arrays.

    Raises
    ------
    PricingError
        If an array is too narrow for one differential pair, or the graph has no weights.
    """
    if profile.number("cols") < 2:
        raise PricingError(f"card {profile.name!r}: cols is {profile.number('cols')}; a pair of cells needs 2")
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
    resources: dict[str, Quantity] = {
        "arrays": arrays,
        "chips": chips,
        "conversions": sum(int(q["conversions"]) for q in tiled.values()),
        "array_reads": sum(int(q["array_reads"]) for q in tiled.values()),
        "adds_outside": sum(_adds(graph, n) for n in graph.projections),
    }
    checks, notes = _checks(tiled, arrays, profile)
    if chips > 1:
        notes.append(f"the graph takes {chips} chips; traffic between them is not in the model")
    return Mapping(
        profile=profile.name,
        kind=profile.kind,
        graph=graph.digest,
        projections=projections,
        populations=static_populations(graph),
        resources=resources,
        checks=tuple(checks),
        notes=tuple(notes),
    )


def _shape(projection: Any, output_shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """(fan-in, outputs per group, groups, output positions) of a Dense or Conv2d projection."""
    groups = getattr(projection, "groups", 1)
    fan_in = projection.weights[0].size
    positions = output_shape[1] * output_shape[2] if len(output_shape) == 3 else 1
    return int(fan_in), output_shape[0] // groups, groups, positions


def _adds(graph: EventGraph, name: str) -> int:
    """Digital operations of a projection that no array does: scaling by a gain, joining sums, adding up pools."""
    projection = graph.projections[name]
    target = graph.populations[projection.target]
    if not target.adds:
        return 0
    outputs = prod(projection.output_shape(graph.populations[projection.source].shape))
    scaled = outputs if projection.gain != 1 else 0
    if not projection.weighted:
        return scaled + int(graph.fan_out(name).dense.sum())
    # the first array projection of a population writes its sums, every further one is added to them
    first = next(p.name for p in graph.incoming(target.name) if p.weighted)
    return scaled + (0 if name == first else outputs)


def _tiles(graph: EventGraph, name: str, profile: Profile) -> dict[str, Quantity]:
    projection: Any = graph.projections[name]
    source = graph.populations[projection.source]
    coding = graph.coding(projection.source)
    fan_in, outputs, groups, positions = _shape(projection, projection.output_shape(source.shape))
    rows, cols = profile.number("rows"), profile.number("cols")
    signed = coding.lo < 0 < coding.hi
    drive = profile.choice("row_drive")
    rows_per_input = 2 if drive == "two_row" and signed else 1
    phases = coding.n_planes * (2 if drive == "two_phase" and signed else 1)
    weight_planes = projection.coding.n_planes
    pairs = outputs * weight_planes
    row_tiles = -(-fan_in * rows_per_input // rows)
    column_tiles = -(-pairs // (cols // 2))
    per_pair = 2 if profile.choice("pair_subtraction") == "digital" else 1
    arrays = groups * row_tiles * column_tiles
    return {
        "fan_in": fan_in,
        "outputs_per_group": outputs,
        "groups": groups,
        "reads": positions,
        "phases": phases,
        "row_tiles": row_tiles,
        "column_tiles": column_tiles,
        "pairs_per_synapse": weight_planes,
        "arrays": arrays,
        "array_reads": positions * phases * arrays,
        "conversions": positions * phases * groups * row_tiles * pairs * per_pair,
        "columns_per_array": min(pairs, cols // 2) * per_pair,
        "adc_bits_needed": _lossless_bits(min(fan_in * rows_per_input, rows), profile),
    }


def _lossless_bits(rows: int, profile: Profile) -> int:
    """Bits that tell every column sum apart: 0..n for single columns of unipolar reads, else -n..n."""
    one_sided = profile.choice("pair_subtraction") == "digital" and profile.choice("row_drive") != "bipolar"
    levels = rows + 1 if one_sided else 2 * rows + 1
    return (levels - 1).bit_length()


def _checks(tiled: dict[str, dict[str, Quantity]], arrays: int, profile: Profile) -> tuple[list[Check], list[str]]:
    worst = max(tiled, key=lambda n: int(tiled[n]["adc_bits_needed"]))
    needed = int(tiled[worst]["adc_bits_needed"])
    bits = check_limit(profile, "adc_bits", needed, f"lossless column sums, worst in {worst!r}")
    notes = []
    if bits.status == "exceeded":
        notes.append(f"{bits.allowed}-bit conversion clips column sums of {needed} bits (worst in {worst!r})")
    return [check_limit(profile, "arrays_per_chip", arrays, "arrays of the whole graph"), bits], notes
