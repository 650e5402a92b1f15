"""Exact counts on the device: everything a count sums up is one more exact product."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, EventGraph, Weighted
from gxnor_snn.results import MoveCounts, PopulationCounts, SynapseCounts

from .arithmetic import Arithmetic
from .layers import PRODUCTS
from .product import ExactProduct

__all__ = ["FullCount", "LevelCount"]

Rows = dict[str, NDArray[np.int64]]


def _numpy(tensor: torch.Tensor) -> NDArray[np.int64]:
    return np.ascontiguousarray(tensor.to(torch.int64).cpu().numpy())


class LevelCount:
    """What a population's levels say: its spikes, and every event on its outgoing projections.

    An event count is a sum over source neurons of (nonzero or not, or nonzero planes) times a static fan-out, so
    all of a population are two products with a few columns, or one where a level has one plane. The spikes above 0
    are a third.
    """

    def __init__(self, graph: EventGraph, name: str, arithmetic: Arithmetic) -> None:
        population = graph.populations[name]
        self._size, self._internal = population.size, population.is_internal
        self._coding = graph.coding(name)
        self._one_plane = self._coding.n_planes == 1
        self._static: dict[str, tuple[int, int, int]] = {}
        every = np.ones(self._size, np.int64)
        # by "counts planes"; the first row of the other counts the spikes themselves
        self._rows: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        columns: dict[bool, list[NDArray[np.int64]]] = {False: [every], True: []}
        for edge in graph.outgoing(name):
            fan_out = graph.fan_out(edge.name)
            asked = [("n_moved", fan_out.dense, False)]
            if edge.weighted:
                self._static[edge.name] = (int(fan_out.dense.sum()), int(fan_out.nonzero.sum()), fan_out.padded)
                asked = [
                    ("n_x", fan_out.dense, False),
                    ("n_gated", fan_out.nonzero, False),
                    ("n_x_planes", fan_out.dense, True),
                    ("n_xnor", fan_out.planes, True),
                ]
            for label, static, planes in asked:
                self._rows[planes and not self._one_plane].append((edge.name, label))
                columns[planes and not self._one_plane].append(static.reshape(-1))
        highest = {False: 1, True: self._coding.n_planes}
        self._products = {
            planes: ExactProduct(np.stack(part), 0, highest[planes], arithmetic)
            for planes, part in columns.items()
            if part
        }
        self._above = ExactProduct(every[None], 0, 1, arithmetic)

    def __call__(self, levels: torch.Tensor) -> tuple[PopulationCounts, dict[str, SynapseCounts | MoveCounts]]:
        """Counts of the population and of its outgoing projections, per sample."""
        flat = levels.flatten(1)
        batch = len(flat)
        above = _numpy(self._above(flat > 0))[:, 0].copy()
        found: dict[str, Rows] = {}
        sums = _numpy(self._products[False](flat != 0))
        below = sums[:, 0] - above
        for k, (edge, label) in enumerate(self._rows[False], start=1):
            found.setdefault(edge, {})[label] = sums[:, k].copy()
        if self._rows[True]:
            sums = _numpy(self._products[True](self._coding.ones(flat.to(torch.int32))))
            for k, (edge, label) in enumerate(self._rows[True]):
                found.setdefault(edge, {})[label] = sums[:, k].copy()
        counts: dict[str, SynapseCounts | MoveCounts] = {}
        for edge, rows in found.items():
            if edge in self._static:
                n_dense, n_w, n_padded = (np.full(batch, n, np.int64) for n in self._static[edge])
                counts[edge] = SynapseCounts(n_dense=n_dense, n_w=n_w, n_padded=n_padded, **rows)
            else:
                counts[edge] = MoveCounts(**rows)
        return PopulationCounts(self._size, self._internal, above, below), counts


class FullCount:
    """What single synapses say of one projection: targets reached, bit counts, how XNOR outcomes balance.

    The op runs on masks of weights and activations, plane by plane; over all pairs of planes, +1 where they agree
    and -1 where they differ, the outcomes add up to (sum of p_j) * (sum of q_k).
    """

    def __init__(
        self, edge: Weighted, coding: Coding, shape: tuple[int, ...], arithmetic: Arithmetic, room: int
    ) -> None:
        def product(weights: NDArray[Any], lo: int, hi: int) -> Any:
            return PRODUCTS[edge.kind](edge, weights, shape, (lo, hi), arithmetic, room)

        every = np.arange(coding.lo, coding.hi + 1, dtype=np.int64)
        planes = coding.plane_values(every)
        self._lo = coding.lo
        masks = np.stack([(p != 0).astype(np.int8) for p in planes])
        signs = np.sum(np.stack(planes).astype(np.int64), axis=0)
        self._masks, self._signs = (torch.from_numpy(t).to(arithmetic.device) for t in (masks, signs))
        weights = edge.coding.plane_values(edge.weights)
        self._open = product((edge.weights != 0).astype(np.int8), 0, 1)
        self._by_plane = [product((w != 0).astype(np.int8), 0, 1) for w in weights]
        summed = np.sum(np.stack(weights).astype(np.int64), axis=0)
        self._balance = product(summed, int(signs.min()), int(signs.max()))

    def __call__(self, levels: torch.Tensor) -> tuple[torch.Tensor, NDArray[np.int64], NDArray[np.int64]]:
        """Which targets an open gate reaches (B, *target shape); bit counts and balances, (B,) each."""
        reached = self._open((levels != 0).to(torch.int8)) > 0
        index = levels.to(torch.int64) - self._lo
        triples = torch.zeros(len(levels), dtype=torch.int64, device=levels.device)
        for mask in self._masks:
            activations = mask[index]
            for product in self._by_plane:
                triples += (product(activations) > 0).flatten(1).sum(1, dtype=torch.int32)
        balance = self._balance(self._signs[index]).to(torch.int64).flatten(1).sum(1)
        return reached, _numpy(triples), _numpy(balance)
