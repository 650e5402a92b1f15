"""Engine `native`: checks a call, runs the plan's kernels, puts the trace together."""

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import EngineError, InputError, UnsupportedGraphError
from gxnor_snn.graph import EventGraph, check_form, check_record, readout_affine
from gxnor_snn.graph.counting import COUNT_MODES
from gxnor_snn.results import EventTrace

from .. import _kernels
from ..engine import check_size
from ..progress import Advance, Progress, progress_bar
from .choice import DENSITY, FORMS
from .execution import Plan, Work
from .plan import plan_of, why_not

__all__ = ["NativeEngine", "available_isas"]

_LOOKED_AT = 2  # samples, to see how many levels are silent
_MOST_THREADS = 1024  # each holds the planes of a block; beyond the cores they gain nothing


def available_isas() -> tuple[str, ...]:
    """Instruction sets that this build has and this machine runs, the widest last; "portable" is always one."""
    return tuple(name for name, _ in _kernels.isas(True))


class NativeEngine:
    """Bit-sliced simulation on the CPU: samples, or output neurons, are the lanes of a vector register.

    A population is a set of bit planes, a neuron's sum a vertical counter, a synapse one entry of a list; weights
    that are zero are not in the list. Blocks stream through, so working memory does not grow with the data set;
    what grows is only what is asked for (readouts, counts, recorded levels).

    Parameters
    ----------
    isa
        "portable", "avx2" or "avx512"; None takes the widest that the machine runs. Results never depend on it.
    form
        "samples" puts samples in the lanes: work follows the weights that are not zero, in blocks of `lanes`
        samples. "neurons" puts output neurons in the lanes: one sample at a time, work follows the activations
        that are not zero. "auto" lets a cost model choose for each run, see `Plan.describe`. Results never depend
        on it.

    Attributes
    ----------
    isa, form, lanes
        The instruction set and form in use, and the most samples per block.

    Raises
    ------
    EngineError
        If the form or instruction set is unknown, or this build or machine lacks it.
    """

    name = "native"

    def __init__(self, isa: str | None = None, form: str = "auto") -> None:
        if form not in FORMS:
            raise EngineError(f"engine 'native': form is {form!r}, allowed are {', '.join(FORMS)}")
        self.form = form
        present = dict(_kernels.isas(True))
        self.isa = next(reversed(present)) if isa is None else isa
        if self.isa not in present:
            known = "is unknown" if self.isa not in dict(_kernels.isas(False)) else "does not run on this machine"
            raise EngineError(f"engine 'native': isa {isa!r} {known}; allowed here are {', '.join(present)}")
        self.lanes = present[self.isa]

    def __repr__(self) -> str:
        return f"NativeEngine(isa={self.isa!r}, form={self.form!r})"

    def supports(self, graph: EventGraph) -> str | None:
        """None if the kernels run the graph, else the reason why they do not."""
        return why_not(graph)

    def plan(self, graph: EventGraph) -> Plan:
        """The graph's plan, made at first use and kept as long as the graph lives; see `Plan.describe`."""
        return plan_of(graph)

    def run(
        self,
        graph: EventGraph,
        x: Any,
        *,
        record: Iterable[str] = (),
        counts: str = "basic",
        batch: int | None = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> EventTrace:
        """Run the graph on integer levels (B, *shape); see `gxnor_sims.simulate`.

        Parameters
        ----------
        graph, x, record, counts, progress
            As for `simulate`; full counts look at every synapse once more.
        batch
            Samples per block, at most `lanes`; results never depend on it.
        threads
            Threads that blocks are shared out to, at most one per block and 1024 in all; as many as the process
            may use where it is None.

        Raises
        ------
        UnsupportedGraphError
            If `supports` gives a reason, or for full counts where the form is "neurons".
        InputError
            If an argument is not what the graph takes.
        KeyboardInterrupt
            At Ctrl-C; all threads have ended by then.
        """
        started = time.perf_counter()
        if counts not in COUNT_MODES:
            raise InputError(f"counts is {counts!r}, allowed are {', '.join(COUNT_MODES)}")
        if counts == "full" and self.form == "neurons":
            raise UnsupportedGraphError("engine 'native': form 'neurons' makes no full counts; 'samples' does")
        lanes = check_size("batch", batch)
        workers = min(check_size("threads", threads) or _usable_cores(), _MOST_THREADS)
        arrays = {n: np.asarray(a) for n, a in check_form(graph, x).items()}  # the kernels look at the levels
        names = check_record(graph, record)
        plan = plan_of(graph, full=counts == "full")
        inputs = [_readable(array) for array in arrays.values()]
        n_samples = len(inputs[0])
        shapes = {name: (n_samples, *graph.populations[name].shape) for name in (*graph.readouts, *names)}
        readouts = {name: np.empty(shapes[name], np.int64) for name in graph.readouts}
        spikes = {name: np.empty(shapes[name], np.int16) for name in names}
        rows = np.empty((plan.n_rows, n_samples), np.int64) if counts != "none" else None
        shares = plan.shares(
            n_samples, isa=self.isa, threads=workers, form=self.form, lanes=lanes, known=_densities(arrays)
        )
        work = Work(n_samples, inputs, list(readouts.values()), spikes, rows)
        with progress_bar("native engine", n_samples, progress) as advance:
            tell = None if advance is None else _SinceLast(advance)
            if not plan.execute(work, shares, self.isa, workers, tell):
                raise plan.bad_level(x)
            if tell is not None:
                tell(n_samples)
        return EventTrace(
            readouts=readouts,
            affine=readout_affine(graph),
            counts=None if rows is None else plan.counting.counts(graph, rows),
            spikes=spikes,
            sums=None,
            seconds=time.perf_counter() - started,
            engine=self.name,
        )


def _readable(array: NDArray[Any]) -> NDArray[Any]:
    """The array as the kernels read it: native bytes, aligned, contiguous inside a sample; copied only if not."""
    native = array.dtype.newbyteorder("=")
    inside = array[:1].flags.c_contiguous and array.strides[0] % array.dtype.itemsize == 0
    if inside and array.flags.aligned and array.dtype == native:
        return array
    return np.require(array, native, ["C_CONTIGUOUS", "ALIGNED"])


def _densities(arrays: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """Share of the first samples' levels that are not silent, in eighths: close enough to choose a form by."""
    found = {}
    for name, array in arrays.items():
        seen = array if len(array) <= _LOOKED_AT else array[:_LOOKED_AT]
        found[name] = (8 * int(np.count_nonzero(seen)) // seen.size) / 8 if seen.size else DENSITY
    return found


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _SinceLast:
    """What the kernels call, now and then, with the number of samples done since the start."""

    def __init__(self, advance: Advance) -> None:
        self._advance = advance
        self._told = 0

    def __call__(self, done: int) -> None:
        self._advance(done - self._told)
        self._told = done
