"""The contract between the engine and the ways to run a graph, and the simplest way: a network in this process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph
from gxnor_snn.results import EventTrace

from .build import Brian2Network, build_brian2
from .delays import DelayModel
from .plan import Plan, plan

__all__ = ["Advance", "Job", "NetworkRunner", "Options", "Runner"]

Advance = Callable[[int], object] | None
"""Told how many samples are done since the last call."""


@dataclass(frozen=True)
class Options:
    """What a network is built from, besides the graph.

    Attributes
    ----------
    target, delays, memory
        As for `build_brian2`.
    full
        Whether it can give full counts.
    """

    target: str
    delays: DelayModel | None
    memory: int
    full: bool

    def plan(self, graph: EventGraph) -> Plan:
        """The plan of a graph."""
        return plan(graph, delays=self.delays, counts=self._counts, memory=self.memory)

    def network(self, graph: EventGraph) -> Brian2Network:
        """The network of a graph."""
        return build_brian2(graph, target=self.target, delays=self.delays, counts=self._counts, memory=self.memory)

    @property
    def _counts(self) -> str:
        return "full" if self.full else "basic"


@dataclass(frozen=True)
class Job:
    """Samples to run.

    Attributes
    ----------
    x
        Levels (B, *shape) by input, checked.
    record
        Names of populations whose levels are kept.
    counts
        "basic", "full" or "none".
    batch
        Samples per run call, or None.
    """

    x: Mapping[str, NDArray[Any]]
    record: tuple[str, ...]
    counts: str
    batch: int | None

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return len(next(iter(self.x.values())))

    def part(self, start: int, stop: int) -> "Job":
        """The job of some of the samples."""
        return Job({n: a[start:stop] for n, a in self.x.items()}, self.record, self.counts, self.batch)


class Runner(Protocol):
    """Runs jobs of one graph; what it made for the first serves the next."""

    def run(self, job: Job, advance: Advance) -> EventTrace:
        """Run a job; the trace's `seconds` are left to the caller.

        After an exception the runner is thrown away; it must have ended every process by then.
        """
        ...


class NetworkRunner:
    """Runs a network in this process."""

    def __init__(self, graph: EventGraph, options: Options) -> None:
        self._network = network = options.network(graph)
        for part in network.network.objects:  # else Brian2 warns of those that never ran, as after an empty batch
            part._network = network.network.id

    def run(self, job: Job, advance: Advance) -> EventTrace:
        return self._network.run(job.x, record=job.record, counts=job.counts, batch=job.batch, advance=advance)
