"""Engine `brian2`: the referee. It chooses how a graph is run, and keeps what ran it for the next call."""

import os
import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gxnor_snn.errors import InputError, UnsupportedGraphError
from gxnor_snn.graph import EventGraph, check_input, check_record
from gxnor_snn.graph.counting import COUNT_MODES
from gxnor_snn.results import EventTrace

from ..engine import check_size
from ..progress import Progress, progress_bar
from .build import RUNTIME_TARGETS
from .delays import DelayModel, check_delays
from .limits import available_memory, check_memory, why_not
from .loading import load_brian2
from .runner import Job, NetworkRunner, Options, Runner
from .runtime import check_cython
from .shared import SharedRunner
from .standalone import StandaloneRunner, cache_folder

__all__ = ["TARGETS", "Brian2Engine"]

TARGETS = (*RUNTIME_TARGETS, "cpp_standalone")


class Brian2Engine:
    """Runs event graphs in Brian2, an independent simulator of spiking networks, with explicit synapses.

    Every neuron is a Brian2 neuron with its own thresholds, every nonzero weight a synapse; every open gate is
    counted by the synapse that it is. The counts are compared with spikes times out-degree in every run. Sums are
    32-bit integers.

    Parameters
    ----------
    target
        "numpy" (no compiler), "cython", or "cpp_standalone" (needs g++ and make). Compiled code is kept on disk
        and found again by other calls and processes, by other graphs too with "cython".
    processes
        Processes that a large job is shared out to.
    delays
        Delays of synapses; None takes those of the graph's projections. Neurons wait for the longest, so that
        results never depend on them.
    memory
        Bytes that the engine may take; None takes what the system has free.
    cache
        Folder for programs of "cpp_standalone"; None takes the user's cache folder.

    Raises
    ------
    MissingDependencyError
        If Brian2 is not installed.
    InputError
        If an argument is not one of those allowed.

    Notes
    -----
    The last network is kept until another graph is run, so a second run of the same graph on the same object
    starts at once. One run at a time; other threads wait.
    """

    name = "brian2"

    def __init__(
        self,
        target: str = "numpy",
        processes: int = 1,
        delays: DelayModel | None = None,
        memory: int | None = None,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        if target not in TARGETS:
            raise InputError(f"engine 'brian2': target is {target!r}, allowed are {', '.join(TARGETS)}")
        self.delays = check_delays(delays)
        load_brian2()
        self.target = target
        self.processes = check_size("processes", processes) or 1
        self.memory = check_memory(memory)
        self.cache = cache_folder() if cache is None else Path(cache)
        self._lock = threading.Lock()
        self._kept: tuple[EventGraph, bool, Runner] | None = None

    def __repr__(self) -> str:
        return f"Brian2Engine(target={self.target!r}, processes={self.processes})"

    def supports(self, graph: EventGraph) -> str | None:
        """None if Brian2 runs the graph in the memory allowed, else the reason why it does not."""
        return why_not(graph, self._memory_per_process(), self.target, delayed=self.delays is not None)

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
            As for `simulate`.
        batch
            Samples of one run call of Brian2. With "cpp_standalone" the program is compiled for it.
        threads
            Has no effect; see `processes`.

        Raises
        ------
        UnsupportedGraphError
            If `supports` gives a reason.
        InputError
            If an argument is not what the graph takes.
        EngineError
            If a compiler is missing or fails, or Brian2's counters are not what its spikes say.
        KeyboardInterrupt
            At Ctrl-C; all processes have ended by then.
        """
        started = time.perf_counter()
        if counts not in COUNT_MODES:
            raise InputError(f"counts is {counts!r}, allowed are {', '.join(COUNT_MODES)}")
        check_size("threads", threads)
        job = Job(check_input(graph, x), check_record(graph, record), counts, check_size("batch", batch))
        with self._lock, progress_bar("brian2 engine", job.n_samples, progress) as advance:
            runner = self._runner(graph, full=counts == "full")
            try:
                trace = runner.run(job, advance)
            except BaseException:
                self._kept = None  # it may be in the middle of a sample
                raise
        return replace(trace, seconds=time.perf_counter() - started)

    def _memory_per_process(self) -> int:
        return (available_memory() if self.memory is None else self.memory) // self.processes

    def _runner(self, graph: EventGraph, full: bool) -> Runner:
        """What ran this graph in the last call, or new."""
        if self._kept is not None:
            known, kept_full, runner = self._kept
            if known is graph and kept_full == full:
                return runner
            self._kept = None  # its memory goes before the next takes some
        reason = self.supports(graph)
        if reason is not None:
            raise UnsupportedGraphError(f"engine 'brian2': {reason}")
        runner = self._new_runner(graph, Options(self.target, self.delays, self._memory_per_process(), full))
        self._kept = graph, full, runner
        return runner

    def _new_runner(self, graph: EventGraph, options: Options) -> Runner:
        if self.target == "cpp_standalone":
            return StandaloneRunner(graph, options, self.processes, self.cache)
        if self.target == "cython":
            check_cython()
        if self.processes > 1:
            return SharedRunner(graph, options, self.processes)
        return NetworkRunner(graph, options)
