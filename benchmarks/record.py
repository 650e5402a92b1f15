"""What every benchmark shares: one JSON file per figure, with command, seeds, versions and machine beside it."""

import shlex
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from gxnor_snn.cli.provenance import provenance
from gxnor_snn.files import write_json

RESULTS = Path(__file__).parent / "results"


def command() -> str:
    """The line that makes the file again, from the root of the repository."""
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *map(_from_root, sys.argv[1:])])


def _from_root(argument: str) -> str:
    """A path of this machine as seen from the repository; its name alone where it lies elsewhere."""
    path, root = Path(argument), RESULTS.parents[1]
    if not path.is_absolute():
        return argument
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def record(name: str, figures: dict[str, Any], **facts: object) -> Path:
    """Write ``results/<name>.json``: the figures, and what they depend on.

    Parameters
    ----------
    name
        Of the file, without its ending.
    figures
        JSON-able results.
    facts
        Seeds, data set, engine and the like.
    """
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    write_json(path, {"figures": figures, "provenance": provenance(command=command(), **facts)})
    print(f"wrote {path}")
    return path


def interleaved(
    runs: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float] = perf_counter
) -> dict[str, list[float]]:
    """Seconds of every run in every round; the runs take turns, so that a slow spell falls on all of them.

    Parameters
    ----------
    runs
        What to time, by name; each is called once before the first round.
    rounds
        Turns.
    clock
        `time.perf_counter`, or `time.process_time` for CPU seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            began = clock()
            run()
            times[name].append(clock() - began)
    return times


def median_ratio(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """Median over the rounds of the ratio of two runs of one round."""
    return statistics.median(a / b for a, b in zip(numerator, denominator, strict=True))
