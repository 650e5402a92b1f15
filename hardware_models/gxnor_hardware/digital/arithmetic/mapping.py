"""Counting arithmetic and memory words of a dense processor.

Every synapse is computed, zero or not. Each tensor of a layer (weights, inputs, sums, outputs) lies in a memory of
its own size and is read and written in words of 64 bits.
"""

from math import prod
from typing import Any

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_limit, exceeded
from ...profile import Profile
from ..codes import Copies, fits, input_copies, weight_copies, work_outside

__all__ = ["map_arithmetic"]

_FLOAT_BITS = 24
"""Bits of whole numbers that float32 holds exactly."""


def map_arithmetic(graph: EventGraph, profile: Profile) -> Mapping:
    """Count products, additions, and the bits of every tensor.

    Raises
    ------
    PricingError
        If a value does not fit the operands of the card, or the graph has no layer to compute.
    """
    projections = static_projections(graph)
    notes: list[str] = []
    for name, projection in graph.projections.items():
        projections[name] |= _layer(graph, name, profile) if projection.weighted else _move(graph, name, profile)
    if not any(p.weighted for p in graph.projections.values()):
        raise PricingError(f"card {profile.name!r}: the graph has no Dense or Conv2d projection to run")
    resources: dict[str, Quantity] = {
        "products": sum(int(q.get("products", 0)) for q in projections.values()),
        "products_with_padding": sum(int(q.get("products_with_padding", 0)) for q in projections.values()),
        "comparisons": sum(
            p.size * graph.coding(n).n_thresholds for n, p in graph.populations.items() if p.role == "spiking"
        ),
        "other_additions": sum(int(q.get("shifted_additions", 0)) for q in projections.values())
        + sum(work_outside(graph, n) for n in graph.populations),
    }
    sums = {n: graph.magnitude(n) for n, p in graph.populations.items() if p.has_inputs}
    worst = max(sums, key=sums.__getitem__)
    needed = sums[worst].bit_length() + 1
    check = check_limit(
        profile, "sum_bits", needed, f"the largest partial sum, of {worst!r}; beyond it is rounded"
    )
    notes += exceeded([check])
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=static_populations(graph),
        resources=resources,
        checks=(check,),
        notes=notes,
    )


def _layer(graph: EventGraph, name: str, profile: Profile) -> dict[str, Quantity]:
    projection: Any = graph.projections[name]
    fan_out = graph.fan_out(name)
    inputs, weights = _operands(graph, name, profile)
    copies = inputs.number * weights.number if _binary(profile) else 1
    dense = int(fan_out.dense.sum())
    outputs = _outputs(graph, name)
    source = graph.populations[projection.source]
    word = profile.number("operand_bits")
    return {
        "products": dense * copies,
        "products_with_padding": fan_out.padded * copies,
        # sums over planes of unequal weight are shifted and added
        "shifted_additions": outputs * (inputs.number - 1) if inputs.weighted else 0,
        "uses": dense,
        "weight_bits": weights.number * word,
        "weights": int(projection.weights.size),
        "input_bits": inputs.number * word,
        "inputs": source.size,
        "outputs": outputs,
        "output_bits": _output_bits(graph, projection.target, profile),
        "sum_bits": profile.number("sum_word_bits"),
    }


def _move(graph: EventGraph, name: str, profile: Profile) -> dict[str, Quantity]:
    projection = graph.projections[name]
    source = graph.populations[projection.source]
    return {
        "uses": int(graph.fan_out(name).dense.sum()),
        "input_bits": _level_bits(graph, projection.source, profile),
        "inputs": source.size,
        "outputs": _outputs(graph, name),
        "output_bits": _output_bits(graph, projection.target, profile),
    }


def _outputs(graph: EventGraph, name: str) -> int:
    projection = graph.projections[name]
    return prod(projection.output_shape(graph.populations[projection.source].shape))


def _binary(profile: Profile) -> bool:
    return profile.choice("arithmetic") == "binary"


def _operands(graph: EventGraph, name: str, profile: Profile) -> tuple[Copies, Copies]:
    """Words that write one input and one weight of a layer."""
    projection: Any = graph.projections[name]
    coding, weights = graph.coding(projection.source), projection.coding
    if _binary(profile):
        padded = any(getattr(projection, "padding", ()))
        # three levels or fewer as a thermometer, more in their bits: a processor can shift and add
        return input_copies(coding, padded, thresholded=False), weight_copies(weights)
    bits = profile.number("operand_bits")
    exact = _FLOAT_BITS if profile.choice("arithmetic") == "float" else bits
    for what, lo, hi in (
        (f"levels of {projection.source!r}", coding.lo, coding.hi),
        (f"weights of {name!r}", weights.lo, weights.hi),
    ):
        if not fits(lo, hi, exact):
            half = 1 << (exact - 1)
            raise PricingError(
                f"card {profile.name!r}: {what} are {lo}..{hi}; the wall is operand_bits of {bits}, "
                f"allowed are {-half}..{half - 1}, or 0..{2 * half - 1}"
            )
    return Copies(1), Copies(1)


def _level_bits(graph: EventGraph, population: str, profile: Profile) -> int:
    if not _binary(profile):
        return profile.number("operand_bits")
    return input_copies(graph.coding(population), padded=False, thresholded=False).number


def _output_bits(graph: EventGraph, population: str, profile: Profile) -> int:
    """Bits of one result: a level, or a whole sum where no threshold follows."""
    target = graph.populations[population]
    if target.role == "readout" or (target.role == "relay" and target.adds):
        return profile.number("sum_word_bits")
    return _level_bits(graph, population, profile)
