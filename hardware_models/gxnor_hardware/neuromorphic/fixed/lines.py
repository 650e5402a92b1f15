"""Which axons one source value needs on every core that listens to it.

A source value travels as lines: one per sign and plane where events are binary, one where an event carries a
value. What a line needs at a core depends on what an axon fixes for all neurons of the core:

- ``sign_and_effect``: an axon has one sign of effect (TrueNorth's axon type, the sign of ODIN's pre-neuron), so
  every pair (sign of the event, sign of its effect) takes an axon of its own: 4 for ternary x ternary;
- ``effect``: an axon has one sign of effect, but synapses pick the lines they hear by a label: 2;
- ``sign``: synapses are signed, events are binary: 2;
- ``value``: synapses are signed and events carry signed values: 1.

Magnitudes: with axon types, a core offers few magnitudes, and larger ones are made of several axons of a smaller
unit; with multi-bit synapses, weights beyond the synapse are shared out over several axons. Both are exact.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, Projection

from ...profile import Profile

__all__ = [
    "Lines",
    "compartments_of",
    "lines_into",
    "passes_levels",
    "relayed_lines",
    "rows_by_plane",
    "rows_of",
    "signs_of",
]


@dataclass(frozen=True)
class Lines:
    """The axons of one source value of a projection.

    Attributes
    ----------
    signs
        Signs that events of the source may have.
    per_plane
        Axons that one firing line drives on a listening core, by plane of the source.
    axons
        Axons of a source value on a listening core, all its lines together.
    copies
        Fewest and most axons that one open gate runs over (1, 1 unless magnitudes are made of several).
    fan
        Neurons of the chip per target neuron that hold the synapse.
    offered, units
        Signs of weight that the axons offer, and axons by plane for the magnitude alone.
    gate_axons
        Axons that an open gate runs over: by plane of the source, then by plane of the weight (with axon types) or
        for a whole weight (one number); the most where weights differ.
    """

    signs: tuple[int, ...]
    per_plane: tuple[int, ...]
    axons: int
    copies: tuple[int, int]
    fan: int
    offered: tuple[int, ...] = (1,)
    units: tuple[int, ...] = (1,)
    gate_axons: tuple[tuple[int, ...], ...] = ((1,),)


def signs_of(lo: int, hi: int) -> tuple[int, ...]:
    """Signs of the levels lo..hi; something that is always silent has one line all the same."""
    return tuple(sign for sign, there in ((1, hi > 0), (-1, lo < 0)) if there) or (1,)


def passes_levels(graph: EventGraph, name: str) -> bool:
    """Whether a population hands on the levels of max or min pools and identities, by an OR and an AND."""
    population = graph.populations[name]
    return population.role == "relay" and not population.adds


def compartments_of(graph: EventGraph, name: str, profile: Profile) -> int:
    """Neurons of the chip per neuron of a population: one per sign where neurons fire without sign."""
    population = graph.populations[name]
    if not population.has_inputs:
        return 0
    one = profile.choice("signed_neurons") == "one_neuron" and not _by_sign(graph, name)
    if not population.has_outputs or one:
        return 1
    coding = graph.coding(name)
    return len(signs_of(coding.lo, coding.hi))


def _pooled(graph: EventGraph, edge: Projection) -> bool:
    return edge.kind == "pool2d" and passes_levels(graph, edge.target)


def _by_sign(graph: EventGraph, name: str) -> bool:
    """Whether a population sends a line per sign although events carry values: OR and AND need them apart."""
    return any(_pooled(graph, edge) for edge in (*graph.incoming(name), *graph.outgoing(name)))


def _pairs(signs: Sequence[int], weights: Sequence[int], profile: Profile) -> tuple[int, int]:
    """(axons of a value, axons that one of its lines drives), before magnitudes."""
    pairs = {(sign, sign * weight) for sign in signs for weight in weights}
    effects = len({effect for _, effect in pairs})
    return {
        "sign_and_effect": (len(pairs), len(pairs) // len(signs)),
        "effect": (effects, len(weights)),
        "sign": (len(signs), 1),
        "value": (1, 1),
    }[profile.choice("axon_carries")]


def _mirrored(weights: Sequence[int], compartments: int, profile: Profile) -> tuple[int, ...]:
    """Signs of weight that a core must offer: a second neuron for -1 has its weights negated.

    With axon types every neuron has weights of its own for a type, so negating costs no axon.
    """
    both = compartments > 1 and profile.limit("axon_types") is None
    return (1, -1) if both else tuple(weights)


def relayed_lines(signs: tuple[int, ...], compartments: int, profile: Profile) -> Lines:
    """Lines of a value that is added as it is: of partial sums, and of splitters."""
    axons, each = _pairs(signs, _mirrored((1,), compartments, profile), profile)
    return Lines(signs, (each,), axons, (1, 1), compartments)


def lines_into(graph: EventGraph, target: str, compartments: int, profile: Profile) -> dict[str, Lines]:
    """Lines of every projection into a population.

    Raises
    ------
    PricingError
        If the core's axon types or weight levels cannot hold what the population's synapses need.
    """
    needs = {edge.name: _need(graph, edge.name) for edge in graph.incoming(target)}
    if profile.choice("axon_carries") == "value":
        _check_levels(graph, target, profile)
        return {edge.name: _valued(graph, edge, compartments, profile) for edge in graph.incoming(target)}
    alone = passes_levels(graph, target)
    offered = {n: (1,) if alone else _mirrored(need.weights, compartments, profile) for n, need in needs.items()}
    typed = profile.limit("axon_types") is not None
    axons_for = _types(target, needs, offered, profile) if typed else _synapses(profile)
    found = {}
    for name, need in needs.items():
        axons, each = _pairs(need.signs, offered[name], profile)
        # an axon type holds one plane of a weight, a multi-bit synapse the whole weight
        parts = [
            [axons_for(m) for m in (need.parts(k) if typed else (need.whole(k),))] for k in range(need.planes)
        ]
        by_plane = [sum(part) for part in parts]
        every = [n for part in parts for n in part]
        found[name] = Lines(
            signs=need.signs,
            per_plane=tuple(each * n for n in by_plane),
            axons=axons * sum(by_plane),
            copies=(min(every) if typed else 1, max(every)),
            fan=1 if alone else compartments,
            offered=offered[name],
            units=tuple(by_plane),
            gate_axons=tuple(tuple(part) for part in parts),
        )
    return found


def _valued(graph: EventGraph, edge: Projection, compartments: int, profile: Profile) -> Lines:
    """Lines where events carry values."""
    coding = graph.coding(edge.source)
    if not _by_sign(graph, edge.source):
        return Lines((1,), (1,), 1, (1, 1), compartments)
    if coding.max_abs > 1:
        raise PricingError(
            f"card {profile.name!r}: population {edge.source!r} of levels {coding.lo}..{coding.hi} is pooled; the "
            f"wall is that a neuron adds, allowed are levels -1..1, of which an OR and an AND make the largest"
        )
    signs = signs_of(coding.lo, coding.hi)
    return Lines(signs, (1,), len(signs), (1, 1), 1 if passes_levels(graph, edge.target) else compartments)


def rows_by_plane(edges: Sequence[Lines], profile: Profile) -> tuple[int, ...]:
    """Rows that a line of each plane of a value drives where all its readers share them; empty without any."""
    if not edges:
        return ()
    _, each = _shared(edges, profile)
    return tuple(each * max(by_edge) for by_edge in zip(*(lines.units for lines in edges), strict=True))


def rows_of(edges: Sequence[Lines], profile: Profile) -> tuple[int, int, int]:
    """(rows of a value, fewest and most rows that one of its lines drives) where all its readers share them."""
    if not edges:
        return 1, 0, 0
    axons, each = _shared(edges, profile)
    rows = rows_by_plane(edges, profile)
    return axons * sum(rows) // each, min(rows), max(rows)


def _shared(edges: Sequence[Lines], profile: Profile) -> tuple[int, int]:
    """(rows of a value, rows that one of its lines drives), before magnitudes."""
    offered = sorted({weight for lines in edges for weight in lines.offered})
    return _pairs(edges[0].signs, offered, profile)


@dataclass(frozen=True)
class _Need:
    """What a projection asks of its axons.

    Attributes
    ----------
    signs, weights
        Signs of its events and of its weights, the gain's sign included.
    planes
        Planes of its source.
    weight_planes, largest, gain
        Planes of its weights, the largest magnitude of a weight, the magnitude of its gain.
    """

    signs: tuple[int, ...]
    weights: tuple[int, ...]
    planes: int
    weight_planes: int
    largest: int
    gain: int

    def parts(self, plane: int) -> tuple[int, ...]:
        """Magnitudes of effect that the planes of a weight have, from one plane of the source."""
        return tuple(self.gain << (plane + k) for k in range(self.weight_planes))

    def whole(self, plane: int) -> int:
        """Largest magnitude of effect of a whole weight, from one plane of the source."""
        return self.gain * self.largest << plane


def _need(graph: EventGraph, name: str) -> _Need:
    projection: Any = graph.projections[name]
    source = graph.coding(projection.source)
    weights = projection.weights if projection.weighted else np.ones(1, np.int8)
    ends = sorted(int(w) * projection.gain for w in (weights.min(), weights.max()))
    return _Need(
        signs=signs_of(source.lo, source.hi),
        weights=signs_of(ends[0], ends[1]),
        planes=source.n_planes,
        weight_planes=projection.coding.n_planes if projection.weighted else 1,
        largest=max(1, -int(weights.min()), int(weights.max())),
        gain=abs(projection.gain),
    )


def _synapses(profile: Profile) -> Callable[[int], int]:
    """Axons for a magnitude of effect where synapses hold several bits."""
    bits = profile.limit("weight_bits")
    return lambda magnitude: 1 if bits is None else -(-magnitude // ((1 << bits) - 1))


def _types(
    target: str, needs: dict[str, _Need], offered: dict[str, tuple[int, ...]], profile: Profile
) -> Callable[[int], int]:
    """Axons for a magnitude of effect where a core has a few axon types, chosen so that they are fewest."""
    wanted = sorted({m for need in needs.values() for k in range(need.planes) for m in need.parts(k)})
    effects = {sign * weight for n, need in needs.items() for sign in need.signs for weight in offered[n]}
    types, bits = profile.number("axon_types"), profile.limit("type_weight_bits")
    largest = wanted[-1] if bits is None else (1 << (bits - 1)) - 1
    candidates = [m for m in wanted if m <= largest]
    best: dict[int, int] = {}
    for chosen in combinations(candidates, min(types // len(effects), len(candidates))):
        axons = {m: _copies(m, chosen) for m in wanted}
        if all(axons.values()) and (not best or sum(axons.values()) < sum(best.values())):
            best = axons
    if not best:
        raise PricingError(
            f"card {profile.name!r}: population {target!r} needs effects of {wanted} in {len(effects)} sign(s); "
            f"the wall is axon_types, allowed are {types} types per core (weights to {largest}) and sums of them"
        )
    return best.__getitem__


def _copies(magnitude: int, units: Sequence[int]) -> int:
    """Axons whose units add up to a magnitude, largest first; 0 where they do not."""
    count = 0
    for unit in sorted(units, reverse=True):
        more, magnitude = divmod(magnitude, unit)
        count += more
    return 0 if magnitude else count


def _check_levels(graph: EventGraph, target: str, profile: Profile) -> None:
    levels: set[int] = set()
    for edge in graph.incoming(target):
        projection: Any = edge
        weights = np.unique(projection.weights) if projection.weighted else np.ones(1, np.int64)
        levels |= {int(w) * projection.gain for w in weights}
    allowed = profile.limit("weight_levels")
    if allowed is not None and len(levels) > allowed:
        raise PricingError(
            f"card {profile.name!r}: population {target!r} needs {len(levels)} different weights; the wall is "
            f"weight_levels, allowed are {allowed} per core"
        )
