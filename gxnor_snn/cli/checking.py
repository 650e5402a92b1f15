"""Two engines on the same samples, number by number, and how fast each is: for `simulate --check`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_sims import Engine, get_engine
from gxnor_snn.graph import EventGraph
from gxnor_snn.plots.units import count
from gxnor_snn.results import EventTrace

from .screen import Screen
from .tables import events_per_inference

__all__ = ["Comparison", "compare_traces", "other_engine", "print_comparison"]


@dataclass(frozen=True)
class Comparison:
    """What two traces have in common.

    Attributes
    ----------
    numbers
        Numbers compared, by kind: sums, levels, counts.
    differing
        Samples in which at least one of them differs, by kind.
    n_samples
        Samples compared.
    """

    numbers: dict[str, int]
    differing: dict[str, int]
    n_samples: int

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not any(self.differing.values())


def compare_traces(left: EventTrace, right: EventTrace) -> Comparison:
    """Compare readout sums, the levels that both recorded, and every count that both made, sample by sample."""
    n_samples = len(next(iter(left.readouts.values())))
    kinds: dict[str, list[tuple[NDArray[Any], NDArray[Any]]]] = {
        "sums of readouts": [(a, right.readouts[n]) for n, a in left.readouts.items()],
        "levels": [(a, right.spikes[n]) for n, a in left.spikes.items() if n in right.spikes],
        "counts": list(_counts(left, right)),
    }
    numbers: dict[str, int] = {}
    differing: dict[str, int] = {}
    for kind, pairs in kinds.items():
        unlike = np.zeros(n_samples, bool)
        for a, b in pairs:
            unlike |= (a != b).reshape(n_samples, -1).any(axis=1)
        numbers[kind], differing[kind] = sum(a.size for a, _ in pairs), int(unlike.sum())
    return Comparison(numbers, differing, n_samples)


def _counts(left: EventTrace, right: EventTrace) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    if left.counts is None or right.counts is None:
        return
    for group in ("projections", "populations"):
        others = getattr(right.counts, group)
        for name, part in getattr(left.counts, group).items():
            for field, value in vars(part).items():
                other = getattr(others[name], field)
                if isinstance(value, np.ndarray) and isinstance(other, np.ndarray):
                    yield value, other


def other_engine(graph: EventGraph, name: str) -> Engine:
    """What to check an engine with: native; the reference where native has no answer, or is what is checked."""
    native = get_engine("native")
    usable = name != "native" and native.supports(graph) is None
    return native if usable else get_engine("reference")


def print_comparison(screen: Screen, comparison: Comparison, runs: dict[str, EventTrace]) -> None:
    """Differences by kind, then the speed of both engines; a difference is an alarm on stderr as well.

    Parameters
    ----------
    screen
        Where to.
    comparison
        Of the two engines' traces.
    runs
        By engine, the trace of the run that was timed.
    """
    first, second = runs
    rows = [
        (kind, count(n), f"{comparison.differing[kind]:,} of {comparison.n_samples:,}")
        for kind, n in comparison.numbers.items()
    ]
    columns = ("compared", "numbers", "samples that differ")
    screen.table(f"Differences between {first} and {second}", columns, rows)
    if not comparison.equal:
        screen.alarm(f"NOT EQUAL: {first} and {second} differ")
    speeds = [(name, *_speed(trace, comparison.n_samples)) for name, trace in runs.items()]
    screen.table("Speed, second run", ("engine", "time", "samples/s", "events/s"), speeds)


def _speed(trace: EventTrace, n_samples: int) -> tuple[str, str, str]:
    rate = n_samples / trace.seconds
    events = count(round(events_per_inference(trace.counts) * rate)) if trace.counts is not None else "-"
    return f"{trace.seconds:.3f} s", count(round(rate)), events
