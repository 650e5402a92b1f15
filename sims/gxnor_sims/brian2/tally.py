"""From what Brian2 left in its neurons to a trace; its own counters against spikes times out-degree."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import EngineError
from gxnor_snn.graph import readout_affine
from gxnor_snn.graph.counting import Counter
from gxnor_snn.results import Counts, EventTrace, MoveCounts, SynapseCounts

from .equations import XNOR, XNOR_BITS, Features
from .runtime import RawSamples
from .wiring import Wiring

__all__ = ["Tally"]

Int64 = NDArray[np.int64]


class Tally:
    """Makes traces of one network.

    Parameters
    ----------
    wiring, features
        Of the network.
    """

    def __init__(self, wiring: Wiring, features: Features) -> None:
        self._wiring = wiring
        self._features = features
        self._out_degree: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}

    def trace(
        self, x: NDArray[np.int32], raw: RawSamples, record: Iterable[str], counts: str, exact: bool = True
    ) -> EventTrace:
        """The trace of a batch with inputs `x` (samples, inputs); `seconds` is left to the caller.

        Raises
        ------
        EngineError
            If a counter of Brian2 differs from the spikes of its sources times their out-degree.
        """
        graph, record = self._wiring.graph, tuple(record)

        def shaped(variable: str, name: str) -> Any:
            flat = self._of(name, x, raw, variable)
            return flat.reshape(len(x), *graph.populations[name].shape)

        real = self._features.real
        sums = {n: shaped("v" if graph.populations[n].role == "spiking" else "level", n) for n in record}
        return EventTrace(
            readouts={n: shaped("v", n).astype(np.float64 if real else np.int64) for n in graph.readouts},
            affine=readout_affine(graph),
            counts=self._counts(x, raw, counts) if counts != "none" else None,
            spikes={n: shaped("level", n).astype(np.int16) for n in record},
            sums={n: s.astype(np.float64 if real else np.int64) for n, s in sums.items() if n not in graph.inputs}
            if record
            else None,
            seconds=0.0,
            engine="brian2",
            exact=exact and not real,
        )

    def _of(self, name: str, x: NDArray[np.int32], raw: RawSamples, variable: str) -> NDArray[Any]:
        """A variable of a population, (samples, neurons); of an input only its levels, which are given."""
        span = self._wiring.spans[name]
        if name in self._wiring.graph.inputs:
            return x[:, span]
        return raw[variable][:, self._kept(span)]

    def _kept(self, span: slice) -> slice:
        """Where neurons lie in what was kept: inputs come first, and are not kept."""
        first = self._wiring.n_inputs
        return slice(span.start - first, span.stop - first)

    def _counts(self, x: NDArray[np.int32], raw: RawSamples, mode: str) -> Counts:
        graph, n_samples = self._wiring.graph, len(x)
        counter = Counter(graph, "basic", np)
        for name, population in graph.populations.items():
            if population.has_outputs:
                levels = self._of(name, x, raw, "level").astype(np.int64)
                counter.levels_of(population, levels.reshape(n_samples, *population.shape))
        derived = counter.finish(n_samples)
        projections: dict[str, SynapseCounts | MoveCounts] = {}
        for name, entry in derived.projections.items():
            projections[name] = self._counted(name, entry, x, raw, mode)
        populations = dict(derived.populations)
        if mode == "full":
            for name, reached in self._reached(raw).items():
                populations[name] = replace(populations[name], neurons_reached=reached)
        return Counts(n_samples, projections, populations)

    def _counted(
        self, name: str, entry: Any, x: NDArray[np.int32], raw: RawSamples, mode: str
    ) -> SynapseCounts | MoveCounts:
        """The counts of a projection with every event that Brian2 itself counted in place."""
        projection = self._wiring.graph.projections[name]
        both = self._here(raw, f"tally{self._slot(name)}", name)
        events = np.asarray((both & (XNOR - 1)).sum(axis=1))
        by_degree, by_planes = self._by_degree(name, x, raw)
        self._agree(name, "events", events, by_degree)
        if not projection.weighted:
            self._agree(name, "n_moved", events, entry.n_moved)
            return MoveCounts(events)
        xnor = np.asarray((both >> XNOR_BITS).sum(axis=1)) if self._features.planes else events
        self._agree(name, "XNOR operations", xnor, by_planes)
        self._agree(name, "n_gated", events, entry.n_gated)
        self._agree(name, "n_xnor", xnor, entry.n_xnor)
        counted: SynapseCounts = replace(entry, n_gated=events, n_xnor=xnor)
        if mode != "full":
            return counted
        balance = self._here(raw, f"balance{self._slot(name)}", name).sum(axis=1, dtype=np.int64)
        agreeing = (xnor + balance) // 2
        pairs = [v for v in raw if v.startswith(f"pairs{self._slot(name)}_")]
        open_pairs = sum((self._here(raw, v, name) > 0).sum(axis=1, dtype=np.int64) for v in pairs)
        return replace(counted, n_agree=agreeing, n_bitcount=np.asarray(open_pairs, np.int64))

    def _reached(self, raw: RawSamples) -> dict[str, Int64]:
        """Neurons with at least one open gate, per population with inputs."""
        graph, n_samples = self._wiring.graph, len(raw["level"])
        found: dict[str, Int64] = {}
        for name, population in graph.populations.items():
            if not population.has_inputs:
                continue
            reached = np.zeros((n_samples, self._wiring.n_neurons - self._wiring.n_inputs), bool)
            for projection in graph.incoming(name):
                if projection.weighted:
                    where = self._kept(self._wiring.targets(projection.name))
                    reached[:, where] |= (
                        self._here(raw, f"tally{self._slot(projection.name)}", projection.name) > 0
                    )
            found[name] = reached.sum(axis=1, dtype=np.int64)
        return found

    def _slot(self, name: str) -> int:
        return self._wiring.slots[name]

    def _here(self, raw: RawSamples, variable: str, name: str) -> NDArray[Any]:
        return raw[variable][:, self._kept(self._wiring.targets(name))]

    def _by_degree(self, name: str, x: NDArray[np.int32], raw: RawSamples) -> tuple[Int64, Int64]:
        """Events and XNOR operations of a projection as spikes times the out-degree of the synapses made."""
        wiring = self._wiring
        source = wiring.graph.projections[name].source
        span = wiring.spans[source]
        if name not in self._out_degree:
            link, projection = wiring.links[name], wiring.graph.projections[name]
            place = link.source - span.start
            planes: Any = None
            if projection.weighted:
                planes = projection.coding.ones(wiring.raw_weight(name))  # type: ignore[attr-defined]
            size = span.stop - span.start
            self._out_degree[name] = (
                np.bincount(place, minlength=size).astype(np.float64),
                np.bincount(place, weights=planes, minlength=size).astype(np.float64),
            )
        degree, planes = self._out_degree[name]
        levels = self._of(source, x, raw, "level")
        ones = wiring.graph.coding(source).ones(levels) * (levels != 0)
        return ((levels != 0) @ degree).astype(np.int64), (ones @ planes).astype(np.int64)

    @staticmethod
    def _agree(name: str, what: str, counted: Int64, expected: Int64) -> None:
        if not np.array_equal(counted, expected):
            sample = int(np.flatnonzero(counted != expected)[0])
            raise EngineError(
                f"engine 'brian2': projection {name!r}, sample {sample}, {what}: "
                f"Brian2 counted {counted[sample]}, spikes times out-degree are {expected[sample]}"
            )
