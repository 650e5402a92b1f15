"""Which of a chip's operations runs a layer exactly, and how many of them make one synapse."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import Coding, EventGraph

from ...profile import Profile
from ..codes import Copies, fits, input_copies, joined, weight_copies

__all__ = ["Choice", "choose"]


@dataclass(frozen=True)
class _Layer:
    """A weighted projection as its operands: what it reads, what it weighs with, what becomes of the sums."""

    inputs: Coding
    weights: Coding
    padded: bool
    role: str
    thresholds: int

    @property
    def thresholded(self) -> bool:
        return self.role == "spiking"


@dataclass(frozen=True)
class Choice:
    """Products per synapse of one layer on one of the chip's operations.

    Attributes
    ----------
    word
        "binary", "ternary" or "int8".
    inputs, weights
        Values that write one activation, one weight.
    weighted
        Whether the sums over the values of an activation must be scaled and added outside.
    outputs
        Times the sum is computed, once per threshold where the chip has one threshold per output.
    """

    word: str
    inputs: int
    weights: int
    weighted: bool
    outputs: int

    @property
    def products(self) -> int:
        """Products per synapse."""
        return self.inputs * self.weights * self.outputs


def choose(graph: EventGraph, name: str, profile: Profile) -> Choice:
    """The cheapest exact way to run one layer; ways that need sums added outside come last.

    Raises
    ------
    PricingError
        If no operation of the card holds the operands.
    """
    layer = _layer(graph, name)
    once = profile.choice("outputs") == "levels"
    ways = []
    for word, operands in _OPERANDS.items():
        energy = profile.energy.get(f"operation_{word}")
        found = operands(layer) if energy is not None else None
        if energy is not None and found is not None:
            inputs, weights = found
            outputs = 1 if once or inputs.weighted else layer.thresholds
            way = Choice(word, inputs.number, weights.number, inputs.weighted, outputs)
            ways.append((way.weighted, way.products * energy.value, way))
    if not ways:
        words = [word for word in _OPERANDS if f"operation_{word}" in profile.energy]
        raise PricingError(
            f"card {profile.name!r}: projection {name!r} reads levels {layer.inputs.lo}..{layer.inputs.hi} of "
            f"{graph.projections[name].source!r}, a {layer.role}, with weights {layer.weights.lo}.."
            f"{layer.weights.hi}; the wall is the operands, allowed are {_allowed(words)}"
        )
    return min(ways, key=lambda way: way[:2])[2]


def _layer(graph: EventGraph, name: str) -> _Layer:
    projection: Any = graph.projections[name]
    target = graph.populations[projection.target]
    # sums that are joined outside leave the chip once, and so do readouts
    own = target.role == "spiking" and not joined(graph, name)
    return _Layer(
        inputs=graph.coding(projection.source),
        weights=projection.coding,
        padded=any(getattr(projection, "padding", ())),
        role=max(_roles(graph, projection.source), key=_STRICTER.index),
        thresholds=max(1, graph.coding(target.name).n_thresholds) if own else 1,
    )


_STRICTER = ("input", "spiking", "relay")
"""What levels come from, the one with most choice of how they are written first."""


def _roles(graph: EventGraph, name: str) -> set[str]:
    """Roles of what a population's levels come from: pools and identities pass on the levels of what they read."""
    source = graph.populations[name]
    if source.role != "relay" or source.adds:
        return {source.role}
    return set().union(*(_roles(graph, edge.source) for edge in graph.incoming(name)))


def _allowed(words: list[str]) -> str:
    texts = {
        "binary": "inputs and thresholded levels, written in {-1, +1}",
        "ternary": "levels -1..1 and weights -1..1",
        "int8": "values of 8 bits",
    }
    return "; ".join(texts[word] for word in words) or "none, as no energy per operation was published"


_Operands = tuple[Copies, Copies]


def _binary(layer: _Layer) -> _Operands | None:
    if layer.role == "relay":  # sums, which no threshold turned into values of {-1, +1}
        return None
    return input_copies(layer.inputs, layer.padded, layer.thresholded), weight_copies(layer.weights)


def _ternary(layer: _Layer) -> _Operands | None:
    if layer.weights.max_abs > 1:
        return None
    if layer.inputs.max_abs <= 1:
        return Copies(1), Copies(1)
    # given bits and signed magnitudes are planes of {-1, 0, +1}
    return (
        None
        if layer.role != "input" or layer.inputs.kind == "pm1"
        else (Copies(layer.inputs.n_planes, weighted=True), Copies(1))
    )


def _int8(layer: _Layer) -> _Operands | None:
    inputs, weights = layer.inputs, layer.weights
    good = fits(inputs.lo, inputs.hi, 8) and weights.lo >= -128 and weights.hi < 128
    return (Copies(1), Copies(1)) if good else None


_OPERANDS: Mapping[str, Callable[[_Layer], _Operands | None]] = MappingProxyType(
    {"binary": _binary, "ternary": _ternary, "int8": _int8}
)
