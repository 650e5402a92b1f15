"""Which form runs how many samples: a small cost model. Results never depend on it.

Costs are counted in full adders on 256 lanes. A block of the samples form costs the same however many of its lanes
are used; the neurons form costs the same for every sample, and follows the activations that are not silent.

The constants were measured on an AMD Zen 4 machine; others differ by tens of per cent, which moves the batch size
where the forms meet but never a result.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any

import numpy as np

from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, EventGraph

from ..engine import check_size
from .layout import VECTOR_COSTS, Layout, Table, layout_of

__all__ = ["DENSITY", "FORMS", "Costs", "Effort", "Share", "Windows", "choose", "costs_of", "efforts_of"]

FORMS = ("auto", "samples", "neurons")

DENSITY = 0.5
"""Share of activations assumed not to be silent where nothing is known of them."""

_PLANE_COST = 8.0  # samples form: packing, comparing and counting, per plane of a population
_NEURON_COST = 1.5  # neurons form: reading, comparing and counting, per neuron
_CALL_COST = 200.0  # per sample or block


@dataclass(frozen=True)
class Share:
    """A run of samples in one form.

    Attributes
    ----------
    form
        "samples" or "neurons".
    words
        Words of 64 lanes of the vectors; 0 for the neurons form, whose layers have their own.
    samples
        How many samples.
    lanes
        Samples per block.
    """

    form: str
    words: int
    samples: int
    lanes: int

    @property
    def blocks(self) -> int:
        """How many blocks."""
        return -(-self.samples // self.lanes)


@dataclass(frozen=True)
class Windows:
    """What a weighted projection takes in the neurons form.

    Attributes
    ----------
    source
        The population it reads.
    table, layout
        Its sizes, and the lanes of its windows.
    planes
        Planes per row.
    digits
        Binary digits of a level that is not silent, on average.
    lists
        Lists of events that a window adds: one per digit and pair of planes.
    """

    source: str
    table: Table
    layout: Layout
    planes: int
    digits: float
    lists: int

    def sample(self, density: float) -> float:
        """Cost per sample, where that share of the source is not silent."""
        events = self.table.channels * density * self.digits
        cost = self.layout.window_cost(self.table, events, self.planes, self.lists)
        return cost * self.layout.n_windows(self.table)


@dataclass(frozen=True)
class Effort:
    """What one population takes in either form.

    Attributes
    ----------
    name
        The population.
    block
        Full adders per block of the samples form.
    windows
        Of its weighted projections.
    neurons
        Its neurons, and what pools and identities read.
    """

    name: str
    block: float
    windows: tuple[Windows, ...]
    neurons: int

    def sample(self, densities: Mapping[str, float]) -> float:
        """Cost of one sample in the neurons form, given the share of each population that is not silent."""
        return _NEURON_COST * self.neurons + sum(w.sample(densities[w.source]) for w in self.windows)


@dataclass(frozen=True)
class Costs:
    """Predicted costs of a graph.

    Attributes
    ----------
    block
        Of one block of the samples form, by words of its vectors.
    sample
        Of one sample in the neurons form.
    """

    block: Mapping[int, float]
    sample: float

    def of(self, share: Share, threads: int) -> float:
        """Time of a share on that many threads."""
        if share.form == "samples":
            return -(-share.blocks // threads) * self.block[share.words]
        return -(-share.blocks // threads) * share.lanes * self.sample


def efforts_of(graph: EventGraph, layers: Iterable[Any], widths: tuple[int, ...]) -> tuple[Effort, ...]:
    """The efforts of a graph's populations; `layers` are those of its plan."""
    efforts = []
    for layer in layers:
        windows: list[Windows] = []
        moved = 0
        for projection in graph.incoming(layer.name):
            source = graph.populations[projection.source].shape
            if not projection.weighted:
                moved += int(graph.fan_out(projection.name).dense.sum())
                continue
            table = Table.of(projection, source, layer.shape)
            digits, kinds = _digits(graph.coding(projection.source), projection.gain)
            planes = max(1, _spread(projection).bit_length())
            lists = kinds * (1 if planes == 2 else planes)
            windows.append(Windows(projection.source, table, layout_of(table, widths), planes, digits, lists))
        size = int(np.prod(layer.shape, dtype=object))
        block = layer.additions + layer.selections + _PLANE_COST * size * layer.planes
        efforts.append(Effort(layer.name, block, tuple(windows), size + moved))
    return tuple(efforts)


def _spread(projection: Any) -> int:
    return int(projection.weights.max()) - int(projection.weights.min())


def _digits(coding: Coding, gain: int) -> tuple[float, int]:
    """Binary digits of gain * level, averaged over levels that are not silent, and how many kinds there are."""
    levels = coding.levels[coding.levels != 0]
    values = [int(v) * gain for v in levels[:: max(1, len(levels) // 256)]]
    kinds = sum(bits.bit_count() for bits in (_union(values, 1), _union(values, -1)))
    return sum(abs(v).bit_count() for v in values) / max(1, len(values)), kinds


def _union(values: list[int], sign: int) -> int:
    return reduce(or_, (abs(v) for v in values if v * sign > 0), 0)


def costs_of(
    graph: EventGraph,
    efforts: Iterable[Effort],
    widths: tuple[int, ...],
    known: Mapping[str, float] = MappingProxyType({}),
) -> Costs:
    """Costs of a graph, given the share of activations that are not silent where it is `known`."""
    densities = {}
    for name, population in graph.populations.items():
        if population.has_outputs:
            silent = graph.coding(name).contains(np.zeros(1, np.int64))
            densities[name] = known.get(name, DENSITY if silent else 1.0)
    efforts = tuple(efforts)
    block = sum(e.block for e in efforts)
    return Costs(
        MappingProxyType({words: VECTOR_COSTS[words] * block + _CALL_COST for words in widths}),
        sum(e.sample(densities) for e in efforts) + _CALL_COST,
    )


def choose(
    costs: Costs, samples: int, threads: int = 1, form: str = "auto", lanes: int | None = None
) -> tuple[Share, ...]:
    """Divide samples into shares, so that the predicted time is least.

    Whole blocks go to the widest vectors. What is left over, or all where it is little, goes through narrower
    vectors or through the neurons form, in blocks that keep all threads busy.

    Parameters
    ----------
    costs
        From `costs_of`.
    samples, threads
        How many there are.
    form
        One of `FORMS`.
    lanes
        Most samples per block.

    Raises
    ------
    InputError
        If the form is unknown or there is no thread.
    """
    check_size("threads", threads)
    if form not in FORMS:
        raise InputError(f"form is {form!r}, allowed are {', '.join(FORMS)}")
    if samples == 0:
        return ()
    widest = max(costs.block)
    most = min(lanes or 64 * widest, 64 * widest)
    if form == "neurons":
        return (_neurons(samples, threads, most),)
    plans = []
    whole = samples // most
    for blocks in sorted({0, whole, whole // threads * threads}):
        rest = samples - blocks * most
        main = (Share("samples", _narrowest(costs, most), blocks * most, most),) if blocks else ()
        for tail in _tails(costs, rest, threads, form, most) if rest else [()]:
            plans.append((*main, *tail))
    return min(plans, key=lambda shares: sum(costs.of(share, threads) for share in shares))


def _tails(costs: Costs, samples: int, threads: int, form: str, most: int) -> list[tuple[Share, ...]]:
    """Ways to run what is left: blocks of each width, all of one size, or the neurons form."""
    options: list[tuple[Share, ...]] = []
    for words in costs.block:
        blocks = -(-samples // min(most, 64 * words))
        even = -(-blocks // threads) * threads
        size = max(1, -(-samples // even))
        options.append((Share("samples", words, samples, size),))
    if form == "auto":
        options.append((_neurons(samples, threads, most),))
    return options


def _narrowest(costs: Costs, lanes: int) -> int:
    return min(words for words in costs.block if 64 * words >= lanes)


def _neurons(samples: int, threads: int, most: int) -> Share:
    """Few samples at a time, so that threads end together and an interrupt is not kept waiting."""
    return Share("neurons", 0, samples, max(1, min(most, 16, samples // (4 * threads))))
