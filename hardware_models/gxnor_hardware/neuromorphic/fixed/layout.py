"""What laying a graph on cores gives, whichever way it is done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import Check
from gxnor_snn.results.mapping import Quantity

from .windows import Int64

__all__ = ["Layout", "Quantities", "spread", "stages"]

Quantities = dict[str, Quantity]


@dataclass(frozen=True)
class Layout:
    """Mapped quantities of every projection and population, resources, checks and notes."""

    projections: Mapping[str, Quantities]
    populations: Mapping[str, Quantities]
    resources: Quantities
    checks: tuple[Check, ...]
    notes: tuple[str, ...]


def spread(label: str, values: Int64) -> Quantities:
    """Mean, least and most of a quantity over neurons: what one firing of unknown neurons causes."""
    if not values.size:
        values = np.zeros(1, np.int64)
    found = (values.mean(), values.min(), values.max())
    return {f"{label}_{word}": float(v) for word, v in zip(("value", "low", "high"), found, strict=True)}


def stages(graph: EventGraph, behind: Mapping[str, int], within: Mapping[str, int]) -> dict[str, int]:
    """Step in which each population settles.

    Parameters
    ----------
    graph
        The graph; every projection takes a step and its delay.
    behind
        Further steps on the way out of a population (splitters).
    within
        Further steps inside a population (adding partial sums).
    """
    found: dict[str, int] = {}
    for name in graph.populations:
        sources: Iterable[int] = (found[p.source] + behind[p.source] + 1 + p.delay for p in graph.incoming(name))
        found[name] = max(sources, default=0) + within[name]
    return found
