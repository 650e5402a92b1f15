"""Plan once, run often: a graph's weights, thresholds and fan-outs as int8 matrices on one device."""

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph, Projection, Weighted

from .arithmetic import Arithmetic
from .counting import FullCount, LevelCount
from .layers import EMITTERS, PRODUCTS, Mover, WeightedProduct, dtype_for
from .product import INT32

__all__ = ["Plan", "why_not"]

_MOVERS = ("pool2d", "identity")
_PRODUCTS_AT_ONCE = 1 << 34


def why_not(graph: EventGraph) -> str | None:
    """None if the engine runs the graph, else the reason why it does not."""
    for edge in graph.projections.values():
        if edge.kind not in (PRODUCTS if edge.weighted else _MOVERS):
            return f"{edge.where} is of kind {edge.kind!r}, allowed are {', '.join((*PRODUCTS, *_MOVERS))}"
    for population in graph.populations.values():
        if population.has_inputs and population.role not in EMITTERS:
            return f"{population.where} has the role {population.role!r}, allowed are input, {', '.join(EMITTERS)}"
    return None


@dataclass(frozen=True)
class _Edge:
    """One projection as it runs."""

    name: str
    source: str
    gain: int
    channels: tuple[int, int] | None
    op: WeightedProduct | Mover
    weighted: bool

    def part(self, levels: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Compute gain * op(levels), in `dtype` or, for a part that stands alone, a narrower one."""
        op = cast(Any, self.op)
        found: torch.Tensor = op(levels) if self.weighted else op(levels, dtype)
        return found if self.gain == 1 else found.to(dtype) * self.gain


class Plan:
    """A graph made ready for one device: immutable, shared by threads, free of the graph itself.

    Parameters
    ----------
    graph
        The event graph.
    arithmetic
        Of the device.
    memory
        Bytes that a batch's arrays are to take.

    Attributes
    ----------
    batch
        Samples that fit into them, at least 1.
    shapes, edges, emitters, counted
        By population: its shape, the projections that feed it, what it sends, what its levels count.
    """

    def __init__(self, graph: EventGraph, arithmetic: Arithmetic, memory: int) -> None:
        self.arithmetic = arithmetic
        self._room = max(memory // 4, 1)
        parts = graph.populations
        self.shapes = {name: p.shape for name, p in parts.items()}
        self._sizes = {name: p.size for name, p in parts.items()}
        codings = {n: graph.coding(n) for n, p in parts.items() if p.has_outputs}
        self._dtypes = {n: dtype_for(c.lo, c.hi) for n, c in codings.items()}
        fed = {n: p for n, p in parts.items() if p.has_inputs}
        self._sums = {n: torch.int32 if graph.magnitude(n) < INT32 else torch.int64 for n in fed}
        self.edges = {n: [self._edge(graph, p) for p in graph.incoming(n)] for n in parts}
        self.emitters = {n: EMITTERS[p.role](p, codings.get(n), arithmetic.device) for n, p in fed.items()}
        self.counted = {n: LevelCount(graph, n, arithmetic) for n in codings}
        self._full: Mapping[str, FullCount] | None = None
        self._lock = threading.Lock()
        self.batch = max(1, min(memory // self.bytes_per_sample, self._unhurried(graph)))

    def _unhurried(self, graph: EventGraph) -> int:
        """Samples whose product with the largest matrix a CPU makes in a fraction of a second.

        Nothing hears an interrupt meanwhile. Convolutions come in chunks; a GPU is never that slow.
        """
        weights = [cast(Weighted, p).weights.size for p in graph.projections.values() if p.weighted]
        on_cpu = self.arithmetic.device.type == "cpu"
        return _PRODUCTS_AT_ONCE // max(weights, default=1) if on_cpu else sys.maxsize

    def _edge(self, graph: EventGraph, edge: Projection) -> _Edge:
        coding = graph.coding(edge.source)
        op: WeightedProduct | Mover = Mover(edge, coding)
        if edge.weighted:
            weights, span = cast(Weighted, edge).weights, (coding.lo, coding.hi)
            shape = self.shapes[edge.source]
            op = PRODUCTS[edge.kind](edge, weights, shape, span, self.arithmetic, self._room)
        return _Edge(edge.name, edge.source, edge.gain, edge.target_channels, op, edge.weighted)

    @cached_property
    def bytes_per_sample(self) -> int:
        """What one sample takes, all levels and the largest layer's work counted; windows come in chunks."""
        levels = sum(self._sizes[n] * d.itemsize for n, d in self._dtypes.items())
        working = [e.op.batch_bytes for edges in self.edges.values() for e in edges]
        return levels + 24 * max(self._sizes.values()) + max(working, default=0)

    def full_counts(self, graph: EventGraph) -> Mapping[str, FullCount]:
        """Products of masks per weighted projection, made when full counts are first asked for."""
        with self._lock:
            if self._full is None:
                self._full = {
                    name: FullCount(
                        cast(Weighted, edge),
                        graph.coding(edge.source),
                        self.shapes[edge.source],
                        self.arithmetic,
                        self._room,
                    )
                    for name, edge in graph.projections.items()
                    if edge.weighted
                }
            return self._full

    def describe(self) -> str:
        """The plan as a table: how each product is split, what its sums are held in, bytes of its weights."""
        head = f"{'projection':<20}{'digits':>8}{'products':>10}{'int32 bound':>14}{'sums':>8}{'bytes':>12}"
        lines = [f"torch int8 products on {self.arithmetic.device}, digits of {self.arithmetic.width} bits", head]
        for target, edges in self.edges.items():
            for edge in edges:
                if not isinstance(edge.op, WeightedProduct):
                    continue
                first = edge.op.products[0]
                pieces = [p for product in edge.op.products for p in product.pieces]
                digits = f"{first.digits.count}x{first.weight_digits.count}"
                bound = max((p.bound for p in pieces), default=0)
                kind = str(self._sums[target]).removeprefix("torch.")
                count = len(pieces) * first.digits.count
                lines.append(f"{edge.name:<20}{digits:>8}{count:>10}{bound:>14,}{kind:>8}{edge.op.n_bytes:>12,}")
        lines.append(f"{self.bytes_per_sample:,} bytes per sample; {self.batch:,} samples per batch")
        return "\n".join(lines)

    def moved(self, name: str, array: NDArray[Any]) -> torch.Tensor:
        """Input levels on the device, in the dtype of their population."""
        dtype = self._dtypes[name]
        host = np.array(array, dtype=str(dtype).removeprefix("torch."), order="C")  # a copy, native bytes
        return torch.from_numpy(host).to(self.arithmetic.device)

    def sums(self, name: str, levels: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Input sums of a population (B, *shape)."""
        edges, dtype = self.edges[name], self._sums[name]
        if len(edges) == 1 and edges[0].channels is None:
            return edges[0].part(levels[edges[0].source], dtype)
        first = levels[edges[0].source]
        total = torch.zeros((len(first), *self.shapes[name]), dtype=dtype, device=first.device)
        for edge in edges:
            start, stop = edge.channels or (0, self.shapes[name][0])
            total[:, start:stop] += edge.part(levels[edge.source], dtype).to(dtype)
        return total
