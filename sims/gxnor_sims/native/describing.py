"""A plan as a table."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .choice import DENSITY, Effort, Share
from .layout import Layout

__all__ = ["Layer", "table_of"]


@dataclass(frozen=True)
class Layer:
    """What a plan says of one population.

    Attributes
    ----------
    name, shape
        The population.
    planes
        Bit planes per neuron that hold its levels, or a readout's sums.
    counter_planes
        Bits of the counter that its input sum takes; 0 where nothing is summed.
    chunks
        Parts in which the samples form adds up its sum, so that what a part reads stays in the first-level cache;
        1 where the sum is not cut, 0 where nothing is summed.
    additions
        Planes that enter adders per block of lanes; each costs one full adder.
    selections
        Planes that enter maxima and minima per block of lanes.
    """

    name: str
    shape: tuple[int, ...]
    planes: int
    counter_planes: int
    chunks: int
    additions: int
    selections: int


def table_of(
    layers: Sequence[Layer], efforts: Sequence[Effort], shares: Sequence[Share], isa: str, samples: int, words: int
) -> str:
    """How samples are shared out, then one line per population.

    Columns: planes per neuron, bits of the counter, chunks that the sum is cut into, planes that enter adders and
    maxima per block, bytes of the planes of a block of the widest vectors; lanes of the neurons form (vectors x
    lanes, and how many output columns share them); predicted full adders of a block of the samples form and of a
    sample in the neurons form, half of all activations being silent.
    """
    heads = [
        f"{samples:,} samples on {isa}, by predicted cost:",
        *[
            f"  {share.samples:,} in form {share.form}, {share.blocks:,} blocks of {share.lanes}"
            + (f" on vectors of {64 * share.words} lanes" if share.words else "")
            for share in shares
        ],
    ]
    rows: list[tuple[str, ...]] = [
        (
            "population",
            "shape",
            "planes",
            "counter",
            "chunks",
            "additions",
            "selections",
            "bytes",
            "lanes",
            "per block",
            "per sample",
        )
    ]
    for layer, effort in zip(layers, efforts, strict=True):
        size = int(np.prod(layer.shape, dtype=object)) * layer.planes * 8 * words
        numbers = (layer.planes, layer.counter_planes, layer.chunks, layer.additions, layer.selections, size)
        lanes = " + ".join(_lanes(windows.layout) for windows in effort.windows) or "-"
        sample = effort.sample({windows.source: DENSITY for windows in effort.windows})
        rows.append(
            (
                layer.name,
                "x".join(map(str, layer.shape)),
                *(f"{n:,}" for n in numbers),
                lanes,
                f"{effort.block:,.0f}",
                f"{sample:,.0f}",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    return "\n".join([*heads, *lines])


def _lanes(layout: Layout) -> str:
    beside = f" / {layout.together}" if layout.together > 1 else ""
    return f"{layout.chunks}x{64 * layout.words}{beside}"
