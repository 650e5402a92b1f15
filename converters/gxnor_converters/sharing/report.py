"""What an analysis of sharing found: per layer and over layers, each figure with its null models beside it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gxnor_snn.errors import InputError

from .statistics import KernelStatistics
from .work import WAYS, Work

__all__ = ["DEFINITIONS", "LayerSharing", "Ratio", "SharingReport"]

DEFINITIONS = """\
maps       2-D convolutions of one input channel that are computed, over all C * M of them
taps       kernel taps computed, over the nonzero taps of all kernels
additions  additions inside maps (or corrections of them) and of maps to outputs, over those of all nonzero taps
Over layers, each counts as often as the layer has output positions (maps: times k^2, so as its MACs).
uniform, shuffled: the same of random kernels of the same shape (levels equally probable; the layer's own weights
in random order).\
"""


@dataclass(frozen=True)
class Ratio:
    """One figure and what chance gives.

    Attributes
    ----------
    value
        Of the layers analysed.
    nulls
        Of random kernels, by null model.
    """

    value: float
    nulls: Mapping[str, float]


@dataclass(frozen=True)
class LayerSharing:
    """One convolution.

    Attributes
    ----------
    name
        Of the projection.
    shape
        Of the weights: outputs, inputs per group, rows, columns.
    positions
        Output positions (rows times columns of the result).
    first
        Whether it reads an input of the graph.
    statistics, null_statistics
        Frequencies of its kernels, and of those of the null models (all channels drawn).
    plain_bits
        Taps times log2 of the number of levels.
    work
        By way; see `gxnor_converters.sharing.work`.
    nulls
        The work of random kernels, by null model and way.
    map_bits
        Bits of one entry of a shared map (None where the levels of the source are unknown).
    most_maps
        The most maps of any input channel: what is held where channels take their turns.
    """

    name: str
    shape: tuple[int, int, int, int]
    positions: int
    first: bool
    statistics: KernelStatistics
    null_statistics: Mapping[str, KernelStatistics]
    plain_bits: float
    work: Mapping[str, Work]
    nulls: Mapping[str, Mapping[str, Work]]
    map_bits: int | None
    most_maps: int

    @property
    def taps(self) -> int:
        """Taps of one kernel, k^2."""
        return self.shape[2] * self.shape[3]

    @property
    def kernels(self) -> int:
        """2-D kernels of the layer, C * M."""
        return self.statistics.kernels

    @property
    def memory_bits(self) -> tuple[int, int] | None:
        """Bits of shared maps (way "inverses") held at once: one input channel at a time, and all together."""
        if self.map_bits is None:
            return None
        each = self.map_bits * self.positions
        return self.most_maps * each, round(self.work["inverses"].maps) * each

    def ratio(self, what: str, way: str) -> Ratio:
        """One figure of this layer; see `SharingReport.ratio`."""
        return _ratio([self], what, way)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "positions": self.positions,
            "first": self.first,
            "statistics": _plain(self.statistics),
            "null_statistics": {null: _plain(s) for null, s in self.null_statistics.items()},
            "plain_bits": self.plain_bits,
            "map_bits": self.map_bits,
            "memory_bits": None if self.memory_bits is None else list(self.memory_bits),
            "work": {way: vars(work) for way, work in self.work.items()},
            "nulls": {null: {way: vars(w) for way, w in ways.items()} for null, ways in self.nulls.items()},
        }


@dataclass(frozen=True)
class SharingReport:
    """All convolutions of a graph, or one of weights; ``print`` it.

    Attributes
    ----------
    layers
        In graph order.
    """

    layers: tuple[LayerSharing, ...]

    def __getitem__(self, name: str) -> LayerSharing:
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise InputError(f"sharing report: no layer {name!r}; it has {', '.join(x.name for x in self.layers)}")

    @property
    def inner_3x3(self) -> tuple[LayerSharing, ...]:
        """The 3x3 convolutions after the first layer, over which published figures are quoted."""
        return tuple(x for x in self.layers if x.shape[2:] == (3, 3) and not x.first)

    def ratio(self, what: str, way: str, layers: Sequence[str] | None = None) -> Ratio:
        """One figure over layers, weighted by their output positions, with the same of the null models.

        Parameters
        ----------
        what
            "maps", "taps" or "additions", as `DEFINITIONS` says.
        way
            One of `WAYS`.
        layers
            Names; None takes `inner_3x3`.

        Raises
        ------
        InputError
            If a name is unknown, or no layer is left.
        """
        chosen = self.inner_3x3 if layers is None else tuple(self[name] for name in layers)
        if not chosen:
            raise InputError("sharing report: it has no 3x3 convolution after the first layer; name the layers")
        return _ratio(chosen, what, way)

    def __str__(self) -> str:
        lines = [DEFINITIONS, ""]
        for layer in self.layers:
            outputs, inputs, rows, columns = layer.shape
            found, nulls = layer.statistics, layer.null_statistics
            unique = ", ".join(f"{null} {s.unique_fraction:.1%}" for null, s in nulls.items())
            bits = ", ".join(f"{null} {s.entropy_bits:.2f}" for null, s in nulls.items())
            bits = f"{found.entropy_bits:.2f} bits per kernel by entropy ({bits})"
            lines += [
                f"{layer.name}: {outputs} x {inputs} kernels {rows}x{columns} at {layer.positions} positions",
                f"  {found.unique_fraction:.1%} of the kernels unique ({unique})",
                f"  {bits}, {layer.plain_bits:.2f} written out",
            ]
            if layer.memory_bits is not None:
                one, every = (bits / 8 for bits in layer.memory_bits)
                lines.append(
                    f"  shared maps: {one:,.0f} bytes one input channel at a time, {every:,.0f} all at once"
                )
            lines += _rows(layer.ratio)
        if self.inner_3x3:
            lines.append("3x3 layers after the first, together")
            lines += _rows(self.ratio)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form, with the definitions."""
        return {"definitions": DEFINITIONS, "layers": [layer.to_dict() for layer in self.layers]}


def _plain(statistics: KernelStatistics) -> dict[str, Any]:
    plain = {**vars(statistics), "unique_fraction": statistics.unique_fraction}
    return {**plain, "distinct": statistics.distinct.tolist()}


def _rows(ratio: Callable[[str, str], Ratio]) -> list[str]:
    rows = []
    for way in WAYS[2:]:
        cells = []
        for what in _WHOLE:
            figure = ratio(what, way)
            beside = ", ".join(f"{null} {value:.3f}" for null, value in figure.nulls.items())
            cells.append(f"{what} {figure.value:.3f} ({beside})")
        rows.append(f"  {way:<12} {'  '.join(cells)}")
    return rows


_WHOLE: dict[str, tuple[str, Callable[[LayerSharing], int]]] = {
    "maps": ("dense", lambda layer: layer.positions * layer.taps),
    "taps": ("gated", lambda layer: layer.positions),
    "additions": ("gated", lambda layer: layer.positions),
}
"""By figure: the way it is a part of, and how much a layer weighs."""


def _ratio(layers: Sequence[LayerSharing], what: str, way: str) -> Ratio:
    if what not in _WHOLE or way not in WAYS:
        raise InputError(f"sharing: {what!r} of way {way!r}; allowed are {', '.join(_WHOLE)} of {', '.join(WAYS)}")

    def share(work: Callable[[LayerSharing], Mapping[str, Work]]) -> float:
        against, weight = _WHOLE[what]
        part = sum(weight(x) * getattr(work(x)[way], what) for x in layers)
        whole = sum(weight(x) * getattr(work(x)[against], what) for x in layers)
        return part / whole if whole else 0.0

    def null(name: str) -> Callable[[LayerSharing], Mapping[str, Work]]:
        return lambda layer: layer.nulls[name]

    return Ratio(share(lambda layer: layer.work), {name: share(null(name)) for name in layers[0].nulls})
