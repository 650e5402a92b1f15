"""Flows: which cores receive how much for one event of every source neuron, as sparse matrices."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, EventGraph
from gxnor_snn.results import EventTrace

from .footprint import Footprint, Int64

__all__ = ["ENTRY", "Activity", "Flow", "Place", "Table", "activities", "flow", "levels_of", "table"]

_MOST_LOOKED_UP = 1 << 25

ENTRY = -1
"""Where inputs come from, in place of a core."""

Place = tuple[Any, "int | Int64"]
"""(box of target neurons, its core; or the core by source neuron, -1 for none)."""

Activity = str | int
"""How often a neuron counts: "nonzero", "lines" (its nonzero planes), "all", or the number of one plane."""


@dataclass(frozen=True)
class Table:
    """A sparse matrix, (source neurons, columns)."""

    matrix: Any

    def __call__(self, active: Int64) -> Int64:
        """Sums over source neurons: (samples, neurons) -> (samples, columns)."""
        return np.asarray((self.matrix.T @ active.T).T, np.int64)


@dataclass(frozen=True)
class Flow:
    """What one projection (or the rows of one population) causes.

    Attributes
    ----------
    name, source
        The projection, and the population whose events these are.
    arrives
        Step in which they arrive.
    kind
        What a synaptic event is called: the name of its price and time.
    work
        Synaptic events by core, (source neurons, cores), each for one activity of the neurons.
    sends
        Messages by pair of cores, (source neurons, pairs), likewise.
    froms, tos
        Cores of the pairs; `ENTRY` for inputs.
    borders
        Chip borders that a line crosses, (source neurons, 1), where one message serves several cores; None where
        every message between chips crosses one.
    """

    name: str
    source: str
    arrives: int
    kind: str
    work: tuple[tuple[Activity, Table], ...]
    sends: tuple[tuple[Activity, Table], ...] = ()
    froms: Int64 | None = None
    tos: Int64 | None = None
    borders: Table | None = None


def _gather(footprint: Footprint, places: Iterable[Place], size: int, cores: int) -> Any:
    """Synapses by (source neuron, core), as a sparse matrix without repeats."""
    rows, columns, values = [], [], []
    for box, core in places:
        index, count = footprint.counts(box)
        if not isinstance(core, int):
            core = core[index]
            here = core >= 0
            index, core, count = index[here], core[here], count[here]
        rows.append(index.astype(np.int32))  # scipy would make them so, from copies
        columns.append(core)
        values.append(count)
    found = [np.concatenate([np.zeros(0, kind), *part]) for kind, part in ((np.int32, rows), (np.int64, values))]
    if all(isinstance(c, int) for c in columns) and all(a < b for a, b in itertools.pairwise(columns)):
        lengths = np.zeros(cores + 1, np.int64)  # a box per core, in their order: nothing to sort or to add up
        lengths[np.asarray(columns, np.int64) + 1] = [len(r) for r in rows]
        return sparse.csc_array((found[1], found[0], np.cumsum(lengths)), shape=(size, cores)).tocsr()
    ends = [np.broadcast_to(c, r.shape).astype(np.int32) for c, r in zip(columns, rows, strict=True)]
    return sparse.coo_array((found[1], (found[0], np.concatenate(ends))), shape=(size, cores)).tocsr()


def _numbered(keys: Int64, extent: int) -> tuple[Int64, NDArray[np.int32]]:
    """(the different ones among numbers below `extent`, which of them each number is)."""
    if extent > _MOST_LOOKED_UP:
        pairs, number = np.unique(keys, return_inverse=True)
        return pairs, number.astype(np.int32)
    found = np.zeros(extent, np.int32)  # sorting millions of keys takes longer
    found[keys] = 1
    (pairs,) = np.nonzero(found)
    found[pairs] = np.arange(len(pairs))
    return pairs, found[keys]


def table(rows: Int64, columns: Int64, values: Int64, shape: tuple[int, int]) -> Table:
    """A table of nonzero values."""
    return Table(sparse.csr_array((values, (rows, columns)), shape=shape))


def flow(
    base: Flow,
    size: int,
    cores: int,
    home: Int64 | None,
    places: Sequence[Place],
    work: Sequence[tuple[Activity, Footprint, int]],
    listen: Footprint,
    messages: Sequence[tuple[Activity, int]],
) -> Flow:
    """Fill a flow.

    Parameters
    ----------
    base
        Its names.
    size, cores
        Neurons of the source, cores of the device.
    home
        Core of every source neuron; None for inputs.
    places
        Boxes of target neurons with their cores.
    work
        (activity, what its synapses count, factor).
    listen
        Synapses of which a core must have one to be sent messages.
    messages
        (activity, messages per core).
    """
    gathered: dict[int, Any] = {}
    for footprint in (listen, *(f for _, f, _ in work)):
        if id(footprint) not in gathered:
            gathered[id(footprint)] = _gather(footprint, places, size, cores)
    tables = []
    for activity, footprint, factor in work:
        whole = gathered[id(footprint)]
        tables.append((activity, Table(whole if factor == 1 else whole * factor)))
    heard = gathered[id(listen)]
    froms = np.full(size, ENTRY) if home is None else home
    keys = np.repeat((froms - ENTRY) * cores, np.diff(heard.indptr))
    keys += heard.indices
    pairs, number = _numbered(keys, (cores + 1) * cores)
    sends = []
    for activity, each in messages:  # a core listens to a neuron, or does not: as many entries as it has cores
        data = np.full(len(number), each, np.min_scalar_type(-each - 1))  # narrow: sums are of the wider type
        sends.append((activity, Table(sparse.csr_array((data, number, heard.indptr), shape=(size, len(pairs))))))
    return Flow(
        base.name, base.source, base.arrives, base.kind, tuple(tables), tuple(sends),
        pairs // cores + ENTRY, pairs % cores,
    )  # fmt: skip


def levels_of(graph: EventGraph, trace: EventTrace, needed: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Recorded levels, (samples, neurons), of populations, integers of any width.

    Raises
    ------
    PricingError
        If one of them was not recorded, or the trace is of another graph.
    """
    names = list(dict.fromkeys(needed))
    missing = [n for n in names if n not in trace.spikes]
    if missing:
        raise PricingError(
            f"timing needs the levels of {', '.join(names)}; the trace has not recorded {', '.join(missing)}: "
            f'simulate with record={names!r} or record="all"'
        )
    found = {}
    for name in names:
        levels, shape = trace.spikes[name], graph.populations[name].shape
        if levels.shape[1:] != shape or not graph.coding(name).contains(levels):
            raise PricingError(
                f"population {name!r}: the trace has levels of shape {levels.shape[1:]}, the graph has {shape} "
                f"with levels of its coding; allowed is a trace of the mapped graph"
            )
        found[name] = levels.reshape(len(levels), graph.populations[name].size)
    sizes = {len(levels) for levels in found.values()}
    if len(sizes) != 1 or 0 in sizes:
        raise PricingError(f"timing needs at least one sample, of all populations; the trace has {sorted(sizes)}")
    return found


def activities(levels: Int64, coding: Coding, activity: Activity) -> Int64:
    """How often every neuron counts, in the shape of the levels."""
    if isinstance(activity, int):
        return np.asarray(coding.plane_values(levels)[activity] != 0, np.int64)
    if activity == "lines":
        return np.asarray(coding.ones(levels), np.int64)
    return np.asarray(levels != 0 if activity == "nonzero" else np.ones_like(levels), np.int64)
