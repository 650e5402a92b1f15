"""Cutting every population into cores, and a neuron's fan-in into partial sums where the card allows it."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, Population
from gxnor_snn.results import Check

from ...limits import check_limit
from ...profile import Profile
from .formats import storage_of
from .partition import CORE_LIMITS, Edges, Feed, Grid, OversizedNeuronError, Partition, own_channels, partition
from .reach import Block, Reach, VectorReach
from .signs import Travel, is_graded, largest_weight

__all__ = ["Cut", "Landing", "check_cores", "cut_all", "landings"]


@dataclass(frozen=True)
class Cut:
    """The cores of one population: those of its neurons, then those of their partial sums.

    Attributes
    ----------
    whole
        Where the neurons stand.
    parts
        Where the partial sums of each part of the fan-in are made; empty where a neuron takes all of it.
    lines
        Lines per partial sum.
    """

    whole: Partition
    parts: tuple[Partition, ...] = ()
    lines: int = 0

    @property
    def everything(self) -> tuple[Partition, ...]:
        """All partitions in the order of their cores."""
        return (self.whole, *self.parts)

    @property
    def cores(self) -> int:
        """Cores the population takes."""
        return sum(p.cores for p in self.everything)

    @property
    def compartments(self) -> int:
        """Compartments of its neurons and partial sums."""
        return sum(int(np.prod(p.grid)) * p.per_neuron for p in self.everything)

    @property
    def busiest(self) -> int:
        """Compartments of its fullest core."""
        return max(p.used["neurons_per_core"] for p in self.everything)


@dataclass(frozen=True)
class Landing:
    """Cores that hold synapses of one projection.

    Attributes
    ----------
    reach
        What they hold, of all of the source or of a part.
    partition, first
        The cores and the number of the first of them.
    blocks
        What is fed per core, in the channels of the projection; None for no synapse.
    """

    reach: Reach
    partition: Partition
    first: int
    blocks: tuple[Block | None, ...]


def _ranges_of(pieces: int, parts: int) -> list[tuple[int, int]]:
    cuts = [pieces * k // parts for k in range(parts + 1)]
    return list(itertools.pairwise(cuts))


def _fed(target: Partition, target_channels: tuple[int, int] | None) -> tuple[Block | None, ...]:
    found: list[Block | None] = []
    for block in target.blocks():
        ((start, stop),) = own_channels(target_channels, np.asarray([block.channels])).tolist()
        found.append(Block(block.rows, block.columns, (start, stop)) if start < stop else None)
    return tuple(found)


def landings(graph: EventGraph, name: str, reach: Reach, cut: Cut, first: int) -> list[Landing]:
    """Where a projection lands, given its target's cores: on the neurons, or on partial sums, part by part."""
    channels = graph.projections[name].target_channels
    if not cut.parts:
        return [Landing(reach, cut.whole, first, _fed(cut.whole, channels))]
    found, core = [], first + cut.whole.cores
    for part, (start, stop) in zip(cut.parts, _ranges_of(reach.pieces, len(cut.parts)), strict=True):
        found.append(Landing(reach.part(start, stop), part, core, _fed(part, channels)))
        core += part.cores
    return found


def _grid(population: Population) -> Grid:
    shape = population.shape
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)


def fan_of(graph: EventGraph, name: str, travels: Mapping[str, Travel]) -> int:
    """Compartments of a target neuron that one line of the source feeds."""
    target = graph.populations[graph.projections[name].target]
    # a max or min pool into a level relay: +1 lines feed the +1 compartment (an OR), -1 lines the other (an AND)
    passes_levels = target.role == "relay" and not target.adds
    return 1 if passes_levels else travels[target.name].compartments


def cut_all(
    graph: EventGraph, profile: Profile, travels: Mapping[str, Travel], reaches: Mapping[str, Reach]
) -> dict[str, Cut]:
    """Partition by population, from the readouts back: a core's output edges depend on where they lead.

    Raises
    ------
    OversizedNeuronError
        If a single neuron fills more than a core and its fan-in cannot be split on the card.
    """
    cuts: dict[str, Cut] = {}
    for name, population in reversed(list(graph.populations.items())):
        if not population.has_inputs:
            continue
        grid, travel = _grid(population), travels[name]
        edges = Edges(grid, len(population.shape) == 1, travel.lines if _apart(profile) else 1)
        for edge in graph.outgoing(name):
            for landing in landings(graph, edge.name, reaches[edge.name], cuts[edge.target], 0):
                for block in landing.blocks:
                    if block is not None:
                        edges.add(landing.reach.channels(block), landing.reach.positions(block))
        feeds = [
            Feed(
                reach=reaches[p.name],
                target_channels=p.target_channels,
                fan=fan_of(graph, p.name, travels),
                weight_bits=largest_weight(graph, p.name, travels[p.source]).bit_length() + 1,
                indexed=storage_of(graph, p.name, profile) != "dense",
            )
            for p in graph.incoming(name)
        ]
        try:
            cuts[name] = Cut(partition(name, grid, travel.compartments, feeds, edges, profile))
        except OversizedNeuronError as error:
            cuts[name] = _split(name, grid, travel, feeds, edges, profile, error)
    return {name: cuts[name] for name in graph.populations if name in cuts}


def _apart(profile: Profile) -> bool:
    return profile.choice("signed_lines") == "axons"


def _split(
    name: str,
    grid: Grid,
    travel: Travel,
    feeds: list[Feed],
    edges: Edges,
    profile: Profile,
    error: OversizedNeuronError,
) -> Cut:
    """Cut the fan-in into the fewest parts whose partial sums, and the neurons that add them, fit cores."""
    if "fan_in_split" not in profile.design:
        raise error
    graded = profile.choice("fan_in_split") == "graded_sums"
    if graded and not is_graded(profile):
        raise PricingError(f"card {profile.name!r}: fan_in_split is 'graded_sums'; binary events carry no sums")
    pieces = min(feed.reach.pieces for feed in feeds)
    if pieces < 2 or grid[1:] != (1, 1):
        raise error  # windows and moved values: no neuron of those fills a core before its inputs are few
    # a thresholded partial sum is a ternary neuron of its own, with a line per sign
    lines = 1 if graded else 2
    each = lines if not graded and profile.choice("signed_neurons") == "two_compartments" else 1
    size = grid[0]
    for parts in range(2, pieces + 1):
        adding = [Feed(VectorReach(lines, size), None, travel.compartments, 2)] * parts
        try:
            whole = partition(name, grid, travel.compartments, adding, edges, profile)
            sending = Edges(grid, True, lines if _apart(profile) else 1)
            for block in whole.blocks():
                sending.add(adding[0].reach.channels(block), np.ones((1, 1), bool))
            made = []
            for k in range(parts):
                cut = [
                    replace(f, reach=f.reach.part(*_ranges_of(f.reach.pieces, parts)[k]), fan=each) for f in feeds
                ]
                made.append(partition(name, grid, each, cut, sending, profile))
        except OversizedNeuronError as smaller:
            error = smaller
            continue
        return Cut(whole, tuple(made), lines)
    raise error


def check_cores(graph: EventGraph, profile: Profile, cuts: Mapping[str, Cut]) -> list[Check]:
    """Every limit of a core, with its fullest core; and payloads against partial sums.

    Raises
    ------
    PricingError
        If a partial sum exceeds the payload of an event.
    """
    checks = []
    for limit in CORE_LIMITS:
        if limit == "synapses_per_core" and profile.limit(limit) is None:
            continue  # the same memory as synapse_bits_per_core, in another unit
        used = {n: max(p.used[limit] for p in c.everything) for n, c in cuts.items()}
        fullest = max(used, key=used.__getitem__)
        checks.append(check_limit(profile, limit, used[fullest], f"fullest core, of population {fullest!r}"))
    for name, cut in cuts.items():
        if cut.parts and is_graded(profile):
            bits = graph.magnitude(name).bit_length() + 1
            checks.append(check_limit(profile, "message_bits", bits, f"partial sums of population {name!r}"))
    return checks
