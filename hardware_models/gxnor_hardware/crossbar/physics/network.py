"""An event graph in programmed arrays: the walk of `gxnor_snn.graph.execute` with sums from arrays."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph, Weighted, check_input, execute
from gxnor_snn.results import Counts, EventTrace

from ..devices import Device
from .array import ArraySpec
from .drive import reads
from .programming import Programmed, program_projection

__all__ = ["Crossbars", "check_count", "program"]

_FLOAT32_EXACT = 1 << 24
_VALUES = 1 << 19  # of the widest layer that one batch of all draws holds: 2 MB in float32 stay in a cache

Watch = Callable[[str, int, Tensor], None]


@dataclass(frozen=True)
class Crossbars:
    """A graph programmed into arrays, `draws` times; made by `program`.

    Attributes
    ----------
    graph
        What was programmed.
    array
        How the arrays are built and read.
    draws
        Independent copies of every array.
    projections
        Arrays by projection.
    place
        Where the arrays lie.
    """

    graph: EventGraph
    array: ArraySpec
    draws: int
    projections: Mapping[str, Programmed]
    place: torch.device

    def run(
        self,
        x: Any,
        generator: torch.Generator,
        *,
        record: Iterable[str] = (),
        counts: str = "basic",
        batch: int | None = None,
        watch: Watch | None = None,
    ) -> EventTrace:
        """Read the arrays for a batch of samples; see `simulate`.

        Parameters
        ----------
        x, record, counts, batch
            As in `simulate`.
        generator
            Draws the read noise, on the device that holds the arrays.
        watch
            Called with projection, tile and column sums before each conversion.

        Returns
        -------
        EventTrace
            Sample k on draw d stands at d * samples + k.

        Raises
        ------
        InputError
            If an argument is not what the graph takes, or the generator is on another device.
        """
        check_kind("generator", generator, torch.Generator)
        if generator.device != self.place:
            raise InputError(f"generator is on {generator.device}, allowed is {self.place}, where the arrays lie")
        started = time.perf_counter()
        arrays = check_input(self.graph, x)
        names = record if isinstance(record, str) else tuple(record)
        n_samples = len(next(iter(arrays.values())))
        size = self._batch() if batch is None else check_count("batch", batch)
        parts, sizes = [], []
        for start in range(0, max(n_samples, 1), size):
            part = {name: a[start : start + size] for name, a in arrays.items()}
            sizes.append(len(next(iter(part.values()))))
            parts.append(self._walk(part, sizes[-1], generator, names, counts, watch))
        trace = EventTrace.concatenate(parts, 0.0)
        if self.draws > 1 and len(parts) > 1:
            trace = _reordered(trace, _by_draw(sizes, self.draws))
        if not trace.exact:  # the last layer's own sums may be integers even where those before it were not
            trace = replace(trace, readouts={n: r.astype(np.float64) for n, r in trace.readouts.items()})
        return replace(trace, engine="crossbar", seconds=time.perf_counter() - started)

    def _batch(self) -> int:
        graph = self.graph
        widest = max(p.size * len(self._planes_into(name)) for name, p in graph.populations.items())
        return max(1, _VALUES // (widest * self.draws))

    def _planes_into(self, population: str) -> tuple[int, ...]:
        found = [self.projections[p.name].planes for p in self.graph.incoming(population) if p.weighted]
        return max(found, key=len, default=(1,))

    def _walk(
        self,
        x: Mapping[str, NDArray[Any]],
        n_samples: int,
        generator: torch.Generator,
        record: Iterable[str],
        counts: str,
        watch: Watch | None,
    ) -> EventTrace:
        def linear(projection: Weighted, levels: Tensor) -> Tensor:
            return self._sums(projection, levels, n_samples, generator, watch)

        repeated = {name: np.tile(a, (self.draws, *(1,) * (a.ndim - 1))) for name, a in x.items()}
        with torch.no_grad():
            return execute(
                self.graph, repeated, linear, torch, record=record, counts=counts, device=generator.device
            )

    def _sums(
        self,
        projection: Weighted,
        levels: Tensor,
        n_samples: int,
        generator: torch.Generator,
        watch: Watch | None,
    ) -> Tensor:
        """Sums (draws * samples, outputs, *positions) of one projection, int64 where they are exact."""
        programmed = self.projections[projection.name]
        product = programmed.product
        signal = torch.unflatten(levels, 0, (self.draws, n_samples))
        if not self.graph.populations[projection.source].has_inputs:
            signal = signal[:1]  # the network's input is the same for all draws
        total: Tensor | None = None
        for read in reads(signal, self.graph.coding(projection.source), self.array, programmed.dtype):
            rows = tuple(product.rows(r) for r in read.rows)
            power = tuple(r.square() for r in rows) if any(t.noisy for t in programmed.tiles) else ()
            for index, tile in enumerate(programmed.tiles):
                for line in tile.lines:
                    sums = product.apply(rows, line.cells)
                    for noise in line.noises:
                        noise.add(sums, power, product, generator)
                    if watch is not None:
                        watch(projection.name, index, sums)
                    codes = line.converter.convert(sums)
                    if line.spread is not None:
                        codes = codes.index_select(3, line.spread)
                    part = _joined(codes, programmed.planes)
                    if total is None:  # its memory is its own: no other read or line comes back to it
                        total = part.to(self._total_dtype(projection))
                        if read.factor * line.sign != 1:
                            total *= read.factor * line.sign
                    else:
                        total.add_(part, alpha=read.factor * line.sign)
        assert total is not None
        if programmed.scale is not None:
            total *= programmed.scale.view(-1, *(1,) * (total.ndim - 1))
        total = total.flatten(0, 1).flatten(1, 2)
        if programmed.exact:
            return total.round().to(torch.int64)
        is_readout = not self.graph.populations[projection.target].has_outputs
        return total.to(torch.float64) if is_readout else total

    def _total_dtype(self, projection: Weighted) -> torch.dtype:
        wide = self.graph.magnitude(projection.target) >= _FLOAT32_EXACT  # with all else that the target sums
        return torch.float64 if wide else self.projections[projection.name].total_dtype


def _joined(codes: Tensor, planes: tuple[int, ...]) -> Tensor:
    """Codes (draws, samples, groups, planes * outputs, *positions) added over weight planes."""
    if len(planes) == 1:
        return codes
    by_plane = torch.unflatten(codes, 3, (len(planes), -1))
    weights = torch.tensor(planes, dtype=torch.float64, device=codes.device)
    added: Tensor = torch.tensordot(by_plane.double(), weights, ([3], [0]))
    return added


def _by_draw(sizes: list[int], draws: int) -> NDArray[np.int64]:
    """Where, in joined batches of all draws, the samples of the first draw stand, then those of the second, ..."""
    starts = np.cumsum([0, *(draws * s for s in sizes)])
    batches = list(zip(sizes, starts, strict=False))
    return np.concatenate([start + d * size + np.arange(size) for d in range(draws) for size, start in batches])


def _reordered(trace: EventTrace, order: NDArray[np.int64]) -> EventTrace:
    def all_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        return {name: a[order] for name, a in arrays.items()}

    def counted(item: Any) -> Any:
        values = {f.name: getattr(item, f.name) for f in fields(item)}
        return replace(item, **{n: v[order] for n, v in values.items() if isinstance(v, np.ndarray)})

    counts = trace.counts
    if counts is not None:
        counts = Counts(
            counts.n_samples,
            {n: counted(c) for n, c in counts.projections.items()},
            {n: counted(c) for n, c in counts.populations.items()},
        )
    return replace(
        trace,
        readouts=all_of(trace.readouts),
        spikes=all_of(trace.spikes),
        sums=None if trace.sums is None else all_of(trace.sums),
        counts=counts,
    )


def program(
    graph: EventGraph,
    device: Device,
    generator: torch.Generator,
    *,
    array: ArraySpec | None = None,
    draws: int = 1,
    time_s: float = 0.0,
) -> Crossbars:
    """Program the weights of a graph into arrays of memory cells.

    Parameters
    ----------
    graph
        The event graph; every Dense and Conv2d goes into arrays of its own.
    device
        The memory cells.
    generator
        Draws what programming, time and faults do, on its device; the arrays will lie there.
    array
        How arrays are built and read; the defaults of `ArraySpec` if None.
    draws
        Independent copies, at least 1.
    time_s
        Seconds between programming and reading.

    Raises
    ------
    InputError
        If an argument is not of its kind.
    ProfileError
        If the device's card lacks what is needed; the message names it.
    UnsupportedGraphError
        If arrays do not compute a projection.
    """
    spec = ArraySpec() if array is None else array
    check_kind("graph", graph, EventGraph)
    check_kind("device", device, Device)
    check_kind("generator", generator, torch.Generator)
    check_kind("array", spec, ArraySpec)
    check_count("draws", draws)
    if spec.adc_range is not None and (unknown := set(spec.adc_range) - set(graph.projections)):
        raise InputError(f"array: adc_range names {min(unknown)!r}, which the graph does not have")
    weighted = {n: cast(Weighted, p) for n, p in graph.projections.items() if p.weighted}
    with torch.no_grad():
        programmed = {
            name: program_projection(p, graph.coding(p.source), device, spec, generator, draws, time_s)
            for name, p in weighted.items()
        }
    return Crossbars(graph, spec, draws, programmed, generator.device)


def check_count(label: str, value: int) -> int:
    """`value` if it is an integer of at least 1; raises `InputError` naming `label` otherwise."""
    if not is_integer(value, 1):
        raise InputError(f"{label} is {value!r}, allowed is an integer of at least 1")
    return int(value)
