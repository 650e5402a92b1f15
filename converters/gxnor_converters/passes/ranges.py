"""Ranges of sum relays whose inputs became others.

A relay declares the range of its sums, and a graph holds it to what its inputs could give. Other weights may give
more; so could planes, which never do (two planes of -1..1 reach +-3, the levels -2..2 that they came from do not).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gxnor_snn.graph import Coding, Population, Projection
from gxnor_snn.graph.rules import input_bounds

__all__ = ["widened"]


def widened(populations: Sequence[Population], projections: Sequence[Projection]) -> list[Population]:
    """The populations, sum relays wide enough for what their inputs could give.

    Raises
    ------
    GraphError
        If that is beyond what a relay holds.
    """
    by_name: dict[str, Any] = {population.name: population for population in populations}
    incoming: dict[str, list[Projection]] = {name: [] for name in by_name}
    for edge in projections:
        incoming[edge.target].append(edge)
    codings: dict[str, Coding] = {}

    def settle(name: str) -> Coding:
        """The coding of a population, after those of the relays before it."""
        if name not in codings:
            population = by_name[name]
            relay = population.role == "relay"
            sources = [(edge, settle(edge.source)) for edge in incoming[name]] if relay else []
            if relay and population.adds:
                low, high, _ = input_bounds(population, sources, by_name)
                ends = min(population.lo, int(low.min())), max(population.hi, int(high.max()))
                if ends != (population.lo, population.hi):
                    by_name[name] = population = replace(population, lo=ends[0], hi=ends[1])
            codings[name] = population.resolve_coding(sources)
        return codings[name]

    for population in populations:
        if population.role == "relay":
            settle(population.name)
    return list(by_name.values())
