"""What the branches of a decomposition take, layer by layer, before anything is run."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import Coding, EventGraph

from .branches import Ternary

__all__ = ["BranchWork", "branch_work"]


@dataclass(frozen=True)
class BranchWork:
    """One layer in M x K branches, per sample (arXiv 1905.13389: M K N XNOR and M K bit counts per dot product).

    Attributes
    ----------
    layer
        Name of the projection.
    weight_planes, activation_planes
        M and K.
    branches
        M K.
    xnor
        Pairs of planes over all dense synapses (those in range): what {-1, +1} branches compute. Branches of
        planes with zeros compute fewer; ``counts`` of a run say how many.
    bitcounts
        One per branch and output.
    shift_adds
        Shifted additions that join the branches: M K - 1 per output.
    """

    layer: str
    weight_planes: int
    activation_planes: int
    branches: int
    xnor: int
    bitcounts: int
    shift_adds: int


def branch_work(
    graph: EventGraph, layers: str | Iterable[str] | None = None, *, ternary: Ternary = "sign_mask"
) -> tuple[BranchWork, ...]:
    """The work of `decompose` with the same arguments, in graph order.

    Raises
    ------
    ConversionError
        If a layer is unknown or `ternary` is not "sign_mask" or "two_bits".
    """
    if ternary not in ("sign_mask", "two_bits"):
        raise ConversionError(f"branch_work: ternary is {ternary!r}, allowed are 'sign_mask' and 'two_bits'")
    weighted = {name: edge for name, edge in graph.projections.items() if edge.weighted}
    wanted = set(weighted) if layers is None else {layers} if isinstance(layers, str) else set(layers)
    if unknown := sorted(wanted - set(weighted)):
        raise ConversionError(f"branch_work: {unknown[0]!r} is no layer; they are {', '.join(weighted)}")
    rows = []
    for name, edge in weighted.items():
        if name not in wanted:
            continue
        m, k = (_planes(c, ternary) for c in (edge.coding, graph.coding(edge.source)))  # type: ignore[attr-defined]
        outputs = int(np.prod(edge.output_shape(graph.populations[edge.source].shape)))
        synapses = int(graph.fan_out(name).dense.sum())
        rows.append(BranchWork(name, m, k, m * k, m * k * synapses, m * k * outputs, (m * k - 1) * outputs))
    return tuple(rows)


def _planes(coding: Coding, ternary: Ternary) -> int:
    return 2 if coding.kind == "ternary" and ternary == "two_bits" else coding.n_planes
