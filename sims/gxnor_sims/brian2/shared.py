"""A large job shared out to several processes, each with a network of its own: contiguous ranges of samples."""

import pickle
import sys
import tempfile
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace

from .processes import Children
from .runner import Advance, Job, Options

__all__ = ["SharedRunner", "work"]

_LOOK = 0.2  # seconds between two looks at the progress


class SharedRunner:
    """Starts ``python -m gxnor_sims.brian2.worker`` as often as asked.

    Parameters
    ----------
    graph, options
        What every process builds; compiled code is found by all of them in the cache that the first one fills.
    processes
        How many.
    """

    def __init__(self, graph: EventGraph, options: Options, processes: int) -> None:
        self._graph = graph
        self._options = options
        self._processes = processes

    def run(self, job: Job, advance: Advance) -> EventTrace:
        ends = np.linspace(0, job.n_samples, max(1, min(self._processes, job.n_samples)) + 1).astype(int).tolist()
        children = Children()
        with tempfile.TemporaryDirectory(prefix="gxnor-brian2-") as place:
            folders = [Path(place) / str(number) for number in range(len(ends) - 1)]
            for folder, start, stop in zip(folders, ends[:-1], ends[1:], strict=True):
                folder.mkdir()
                with (folder / "job.pickle").open("wb") as file:
                    pickle.dump((self._graph, self._options, job.part(start, stop)), file, pickle.HIGHEST_PROTOCOL)
            commands = [[sys.executable, "-m", "gxnor_sims.brian2.worker", str(folder)] for folder in folders]
            with ThreadPoolExecutor(max_workers=len(commands)) as pool:
                tasks = [pool.submit(children.run, command, "a worker process") for command in commands]
                try:
                    _watch(tasks, folders, advance)
                    for task in tasks:
                        task.result()
                except BaseException:
                    children.kill()
                    raise
            return EventTrace.concatenate([_load(folder) for folder in folders], 0.0)


def work(folder: Path) -> None:
    """What a worker does: build the network, run its share, leave the trace, and say how many samples are done."""
    with (folder / "job.pickle").open("rb") as file:
        graph, options, job = pickle.load(file)
    done = 0

    def advance(samples: int) -> None:
        nonlocal done
        done += samples
        (folder / "done").write_text(str(done))

    trace = options.network(graph).run(
        job.x, record=job.record, counts=job.counts, batch=job.batch, advance=advance
    )
    with (folder / "trace.pickle").open("wb") as left:
        pickle.dump(trace, left, protocol=pickle.HIGHEST_PROTOCOL)


def _load(folder: Path) -> EventTrace:
    with (folder / "trace.pickle").open("rb") as file:
        trace: EventTrace = pickle.load(file)
    return trace


def _watch(tasks: list[Future[None]], folders: list[Path], advance: Advance) -> None:
    """Report progress until all tasks are done or one has failed."""
    shown = 0
    while True:
        done, waiting = wait(tasks, timeout=_LOOK, return_when=FIRST_EXCEPTION)
        if advance is not None:
            marks = [folder / "done" for folder in folders]
            now = sum(int(mark.read_text() or 0) for mark in marks if mark.exists())
            advance(now - shown)
            shown = now
        if not waiting or any(task.exception() for task in done):
            return
