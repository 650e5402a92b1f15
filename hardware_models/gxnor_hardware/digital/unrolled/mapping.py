"""Laying an event graph on a completely unrolled ternary accelerator.

One cycle computes one output position: all input channels and taps of the window times all output channels.
What is larger than the window runs in several passes, whose partial sums are added; what is smaller leaves
multipliers idle. So

cycles = passes x max(output positions, cycles to load the weights of the next pass).
"""

from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check, Mapping
from gxnor_snn.results.mapping import Quantity

from ...events import mapping_on, static_populations, static_projections
from ...limits import check_limit, exceeded
from ...profile import Profile

__all__ = ["map_unrolled"]


def map_unrolled(graph: EventGraph, profile: Profile) -> Mapping:
    """Cut every layer into passes.

    Raises
    ------
    PricingError
        If weights or spiking populations are not ternary, a projection has a gain, or more than one layer adds to
        a threshold: those are walls.
    """
    for name in graph.populations:
        _check_population(graph, name, profile)
    projections = static_projections(graph)
    notes: list[str] = []
    for name, projection in graph.projections.items():
        if projection.weighted:
            _check_sums(graph, name, profile)
            projections[name] |= _passes(graph, name, profile, notes)
        else:
            _check_move(graph, name, profile)
    run = {n: q for n, q in projections.items() if "cycles" in q}
    if not run:
        raise PricingError(f"card {profile.name!r}: the graph has no Dense or Conv2d projection to run")
    window = profile.number("in_channels") * profile.number("kernel") ** 2
    resources: dict[str, Quantity] = {
        "cycles": sum(int(q["cycles"]) for q in run.values()),
        "passes": sum(int(q["passes"]) for q in run.values()),
        "multipliers": window * profile.number("out_channels"),
        "adds_outside": sum(int(q["adds_outside"]) for q in run.values()),
    }
    # the planes of a source run with the same weights
    weight_sets = sum(int(q["passes"]) // int(q["planes"]) for q in run.values())
    checks = _checks(graph, profile, weight_sets)
    notes += exceeded(checks)
    return mapping_on(
        profile,
        graph,
        projections=projections,
        populations=static_populations(graph),
        resources=resources,
        checks=checks,
        notes=notes,
    )


def _check_population(graph: EventGraph, name: str, profile: Profile) -> None:
    population = graph.populations[name]
    if not (population.has_inputs and population.has_outputs):
        return
    coding = graph.coding(name)
    if coding.n_planes > 1 or coding.max_abs > 1:
        raise PricingError(
            f"card {profile.name!r}: population {name!r} has levels {coding.lo}..{coding.hi}; "
            f"the wall is ternary activations, allowed are levels -1..1"
        )


def _check_move(graph: EventGraph, name: str, profile: Profile) -> None:
    projection = graph.projections[name]
    target = graph.populations[projection.target]
    if target.role != "relay" or target.adds:
        raise PricingError(
            f"card {profile.name!r}: {projection.kind} {name!r} adds to the sums of {target.name!r}; the wall is "
            f"the accelerator's output unit, allowed are max and min pools and identities that pass levels on"
        )


def _check_sums(graph: EventGraph, name: str, profile: Profile) -> None:
    """Refuse gains, and targets whose channels get sums of more than one layer."""
    projection = graph.projections[name]
    if projection.gain != 1:
        raise PricingError(
            f"card {profile.name!r}: projection {name!r} has gain {projection.gain}; the wall is the datapath, "
            f"which counts +1 and -1 and multiplies no sums, allowed is gain 1"
        )
    start, stop = _fed(graph, name)
    for other in graph.incoming(projection.target):  # moves that add are refused as moves
        begin, end = _fed(graph, other.name)
        if other.weighted and other.name != name and start < end and begin < stop:
            raise PricingError(
                f"card {profile.name!r}: {name!r} and {other.name!r} add to the same sums of "
                f"{projection.target!r}; the wall is the output unit, which sums one layer, "
                f"allowed is one projection per channel"
            )


def _fed(graph: EventGraph, name: str) -> tuple[int, int]:
    projection = graph.projections[name]
    return projection.target_channels or (0, graph.populations[projection.target].shape[0])


def _windows(taps: int, dilation: int, kernel: int) -> int:
    """Windows of the hardware kernel that hold the taps of one axis."""
    return -(-taps // (1 + (kernel - 1) // dilation))


def _passes(graph: EventGraph, name: str, profile: Profile, notes: list[str]) -> dict[str, Quantity]:
    projection: Any = graph.projections[name]
    weights = projection.coding
    if weights.n_planes > 1 or weights.max_abs > 1:
        raise PricingError(
            f"card {profile.name!r}: projection {name!r} has weights {weights.lo}..{weights.hi}; "
            f"the wall is ternary weights, allowed are levels -1..1"
        )
    source = graph.populations[projection.source]
    coding = graph.coding(projection.source)
    shape = projection.output_shape(source.shape)
    positions = shape[1] * shape[2] if len(shape) == 3 else 1
    n_in, n_out, kernel = (profile.number(k) for k in ("in_channels", "out_channels", "kernel"))
    if projection.kind == "dense":
        # a dense layer is one position; its inputs are laid over all taps of the window
        summed = -(-source.size // (n_in * kernel * kernel))
        runs = -(-shape[0] // n_out)
    else:
        outputs, per_group, rows, columns = projection.weights.shape
        groups = projection.groups
        windows = _windows(rows, projection.dilation[0], kernel) * _windows(
            columns, projection.dilation[1], kernel
        )
        summed = windows * -(-per_group // n_in)
        together = max(1, min(n_in // per_group, n_out // (outputs // groups)))
        runs = -(-groups // together) * -(-(outputs // groups) // n_out)
    planes = coding.n_planes
    if planes > 1:
        notes.append(
            f"{name!r} reads {planes} bit planes of {projection.source!r}, one pass each; weighting them by "
            f"powers of two and adding them lies outside the accelerator and this bill"
        )
    depth = profile.number("partial_sum_depth")
    if summed > 1 and positions > depth:
        notes.append(
            f"{name!r} adds {summed} passes per output over {positions} positions; the output units hold partial "
            f"sums of {depth}, so the map runs in strips, whose refilling is not priced"
        )
    passes = summed * runs * planes
    load = profile.number("weight_load_cycles")
    return {
        "positions": positions,
        "passes": passes,
        "passes_summed": summed,
        "planes": planes,
        "cycles": passes * max(positions, load),
        "native": summed == 1 and planes == 1,
        "adds_outside": (planes - 1) * positions * shape[0],
    }


def _checks(graph: EventGraph, profile: Profile, weight_sets: int) -> list[Check]:
    extent = max((max(p.shape[1:]) for p in graph.populations.values() if len(p.shape) == 3), default=1)
    reaches = {n: _reach(graph, n) for n, p in graph.projections.items() if p.weighted}
    worst = max(reaches, key=reaches.__getitem__)
    return [
        check_limit(profile, "image", extent, "larger maps run in parts, whose overlap is not priced"),
        check_limit(
            profile, "layers", weight_sets, "weight sets beyond those are loaded by the host, which is not priced"
        ),
        check_limit(
            profile,
            "sum_bits",
            reaches[worst].bit_length() + 1,
            f"the largest sum any input could reach, with sign, of {worst!r}; one that goes beyond wraps around, "
            "which depends on the data and is not checked here",
        ),
    ]


def _reach(graph: EventGraph, name: str) -> int:
    """Largest magnitude that the sum of one output over one plane of the source could take."""
    projection: Any = graph.projections[name]
    weights = projection.weights.reshape(len(projection.weights), -1)
    above, below = (weights > 0).sum(axis=1), (weights < 0).sum(axis=1)
    coding = graph.coding(projection.source)
    signed = coding.lo < 0 < coding.hi
    return int((above + below if signed else np.maximum(above, below)).max())
