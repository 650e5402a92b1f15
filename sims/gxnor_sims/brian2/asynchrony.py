"""What happens when in a network with delays: spike times, traffic, answers over time; what early firing costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph, check_record, execute
from gxnor_snn.results import EventTrace, logits_of

from .build import Brian2Network, build_brian2
from .delays import DelayModel
from .equations import XNOR, counters
from .loading import session
from .plan import Firing, sample_matrix

__all__ = ["EarlyFiring", "Timing", "early_firing", "run_async"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Timing:
    """One run of B samples in a window of T steps each.

    Attributes
    ----------
    trace
        What stands at the end of the window; `exact` says whether neurons waited for all their inputs.
    gates
        Step in which each population decides ("gated"), or could at the latest (else).
    first_spike
        Step of each neuron's spike, int32 (B, *shape) by population; -1 where it stays silent. A neuron spikes at
        most once per sample.
    spikes
        Spikes sent in each step, int64 (B, T) by population.
    events
        Synapses of the graph that a spike reached in each step, counted by Brian2, int64 (B, T): gates opened, and
        values moved by pools and identities.
    sums
        Sums of each readout at the end of each step, int64 (B, T, *shape).
    """

    trace: EventTrace
    gates: Mapping[str, int]
    first_spike: Mapping[str, NDArray[np.int32]]
    spikes: Mapping[str, Int64]
    events: Int64
    sums: Mapping[str, Int64]

    def __post_init__(self) -> None:
        for name in ("gates", "first_spike", "spikes", "sums"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def window(self) -> int:
        """Steps per sample, T."""
        return int(self.events.shape[1])

    @property
    def predictions(self) -> Int64:
        """Class with the largest logit if the one vector readout were read after each step, int64 (B, T).

        Raises
        ------
        InputError
            If the graph has several readouts, or one that is not a vector.
        """
        if len(self.sums) != 1 or next(iter(self.sums.values())).ndim != 3:
            raise InputError(f"predictions need one vector readout; this run has {sorted(self.sums)}")
        ((name, sums),) = self.sums.items()
        batch, window, classes = sums.shape
        logits = logits_of(sums.reshape(batch * window, classes), *self.trace.affine[name])
        return np.asarray(np.argmax(logits, axis=1).reshape(batch, window), np.int64)

    @property
    def latency(self) -> Int64:
        """Steps after which the prediction no longer changes, int64 (B,): 1 if that of the first step stands."""
        predictions = self.predictions
        moved = predictions != predictions[:, -1:]
        last = self.window - np.argmax(moved[:, ::-1], axis=1)  # one past the last step that says something else
        return np.where(moved.any(axis=1), last + 1, 1).astype(np.int64)

    @property
    def settled(self) -> Int64:
        """Steps after which no event arrives any more, int64 (B,)."""
        quiet = self.events == 0
        last = self.window - np.argmax(~quiet[:, ::-1], axis=1)
        return np.where(quiet.all(axis=1), 0, last).astype(np.int64)


def run_async(
    graph: EventGraph,
    x: Any,
    *,
    delays: DelayModel | None = None,
    wait: int | None = None,
    firing: Firing = "gated",
    target: str = "numpy",
    batch: int | None = None,
    advance: Callable[[int], object] | None = None,
) -> Timing:
    """Run a graph with delays and keep what happened in every step.

    Parameters
    ----------
    graph, x, batch
        As for `gxnor_sims.simulate`.
    delays, wait, firing, target
        As for `build_brian2`.
    advance
        Called with the number of samples done since the last call.

    Returns
    -------
    Timing
        With every population's levels recorded, and counts.

    Raises
    ------
    UnsupportedGraphError, InputError, MissingDependencyError
        As `build_brian2`.
    """
    network = build_brian2(graph, target=target, delays=delays, wait=wait, firing=firing, timed=True)
    with session() as brian2:
        watch = _Watch(network)
        operation = brian2.NetworkOperation(watch.step, clock=network.clock, when="end", name="watch")
        network.network.add(operation)
    watch.make_room(len(sample_matrix(graph, x)))
    traces: list[EventTrace] = []
    fired: list[NDArray[np.int32]] = []
    everyone = check_record(graph, "all")
    for part, raw in network.batches(x, batch, advance=advance):
        traces.append(network.tally.trace(part, raw, everyone, "basic", network.plan.exact))
        inputs = np.where(part != 0, 0, -1).astype(np.int32)  # they are sent in step 0
        fired.append(np.concatenate([inputs, raw["fired"]], axis=1))
    return watch.timing(EventTrace.concatenate(traces, 0.0), np.concatenate(fired))


class _Watch:
    """Reads readouts and counters at the end of every step."""

    def __init__(self, network: Brian2Network) -> None:
        self._network = network
        variables = network.neurons.variables
        names = [n for n in counters(network.plan.features) if n.startswith("tally")]
        self._sums = variables["v"].get_value()
        self._tallies = [variables[n].get_value() for n in names]
        self._spans = {n: network.plan.wiring.spans[n] for n in network.graph.readouts}
        self._at = 0

    def make_room(self, n_samples: int) -> None:
        """Get ready for that many samples."""
        window = self._network.window
        self._arrived = np.zeros((n_samples, window), np.int64)
        self._readouts = {
            name: np.zeros((n_samples, window, span.stop - span.start), np.int64)
            for name, span in self._spans.items()
        }

    def step(self) -> None:
        """One step ends."""
        sample, step = divmod(self._at, self._network.window)
        self._at += 1
        self._arrived[sample, step] = sum(int((t & (XNOR - 1)).sum()) for t in self._tallies)
        for name, span in self._spans.items():
            self._readouts[name][sample, step] = self._sums[span]

    def timing(self, trace: EventTrace, steps: NDArray[np.int32]) -> Timing:
        """Put together what was read, with the step of every neuron's spike (samples, neurons)."""
        graph, window, spans = self._network.graph, self._network.window, self._network.plan.wiring.spans
        fired = {n: steps[:, spans[n]].reshape(len(steps), *graph.populations[n].shape) for n in trace.spikes}
        spikes = {
            name: np.stack([(at == t).sum(axis=tuple(range(1, at.ndim))) for t in range(window)], axis=1)
            for name, at in fired.items()
        }
        shapes = {name: graph.populations[name].shape for name in graph.readouts}
        return Timing(
            trace,
            self._network.plan.gates.gates,
            fired,
            spikes,
            np.diff(self._arrived, axis=1, prepend=0),
            {n: s.reshape(len(s), window, *shapes[n]) for n, s in self._readouts.items()},
        )


@dataclass(frozen=True)
class EarlyFiring:
    """How results change when neurons wait less; every array has one entry per setting.

    Attributes
    ----------
    labels
        Name of each setting: "wait 0", .., "arrival", "free".
    accuracy
        Share of labels hit, or NaN without labels.
    agreement
        Share of samples whose prediction is that of the exact run.
    changed
        By population, the share of neurons and samples whose level is not that of the exact run.
    latency
        Mean steps until the prediction stands.
    events
        Mean events per sample.
    """

    labels: tuple[str, ...]
    accuracy: NDArray[np.float64]
    agreement: NDArray[np.float64]
    changed: Mapping[str, NDArray[np.float64]]
    latency: NDArray[np.float64]
    events: NDArray[np.float64]


def early_firing(
    graph: EventGraph,
    x: Any,
    y: NDArray[np.integer[Any]] | None,
    delays: DelayModel,
    *,
    waits: Sequence[int],
    firings: Sequence[Firing] = ("arrival", "free"),
    target: str = "numpy",
) -> EarlyFiring:
    """Compare early gates, and no gates, with the exact run.

    Parameters
    ----------
    graph, x, target
        As for `run_async`; the graph has one vector readout.
    y
        Classes (B,), or None.
    delays
        Delays of all runs.
    waits
        Steps of delay that neurons wait for, one run each.
    firings
        Ways to fire without gates, one run each.

    Raises
    ------
    InputError
        If there is nothing to run, the classes are not one per sample, or the readout is no vector.
    """
    settings: list[tuple[str, dict[str, Any]]] = [(f"wait {w}", {"wait": w}) for w in waits]
    settings += [(firing, {"firing": firing}) for firing in firings]
    if not settings:
        raise InputError("early_firing: no wait and no firing is given, needs at least one")
    exact = execute(graph, x, record="all", counts="none")
    predictions = exact.predictions
    if not len(predictions) or (y is not None and np.shape(y) != predictions.shape):
        given = "no" if y is None else np.shape(y)
        raise InputError(
            f"early_firing: {len(predictions)} samples and classes {given} are given, "
            "allowed is a class per sample"
        )
    rows = []
    for _, setting in settings:
        timing = run_async(graph, x, delays=delays, target=target, **setting)
        final = timing.predictions[:, -1]
        changed = {n: float(np.mean(timing.trace.spikes[n] != s)) for n, s in exact.spikes.items()}
        hit = float("nan") if y is None else float(np.mean(final == np.asarray(y)))
        rows.append(
            (
                hit,
                float(np.mean(final == predictions)),
                changed,
                float(timing.latency.mean()),
                timing.events.sum(1).mean(),
            )
        )
    accuracy, agreement, changes, latency, events = zip(*rows, strict=True)
    return EarlyFiring(
        tuple(label for label, _ in settings),
        np.asarray(accuracy, np.float64),
        np.asarray(agreement, np.float64),
        {n: np.asarray([c[n] for c in changes]) for n in exact.spikes},
        np.asarray(latency, np.float64),
        np.asarray(events, np.float64),
    )
