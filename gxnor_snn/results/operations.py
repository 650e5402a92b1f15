"""The table of operations of the papers, for one trained network: what each kind of arithmetic does per inference.

For a neuron of fan-in M, evaluated once, GXNOR-Net (arXiv 1705.09283, the table on operations) counts

=============== =========== ============ ========== ============ ====================================
network         multiplied  added        XNOR       bit counts   resting, if all states are as likely
=============== =========== ============ ========== ============ ====================================
full precision  M           M            0          0            0
BWN             0           M            0          0            0
TWN             0           0 .. M       0          0            1/3
BNN             0           0            M          1            0
GXNOR           0           0            0 .. M     0 or 1       5/9 = 1 - (2/3)^2
=============== =========== ============ ========== ============ ====================================

Here M summed over neurons is ``n_dense`` (padding makes no synapse), and every row that depends on states stands
twice: "uniform" (each level of a coding equally probable, an assumption) and "measured" (counted). To these come
M x K branches of the {-1, +1} decomposition (arXiv 1905.13389) and, where convolutions were analysed, shared
results.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import InputError
from .counts import Counts
from .operation_states import Basis, LayerStates, layer_states

if TYPE_CHECKING:
    from ..graph import EventGraph

__all__ = ["OpRow", "SharedLayers", "op_counts"]


@dataclass(frozen=True)
class OpRow:
    """Operations per sample of one network, of one layer or of all.

    Attributes
    ----------
    network
        "full precision", "BWN", "TWN", "BNN", "GXNOR", "MBN", or "shared NAME".
    basis
        "always": whatever the states; "uniform": all levels equally probable; "measured": from counts.
    layer
        Name of a projection, or None for all together.
    multiplications, additions, xnor
        Operations on synapses; additions also hold the accumulations of shared maps.
    bitcounts
        Populations counted: (neuron, weight plane, activation plane) with an open gate; None where the counts are
        not full.
    shift_adds
        Additions of bit planes or branches, shifted.
    resting
        Share of the dense synapses at which nothing happens.
    counted
        Of the additions, those of XNOR results inside shared maps, which a bit count does.
    synapses, weights
        Dense synapses, and weights stored.
    weight_bits
        Bits of one stored weight (over layers their mean); None where nobody knows what is stored.
    """

    network: str
    basis: Basis
    layer: str | None
    multiplications: float = 0.0
    additions: float = 0.0
    xnor: float = 0.0
    bitcounts: float | None = 0.0
    shift_adds: float = 0.0
    resting: float = 0.0
    counted: float = 0.0
    synapses: float = 0.0
    weights: int = 0
    weight_bits: float | None = None


class _Work(Protocol):
    @property
    def maps(self) -> float: ...

    @property
    def taps(self) -> float: ...

    @property
    def additions(self) -> float: ...


class _SharedLayer(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def positions(self) -> int: ...

    @property
    def work(self) -> Mapping[str, _Work]: ...


class SharedLayers(Protocol):
    """What `op_counts` reads of an analysis of sharing: `gxnor_converters.sharing.SharingReport` is one."""

    @property
    def layers(self) -> Sequence[_SharedLayer]:
        """Convolutions, each with `name`, `positions` and, by way, `work` (maps, taps, additions per position)."""


def op_counts(
    graph: "EventGraph",
    counts: Counts,
    sharing: SharedLayers | None = None,
    *,
    ways: Sequence[str] = ("inverses", "mst", "sub_kernels"),
) -> tuple[OpRow, ...]:
    """The operations of every kind of arithmetic, per sample, over all layers and layer by layer.

    - TWN takes the weights of this network, GXNOR weights and activations. A projection that reads sums (of a
      pool, or shared maps) makes additions there.
    - BNN, and the branches of MBN, read an input in its bit planes.
    - MBN takes as many bits as the levels of a coding need: m for pm1(m), 2 for ternary (two bits of equal
      weight), 8 for pixels.
    - GXNOR joins pairs of bit planes (pixels, multi-level values) by one shifted addition per pair but the first
      and output, at most; ternary values have one pair and none.
    - Shared results: XNOR only where the activation is nonzero; additions are not gated, an upper bound.
      Layers that were not analysed stay as in GXNOR. What weights a shared layer stores is not known here.
    - A stored weight takes 32 bits in full precision, 1 in BWN and BNN, 2 in TWN, and the bits of its coding
      (ternary: 2) in GXNOR and MBN.

    Parameters
    ----------
    graph, counts
        A graph and counts of its run, per sample or summed.
    sharing
        An analysis of its convolutions.
    ways
        Which ways of sharing get rows.

    Returns
    -------
    tuple of OpRow
        First the rows of all layers together (``layer`` None), then those of each.

    Raises
    ------
    InputError
        If the counts hold no sample or are not of this graph, or a layer or way of sharing is unknown.
    """
    edges: dict[str, Any] = {name: edge for name, edge in graph.projections.items() if edge.weighted}
    if set(edges) != set(counts.synapses) or not counts.n_samples:
        raise InputError(
            f"op_counts: the counts hold {counts.n_samples} samples of {', '.join(counts.synapses) or 'nothing'}; "
            f"the graph's layers are {', '.join(edges)}"
        )
    layers = [layer_states(graph, edge, counts.synapses[name], counts.n_samples) for name, edge in edges.items()]
    rules: list[tuple[str, Basis, Callable[[LayerStates, Basis], OpRow]]] = [
        (network, basis, rule) for network, (rule, bases) in _RULES.items() for basis in bases
    ]
    if sharing is not None:
        analysed = {shared.name: shared for shared in sharing.layers}
        if not set(analysed) <= set(edges):
            raise InputError(f"op_counts: sharing is of {', '.join(analysed)}; the layers are {', '.join(edges)}")
        for way in ways:
            if any(way not in shared.work for shared in analysed.values()):
                raise InputError(f"op_counts: way {way!r} was not analysed")
            rules += [(f"shared {way}", basis, _shared(analysed, way)) for basis in _BOTH]
    by_rule = [
        [
            replace(rule(layer, basis), network=network, basis=basis, synapses=layer.dense, weights=layer.weights)
            for layer in layers
        ]
        for network, basis, rule in rules
    ]
    dense = sum(layer.dense for layer in layers)
    totals = [_total(rows, [layer.dense / dense if dense else 0.0 for layer in layers]) for rows in by_rule]
    return (*totals, *(rows[place] for place in range(len(layers)) for rows in by_rule))


def _total(rows: Sequence[OpRow], shares: Sequence[float]) -> OpRow:
    bitcounts = [row.bitcounts for row in rows]
    weights = sum(row.weights for row in rows)
    stored = [row.weight_bits for row in rows]
    bits = None if None in stored else sum(b * row.weights for b, row in zip(stored, rows, strict=True) if b)
    return OpRow(
        rows[0].network,
        rows[0].basis,
        None,
        multiplications=sum(row.multiplications for row in rows),
        additions=sum(row.additions for row in rows),
        xnor=sum(row.xnor for row in rows),
        bitcounts=None if None in bitcounts else float(sum(b for b in bitcounts if b is not None)),
        shift_adds=sum(row.shift_adds for row in rows),
        resting=sum(row.resting * share for row, share in zip(rows, shares, strict=True)),
        counted=sum(row.counted for row in rows),
        synapses=sum(row.synapses for row in rows),
        weights=weights,
        weight_bits=None if bits is None else bits / (weights or 1),
    )


def _full_precision(layer: LayerStates, basis: Basis) -> OpRow:
    return OpRow("", basis, layer.name, multiplications=layer.dense, additions=layer.dense, weight_bits=32.0)


def _bwn(layer: LayerStates, basis: Basis) -> OpRow:
    return OpRow("", basis, layer.name, additions=layer.dense, weight_bits=1.0)


def _twn(layer: LayerStates, basis: Basis) -> OpRow:
    used = layer.states[basis].weights
    return OpRow("", basis, layer.name, additions=used, resting=_rest(layer, used), weight_bits=2.0)


def _bnn(layer: LayerStates, basis: Basis) -> OpRow:
    return _branches(layer, basis, 1, layer.input_bits or 1)


def _mbn(layer: LayerStates, basis: Basis) -> OpRow:
    return _branches(layer, basis, *layer.bits)


def _branches(layer: LayerStates, basis: Basis, weight_bits: int, activation_bits: int) -> OpRow:
    """M x K binary branches: M K XNOR per synapse, M K bit counts and M K - 1 shifted additions per output."""
    count = weight_bits * activation_bits
    return OpRow(
        "",
        basis,
        layer.name,
        xnor=count * layer.dense,
        bitcounts=float(count * layer.outputs),
        shift_adds=float((count - 1) * layer.outputs),
        weight_bits=float(weight_bits),
    )


def _gxnor(layer: LayerStates, basis: Basis) -> OpRow:
    states = layer.states[basis]
    row = OpRow("", basis, layer.name, resting=_rest(layer, states.gated), weight_bits=float(layer.bits[0]))
    if layer.adds:
        return replace(row, additions=states.gated)
    shift_adds = float((layer.pairs - 1) * layer.outputs)
    return replace(row, xnor=states.xnor, bitcounts=states.bitcounts, shift_adds=shift_adds)


def _shared(analysed: Mapping[str, _SharedLayer], way: str) -> Callable[[LayerStates, Basis], OpRow]:
    def rule(layer: LayerStates, basis: Basis) -> OpRow:
        if layer.name not in analysed:
            return _gxnor(layer, basis)
        shared, states = analysed[layer.name], layer.states[basis]
        work = shared.work[way]
        taps = (
            work.taps * shared.positions * layer.dense / (layer.padded or 1.0)
        )  # those in padding make no synapse
        counted = max(0.0, taps - work.maps * shared.positions)
        joins = (work.additions - work.taps + work.maps) * shared.positions  # of maps: everywhere, padding or not
        return OpRow(
            "",
            basis,
            layer.name,
            xnor=taps * layer.weight_planes * states.planes,
            additions=counted + joins,
            shift_adds=work.maps * shared.positions * (layer.pairs - 1),
            resting=_rest(layer, taps * states.active),
            counted=counted,
        )

    return rule


def _rest(layer: LayerStates, used: float) -> float:
    return 1.0 - used / layer.dense if layer.dense else 1.0


_BOTH: tuple[Basis, ...] = ("uniform", "measured")
_RULES: dict[str, tuple[Callable[[LayerStates, Basis], OpRow], tuple[Basis, ...]]] = {
    "full precision": (_full_precision, ("always",)),
    "BWN": (_bwn, ("always",)),
    "TWN": (_twn, _BOTH),
    "BNN": (_bnn, ("always",)),
    "GXNOR": (_gxnor, _BOTH),
    "MBN": (_mbn, ("always",)),
}
