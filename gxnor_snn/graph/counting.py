"""Exact event counts of the reference walk, from levels and the static fan-out maps."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..results import Counts, MoveCounts, PopulationCounts, SynapseCounts
from .event_graph import EventGraph
from .population import Population
from .weighted import Weighted

__all__ = ["COUNT_MODES", "Counter"]

COUNT_MODES = ("basic", "full", "none")


class Counter:
    """Collects the counts of one batch while the walk goes on.

    Everything is a sum over source neurons of (a function of the level) times (a static fan-out), so counting
    never looks at single synapses. The full counts need them: they run the op on masks.
    """

    def __init__(self, graph: EventGraph, mode: str, xp: Any) -> None:
        self._graph = graph
        self._mode = mode
        self._xp = xp
        self._projections: dict[str, SynapseCounts | MoveCounts] = {}
        self._populations: dict[str, PopulationCounts] = {}
        self._reached: dict[str, NDArray[np.int64]] = {}
        self._bitcounts: dict[str, NDArray[np.int64]] = {}
        self._balances: dict[str, NDArray[np.int64]] = {}

    def levels_of(self, population: Population, levels: Any) -> None:
        """Count a population's spikes and every synapse event on its outgoing projections."""
        if self._mode == "none":
            return
        axes = tuple(range(1, levels.ndim))
        self._populations[population.name] = PopulationCounts(
            n_neurons=population.size,
            internal=population.is_internal,
            spikes_pos=self._numpy((levels > 0).sum(axes)),
            spikes_neg=self._numpy((levels < 0).sum(axes)),
        )
        nonzero = levels != 0
        ones = self._graph.coding(population.name).ones(levels)
        batch = len(levels)
        for projection in self._graph.outgoing(population.name):
            fan_out = self._graph.fan_out(projection.name)
            if not projection.weighted:
                self._projections[projection.name] = MoveCounts(self._dot(nonzero, fan_out.dense))
                continue
            self._projections[projection.name] = SynapseCounts(
                n_dense=np.full(batch, fan_out.dense.sum(), np.int64),
                n_x=self._dot(nonzero, fan_out.dense),
                n_w=np.full(batch, fan_out.nonzero.sum(), np.int64),
                n_gated=self._dot(nonzero, fan_out.nonzero),
                n_padded=np.full(batch, fan_out.padded, np.int64),
                n_x_planes=self._dot(ones, fan_out.dense),
                n_xnor=self._dot(ones, fan_out.planes),
            )

    def inputs_of(self, population: Population, levels: Mapping[str, Any]) -> None:
        """Count, in full mode, which neurons an open gate reached, bitcounts, and how XNOR outcomes balance."""
        if self._mode != "full":
            return
        batch = len(next(iter(levels.values())))
        reached = np.zeros((batch, *population.shape), bool)
        for projection in self._graph.incoming(population.name):
            if not projection.weighted:
                continue
            projection = cast(Weighted, projection)
            source = levels[projection.source]
            start, stop = projection.target_channels or (0, population.n_channels)
            reached[:, start:stop] |= self._open(projection, source != 0, projection.weights != 0)
            total = np.zeros(batch, np.int64)
            coding = self._graph.coding(projection.source)
            activations = coding.plane_values(self._numpy(source))
            weights = projection.coding.plane_values(projection.weights)
            for activation in activations:
                for weight in weights:
                    opened = self._open(projection, activation != 0, weight != 0)
                    total += opened.sum(axis=tuple(range(1, opened.ndim)))
            self._bitcounts[projection.name] = total
            # over all pairs of planes (+1 where they agree, -1 where they differ) = (sum of p_j) * (sum of q_k)
            signs, weight_signs = (sum(p.astype(np.float64) for p in planes) for planes in (activations, weights))
            balance = projection.product(signs, weight_signs, np)
            self._balances[projection.name] = balance.sum(axis=tuple(range(1, balance.ndim))).astype(np.int64)
        self._reached[population.name] = reached.sum(axis=tuple(range(1, reached.ndim)))

    def finish(self, n_samples: int) -> Counts:
        """The counts of the batch, in graph order."""
        graph = self._graph
        populations = {}
        for name, population in graph.populations.items():
            found = self._populations.get(name, PopulationCounts(population.size, population.is_internal))
            if name in self._reached:
                found = PopulationCounts(**{**vars(found), "neurons_reached": self._reached[name]})
            populations[name] = found
        projections: dict[str, SynapseCounts | MoveCounts] = {}
        for name in graph.projections:
            counts = self._projections[name]
            if name in self._bitcounts:
                agree = (cast(SynapseCounts, counts).n_xnor + self._balances[name]) // 2
                full = {"n_bitcount": self._bitcounts[name], "n_agree": agree}
                counts = SynapseCounts(**{**vars(counts), **full})
            projections[name] = counts
        return Counts(n_samples, projections, populations)

    def _dot(self, factor: Any, static: NDArray[np.int64]) -> NDArray[np.int64]:
        """Per-sample sum of factor * static, exact: float64 where it cannot pass 2^53, else int64."""
        flat = factor.reshape(len(factor), static.size)
        most = int(static.sum()) * 64
        dtype = "float64" if most < 1 << 53 else "int64"
        if self._xp is np:
            return np.asarray((flat.astype(dtype) @ static.reshape(-1).astype(dtype)).astype(np.int64))
        wide = getattr(self._xp, dtype)
        moved = self._xp.as_tensor(static.reshape(-1).copy(), device=factor.device).to(wide)
        return self._numpy((flat.to(wide) @ moved).to(self._xp.int64))

    def _open(self, projection: Weighted, source: Any, weights: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which targets see at least one pair of a set source entry and a set weight entry."""
        mask = self._numpy(source).astype(np.float64)
        return np.asarray(projection.product(mask, weights.astype(np.float64), np) > 0)

    @staticmethod
    def _numpy(array: Any) -> NDArray[Any]:
        return array if isinstance(array, np.ndarray) else np.asarray(array.cpu().numpy())
