"""Cutting a population into cores: blocks of neurons, row groups where fan-in is beyond a core, adding them up."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from gxnor_snn.errors import PricingError

from ...profile import Profile
from .lines import Lines, relayed_lines
from .slots import Slot, fill
from .windows import Feed, Grid, Int64

__all__ = ["Level", "Partition", "partition"]


@dataclass(frozen=True)
class Level:
    """One level of adding up partial sums.

    Attributes
    ----------
    groups
        Partial sums per neuron that arrive.
    per_sum
        How many of them one neuron of this level adds.
    per_core
        Sums that a core of this level makes.
    sums
        Sums per neuron that this level makes (1 at the last level).
    """

    groups: int
    per_sum: int
    per_core: int
    sums: int


@dataclass(frozen=True)
class Partition:
    """A population on cores: blocks by rows, then columns, then channels, the row groups of each in a row.

    Cores that add partial sums follow, level by level; the neurons themselves are on those of the last level.

    Attributes
    ----------
    grid, size
        (channels, rows, columns) of the population and of a block.
    groups
        Row groups: cores that share a block's neurons, each with a part of the source values.
    slots
        Where each feed's source values go among the row groups.
    axons, columns
        Axons and neurons in use in the fullest core.
    compartments
        Neurons of the chip per neuron.
    partials
        Neurons of the chip per partial sum.
    levels
        How partial sums are added up; empty without any.
    relayed
        Lines of a partial sum.
    """

    grid: Grid
    size: Grid
    groups: int
    slots: tuple[Slot, ...]
    axons: int
    columns: int
    compartments: int
    partials: int
    levels: tuple[Level, ...]
    relayed: Lines

    @property
    def counts(self) -> Grid:
        """Blocks along (channels, rows, columns)."""
        return _counts(self.grid, self.size)

    @property
    def neurons(self) -> int:
        """Neurons of the population."""
        return math.prod(self.grid)

    @property
    def block_cores(self) -> int:
        """Cores that hold synapses of the graph."""
        return math.prod(self.counts) * self.groups

    @property
    def sum_cores(self) -> int:
        """Cores that add partial sums."""
        return sum(-(-self.neurons * level.sums // level.per_core) for level in self.levels)

    @property
    def cores(self) -> int:
        """All cores of the population, splitters left out."""
        return self.block_cores + self.sum_cores

    @property
    def partial_sums(self) -> int:
        """Partial sums per neuron over all levels."""
        return sum(level.groups for level in self.levels)

    @property
    def chip_neurons(self) -> int:
        """Neurons of the chip in use."""
        return self.neurons * (self.compartments + self.partial_sums * self.partials)

    def core_of(self) -> Int64:
        """Core, within the population, in which every neuron fires: (channels, rows, columns)."""
        if self.levels:
            first = self.cores - -(-self.neurons // self.levels[-1].per_core)
            return first + np.arange(self.neurons).reshape(self.grid) // self.levels[-1].per_core
        return self.block_of()

    def block_of(self) -> Int64:
        """First of the cores that hold every neuron's synapses: (channels, rows, columns)."""
        channel, row, column = (
            np.arange(extent).reshape([-1 if axis == k else 1 for k in range(3)]) // self.size[axis]
            for axis, extent in enumerate(self.grid)
        )
        channels, _, columns = self.counts
        return np.asarray(((row * columns + column) * channels + channel) * self.groups, np.int64)


def _counts(grid: Grid, size: Grid) -> Grid:
    return -(-grid[0] // size[0]), -(-grid[1] // size[1]), -(-grid[2] // size[2])


def _sizes(extent: int, most: int) -> list[int]:
    """Block sizes worth trying along an axis, largest first: equal parts of it of at most `most`."""
    return sorted({-(-extent // -(-extent // size)) for size in range(1, min(extent, most) + 1)}, reverse=True)


def partition(
    name: str, grid: Grid, compartments: int, feeds: Sequence[Feed], lines: Mapping[str, Lines], profile: Profile
) -> Partition:
    """Cut one population into the fewest cores, without partial sums where the fan-in of a neuron fits a core.

    Parameters
    ----------
    name
        Population, for messages.
    grid
        (channels, rows, columns).
    compartments
        Neurons of the chip per neuron.
    feeds, lines
        Geometry and lines of its incoming projections.
    profile
        The card.

    Raises
    ------
    PricingError
        If a neuron's fan-in is beyond the wall and the card says nothing of partial sums, a single source value
        takes more axons than a core has, or a single neuron more neurons.
    """
    axons, columns = profile.number("axons_per_core"), profile.number("neurons_per_core")
    graded = profile.choice("signed_neurons") == "one_neuron"
    signs = (1,) if graded else (1, -1)
    relayed = relayed_lines(signs, compartments, profile)
    partials = len(signs)
    _check(name, feeds, lines, profile)
    best: tuple[tuple[bool, int], Partition] | None = None
    sizes = [_sizes(extent, columns) for extent in grid]
    for size in product(sizes[0], sizes[1], sizes[2]):
        neurons = math.prod(size)
        if neurons * compartments > columns:
            continue
        values = [(feed.values(size), lines[feed.name].axons) for feed in feeds]
        groups, slots = fill(values, axons)
        if groups > 1 and neurons * partials > columns:
            continue
        used = min(axons, sum(count * each for count, each in values))
        if groups > 1:
            used = max(count and axons // each * each for count, each in values)
        cut = Partition(
            grid=grid,
            size=size,
            groups=groups,
            slots=slots,
            axons=used,
            columns=neurons * (partials if groups > 1 else compartments),
            compartments=compartments,
            partials=partials,
            levels=_levels(name, groups, relayed, compartments, profile) if groups > 1 else (),
            relayed=relayed,
        )
        # partial sums only where a neuron's fan-in leaves no other way, however many cores they would save
        rank = groups > 1, cut.cores
        if best is None or rank < best[0]:
            best = rank, cut
    if best is None:  # not even a single neuron, fan-in having been checked
        raise PricingError(
            f"card {profile.name!r}: a neuron of population {name!r}, or its partial sums, takes "
            f"{max(compartments, partials)} neurons of a core; the wall is neurons_per_core, allowed are {columns}"
        )
    return best[1]


def _check(name: str, feeds: Sequence[Feed], lines: Mapping[str, Lines], profile: Profile) -> None:
    axons = profile.number("axons_per_core")
    for feed in feeds:
        if lines[feed.name].axons > axons:
            raise PricingError(
                f"card {profile.name!r}: a single value of projection {feed.name!r} takes "
                f"{lines[feed.name].axons} axons; the wall is axons_per_core, allowed are {axons}"
            )
    need = sum(feed.values((1, 1, 1)) * lines[feed.name].axons for feed in feeds)
    if need > axons and "partial_sums" not in profile.design:
        raise PricingError(
            f"card {profile.name!r}: a neuron of population {name!r} needs axons_per_core of {need}; the wall is "
            f"{axons}, and the card gives no way of adding partial sums"
        )


def _levels(name: str, groups: int, relayed: Lines, compartments: int, profile: Profile) -> tuple[Level, ...]:
    axons, columns = profile.number("axons_per_core"), profile.number("neurons_per_core")
    per_sum = axons // relayed.axons
    if per_sum < 2:
        raise PricingError(
            f"card {profile.name!r}: population {name!r} needs partial sums of {relayed.axons} axons each; the "
            f"wall is axons_per_core, allowed are {axons}, of which two partial sums must have room"
        )
    levels: list[Level] = []
    while groups > per_sum:
        sums = -(-groups // per_sum)
        levels.append(Level(groups, per_sum, 1, sums))
        groups = sums
    per_core = min(axons // (groups * relayed.axons), columns // compartments)
    levels.append(Level(groups, groups, per_core, 1))
    return tuple(levels)
