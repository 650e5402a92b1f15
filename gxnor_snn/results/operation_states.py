"""How often weights and activations of a layer are zero: measured by counts, or assumed uniform over levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .counts import SynapseCounts

if TYPE_CHECKING:
    from ..graph import Coding, EventGraph

__all__ = ["Basis", "LayerStates", "States", "layer_states"]

Basis = Literal["always", "uniform", "measured"]


@dataclass(frozen=True)
class States:
    """Expected numbers per sample."""

    weights: float  # synapses with a nonzero weight
    gated: float  # and a nonzero activation
    xnor: float
    bitcounts: float | None
    planes: float  # nonzero activation planes per synapse
    active: float  # share of the synapses with a nonzero activation


@dataclass(frozen=True)
class LayerStates:
    """A projection with synapses, and its states on each basis; numbers are per sample."""

    name: str
    dense: float
    padded: float
    outputs: int
    weights: int
    weight_planes: float  # nonzero planes of a nonzero weight
    pairs: int  # of a weight plane and an activation plane
    bits: tuple[int, int]  # of weights and activations in the {-1, +1} code
    input_bits: int | None  # where the layer reads an input
    adds: bool  # reads sums, which are added and not counted
    states: Mapping[Basis, States]


def layer_states(graph: "EventGraph", edge: Any, counts: SynapseCounts, n_samples: int) -> LayerStates:
    """The states of one projection, from its counts over so many samples."""
    source = graph.populations[edge.source]
    coding = graph.coding(edge.source)

    def mean(field: str) -> float:
        return float(np.sum(getattr(counts, field))) / n_samples

    dense = mean("n_dense")
    outputs = int(np.prod(edge.output_shape(source.shape)))
    fan_out = graph.fan_out(edge.name)
    nonzero = int(fan_out.nonzero.sum())
    measured = States(
        weights=mean("n_w"),
        gated=mean("n_gated"),
        xnor=mean("n_xnor"),
        bitcounts=None if counts.n_bitcount is None else mean("n_bitcount"),
        planes=mean("n_x_planes") / (dense or 1.0),
        active=mean("n_x") / (dense or 1.0),
    )
    return LayerStates(
        name=edge.name,
        dense=dense,
        padded=mean("n_padded"),
        outputs=outputs,
        weights=int(edge.weights.size),
        pairs=edge.coding.n_planes * coding.n_planes,
        weight_planes=int(fan_out.planes.sum()) / nonzero if nonzero else 0.0,
        bits=(_bits(edge.coding), _bits(coding)),
        input_bits=None if source.has_inputs else _bits(coding),
        adds=source.role == "relay" and source.adds,
        states={"measured": measured, "uniform": _uniform(edge, coding, dense, outputs)},
    )


def _uniform(edge: Any, coding: "Coding", dense: float, outputs: int) -> States:
    """Every level of weights and activations equally probable; bit counts for the mean fan-in."""
    (w, w_planes), (x, x_planes) = (
        (float(np.mean(c.levels != 0)), float(np.mean(c.ones(c.levels)))) for c in (edge.coding, coding)
    )
    fan_in = dense / outputs
    bitcounts = 0.0
    for a in _plane_shares(edge.coding):
        for b in _plane_shares(coding):
            bitcounts += outputs * (1.0 - (1.0 - a * b) ** fan_in)
    return States(dense * w, dense * w * x, dense * w_planes * x_planes, bitcounts, x_planes, x)


def _plane_shares(coding: "Coding") -> list[float]:
    """For every plane, the share of levels in which it is not zero."""
    return [float(np.mean(plane != 0)) for plane in coding.plane_values(coding.levels)]


def _bits(coding: "Coding") -> int:
    return coding.n_planes if coding.kind in ("pm1", "bits") else max(1, (coding.n_levels - 1).bit_length())
