"""Engine `reference`: the definition itself, in numpy. Slow, and right by construction."""

import time
from collections.abc import Iterable
from typing import Any, cast

from gxnor_snn.graph import EventGraph, Weighted, check_input, execute
from gxnor_snn.results import EventTrace

from .engine import check_size
from .progress import Progress, progress_bar

__all__ = ["ReferenceEngine"]

_TARGET_VALUES = 1 << 22  # values of the widest population that one batch holds, about 32 MB in int64
_TARGET_PRODUCTS = 1 << 32  # multiplications of a dense layer that one batch asks numpy for, well under a second


class ReferenceEngine:
    """Runs `gxnor_snn.graph.execute` batch by batch; supports every graph and the full counts.

    `threads` has no effect beyond what numpy's matrix product does by itself.
    """

    name = "reference"

    def supports(self, graph: EventGraph) -> str | None:
        return None

    def run(
        self,
        graph: EventGraph,
        x: Any,
        *,
        record: Iterable[str] = (),
        counts: str = "basic",
        batch: int | None = None,
        threads: int | None = None,
        progress: Progress = False,
    ) -> EventTrace:
        started = time.perf_counter()
        arrays = check_input(graph, x)
        n_samples = len(next(iter(arrays.values())))
        if batch is None:
            batch = _batch_of(graph)
        check_size("batch", batch)
        check_size("threads", threads)
        names = record if isinstance(record, str) else tuple(record)
        parts = []
        with progress_bar("reference engine", n_samples, progress) as advance:
            for start in range(0, max(n_samples, 1), batch):
                part = {name: a[start : start + batch] for name, a in arrays.items()}
                parts.append(execute(graph, part, record=names, counts=counts))
                if advance is not None:
                    advance(min(batch, n_samples - start))
        return EventTrace.concatenate(parts, time.perf_counter() - started)


def _batch_of(graph: EventGraph) -> int:
    """Samples per batch: neither memory nor the time until an interrupt is heard grows with the graph."""
    weights = [cast(Weighted, p).weights.size for p in graph.projections.values() if p.weighted]
    widest = max(p.size for p in graph.populations.values())
    return max(1, min(_TARGET_VALUES // widest, _TARGET_PRODUCTS // max(weights, default=1)))
