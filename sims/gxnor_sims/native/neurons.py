"""The neurons form: a graph as a program that takes one sample at a time, output neurons in the lanes.

Every source neuron of a weighted projection has a row of bit planes over the output neurons: the planes of its
weights, counted from the lowest weight. A source neuron that is not silent adds its row to the counters at each
binary digit of gain * level; the lowest weight becomes one constant per window, as it is the same for all lanes.
What has no weights (pools, identities) is added as plain integers.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, EventGraph, Projection

from .._kernels import Moves, NeuronProgram, Weights
from .layout import Layout, Table, layout_of
from .lowering import Window, one_by_one, selection_of, window_of
from .slabs import Form, Slab, admissible
from .tallies import CountPlan

__all__ = ["NeuronPlan", "Planes", "digits_of", "neuron_plan", "planes_of", "rows_of"]

_AT_ONCE = 1 << 20  # weights that are split into planes at a time


@dataclass(frozen=True)
class NeuronPlan:
    """A graph ready for the neurons form on one instruction set.

    Attributes
    ----------
    program
        The kernels' program.
    layers
        Layer of every population by name.
    """

    program: NeuronProgram
    layers: Mapping[str, int]


@dataclass(frozen=True)
class Planes:
    """Weights as ``lowest + sum of 2^level * bit``.

    Attributes
    ----------
    lowest
        The lowest weight.
    entries
        (first plane, level, width): planes of equal weight enter an adder two at a time.
    """

    lowest: int
    entries: tuple[tuple[int, int, int], ...]

    @property
    def count(self) -> int:
        """How many planes."""
        return sum(width for _, _, width in self.entries)

    def bits(self, weights: NDArray[Any]) -> list[NDArray[np.bool_]]:
        """The planes of some weights, each of their shape."""
        above = weights.astype(np.int64) - self.lowest
        made: list[NDArray[np.bool_]] = []
        for _, level, width in self.entries:
            made += [above >= 1 << level, above >= 2 << level] if width == 2 else [(above >> level) & 1 != 0]
        return made


def planes_of(weights: NDArray[Any]) -> Planes:
    """Split weights into planes: a thermometer pair for three evenly spaced values, else binary digits.

    >>> planes_of(np.array([-1, 0, 1])).entries
    ((0, 0, 2),)
    >>> planes_of(np.array([-1, 1])).entries
    ((0, 1, 1),)
    """
    lowest, highest = int(weights.min()), int(weights.max())
    used = 0
    for part in _parts(weights):
        used |= int(np.bitwise_or.reduce(part.astype(np.int64) - lowest, axis=None))
    shift = (used & -used).bit_length() - 1 if used else 0
    if (highest - lowest) >> shift == 2:
        return Planes(lowest, ((0, shift, 2),))
    levels = [k for k in range(used.bit_length()) if used >> k & 1]
    return Planes(lowest, tuple((j, level, 1) for j, level in enumerate(levels)))


def _parts(weights: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Some rows at a time, so that what is made of a huge layer on the way stays small."""
    step = max(1, _AT_ONCE * len(weights) // max(1, weights.size))
    return (weights[start : start + step] for start in range(0, len(weights), step))


def digits_of(coding: Coding, gain: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Binary digits of gain * level for every level lo..hi: those of positive results, and of negative ones."""
    values = np.zeros(coding.hi - coding.lo + 1, np.int64)
    values[coding.levels - coding.lo] = coding.levels * gain
    return np.maximum(values, 0).astype(np.uint64), np.maximum(-values, 0).astype(np.uint64)


def rows_of(projection: Any, source: Slab, together: int) -> tuple[Window, NDArray[Any]]:
    """Window and weights (taps, source channels, lanes) of a projection; `together` columns share the lanes."""
    return _ROWS[projection.kind](projection, source, together)


def _dense_rows(projection: Any, source: Slab, together: int) -> tuple[Window, NDArray[Any]]:
    # The weights read the source in C order, channels outermost; the layer has them innermost.
    outputs, inputs = projection.weights.shape
    ordered = projection.weights.reshape(outputs, source.channels, source.positions).transpose(2, 1, 0)
    return (1, 1, inputs, 1, 1, 1, 1, 0, 0, 1, 1), ordered.reshape(1, inputs, outputs)


def _conv2d_rows(projection: Any, source: Slab, together: int) -> tuple[Window, NDArray[Any]]:
    """Columns side by side see one wider window: column j has the kernel j strides further to the right."""
    outputs, per_group, rows, columns = projection.weights.shape
    weights = np.zeros((rows, columns, source.channels, outputs), projection.weights.dtype)
    per_out = outputs // projection.groups
    for group in range(projection.groups):
        out = slice(group * per_out, (group + 1) * per_out)
        weights[:, :, group * per_group : (group + 1) * per_group, out] = projection.weights[out].transpose(
            2, 3, 1, 0
        )
    window = window_of(projection, source)
    if together == 1:
        return window, weights.reshape(rows * columns, source.channels, outputs)
    stride, dilation = window[6], window[10]
    width = (together - 1) * stride + (columns - 1) * dilation + 1
    wide = np.zeros((rows, width, source.channels, together, outputs), weights.dtype)
    for j in range(together):
        for k in range(columns):
            wide[:, j * stride + k * dilation, :, j] = weights[:, k]
    moved = (*window[:4], width, window[5], stride * together, *window[7:10], 1)
    return moved, wide.reshape(rows * width, source.channels, together * outputs)


_ROWS: dict[str, Callable[[Any, Slab, int], tuple[Window, NDArray[Any]]]] = {
    "dense": _dense_rows,
    "conv2d": _conv2d_rows,
}


def packed(planes: Planes, weights: NDArray[Any], layout: Layout) -> NDArray[np.uint64]:
    """Rows (rows, lanes) of weights as words [chunk][row][plane][word], lane 0 in the lowest bit of word 0."""
    rows, lanes = weights.shape
    table = np.zeros((layout.chunks, rows, planes.count, layout.words), np.uint64)
    first = 0
    for part in _parts(weights):
        bits = np.zeros((len(part), planes.count, layout.chunks * layout.words * 64), np.bool_)
        for j, plane in enumerate(planes.bits(part)):
            bits[:, j, :lanes] = plane
        words = np.packbits(bits, axis=2, bitorder="little").view("<u8")
        ordered = words.reshape(len(part), planes.count, layout.chunks, layout.words).transpose(2, 0, 1, 3)
        table[:, first : first + len(part)] = ordered
        first += len(part)
    return table.reshape(-1)


def neuron_plan(graph: EventGraph, isa: str, widths: tuple[int, ...]) -> NeuronPlan:
    """Build the program of a graph for one instruction set, whose vectors have `widths` words."""
    return _Planner(graph, isa, widths).plan()


class _Planner:
    """Walks a graph once and builds its program; layers are numbered as populations are."""

    def __init__(self, graph: EventGraph, isa: str, widths: tuple[int, ...]) -> None:
        self.graph = graph
        self.widths = widths
        self.program = NeuronProgram(isa)
        self.slabs: dict[str, Slab] = {}
        self.counting = CountPlan()

    def plan(self) -> NeuronPlan:
        n_rows = 0
        for index, (name, population) in enumerate(self.graph.populations.items()):
            # the form only tells shapes apart here: levels are integers
            self.slabs[name] = Slab(index, population.shape, Form.of_range(0, 1))
            _ROLES[population.role](self, name, population)
            if population.has_outputs:
                rows = self.counting.rows_of(self.graph, name, n_rows)
                self.program.add_rows(index, rows.magnitude_planes, rows.rows)
                n_rows += len(rows.rows)
        return NeuronPlan(self.program, MappingProxyType({n: s.index for n, s in self.slabs.items()}))

    def input(self, name: str, population: Any) -> None:
        slab, coding = self.slabs[name], population.coding
        self.program.add_input(slab.image, slab.channels, coding.lo, coding.hi, admissible(coding))

    def spiking(self, name: str, population: Any) -> None:
        # Decreasing: s <= t is "not s >= t + 1", and the largest threshold is the easiest to reach.
        up = population.increasing[:, None]
        bounds = np.where(up, population.thresholds, population.thresholds[:, ::-1] + 1)
        coding = population.coding
        self._layer(name, (coding.lo, coding.hi), bounds.T, ~population.increasing, np.diff(coding.levels))

    def relay(self, name: str, population: Any) -> None:
        coding = self.graph.coding(name)
        self._layer(name, (coding.lo, coding.hi))

    def readout(self, name: str, population: Any) -> None:
        self._layer(name, None)

    def _layer(
        self,
        name: str,
        levels: tuple[int, int] | None,
        bounds: NDArray[np.int64] | None = None,
        inverted: NDArray[np.bool_] | None = None,
        rises: NDArray[np.int64] | None = None,
    ) -> None:
        """A layer of sums: of thresholds where there are some, else the sums are its levels or a readout."""
        slab = self.slabs[name]
        weights, moves = [], []
        for projection in self.graph.incoming(name):
            if projection.weighted:
                weights.append(self._weights(projection, slab))
            else:
                moves.append(self._moves(projection))
        none = np.zeros((0, slab.channels), np.int64)
        self.program.add_layer(
            slab.image,
            slab.channels,
            levels is None,
            bounds is None,
            *(levels or (0, 0)),
            np.ascontiguousarray(none if bounds is None else bounds, np.int64),
            np.zeros(slab.channels, np.uint8) if inverted is None else inverted.astype(np.uint8),
            np.zeros(0, np.int64) if rises is None else rises.astype(np.int64),
            weights,
            moves,
        )

    def _moves(self, projection: Projection) -> Moves:
        source = self.slabs[projection.source]
        first = (projection.target_channels or (0, 0))[0]
        if projection.kind == "identity":
            window, minimum = one_by_one(source), np.zeros(0, np.uint8)
        elif projection.selects:
            window, minimum = selection_of(projection, source)
        else:
            window, minimum = window_of(projection, source), np.zeros(0, np.uint8)
        return Moves.make(source.index, window, first, projection.gain, minimum)

    def _weights(self, projection: Projection, target: Slab) -> Weights:
        source, coding = self.slabs[projection.source], self.graph.coding(projection.source)
        layout = layout_of(Table.of(projection, source.shape, target.shape), self.widths)
        window, rows = rows_of(projection, source, layout.together)
        rows = rows.reshape(-1, rows.shape[2])
        planes = planes_of(rows)
        low, high = (b * projection.gain for b in projection.bounds(source.shape, coding))
        least, most = int(min(low.min(), high.min())), int(max(low.max(), high.max()))
        positive, negative = digits_of(coding, projection.gain)
        return Weights.make(
            source.index,
            window,
            layout.together,
            (projection.target_channels or (0, 0))[0],
            projection.output_shape(source.shape)[0],
            positive,
            negative,
            coding.lo,
            packed(planes, rows, layout),
            layout.words,
            planes.entries,
            planes.lowest,
            least,
            max(1, (most - least).bit_length()),
        )


_ROLES: dict[str, Callable[[_Planner, str, Any], None]] = {
    "input": _Planner.input,
    "spiking": _Planner.spiking,
    "relay": _Planner.relay,
    "readout": _Planner.readout,
}
