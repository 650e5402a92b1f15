"""The layers of a graph as such an engine sees them: one kernel, its neurons, and the events that reach it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError
from gxnor_snn.graph import EventGraph, Population

from ...profile import Profile

__all__ = ["Layer", "find_layers", "lines_of"]

Size = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """One layer on the engine.

    Attributes
    ----------
    population, projection
        Names of its neurons and of its weights.
    origin
        The population whose spikes it hears.
    pool
        The sum-pool between the two, which merges addresses of events, or None.
    in_lines, out_lines
        Channels that a channel of source and target takes: one per sign, times bit planes of an input.
    in_channels, out_channels
        Channels on the engine, lines included.
    in_size, out_size, kernel, stride
        (rows, columns); a dense layer is a kernel as large as its map, groups are zeros in it.
    padding
        The largest.
    weight
        Largest magnitude of a stored weight: gain and plane are folded in.
    """

    population: str
    projection: str
    origin: str
    pool: str | None
    in_lines: int
    out_lines: int
    in_channels: int
    out_channels: int
    in_size: Size
    out_size: Size
    kernel: Size
    stride: Size
    padding: int
    weight: int

    @property
    def synops_per_event(self) -> float:
        """Cout kx ky / (sx sy) (sinabs, tips_for_training.md): what an event away from borders costs.

        An event into a dense layer meets one tap of every output channel.
        """
        if self.out_size == (1, 1) and self.kernel == self.in_size:
            return float(self.out_channels)
        taps, skipped = (a * b for a, b in (self.kernel, self.stride))
        return self.out_channels * taps / skipped


def lines_of(graph: EventGraph, name: str) -> int:
    """Channels that carry a channel of a population: binary spikes have no sign, so +1 and -1 are two.

    Bit planes of an input are lines of their own. A readout is one membrane, read as a signed number.
    """
    population = graph.populations[name]
    if not population.has_outputs:
        return 1
    coding = graph.coding(name)
    planes = coding.n_planes if not population.has_inputs else 1
    return max(1, (coding.lo < 0) + (coding.hi > 0)) * planes


def _refuse(profile: Profile, text: str) -> PricingError:
    return PricingError(f"card {profile.name!r}: {text}")


def find_layers(graph: EventGraph, profile: Profile) -> list[Layer]:
    """The layers in topological order.

    Raises
    ------
    PricingError
        If the graph holds what the engine cannot: maximum pools, sum-pools of other sizes, several kernels into
        one population, levels that binary spikes cannot carry.
    """
    layers = []
    for name, population in graph.populations.items():
        edges = graph.incoming(name)
        weighted = [p for p in edges if p.weighted]
        if weighted:
            if len(edges) > 1:
                raise _refuse(
                    profile,
                    f"population {name!r} adds {len(edges)} projections ({', '.join(p.name for p in edges)}), so "
                    f"it needs kernels_per_layer of {len(edges)}; the wall is 1",
                )
            layers.append(_layer(graph, profile, population, weighted[0]))
        elif edges:
            _check_pool(graph, profile, population)
    return layers


def _check_pool(graph: EventGraph, profile: Profile, population: Population) -> None:
    """Between layers only sum-pools stand, which drop address bits of events."""
    edges = graph.incoming(population.name)
    first: Any = edges[0]
    where = f"projection {first.name!r} into {population.name!r}"
    if any(p.kind == "pool2d" and p.selects for p in edges):
        raise _refuse(
            profile, f"{where} is a maximum or minimum pool (max-pool); the wall is pool, allowed are sum-pools"
        )
    if len(edges) > 1 or first.kind != "pool2d":
        named = ", ".join(f"{p.name} ({p.kind})" for p in edges)
        raise _refuse(
            profile,
            f"population {population.name!r} is fed by {named} without weights; the wall is pool, allowed is one "
            f"sum-pool",
        )
    window, largest = first.window, profile.limit("pool")
    square = window.kernel[0] == window.kernel[1] == window.stride[0] == window.stride[1]
    plain = square and not any(window.padding) and window.dilation == (1, 1) and not window.ceil_mode
    sizes = None if largest is None else [1 << k for k in range(largest.bit_length())]
    if (
        not plain
        or (sizes and window.kernel[0] not in sizes)
        or first.gain != 1
        or first.target_channels is not None
    ):
        raise _refuse(
            profile,
            f"{where} sums windows of {window.kernel} with stride {window.stride}, padding {window.padding} and "
            f"gain {first.gain}; the wall is pool, allowed are windows side by side of {sizes or 'any size'}",
        )
    source = graph.populations[first.source]
    if source.has_inputs and any(not p.weighted for p in graph.incoming(source.name)):
        raise _refuse(profile, f"{where} pools what was pooled before; the wall is pool, allowed is one sum-pool")
    if not population.has_outputs:
        raise _refuse(
            profile, f"{where} ends in a readout; the wall is pool, allowed is a layer behind a sum-pool"
        )


def _layer(graph: EventGraph, profile: Profile, population: Population, edge: Any) -> Layer:
    source = graph.populations[edge.source]
    feeding = graph.incoming(source.name)
    pooled = bool(feeding) and not any(p.weighted for p in feeding)
    origin = graph.populations[feeding[0].source] if pooled else source
    if population.has_outputs:
        _check_levels(graph, profile, population)
    window = getattr(edge, "window", None)
    if window is not None and window.dilation != (1, 1):
        raise _refuse(
            profile,
            f"projection {edge.name!r} has dilation {window.dilation}; the wall is kernel, allowed is (1, 1)",
        )
    in_lines, out_lines = lines_of(graph, origin.name), lines_of(graph, population.name)
    shape, target = _image(source.shape), _image(population.shape)
    planes = 1 if origin.has_inputs else graph.coding(origin.name).n_planes
    dense_kernel = (shape[1], shape[2])
    return Layer(
        population=population.name,
        projection=edge.name,
        origin=origin.name,
        pool=feeding[0].name if pooled else None,
        in_lines=in_lines,
        out_lines=out_lines,
        in_channels=shape[0] * in_lines,
        out_channels=target[0] * out_lines,
        in_size=(shape[1], shape[2]),
        out_size=(target[1], target[2]),
        kernel=dense_kernel if window is None else window.kernel,
        stride=(1, 1) if window is None else window.stride,
        padding=0 if window is None else max(window.padding),
        weight=int(np.abs(edge.weights.astype(np.int64)).max()) * abs(edge.gain) << (planes - 1),
    )


def _check_levels(graph: EventGraph, profile: Profile, population: Population) -> None:
    coding = graph.coding(population.name)
    if population.role == "relay" or coding.n_planes > 1 or coding.max_abs > 1:
        raise _refuse(
            profile,
            f"population {population.name!r} sends levels {coding.lo}..{coding.hi}; the wall is binary events, "
            f"allowed are levels -1..1 as one channel per sign",
        )


def _image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (shape[0], 1, 1)
