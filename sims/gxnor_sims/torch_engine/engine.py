"""Engine `torch`: checks a call, runs the plan batch by batch, puts the trace together."""

import os
import threading
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from gxnor_snn.errors import EngineError, InputError, UnsupportedGraphError
from gxnor_snn.graph import EventGraph, check_input, check_record
from gxnor_snn.graph.counting import COUNT_MODES
from gxnor_snn.results import EventTrace

from ..engine import check_size
from ..progress import Progress, progress_bar
from .arithmetic import arithmetic_of, device_named
from .plan import Plan, why_not
from .walk import walk

__all__ = ["TorchEngine"]

_CPU_MEMORY = 1 << 28
_GPU_SHARE = 4  # of what is free


class TorchEngine:
    """Event graphs by int8 matrix products (`torch._int_mm`) on CPU or CUDA, exact.

    Levels and weights beyond int8 are split into digits, and a product whose int32 sums could pass 2^31 along its
    shared axis; int64 puts the parts together. Convolutions are laid out window by window, in chunks. Weights are
    moved once per graph and stay on the device as long as the graph lives. Full counts are products of masks.

    Parameters
    ----------
    device
        "cpu", "cuda" or "cuda:N".
    memory
        Bytes that the arrays of one batch are to take; None takes 256 MiB on a CPU, a quarter of what is free on a
        GPU.

    Attributes
    ----------
    device
        Name of the device in use.

    Raises
    ------
    InputError
        If an argument is not one of those allowed.
    EngineError
        If the device is not there, or multiplies int8 matrices wrongly (it is tried first).
    """

    name = "torch"

    def __init__(self, device: str = "cpu", memory: int | None = None) -> None:
        where = device_named(device)
        memory = check_size("memory", memory)
        self._arithmetic = arithmetic_of(where)
        self.device = str(where)
        if memory is None:
            on_gpu = where.type == "cuda"
            memory = torch.cuda.mem_get_info(where)[0] // _GPU_SHARE if on_gpu else _CPU_MEMORY
        self._memory = memory
        self._plans: weakref.WeakKeyDictionary[EventGraph, Plan] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"TorchEngine(device={self.device!r})"

    def supports(self, graph: EventGraph) -> str | None:
        """None if the engine runs the graph, else the reason why it does not."""
        return why_not(graph)

    def plan(self, graph: EventGraph) -> Plan:
        """The graph's plan, made at first use and kept as long as the graph lives; see `Plan.describe`.

        Raises
        ------
        UnsupportedGraphError
            If `supports` gives a reason.
        """
        with self._lock:
            if graph not in self._plans:
                reason = self.supports(graph)
                if reason is not None:
                    raise UnsupportedGraphError(f"engine 'torch': {reason}")
                self._plans[graph] = Plan(graph, self._arithmetic, self._memory)
            return self._plans[graph]

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
            As for `simulate`; recorded populations come with their sums.
        batch
            Samples per pass; None takes what fits into the memory of the engine.
        threads
            Threads of torch on the CPU; None leaves torch's own number.

        Raises
        ------
        UnsupportedGraphError
            If `supports` gives a reason.
        InputError
            If an argument is not what the graph takes.
        EngineError
            If a batch does not fit into the memory of a GPU.
        """
        started = time.perf_counter()
        if counts not in COUNT_MODES:
            raise InputError(f"counts is {counts!r}, allowed are {', '.join(COUNT_MODES)}")
        size, workers = check_size("batch", batch), check_size("threads", threads)
        plan = self.plan(graph)
        arrays = check_input(graph, x)
        names = check_record(graph, record)
        n_samples = len(next(iter(arrays.values())))
        step = size or plan.batch
        parts = []
        bar = progress_bar("torch engine", n_samples, progress)
        with _threads(workers), torch.inference_mode(), bar as advance:
            for start in range(0, max(n_samples, 1), step):
                part = {name: a[start : start + step] for name, a in arrays.items()}
                try:
                    parts.append(walk(graph, plan, part, names, counts))
                except torch.OutOfMemoryError as error:
                    raise EngineError(
                        f"engine 'torch': {step} samples at once do not fit into the memory of {self.device}; "
                        f"give a smaller batch"
                    ) from error
                if advance is not None:
                    advance(min(step, n_samples - start))
        return EventTrace.concatenate(parts, time.perf_counter() - started)


@contextmanager
def _threads(wanted: int | None) -> Iterator[None]:
    """Torch's number of threads, at most one per core; put back afterwards."""
    before = torch.get_num_threads()
    if wanted is None or wanted == before:
        yield
        return
    torch.set_num_threads(min(wanted, os.cpu_count() or 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)
