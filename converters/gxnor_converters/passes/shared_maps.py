"""Convolutions written as shared maps: the parts of a graph that compute the same sums in fewer synapses.

A rule takes a convolution and gives `Parts`, or None where it finds nothing to share. Maps are computed by a
convolution with one group per input channel into a sum relay; a second convolution of weights +-1 adds them up for
the outputs. What is not worth sharing stays in `rest`, a convolution of the same geometry. Input channels have
different numbers of maps; those that have fewer are filled up with maps of no synapse.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, Conv2d, Population, Projection, Relay

from ..sharing.kernels import Int, KernelGroups, group_kernels, kernels_by_channel, weights_of_kernels

__all__ = [
    "Parts",
    "Rule",
    "Site",
    "adding_conv",
    "coding_of",
    "conv_like",
    "relay_of",
    "share_repeats",
    "share_sub_kernels",
    "slots",
    "synapses",
]


@dataclass(frozen=True)
class Site:
    """A convolution where it stands.

    Attributes
    ----------
    conv
        The convolution.
    shape, coding
        Of its source.
    name
        Stem of the names of new parts.
    depth
        Largest depth of trees.
    """

    conv: Conv2d
    shape: tuple[int, ...]
    coding: Coding
    name: str
    depth: int | None


@dataclass(frozen=True)
class Parts:
    """What stands in place of a convolution.

    Attributes
    ----------
    populations, projections
        New relays, and all projections but `rest`.
    rest
        The kernels that are not shared, or None if there are none.
    """

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    rest: Conv2d | None


Rule = Callable[[Site], Parts | None]


def coding_of(weights: NDArray[np.generic]) -> Coding:
    """Ternary where the weights are, else sign and magnitude in as few planes as hold them."""
    low, high = int(weights.min()), int(weights.max())
    return Coding.ternary() if max(-low, high) <= 1 else Coding.sums(low, high)


def conv_like(conv: Conv2d, weights: Int) -> Conv2d | None:
    """The convolution with other weights; None if they are all zero."""
    return replace(conv, weights=weights, coding=coding_of(weights)) if weights.any() else None


def relay_of(
    name: str, shape: tuple[int, ...], feeds: Sequence[tuple[Projection, tuple[int, ...], Coding]]
) -> Relay:
    """A sum relay for what projections from sources of these shapes and codings can give together."""
    ends = [edge.bounds(source, coding) for edge, source, coding in feeds]
    low = int(sum((b[0] for b in ends), np.zeros(shape[0], np.int64)).min())
    high = int(sum((b[1] for b in ends), np.zeros(shape[0], np.int64)).max())
    return Relay(name=name, shape=shape, kind="sum", lo=low, hi=high)


def slots(channel: Int, channels: int) -> tuple[Int, int]:
    """The place of each map among all, those of one input channel side by side; and the maps of a channel.

    `channel` is the input channel of each map, in rising order.
    """
    counts = np.bincount(channel, minlength=channels)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    width = int(counts.max())
    return channel * width + np.arange(len(channel)) - starts[channel], width


def share_repeats(site: Site) -> Parts | None:
    """Compute kernels that are equal or inverse once.

    A kernel of t taps used g times takes t + g synapses in place of g t: it is shared where these are fewer.
    """
    conv = site.conv
    kernels = kernels_by_channel(conv.weights, conv.groups)
    groups = group_kernels(kernels)
    chosen = groups.taps + groups.size < groups.taps * groups.size
    if not chosen.any():
        return None
    place, width, maps = _maps(site, groups, chosen, conv.weights.shape[2:])
    edge = replace(
        conv, name=f"{site.name}.maps", target=f"{site.name}.maps", weights=maps, coding=coding_of(maps)
    )
    edge = replace(edge, groups=len(kernels), gain=1, target_channels=None)
    relay = relay_of(edge.target, edge.output_shape(site.shape), [(edge, site.shape, site.coding)])
    used = (groups.label >= 0) & chosen[groups.label]
    # kernels (C, M) of one tap per map
    adding = np.zeros((*used.shape, width), np.int8)
    c, m = np.nonzero(used)
    adding[c, m, place[groups.label[c, m]] - c * width] = groups.sign[c, m]
    adds = adding_conv(site, relay, adding[..., None], (1, 1))
    rest = weights_of_kernels(np.where(used[..., None], 0, kernels), conv.weights.shape, conv.groups)
    return Parts((relay,), (edge, adds), conv_like(conv, rest))


def _maps(
    site: Site, groups: KernelGroups, chosen: NDArray[np.bool_], size: tuple[int, ...]
) -> tuple[Int, int, Int]:
    """Places of the chosen groups among the maps, maps per input channel, and the weights of the maps."""
    channels = site.shape[0]
    places, width = slots(groups.channel[chosen], channels)
    place = np.zeros(len(groups.kernels), np.int64)
    place[chosen] = places
    maps = np.zeros((channels * width, 1, *size), np.int64)
    maps[places] = groups.kernels[chosen].reshape(-1, 1, *size)
    return place, width, maps


def adding_conv(site: Site, relay: Relay, adding: NDArray[np.int8], size: tuple[int, int]) -> Conv2d:
    """The convolution of `size` that adds maps up, from signs (C, M, maps of a channel, taps)."""
    conv = site.conv
    _, count, width, taps = adding.shape
    outputs, per_group = conv.weights.shape[:2]
    split = adding.reshape(conv.groups, per_group, count, width, taps).transpose(0, 2, 1, 3, 4)
    return replace(
        conv,
        name=f"{site.name}.adds" if relay.name == f"{site.name}.maps" else f"{relay.name}.adds",
        source=relay.name,
        weights=np.ascontiguousarray(split).reshape(outputs, per_group * width, *size),
        coding=Coding.ternary(),
        stride=(1, 1),
        padding=(0, 0, 0, 0),
        dilation=(1, 1),
        delay=0,
    )


def share_sub_kernels(site: Site) -> Parts | None:
    """Compute equal or inverse rows (or columns) of kernels once, wherever in a kernel they stand.

    The row of a kernel gives a map of the whole image; kernels read it at their own offset. A row of t taps used n
    times takes t synapses per place of the map and n per output, in place of n t. Rows or columns, whichever take
    fewer synapses.
    """
    if min(site.conv.weights.shape[2:]) < 2:
        return None
    both = [_share_lines(site, axis) for axis in (0, 1)]
    found = [parts for parts in both if parts is not None]
    return min(found, key=lambda parts: synapses(site, parts), default=None)


def synapses(site: Site, parts: Parts) -> int:
    """Nonzero synapses of the parts."""
    shapes = {p.name: p.shape for p in parts.populations} | {site.conv.source: site.shape}
    edges = [*parts.projections, *([parts.rest] if parts.rest is not None else [])]
    return sum(int(edge.fan_out(shapes[edge.source]).nonzero.sum()) for edge in edges)


def _share_lines(site: Site, axis: int) -> Parts | None:
    """Share the lines of kernels across `axis`: rows for 0, columns for 1."""
    conv = site.conv
    rows, columns = conv.weights.shape[2:]
    kernels = kernels_by_channel(conv.weights, conv.groups)
    channels, count, _ = kernels.shape
    images = kernels.reshape(channels, count, rows, columns)
    lines = images if axis == 0 else images.transpose(0, 1, 3, 2)
    n_lines, length = lines.shape[2:]
    groups = group_kernels(lines.reshape(channels, count * n_lines, length))
    across = 1 - axis
    size = (1, length) if axis == 0 else (length, 1)
    _, *out = conv.output_shape(site.shape)
    per_map = site.shape[1 + axis] * out[across]
    per_output = out[0] * out[1]
    chosen = groups.taps * per_map + groups.size * per_output < groups.taps * groups.size * per_output
    if not chosen.any():
        return None
    place, width, maps = _maps(site, groups, chosen, size)
    edge = replace(
        _along(conv, across),  # maps slide along the lines only
        weights=maps,
        coding=coding_of(maps),
        groups=channels,
        name=f"{site.name}.maps",
        target=f"{site.name}.maps",
        gain=1,
        target_channels=None,
    )
    relay = relay_of(edge.target, edge.output_shape(site.shape), [(edge, site.shape, site.coding)])
    used = (groups.label >= 0) & chosen[groups.label]
    adding = np.zeros((channels, count, n_lines, width), np.int8)
    c, line = np.nonzero(used)
    m, r = np.divmod(line, n_lines)
    adding[c, m, r, place[groups.label[c, line]] - c * width] = groups.sign[c, line]
    adds = adding_conv(site, relay, adding.transpose(0, 1, 3, 2), (n_lines, 1) if axis == 0 else (1, n_lines))
    geometry = _along(conv, axis)
    adds = replace(adds, stride=geometry.stride, padding=geometry.padding, dilation=geometry.dilation)
    left = np.where(used.reshape(channels, count, n_lines)[..., None], 0, lines)
    left = left if axis == 0 else left.transpose(0, 1, 3, 2)
    rest = weights_of_kernels(left.reshape(channels, count, -1), conv.weights.shape, conv.groups)
    return Parts((relay,), (edge, adds), conv_like(conv, rest))


def _along(conv: Conv2d, axis: int) -> Conv2d:
    """The convolution with its stride, padding and dilation along one axis (0: down), none along the other."""
    top, bottom, left, right = conv.padding
    if axis == 0:
        padding, stride, dilation = (top, bottom, 0, 0), (conv.stride[0], 1), (conv.dilation[0], 1)
    else:
        padding, stride, dilation = (0, 0, left, right), (1, conv.stride[1]), (1, conv.dilation[1])
    return replace(conv, stride=stride, padding=padding, dilation=dilation)
