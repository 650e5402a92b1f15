"""Plan once, run often: an event graph as a program for the kernels."""

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import UnsupportedGraphError
from gxnor_snn.graph import EventGraph, Projection

from .._kernels import Program
from .describing import Layer
from .execution import Plan, twin_of
from .lowering import add_up, place_by_place, readings, selection_of
from .reached import FullPlanner
from .slabs import Form, Slab, admissible, rises_of
from .tallies import CountPlan

__all__ = ["plan_of", "why_not"]

_MAX_COUNTER_PLANES = 62
_MAX_SLAB_PLANES = (1 << 31) - 1


_plans: weakref.WeakKeyDictionary[EventGraph, dict[bool, Plan]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def plan_of(graph: EventGraph, full: bool = False) -> Plan:
    """The plan of a graph: made at first use and kept as long as the graph lives.

    Parameters
    ----------
    graph
        The event graph.
    full
        The plan that makes full counts; they take slabs and passes of their own.

    Raises
    ------
    UnsupportedGraphError
        If `why_not` gives a reason.
    """
    with _lock:
        plans = _plans.setdefault(graph, {})
        if full not in plans:
            reason = why_not(graph)
            if reason is not None:
                raise UnsupportedGraphError(f"engine 'native': {reason}")
            plans[full] = _Planner(graph, full).plan()
        return plans[full]


def why_not(graph: EventGraph) -> str | None:
    """The reason why the kernels do not run a graph, or None."""
    for name, population in graph.populations.items():
        planes = Form.of(graph.coding(name)).planes if population.has_outputs else 1
        if population.has_inputs:
            low, high = graph.bounds(name)
            bits = _counter_planes(int(low.min()), int(high.max()))
            if bits > _MAX_COUNTER_PLANES:
                return f"population {name!r}: its sums take {bits} bits, allowed are {_MAX_COUNTER_PLANES}"
            planes = planes if population.has_outputs else bits
        if population.size * planes > _MAX_SLAB_PLANES:
            return (
                f"population {name!r}: {population.size} neurons of {planes} planes, "
                f"allowed are {_MAX_SLAB_PLANES} planes in all"
            )
    return None


def _counter_planes(low: int, high: int) -> int:
    """Bits that hold sum - low for every sum of low..high, and high + 1 - low, which no sum reaches."""
    return (high - low + 1).bit_length()


class _Planner:
    """Walks a graph once and builds its program."""

    def __init__(self, graph: EventGraph, full: bool) -> None:
        self.graph = graph
        self.program = Program()
        self.slabs: dict[str, Slab] = {}
        self.counting = CountPlan()
        self.layers: list[Layer] = []
        self.full = FullPlanner(graph, self.program, self.counting, self.slabs, self._slab) if full else None

    def plan(self) -> Plan:
        for name, population in self.graph.populations.items():
            _ROLES[population.role](self, name, population)
            if self.full is not None and population.has_inputs:
                self.full.target(name)
            if population.has_outputs:
                self._count(name)
        slabs = MappingProxyType(self.slabs)
        return Plan(
            twin_of(self.graph), self.program, slabs, self.counting, tuple(self.layers), self.full is not None
        )

    def _count(self, name: str) -> None:
        """Mark a population's levels complete, with the rows that count them."""
        if self.full is not None:
            self.full.source(name)
        rows = self.counting.rows_of(self.graph, name, self.program.n_rows)
        if self.full is not None:
            self.full.rows(name, rows)
        self.program.add_done(self.slabs[name].index, rows.magnitude_planes, rows.rows)

    def input(self, name: str, population: Any) -> None:
        slab = self._own_slab(name, population, Form.of(population.coding))
        coding = population.coding
        self.program.add_input(slab.index, coding.lo, coding.hi, admissible(coding))
        self._note(name, slab)

    def spiking(self, name: str, population: Any) -> None:
        slab = self._own_slab(name, population, Form.of(population.coding))
        low, high = self.graph.bounds(name)
        # Decreasing: s <= t is "not s >= t + 1", and the largest threshold is the easiest to reach.
        up = population.increasing[:, None]
        bounds = np.where(up, population.thresholds, population.thresholds[:, ::-1] + 1)
        thresholds = _Thresholds(bounds - low[:, None], ~population.increasing, rises_of(population.coding))
        planes = max(_counter_planes(int(a), int(b)) for a, b in zip(low, high, strict=True))
        self._sum(name, slab, planes, low, thresholds)

    def relay(self, name: str, population: Any) -> None:
        slab = self._own_slab(name, population, Form.of(self.graph.coding(name)))
        if population.adds:
            self._keep_sums(name, slab)
            return
        selections = 0
        for projection in self.graph.incoming(name):
            selections += self._select(projection, slab, (projection.target_channels or (0, 0))[0])
        self._note(name, slab, selections=selections)

    def readout(self, name: str, population: Any) -> None:
        low, high = self.graph.bounds(name)
        slab = self._own_slab(name, population, Form.of_range(int(low.min()), int(high.max())))
        self._keep_sums(name, slab)
        self.program.add_readout(slab.index)

    def _own_slab(self, name: str, population: Any, form: Form) -> Slab:
        self.slabs[name] = self._slab(population.shape, form)
        return self.slabs[name]

    def _slab(self, shape: tuple[int, ...], form: Form) -> Slab:
        sized = Slab(-1, shape, form)
        index = self.program.add_slab(
            sized.positions, sized.channels, form.planes, form.thermometer, form.lowest, form.step
        )
        return Slab(index, shape, form)

    def _keep_sums(self, name: str, slab: Slab) -> None:
        """The sums themselves are the levels: the counter becomes the slab's planes."""
        lows = np.full(slab.channels, slab.form.lowest, np.int64)
        if not slab.form.thermometer:
            self._sum(name, slab, slab.form.planes, lows, None)
            return
        # A relay of range lo..lo+2 has the same form as any three levels: every step is a threshold.
        bounds = np.broadcast_to(np.arange(1, slab.form.planes + 1), (slab.channels, slab.form.planes))
        rises = np.ones(slab.form.planes, np.uint64)
        thresholds = _Thresholds(bounds, np.zeros(slab.channels, np.bool_), rises)
        self._sum(name, slab, (slab.form.planes + 1).bit_length(), lows, thresholds)

    def _sum(
        self, name: str, slab: Slab, planes: int, lows: NDArray[np.int64], thresholds: "_Thresholds | None"
    ) -> None:
        selections, lowered = 0, []
        for projection in self.graph.incoming(name):
            source = self.slabs[projection.source]
            if projection.selects and projection.kind == "pool2d":
                chosen = self._slab(projection.output_shape(source.shape), source.form)
                selections += self._select(projection, chosen, 0)
                lowered.append(place_by_place(projection, chosen, slab))
            else:
                lowered.append(add_up(projection, source, slab))
        emitted = thresholds or _Thresholds.none(slab.channels)
        self.program.add_sum(
            slab.index,
            slab.image,
            planes,
            lows,
            thresholds is None,
            np.ascontiguousarray(emitted.bounds, np.uint64),
            emitted.inverted.astype(np.uint8),
            emitted.rises,
            [part.term for part in lowered],
        )
        additions = sum(part.additions for part in lowered)
        self._note(name, slab, planes, self.program.chunks[-1], additions, selections)

    def _select(self, projection: Projection, target: Slab, first_channel: int) -> int:
        """Maximum, minimum or copy into a slab; returns the planes that enter it."""
        source = self.slabs[projection.source]
        window, minimum = selection_of(projection, source)
        self.program.add_pool(source.index, target.index, window, target.image, first_channel, minimum)
        return int(readings(window, target.image).sum()) * source.channels * source.form.planes

    def _note(
        self, name: str, slab: Slab, counter: int = 0, chunks: int = 0, additions: int = 0, selections: int = 0
    ) -> None:
        self.layers.append(Layer(name, slab.shape, slab.form.planes, counter, chunks, additions, selections))


@dataclass(frozen=True)
class _Thresholds:
    """What turns sums into levels, per channel (channels, L): the easiest threshold first.

    Attributes
    ----------
    bounds
        Thresholds above the lowest sum.
    inverted
        A threshold counts as reached where the sum is below it.
    rises
        What each reached threshold adds to u.
    """

    bounds: NDArray[np.int64]
    inverted: NDArray[np.bool_]
    rises: NDArray[np.uint64]

    @classmethod
    def none(cls, channels: int) -> "_Thresholds":
        return cls(np.zeros((channels, 0), np.int64), np.zeros(channels, np.bool_), np.zeros(0, np.uint64))


_ROLES: dict[str, Callable[[_Planner, str, Any], None]] = {
    "input": _Planner.input,
    "spiking": _Planner.spiking,
    "relay": _Planner.relay,
    "readout": _Planner.readout,
}
