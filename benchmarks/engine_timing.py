"""How the rows of ``engine.py`` time: the native engine on every instruction set beside the field, in turns."""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from peers import Contestant, NotInstalledError
from record import median_ratio

from gxnor_sims import get_engine
from gxnor_sims.native import available_isas
from gxnor_snn.graph import EventGraph

LINE = "1/2 zeros"
SETTLE_S = 0.02  # threads of other libraries spin for some milliseconds after their work


@dataclass(frozen=True)
class Setting:
    """What the command line says.

    Attributes
    ----------
    threads
        Of the native engine and of every contestant.
    rounds
        Turns.
    trained
        Checkpoint of a trained `lenet`, or None.
    clock
        `time.perf_counter`, or `time.process_time` for the CPU seconds of one thread on a busy machine.
    """

    threads: int
    rounds: int
    trained: Path | None
    clock: Callable[[], float] = time.perf_counter


def traced(graph: EventGraph, x: NDArray[Any], threads: int, isa: str | None = None) -> Callable[[], object]:
    """From the input array to the finished trace, every count of every sample in it; planned beforehand."""
    engine: Any = get_engine("native", isa=isa)
    engine.plan(graph)

    def run() -> object:
        trace = engine.run(graph, x, threads=threads)
        return [counts.n_gated[-1] for counts in trace.counts.synapses.values()]

    return run


def native_runs(
    graphs: Mapping[str, EventGraph], x: NDArray[Any], threads: int
) -> dict[str, Callable[[], object]]:
    """The engine on each graph, and the first of them on the other instruction sets."""
    *others, _ = available_isas()
    runs = {name: traced(graph, x, threads) for name, graph in graphs.items()}
    first, graph = next(iter(graphs.items()))
    return runs | {f"{first}, {isa}": traced(graph, x, threads, isa) for isa in reversed(others)}


def take_turns(
    runs: Mapping[str, Callable[[], object]], setting: Setting, times_rounds: int = 1
) -> dict[str, list[float]]:
    """Seconds of every run in every round, each started when the one before has settled; all run once untimed."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(setting.rounds * times_rounds):
        for name, run in runs.items():
            _settle()
            began = setting.clock()
            run()
            times[name].append(setting.clock() - began)
    return times


def _settle() -> None:
    """Wait while other libraries' threads end their spinning; awake, as a core that sleeps comes back slow."""
    until = time.perf_counter() + SETTLE_S
    while time.perf_counter() < until:
        pass


def contest(
    native: Mapping[str, Callable[[], object]],
    field: Mapping[str, Callable[[], Contestant]],
    setting: Setting,
    repeats: int = 1,
) -> dict[str, Any]:
    """Time the engine against the field, in turns.

    Parameters
    ----------
    native
        Runs of the engine by name.
    field
        Makers of contestants by name; one whose library is missing is left out, and said.
    repeats
        Calls per timing, for runs of microseconds.

    Returns
    -------
    dict
        `seconds`: medians by name; `times_as_fast`: per contestant the median ratio to every native run;
        `settings`, `equal`, `versions`, `left_out`.
    """
    torch.set_num_threads(setting.threads)
    found: dict[str, Contestant] = {}
    left_out = {}
    for name, make in field.items():
        try:
            found[name] = make()
        except NotInstalledError as error:
            left_out[name] = str(error)
            print(f"  {name}: {error}")
    runs = {f"native, {name}": run for name, run in native.items()} | {n: c.run for n, c in found.items()}
    times = take_turns({name: _repeated(run, repeats) for name, run in runs.items()}, setting)
    return {
        "seconds": {name: statistics.median(values) / repeats for name, values in times.items()},
        "times_as_fast": {
            name: {other: median_ratio(times[name], times[f"native, {other}"]) for other in native}
            for name in found
        },
        "settings": {name: c.setting for name, c in found.items()},
        "equal": {name: c.equal for name, c in found.items()},
        "versions": {package: v for c in found.values() for package, v in c.versions.items()},
        "left_out": left_out,
    }


def _repeated(run: Callable[[], object], repeats: int) -> Callable[[], object]:
    if repeats == 1:
        return run

    def go() -> None:
        for _ in range(repeats):
            run()

    return go
