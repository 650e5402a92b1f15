"""Count what the convolutions of a graph could share, next to what chance shares."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph

from .kernels import Int, group_kernels, kernels_by_channel
from .null import NULLS, null_kernels, null_work
from .report import LayerSharing, SharingReport
from .statistics import statistics_of
from .work import work_of

__all__ = ["analyse"]


def analyse(
    what: EventGraph | NDArray[Any], *, rng: np.random.Generator | None = None, null_channels: int = 32
) -> SharingReport:
    """Repeated, inverse, nearly equal and partly equal kernels of every convolution; nothing is changed.

    Parameters
    ----------
    what
        A graph, or the weights of one convolution (outputs, inputs, rows, columns), any integers.
    rng
        Draws the null models; ``numpy.random.default_rng(0)`` unless given.
    null_channels
        Input channels drawn per null model; more make its mean sharper.

    Returns
    -------
    SharingReport
        Layers in graph order; weights alone are called "weights", at one output position.

    Raises
    ------
    InputError
        If weights are no integers of four dimensions, the graph has no convolution, or `null_channels` is
        below 1.
    """
    if type(null_channels) is not int or null_channels < 1:
        raise InputError(f"analyse: null_channels is {null_channels!r}; allowed are integers of at least 1")
    rng = rng or np.random.default_rng(0)
    if not isinstance(what, EventGraph):
        weights = np.asarray(what)
        kernels = kernels_by_channel(weights)
        found = np.unique(weights).astype(np.int64)
        layer = _layer("weights", weights.shape, kernels, found, rng, null_channels)
        return SharingReport((layer,))
    layers = []
    for name, edge in what.projections.items():
        if edge.kind != "conv2d":
            continue
        conv: Any = edge
        shape = what.populations[edge.source].shape
        coding = what.coding(edge.source)
        reach = 2 * conv.coding.max_abs * coding.max_abs * conv.weights[0, 0].size + 1
        layers.append(
            _layer(
                name,
                conv.weights.shape,
                kernels_by_channel(conv.weights, conv.groups),
                conv.coding.levels,
                rng,
                null_channels,
                positions=int(np.prod(edge.output_shape(shape)[1:])),
                first=not what.populations[edge.source].has_inputs,
                stride=conv.stride[0],
                map_bits=reach.bit_length(),
            )
        )
    if not layers:
        raise InputError("analyse: the graph has no convolution; result sharing is between 2-D kernels")
    return SharingReport(tuple(layers))


def _layer(
    name: str,
    shape: tuple[int, ...],
    kernels: Int,
    levels: Int,
    rng: np.random.Generator,
    null_channels: int,
    *,
    positions: int = 1,
    first: bool = False,
    stride: int = 1,
    map_bits: int | None = None,
) -> LayerSharing:
    size = (shape[2], shape[3])
    return LayerSharing(
        name=name,
        shape=(shape[0], shape[1], *size),
        positions=positions,
        first=first,
        statistics=statistics_of(kernels),
        null_statistics={
            null: statistics_of(null_kernels(kernels, levels, null, len(kernels), rng)) for null in NULLS
        },
        plain_bits=float(kernels.shape[2] * np.log2(len(levels))),
        work=work_of(kernels, size, stride),
        nulls={null: null_work(kernels, size, stride, levels, null, rng, null_channels) for null in NULLS},
        map_bits=map_bits,
        most_maps=int(group_kernels(kernels).per_channel.max(initial=0)),
    )
