"""A graph made ready: what its layers take, which form runs how many samples, and the run itself."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph, check_input
from gxnor_snn.results import Counts

from .. import _kernels
from .._kernels import Program
from ..engine import check_size
from .calls import From, check_arrays, check_isa, named, neurons_call, samples_call
from .choice import Costs, Effort, Share, choose, costs_of, efforts_of
from .describing import Layer, table_of
from .neurons import NeuronPlan, neuron_plan
from .slabs import Slab
from .tallies import CountPlan

__all__ = ["Plan", "Work", "twin_of"]

Made = TypeVar("Made")

_NOTHING: Mapping[str, float] = MappingProxyType({})
_MOST_KEPT = 256  # divisions into shares that a plan remembers


class Work(NamedTuple):
    """The arrays of one run, in the order of the graph.

    Attributes
    ----------
    samples
        How many.
    inputs
        Levels (B, *shape) per input, as the kernels read them.
    readouts
        int64 (B, *shape) per readout.
    records
        int16 (B, *shape) by population.
    rows
        int64 (rows, B) of the counts, or None.
    """

    samples: int
    inputs: list[NDArray[Any]]
    readouts: list[NDArray[np.int64]]
    records: Mapping[str, NDArray[np.int16]]
    rows: NDArray[np.int64] | None


def twin_of(graph: EventGraph) -> EventGraph:
    """The same graph as another object, which a plan can hold without keeping alive the one it is kept for."""
    twin = object.__new__(EventGraph)
    vars(twin).update(vars(graph))
    return twin


@dataclass(frozen=True)
class Plan:
    """A graph made ready for the kernels: immutable, for every instruction set, shared by threads.

    Attributes
    ----------
    graph
        The graph.
    program
        The kernels' program of the samples form. That of the neurons form is made when it is first needed.
    slabs
        Slab of every population, readouts included.
    counting
        The recipe of the counts.
    layers
        What it takes, population by population.
    full
        Whether it makes full counts; the samples form does.
    """

    graph: EventGraph = field(repr=False)
    program: Program = field(repr=False)
    slabs: Mapping[str, Slab] = field(repr=False)
    counting: CountPlan = field(repr=False)
    layers: tuple[Layer, ...]
    full: bool
    _made: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False, compare=False)

    @property
    def n_rows(self) -> int:
        """Numbers per sample that the counts are made of; see `execute_into`."""
        return self.program.n_rows

    def counts(self, rows: NDArray[np.int64]) -> Counts:
        """The counts of a run from its rows, int64 (n_rows, B), which may be used again; see `execute_into`.

        Raises
        ------
        InputError
            If the array has another shape or type.
        """
        if not isinstance(rows, np.ndarray):
            raise InputError(f"counts: rows are {type(rows).__name__}, allowed is an int64 array")
        if rows.ndim != 2 or len(rows) != self.n_rows or rows.dtype != np.int64:
            raise InputError(
                f"counts: rows are {rows.dtype} {rows.shape}, allowed are int64 ({self.n_rows}, samples)"
            )
        return self.counting.counts(self.graph, rows.copy())  # they may look into the rows

    def neurons(self, isa: str) -> NeuronPlan:
        """The program of the neurons form, made at first use and kept."""
        return self._once(("neurons", isa), lambda: neuron_plan(self.graph, isa, _widths(isa)))

    def efforts(self, isa: str) -> tuple[Effort, ...]:
        """What each population takes in either form."""
        return self._once(("efforts", isa), lambda: efforts_of(self.graph, self.layers, _widths(isa)))

    def costs(self, isa: str, known: Mapping[str, float] = _NOTHING) -> Costs:
        """Predicted costs, given the share of activations that are not silent where it is `known`."""
        key = ("costs", isa, *known.items())
        return self._once(key, lambda: costs_of(self.graph, self.efforts(isa), _widths(isa), known))

    def shares(
        self,
        samples: int,
        *,
        isa: str,
        threads: int = 1,
        form: str = "auto",
        lanes: int | None = None,
        known: Mapping[str, float] = _NOTHING,
    ) -> tuple[Share, ...]:
        """Which form runs how many samples; see `choose`."""
        form = "samples" if self.full else form
        key = ("shares", samples, isa, threads, form, lanes, *known.items())
        return self._once(key, lambda: choose(self.costs(isa, known), samples, threads, form, lanes))

    def describe(self, samples: int = 512, *, isa: str | None = None, threads: int = 1, form: str = "auto") -> str:
        """The plan as a table: forms, blocks, and per population planes, counters, bytes and predicted operations.

        Parameters
        ----------
        samples, threads, form
            The run to describe.
        isa
            Instruction set, see `NativeEngine`; the widest unless given.

        Raises
        ------
        InputError
            If an argument is not allowed.
        """
        isa, samples = check_isa(isa), check_size("samples", samples) or 1
        shares = self.shares(samples, isa=isa, threads=threads, form=form)
        return table_of(self.layers, self.efforts(isa), shares, isa, samples, _widths(isa)[-1])

    def execute_into(
        self,
        x: Any,
        out: Any,
        *,
        counts: NDArray[np.int64] | None = None,
        isa: str | None = None,
        form: str = "auto",
        threads: int = 1,
    ) -> None:
        """Run the graph into arrays that are there already: for tight loops, nothing is allocated.

        Parameters
        ----------
        x
            Integer levels (B, *shape), contiguous inside a sample, or a mapping from input name to such arrays.
        out
            int64 (B, *shape) that takes the readout's sums, or a mapping from readout name to such arrays.
        counts
            int64 (n_rows, B) that takes what `counts` makes event counts of; None does not count.
        isa, form
            As for `NativeEngine`.
        threads
            How many threads share the samples.

        Raises
        ------
        InputError
            If an array has another shape, type or layout, `x` holds a level that is not admissible, or an option
            is not allowed.
        """
        graph = self.graph
        try:
            inputs, readouts = named(x, graph.inputs), named(out, graph.readouts)
            for shape, array in zip(self._shapes(), inputs + readouts, strict=True):
                if array.shape[1:] != shape or not array.dtype.isnative:
                    raise ValueError(f"an array is {array.dtype} {array.shape}")
            samples = len(inputs[0])
            key = ("calls", samples, isa, form, threads)
            calls = self._made.get(key) or self._once(
                key, lambda: self._calls(samples, check_isa(isa), form, threads)
            )
            good = True
            for call in calls:
                good = good and call(samples, inputs, readouts, counts)
        except InputError:
            raise
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            check_input(graph, x)
            check_isa(isa)
            check_size("threads", threads)
            check_arrays(graph, x, out, counts, self.n_rows)
            raise InputError(f"execute_into: {error}") from error
        if not good:
            raise self.bad_level(x)

    def _calls(self, samples: int, isa: str, form: str, threads: int) -> tuple[Callable[..., bool], ...]:
        """Runs of the kernels, ready for the arrays."""
        calls: list[Callable[..., bool]] = []
        first = 0
        for share in self.shares(samples, isa=isa, threads=threads, form=form):
            last = first + share.samples
            if share.form == "samples":
                calls.append(samples_call(self.program.run, isa, share, threads, first, last))
            else:
                calls.append(neurons_call(self.neurons(isa).program.run, share, threads, first, last))
            first = last
        return tuple(calls)

    def _shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of inputs and readouts."""
        ends = (*self.graph.inputs, *self.graph.readouts)
        return self._made.get("shapes") or self._once(
            "shapes", lambda: tuple(self.graph.populations[name].shape for name in ends)
        )

    def bad_level(self, x: Any) -> InputError:
        """The error for an input that the kernels refused."""
        try:
            check_input(self.graph, x)
        except InputError as error:
            return error
        return InputError("an input changed during the run")

    def execute(
        self,
        work: Work,
        shares: Sequence[Share],
        isa: str,
        threads: int,
        tell: Callable[[int], object] | None = None,
    ) -> bool:
        """Run shares of samples, one after the other; False if an input holds a level that is not admissible."""
        first, (n, inputs, readouts, records, rows) = 0, work
        for share in shares:
            last = first + share.samples
            told = None if tell is None else From(first, tell)
            if share.form == "samples":
                kept = [(self.slabs[name].index, levels) for name, levels in records.items()]
                good = self.program.run(
                    isa, n, inputs, readouts, kept, rows, share.lanes, threads, told, first, last, share.words
                )
            else:
                made = self.neurons(isa)
                kept = [(made.layers[name], levels) for name, levels in records.items()]
                good = made.program.run(n, inputs, readouts, kept, rows, share.lanes, threads, told, first, last)
            if not good:
                return False
            first = last
        return True

    def _once(self, key: Any, make: Callable[[], Made]) -> Made:
        """What was made for a key, or made now; what depends on a number of samples is forgotten at times."""
        found: Made | None = self._made.get(key)
        if found is None:
            with self._lock:
                found = self._made.get(key)
                if found is None:
                    if len(self._made) > _MOST_KEPT:
                        for old in [k for k in self._made if k[0] in ("shares", "costs", "calls")]:
                            del self._made[old]
                    found = self._made[key] = make()
        return found


@cache
def _widths(isa: str) -> tuple[int, ...]:
    """Words of the vectors of an instruction set."""
    return tuple(_kernels.widths(isa))
