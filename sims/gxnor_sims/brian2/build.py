"""`build_brian2`: a graph as a Brian2 network that its user can extend."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import EngineError, InputError
from gxnor_snn.graph import EventGraph, check_record
from gxnor_snn.graph.counting import COUNT_MODES
from gxnor_snn.results import EventTrace

from ..engine import check_size
from .delays import DelayModel
from .loading import session
from .network import assemble
from .parameters import starts
from .plan import Firing, Plan, batch_size, plan, sample_matrix
from .runtime import Feeder, RawSamples, code_class
from .tally import Tally

__all__ = ["RUNTIME_TARGETS", "Brian2Network", "build_brian2"]

RUNTIME_TARGETS = ("numpy", "cython")


@dataclass
class Brian2Network:
    """A graph as Brian2 objects.

    Attributes
    ----------
    plan
        Neurons, synapses, delays and gates; `plan.wiring` says which Brian2 index is which neuron.
    target
        "numpy" or "cython".
    network
        The `Network`; add monitors and operations to it. In `run` they are compiled to the same target unless
        they name one.
    neurons
        `NeuronGroup` of all neurons: `v` is the sum, `answer` the level that it stands for, `level` what the
        neuron sent (0 until it does), `gate` the step in which it decides, `step` the step inside the sample's
        window, `threshold1`.. what ``polarity * v`` is compared with, `events1`.. the open synapses that reach it.
    synapses, pools
        `Synapses` that add ``w * level``, and those of max and min pools; None where there are none.
    clock
        Their `Clock`; one step is 1 ms.
    tally
        Makes traces of what the neurons hold.
    """

    plan: Plan
    target: str
    network: Any
    neurons: Any
    synapses: Any
    pools: Any
    clock: Any
    tally: Tally
    _feeder: Feeder
    _broken: bool = field(default=False, init=False)

    @property
    def graph(self) -> EventGraph:
        """The event graph."""
        return self.plan.graph

    @property
    def window(self) -> int:
        """Steps per sample."""
        return self.plan.gates.window

    def indices(self, population: str) -> NDArray[np.int64]:
        """Brian2 indices of a population's neurons, in its shape."""
        spans = self.plan.wiring.spans
        if population not in spans:
            raise InputError(f"no population {population!r} in the graph; it has {', '.join(spans)}")
        span = spans[population]
        return np.arange(span.start, span.stop).reshape(self.graph.populations[population].shape)

    def synapses_of(self, projection: str) -> tuple[Any, slice]:
        """The `Synapses` object that carries a projection, and where its synapses lie in it."""
        for objects, bundle in ((self.synapses, self.plan.wiring.add), (self.pools, self.plan.wiring.pick)):
            if projection in bundle.spans:
                return objects, bundle.spans[projection]
        raise InputError(f"no projection {projection!r} in the graph; it has {', '.join(self.graph.projections)}")

    def run(
        self,
        x: Any,
        *,
        record: Iterable[str] = (),
        counts: str = "basic",
        batch: int | None = None,
        namespace: Mapping[str, Any] | None = None,
        advance: Callable[[int], object] | None = None,
    ) -> EventTrace:
        """Run samples, one window of steps after the other.

        Parameters
        ----------
        x, record, batch
            As for `gxnor_sims.simulate`.
        counts
            "basic" or "none"; "full" if the network was built for it. Counts are checked against spikes times
            out-degree, so plasticity or pruning of synapses needs "none".
        namespace
            Names that added code refers to.
        advance
            Called with the number of samples done since the last call.

        Raises
        ------
        InputError
            If an argument is not what the graph takes.
        EngineError
            If an earlier run was cut off in the middle of a sample, or a counter is not what spikes say.
        """
        if counts == "full" and not self.plan.features.full:
            raise InputError("counts is 'full', this network was built without; allowed are basic, none")
        if counts not in COUNT_MODES:
            raise InputError(f"counts is {counts!r}, allowed are {', '.join(COUNT_MODES)}")
        started = time.perf_counter()
        names = check_record(self.graph, record)
        parts = [
            self.tally.trace(part, raw, names, counts, self.plan.exact)
            for part, raw in self.batches(x, batch, namespace, advance)
        ]
        return EventTrace.concatenate(parts, time.perf_counter() - started)

    def batches(
        self,
        x: Any,
        batch: int | None = None,
        namespace: Mapping[str, Any] | None = None,
        advance: Callable[[int], object] | None = None,
    ) -> Iterator[tuple[NDArray[np.int32], RawSamples]]:
        """Run samples and yield, batch by batch, the inputs and what they left in all other neurons."""
        if self._broken:
            raise EngineError("engine 'brian2': an earlier run of this network was cut off; build it again")
        matrix = sample_matrix(self.graph, x)
        size = check_size("batch", batch) or batch_size(self.plan)
        for start in range(0, max(len(matrix), 1), size):
            part = matrix[start : start + size]
            yield part, self._run(part, dict(namespace or {}), advance)

    def _run(
        self, x: NDArray[np.int32], namespace: dict[str, Any], advance: Callable[[int], object] | None
    ) -> RawSamples:
        self._feeder.load(x, advance)
        if len(x):
            self._broken = True
            with session(self.target) as brian2:
                self.network.run(len(x) * self.window * brian2.ms, namespace=namespace)
            self._broken = False
        return self._feeder.finish()


def build_brian2(
    graph: EventGraph,
    *,
    target: str = "numpy",
    delays: DelayModel | None = None,
    wait: int | None = None,
    firing: Firing = "gated",
    counts: str = "basic",
    real: bool = False,
    timed: bool = False,
    memory: int | None = None,
) -> Brian2Network:
    """Make the Brian2 network of a graph, for users who add monitors, noise or plasticity.

    Parameters
    ----------
    graph
        The event graph.
    target
        "numpy" or "cython".
    delays
        Delays of synapses; None takes those of the graph's projections.
    wait
        Steps of delay that each neuron waits for, with firing "gated"; None waits for the longest, which makes
        results exact.
    firing
        "gated": every neuron decides once, in the step of its gate. "arrival": once, as soon as a spike has
        arrived and a threshold is passed. "free": the same without waiting for a spike.
    counts
        "full" makes a network that can give full counts.
    real
        Make sums real numbers, compared half an integer below each threshold: for noise and plasticity. Without
        either, results stay the same.
    timed
        Keep the step of every spike in the variable `fired` (-1 if there was none).
    memory
        Bytes that the network may take; None asks the system.

    Returns
    -------
    Brian2Network

    Raises
    ------
    UnsupportedGraphError
        If Brian2 cannot run the graph; the reason is given.
    MissingDependencyError
        If Brian2 is not installed.
    InputError
        If an argument is not one of those allowed.
    """
    if target not in RUNTIME_TARGETS:
        raise InputError(f"target is {target!r}, a network to build has {' or '.join(RUNTIME_TARGETS)}")
    made = plan(
        graph, delays=delays, wait=wait, firing=firing, counts=counts, real=real, timed=timed, memory=memory
    )
    with session() as brian2:
        objects = assemble(brian2, made.wiring, made.gates, made.delays, made.features, code_class(target))
        feeder = Feeder(objects.neurons, made.features, made.gates.window, starts(made.wiring))
        feed = brian2.NetworkOperation(feeder.step, clock=objects.clock, when="start", name="feeder")
        network = brian2.Network(*objects.all, feed)
    return Brian2Network(
        made,
        target,
        network,
        objects.neurons,
        objects.synapses,
        objects.pools,
        objects.clock,
        Tally(made.wiring, made.features),
        feeder,
    )
