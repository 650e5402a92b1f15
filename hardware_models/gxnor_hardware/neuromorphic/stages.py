"""When populations of a graph settle on a device that works in steps."""

from collections.abc import Mapping

from gxnor_snn.graph import EventGraph

__all__ = ["arrival", "stages"]


def stages(graph: EventGraph, extra: Mapping[str, int] | None = None) -> dict[str, int]:
    """Step in which each population settles: one after the last of its sources, plus delays; inputs in step 0.

    Parameters
    ----------
    graph
        The event graph.
    extra
        Steps that a population needs on top, by name: those of its partial sums.
    """
    found: dict[str, int] = {}
    for name in graph.populations:
        found[name] = max((found[p.source] + 1 + p.delay for p in graph.incoming(name)), default=0)
        found[name] += (extra or {}).get(name, 0)
    return found


def arrival(graph: EventGraph, projection: str, settled: Mapping[str, int]) -> int:
    """Step in which the events of a projection arrive."""
    edge = graph.projections[projection]
    return settled[edge.source] + 1 + edge.delay
