"""Running a plan as a C++ program: written by Brian2, compiled once, then given any samples of one chunk size.

A program is found again by the hash of its source text, its compiler and its processor, so it is compiled once for
a graph, whatever process asks. Weights and thresholds are data of the program, not text; how many neurons and
synapses there are is text.
"""

import hashlib
import json
import os
import pickle
import platform
import shutil
import subprocess
import sys
import tempfile
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import EngineError, InputError
from gxnor_snn.files import atomic_path
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace

from .equations import counters, wide
from .plan import Plan, batch_size, sample_matrix
from .processes import Children
from .runner import Advance, Job, Options
from .runtime import RawSamples
from .tally import Tally

__all__ = ["Project", "StandaloneRunner", "cache_folder"]

_NEEDED = ("make", "g++")
_LEAST_CHUNK = 16


def cache_folder() -> Path:
    """Where compiled programs are kept: ``gxnor/brian2`` in the user's cache folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gxnor" / "brian2"


class Project:
    """A compiled program and its data, in a temporary folder that goes away with this object.

    Parameters
    ----------
    made
        The plan.
    samples
        Samples of one run of the program.
    cache
        Folder of compiled programs.
    children
        Runs the processes.

    Raises
    ------
    EngineError
        If there is no compiler, or a program cannot be written or compiled.
    """

    def __init__(self, made: Plan, samples: int, cache: Path, children: Children) -> None:
        for tool in _NEEDED:
            if shutil.which(tool) is None:
                raise EngineError(f"engine 'brian2': target 'cpp_standalone' needs {tool}, not found here")
        self.samples = samples
        self._children = children
        self._n_kept = made.wiring.n_neurons - made.wiring.n_inputs
        self._folder = folder = Path(tempfile.mkdtemp(prefix="gxnor-brian2-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        with (folder / "plan.pickle").open("wb") as file:
            pickle.dump((made, samples), file, protocol=pickle.HIGHEST_PROTOCOL)
        command = [sys.executable, "-m", "gxnor_sims.brian2.generate", str(folder)]
        children.run(command, "writing the C++ project")
        (folder / "plan.pickle").unlink()
        self._names: dict[str, Any] = json.loads((folder / "project.json").read_text())
        self._project = folder / "project"
        self._compile(cache)

    def _compile(self, cache: Path) -> None:
        program = self._project / "main"
        kept = cache / _key(self._project) / "main"
        if kept.is_file():
            shutil.copy2(kept, program)
            return
        jobs = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._children.run(["make", f"-j{jobs}"], "compiling the C++ project", cwd=self._project)
        try:
            with atomic_path(kept) as part:
                shutil.copy2(program, part)
            kept.chmod(program.stat().st_mode)
        except (OSError, InputError):
            pass  # the cache only saves time

    def run(self, x: NDArray[np.int32]) -> RawSamples:
        """Run at most `samples` samples (samples, inputs); several threads may at once.

        The program runs as many as it was compiled for: those missing are filled up with the first.
        """
        with tempfile.TemporaryDirectory(prefix="run-", dir=self._folder) as place:
            levels = np.repeat(x[:1], self.samples, axis=0).astype(np.float64)
            levels[: len(x)] = x
            given = Path(place) / "input"
            levels.tofile(given)
            results = Path(place) / "results"
            results.mkdir()
            command = ["./main", "--results_dir", f"{results}/", f"{self._names['input']}={given}"]
            self._children.run(command, "running the C++ program", cwd=self._project)
            files = self._names["results"].items()
            return {name: self._read(results / file, kind, len(x)) for name, (file, kind) in files}

    def _read(self, path: Path, kind: str, n_samples: int) -> NDArray[np.integer[Any]]:
        array = np.fromfile(path, np.dtype(kind))
        if array.size != (self.samples + 1) * self._n_kept:
            raise EngineError(f"engine 'brian2': the C++ program left {array.size} numbers in {path.name}")
        return array.reshape(self.samples + 1, self._n_kept)[1 : n_samples + 1]


class StandaloneRunner:
    """Runs the C++ programs of one graph, one per chunk size, several at a time.

    Parameters
    ----------
    graph, options
        As for all runners.
    processes
        Programs at a time.
    cache
        Folder of compiled programs.
    """

    def __init__(self, graph: EventGraph, options: Options, processes: int, cache: Path) -> None:
        self._plan = options.plan(graph)
        self._tally = Tally(self._plan.wiring, self._plan.features)
        self._processes = processes
        self._cache = cache
        self._children = Children()
        self._projects: dict[int, Project] = {}

    def run(self, job: Job, advance: Advance) -> EventTrace:
        matrix = sample_matrix(self._plan.graph, job.x)
        if not len(matrix):
            shape = (0, self._plan.wiring.n_neurons - self._plan.wiring.n_inputs)
            names = ("v", "level", *counters(self._plan.features))
            wider = wide(self._plan.features)
            nothing = {n: np.zeros(shape, np.int64 if n in wider else np.int32) for n in names}
            return self._trace(matrix, nothing, job)
        size = job.batch or self._chunk(-(-len(matrix) // self._processes))
        if size not in self._projects:
            self._projects[size] = Project(self._plan, size, self._cache, self._children)
        project = self._projects[size]

        def one(start: int) -> EventTrace:
            part = matrix[start : start + size]
            trace = self._trace(part, project.run(part), job)
            if advance is not None:
                advance(len(part))
            return trace

        with ThreadPoolExecutor(max_workers=self._processes) as pool:
            tasks = [pool.submit(one, start) for start in range(0, len(matrix), size)]
            try:
                return EventTrace.concatenate([task.result() for task in tasks], 0.0)
            except BaseException:
                for task in tasks:
                    task.cancel()
                self._children.kill()
                raise

    def _trace(self, x: NDArray[np.int32], raw: RawSamples, job: Job) -> EventTrace:
        return self._tally.trace(x, raw, job.record, job.counts, self._plan.exact)

    def _chunk(self, share: int) -> int:
        """Samples per run of a program: even chunks, rounded up by at most an eighth, so that programs are few."""
        even = -(-share // -(-share // batch_size(self._plan)))
        step = 1 << max(0, even.bit_length() - 4)
        return max(_LEAST_CHUNK, -(-even // step) * step)


def _key(project: Path) -> str:
    """Hash of all that the program is made from, but the folder's name."""
    sha = hashlib.sha256()
    version = subprocess.run(["g++", "--version"], capture_output=True, check=False).stdout
    sha.update(version + platform.machine().encode() + _processor())
    for path in sorted(p for p in project.rglob("*") if p.suffix in (".cpp", ".h") or p.name == "makefile"):
        text = path.read_bytes()
        if path.parent == project:  # Brian2 writes declarations and clocks there in any order, steps in theirs
            lines = text.splitlines()
            text = b"\n".join(sorted(lines) + [line for line in lines if b"_run_" in line])
        sha.update(f"{path.relative_to(project)}\0".encode() + text + b"\0")
    return sha.hexdigest()


def _processor() -> bytes:
    """What decides which instructions ``-march=native`` may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next((line for line in lines if line.startswith(("flags", "Features"))), "").encode()
    except OSError:
        return platform.processor().encode()
