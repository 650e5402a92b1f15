"""Graphs whose convolutions share results: the same sums from fewer synapses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gxnor_snn.errors import ConversionError, GraphError
from gxnor_snn.graph import Conv2d, EventGraph, Population, Projection

from .base import rebuilt
from .shared_maps import Parts, Rule, Site, share_repeats, share_sub_kernels, synapses
from .shared_trees import share_tree

__all__ = ["SHARING_MODES", "Shared", "SharedConvolution", "share_results", "shared_results"]


@dataclass(frozen=True)
class SharedConvolution:
    """What became of one convolution.

    Attributes
    ----------
    modes
        The rules applied, one after another, each to what the one before left.
    before, after
        Nonzero synapses (``n_w``) in place of the convolution; accumulations of maps are among them.
    projections, populations
        Names of what stands in its place.
    """

    modes: tuple[str, ...]
    before: int
    after: int
    projections: tuple[str, ...]
    populations: tuple[str, ...]


@dataclass(frozen=True)
class Shared:
    """A graph that shares results, and what it took.

    Attributes
    ----------
    graph
        The graph; the one given if nothing changed.
    changed
        Convolutions that share, by name.
    left
        Convolutions that stay as they are, and why.
    """

    graph: EventGraph
    changed: Mapping[str, SharedConvolution]
    left: Mapping[str, str]


_MODES: dict[str, dict[str, Rule]] = {
    "repeats": {"repeats": share_repeats},
    "mst": {"mst": share_tree},
    "sub_kernels": {"sub_kernels": share_sub_kernels},
    "best": {"repeats": share_repeats, "mst": share_tree, "sub_kernels": share_sub_kernels},
}
SHARING_MODES = tuple(_MODES)


def share_results(graph: EventGraph, mode: str = "best", *, depth: int | None = 8) -> EventGraph:
    """Let convolutions share results between their 2-D kernels; nothing that a population sends changes.

    ============ =====================================================================================
    mode         within one input channel
    ============ =====================================================================================
    repeats      kernels that are equal, or equal but for the sign, are computed once
    mst          a kernel's map is another one's, or its inverse, corrected on the taps that differ
    sub_kernels  rows (or columns) that are equal or inverse are computed once, at whatever offset
    best         for each convolution, whichever takes the fewest synapses
    ============ =====================================================================================

    Maps stand in sum relays (``NAME.maps``), which convolutions of weights +-1 (``NAME.adds``) add up; what is not
    worth sharing keeps the name of the convolution. `shared_results` also tells what changed, what did not and
    why. Readouts that now lie deeper may come in another order.

    Parameters
    ----------
    graph
        The graph.
    mode
        One of the table.
    depth
        Largest depth of a tree ("mst", "best"); each takes a relay. None grows trees of least taps.

    Effect on counts
    ----------------
    ``n_w`` falls, summed over what stands for a convolution: taps of maps, and one accumulation per use. The
    ``n_gated`` of an ``.adds`` projection are integer additions, its ``n_xnor`` their nonzero bits; its
    ``n_dense`` (hence ``resting``) is that of a dense matrix and says little. Populations that were there have
    the same spikes.

    Returns
    -------
    EventGraph
        A graph with the same readouts; see `gxnor_converters.passes.base` for the contract.

    Raises
    ------
    ConversionError
        If the mode is unknown, or depth below 1.
    """
    return shared_results(graph, mode, depth=depth).graph


def shared_results(graph: EventGraph, mode: str = "best", *, depth: int | None = 8) -> Shared:
    """`share_results`, with what changed and what did not.

    Raises
    ------
    ConversionError
        As there.
    """
    if mode not in _MODES:
        raise ConversionError(f"share_results: mode is {mode!r}, allowed are {', '.join(_MODES)}")
    if depth is not None and (type(depth) is not int or depth < 1):
        raise ConversionError(f"share_results: depth is {depth!r}; allowed are None and integers of at least 1")
    left: dict[str, str] = {}
    found: dict[str, _Change] = {}
    for name, edge in graph.projections.items():
        if edge.kind != "conv2d":
            continue
        conv: Any = edge
        reason = _why_not(graph, conv)
        if reason is None:
            change = _Change(graph, conv)
            reason = change.apply(_MODES[mode], depth)
            found[name] = change
        if reason is not None:
            left[name] = reason
            found.pop(name, None)
    result = graph
    for name in list(found):
        try:
            result = _with(result, name, found[name])
        except GraphError as error:
            left[name] = str(error)
            del found[name]
    return Shared(result, {name: change.facts() for name, change in found.items()}, left)


def _with(graph: EventGraph, name: str, change: "_Change") -> EventGraph:
    """The graph with one convolution replaced."""
    projections: list[Projection] = []
    for other, edge in graph.projections.items():
        projections += change.edges() if other == name else [edge]
    return rebuilt(graph, [*graph.populations.values(), *change.populations], projections)


def _why_not(graph: EventGraph, conv: Conv2d) -> str | None:
    """The reason why a convolution is left as it is, or None."""
    if conv.weights[0, 0].size == 1:
        return "its kernels have one tap: there is nothing to share"
    if conv.coding.kind == "pm1" and conv.coding.n_planes > 1:
        return "its {-1, +1} planes have no zero; decompose the graph first"
    if _holds_maps(graph, conv.source) or _holds_maps(graph, conv.target):
        return "it computes or adds up maps of single input channels already"
    return None


def _holds_maps(graph: EventGraph, name: str) -> bool:
    """Whether a population is a sum relay fed by a convolution channel by channel, and else by ones of one tap."""
    population = graph.populations[name]
    edges: Sequence[Any] = graph.incoming(name)
    if population.role != "relay" or not population.adds or any(edge.kind != "conv2d" for edge in edges):
        return False
    alone = [edge.weights.shape[1] == 1 for edge in edges]
    return any(alone) and all(one or edge.weights[0, 0].size == 1 for one, edge in zip(alone, edges, strict=True))


class _Change:
    """One convolution in the course of being rewritten."""

    def __init__(self, graph: EventGraph, conv: Conv2d) -> None:
        self._taken = {*graph.populations, *graph.projections}
        self._conv = conv
        self._shape = graph.populations[conv.source].shape
        self._coding = graph.coding(conv.source)
        self._rest: Conv2d | None = conv
        self._shared: list[Projection] = []
        self._before = self._after = self._count(conv)
        self._modes: list[str] = []
        self.populations: list[Population] = []

    def _count(self, conv: Conv2d | None) -> int:
        return 0 if conv is None else int(conv.fan_out(self._shape).nonzero.sum())

    def apply(self, rules: Mapping[str, Rule], depth: int | None) -> str | None:
        """Apply the best of the rules to what is left as long as one helps; why nothing was done, or None."""
        reason = "no mode finds fewer synapses"
        while self._rest is not None:
            site = Site(self._rest, self._shape, self._coding, self._stem(), depth)
            now = self._count(self._rest)
            offers: list[tuple[int, str, Parts]] = []
            for mode, rule in rules.items():
                try:
                    parts = rule(site)
                except GraphError as error:  # a relay that is too large, or holds too large sums
                    reason = str(error)
                    continue
                if parts is not None and (count := synapses(site, parts)) < now:
                    offers.append((count, mode, parts))
            if not offers:
                break
            count, mode, parts = min(offers, key=lambda offer: offer[0])
            self._take(mode, parts)
            self._after += count - now
        return None if self._modes else reason

    def _take(self, mode: str, parts: Parts) -> None:
        self._modes.append(mode)
        self.populations += parts.populations
        self._shared += parts.projections
        self._rest = parts.rest
        self._taken |= {p.name for p in parts.populations} | {p.name for p in parts.projections}

    def _stem(self) -> str:
        """A stem from which no name is taken: the convolution's own, or one with a number."""
        stem, number = self._conv.name, 2
        while any(name.startswith(f"{stem}.") for name in self._taken):
            stem, number = f"{self._conv.name}.{number}", number + 1
        return stem

    def edges(self) -> list[Projection]:
        """The projections in place of the convolution."""
        return ([] if self._rest is None else [self._rest]) + self._shared

    def facts(self) -> SharedConvolution:
        return SharedConvolution(
            tuple(self._modes),
            self._before,
            self._after,
            tuple(edge.name for edge in self.edges()),
            tuple(population.name for population in self.populations),
        )
