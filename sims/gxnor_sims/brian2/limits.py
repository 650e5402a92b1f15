"""Which graphs Brian2 can run: sums in 32 bits, levels it can compare, memory, estimated before it is taken."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph

from .equations import MAX_THRESHOLDS
from .expand import count_synapses

__all__ = ["BYTES_PER_SYNAPSE", "available_memory", "check_memory", "estimate_memory", "why_not"]

BYTES_PER_SYNAPSE = {"numpy": 75, "cython": 75, "cpp_standalone": 100}
"""Measured peak per synapse while a network is written out, built and run, by target.

Delays that differ take `_DELAYS` more, full counts 4 more for each plane of a weight and 4 for its sign.
"""

_DELAYS = 20
_BASE = 150_000_000  # the process with Brian2 loaded
_INT32 = (1 << 31) - 1


def estimate_memory(graph: EventGraph, target: str = "numpy", *, delayed: bool = False, full: bool = False) -> int:
    """Bytes that Brian2 takes for a graph, without making one synapse."""
    each = _per_synapse(graph, target, delayed, full)
    return _BASE + each * count_synapses(graph) + _of_neurons(graph)


def _per_synapse(graph: EventGraph, target: str, delayed: bool, full: bool) -> int:
    weighted: list[Any] = [p for p in graph.projections.values() if p.weighted]
    planes = max((p.coding.n_planes for p in weighted), default=0)
    return BYTES_PER_SYNAPSE[target] + _DELAYS * delayed + 4 * (planes + 1) * full


def _of_neurons(graph: EventGraph) -> int:
    """Every neuron has two parameters for each threshold of the neuron with most, and about 16 besides, twice."""
    populations: Any = graph.populations.values()
    most = max((p.coding.n_thresholds for p in populations if p.role == "spiking"), default=2)
    return int(sum(p.size for p in populations) * 8 * (2 * most + 16))


def available_memory() -> int:
    """Bytes that the machine can give now, as far as the system tells; else its whole memory."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 1 << 62


def check_memory(limit: Any) -> int | None:
    """A limit in bytes, or None for what is available.

    Raises
    ------
    InputError
        If it is neither.
    """
    if limit is None or (isinstance(limit, int | np.integer) and not isinstance(limit, bool) and limit > 0):
        return None if limit is None else int(limit)
    raise InputError(f"memory is {limit!r}, allowed is a positive number of bytes or None")


def why_not(
    graph: EventGraph,
    memory: int | None = None,
    target: str = "numpy",
    *,
    delayed: bool = False,
    full: bool = False,
) -> str | None:
    """The reason why Brian2 does not run a graph on a target within `memory` bytes, or None.

    Parameters
    ----------
    graph, memory, target
        As for the engine.
    delayed
        Whether each synapse has a delay of its own.
    full
        Whether counts are full.
    """
    for name, population in graph.populations.items():
        spiking: Any = population
        if population.role == "spiking" and spiking.coding.n_thresholds > MAX_THRESHOLDS:
            return (
                f"population {name!r} has {spiking.coding.n_thresholds} thresholds per neuron, "
                f"allowed are {MAX_THRESHOLDS}"
            )
        if population.has_inputs and graph.magnitude(name) >= _INT32:
            return f"sums of population {name!r} reach {graph.magnitude(name)}, its 32-bit integers hold {_INT32}"
    for name, projection in graph.projections.items():
        edge: Any = projection
        largest = abs(projection.gain) * (edge.coding.max_abs if projection.weighted else 1)
        if largest > _INT32:
            return f"projection {name!r}: weight times gain reach {largest}, its 32-bit integers hold {_INT32}"
        if projection.weighted:
            planes = edge.coding.n_planes * graph.coding(edge.source).n_planes
            if edge.weights[0].size * planes > _INT32:
                return (
                    f"projection {name!r}: {edge.weights[0].size * planes} XNOR operations per neuron, "
                    f"its counters hold {_INT32}"
                )
    limit = available_memory() if memory is None else memory
    needed = estimate_memory(graph, target, delayed=delayed, full=full)
    if needed > limit:
        return (
            f"{count_synapses(graph):,} synapses of {_per_synapse(graph, target, delayed, full)} bytes and "
            f"their neurons take about {needed / 1e9:.1f} GB, allowed are {limit / 1e9:.1f} GB. "
            f"Run parts of it: graph.subgraph(layers, crop=..., channels=...)"
        )
    return None
