"""How levels travel between cores, and whether the words of a card hold them.

Binary events carry no sign: a level is a line per sign (and per plane, at an input), and a signed neuron is two
compartments. Graded events carry a signed payload: one line and one compartment whatever the level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, Population
from gxnor_snn.results import Check

from ...limits import check_limit
from ...profile import Profile

__all__ = ["Travel", "check_numbers", "is_graded", "largest_weight", "travel_of"]


@dataclass(frozen=True)
class Travel:
    """How the levels of a population travel.

    Attributes
    ----------
    lines
        Lines per value.
    compartments
        Compartments per neuron.
    planes
        Planes that travel as lines of their own; 1 for a level in one message.
    """

    lines: int
    compartments: int
    planes: int = 1

    @property
    def by_planes(self) -> bool:
        """Whether a value is several events, one per plane."""
        return self.planes > 1


def is_graded(profile: Profile) -> bool:
    """Whether events carry a signed payload."""
    return "events" in profile.design and profile.choice("events") == "graded"


def travel_of(graph: EventGraph, population: Population, profile: Profile) -> Travel:
    """Lines and compartments of a population.

    Raises
    ------
    PricingError
        If its levels do not travel in the events of the card.
    """
    if not population.has_outputs:
        return Travel(0, 1)  # a readout is one membrane, read as a signed number
    coding = graph.coding(population.name)
    if is_graded(profile):
        return Travel(1, int(population.has_inputs))
    signs = max(1, (coding.lo < 0) + (coding.hi > 0))
    if not population.has_inputs:
        return Travel(signs * coding.n_planes, 0, coding.n_planes)
    if coding.n_planes > 1 or coding.max_abs > 1:
        raise PricingError(
            f"card {profile.name!r}: population {population.name!r} sends levels {coding.lo}..{coding.hi}; "
            f"the wall is binary events, allowed are levels -1..1 as one line per sign"
        )
    two = profile.choice("signed_neurons") == "two_compartments"
    return Travel(signs, signs if two else 1)


def largest_weight(graph: EventGraph, name: str, travel: Travel) -> int:
    """Largest magnitude a stored weight takes: the gain and the source's plane weights are folded in."""
    projection: Any = graph.projections[name]
    largest = 1
    if projection.weighted:
        largest = max(int(projection.weights.max()), -int(projection.weights.min()))
    return int(largest * abs(projection.gain)) << (travel.planes - 1)


def check_numbers(graph: EventGraph, profile: Profile, travels: Mapping[str, Travel]) -> list[Check]:
    """Weights, sums and payloads against the word lengths of the card.

    Raises
    ------
    PricingError
        If one exceeds a wall, or no payload serves all listeners of a population.
    """
    weights = max(
        largest_weight(graph, n, travels[p.source]).bit_length() + 1 for n, p in graph.projections.items()
    )
    sums = max(
        int(np.abs(np.concatenate(graph.bounds(n))).max()).bit_length()
        for n, p in graph.populations.items()
        if p.has_inputs
    )
    checks = [
        check_limit(profile, "weight_bits", weights, "largest weight times gain and plane, with sign"),
        check_limit(profile, "sum_bits", sums, "largest reachable sum, without sign"),
    ]
    if is_graded(profile):
        bits = {n: _payload_bits(graph, n, profile) for n, p in graph.populations.items() if p.has_outputs}
        widest = max(bits, key=bits.__getitem__)
        checks.append(
            check_limit(profile, "message_bits", bits[widest], f"widest payload, of population {widest!r}")
        )
    return checks


def _payload_bits(graph: EventGraph, name: str, profile: Profile) -> int:
    """Bits of the payload of a population's events, sign included.

    A pool sums what arrives, so a maximum over K values shows in the sum only if payloads grow by a factor of
    K + 1 from level to level: -1, K + 1 for a ternary one. Levels 0 and 1 (or -1 and 0) need no such thing.
    """
    coding = graph.coding(name)
    plain = coding.max_abs.bit_length() + (coding.lo < 0)
    if coding.hi - coding.lo <= 1:
        return plain
    outgoing: tuple[Any, ...] = tuple(graph.outgoing(name))
    pools = [p for p in outgoing if p.kind == "pool2d" and p.mode != "sum"]
    if not pools:
        return plain
    if len(pools) < len(outgoing):
        others = ", ".join(repr(p.name) for p in outgoing if p not in pools)
        raise PricingError(
            f"card {profile.name!r}: population {name!r} feeds a max or min pool and {others}; the wall is one "
            f"payload per event, which serves either; allowed are levels 0..1, or pools alone"
        )
    largest: int = max(prod(p.window.kernel) for p in pools)
    return 1 + (coding.hi - coding.lo) * largest.bit_length()
