"""Convolutions written as trees of maps: each map is another one, or its inverse, corrected on few taps."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Coding, Conv2d, Population, Projection

from ..sharing.kernels import Int, KernelGroups, group_kernels, kernels_by_channel, weights_of_kernels
from ..sharing.tree import KernelTree, spanning_tree
from .shared_maps import Parts, Site, adding_conv, coding_of, conv_like, relay_of, slots

__all__ = ["share_tree"]


def share_tree(site: Site) -> Parts | None:
    """Compute maps from one another along a spanning tree; one relay for each depth of the tree.

    A map costs a synapse per corrected tap, one for its parent, and one for each use. Branches of the tree that
    would cost more than their kernels one by one are left out.
    """
    conv = site.conv
    kernels = kernels_by_channel(conv.weights, conv.groups)
    groups = group_kernels(kernels)
    tree = spanning_tree(groups, site.depth)
    chosen = _worth(groups, tree)
    if not chosen.any():
        return None
    populations: list[Population] = []
    projections: list[Projection] = []
    place = np.zeros(len(groups.kernels), np.int64)
    width = 0
    for depth in range(1, int(tree.depth[chosen].max()) + 1):
        here = np.flatnonzero(chosen & (tree.depth == depth))
        above, place_above = width, place.copy()
        place[here], width = slots(groups.channel[here], len(kernels))
        name = f"{site.name}.maps{depth}"
        edges = [_corrections(site, name, groups, tree, here, place[here], width)]
        feeds = [(e, site.shape, site.coding) for e in edges]
        if depth > 1:
            before = populations[-1]
            edge = _parents(site, before.name, name, groups, tree, here, place, place_above, (width, above))
            edges.append(edge)
            feeds.append((edge, before.shape, before.resolve_coding([])))  # type: ignore[arg-type]
        relay = relay_of(name, conv_shape(site, len(kernels) * width), feeds)
        at_depth = np.zeros(len(groups.kernels), bool)
        at_depth[here] = True
        used = (groups.label >= 0) & at_depth[groups.label]
        signs = np.zeros((*used.shape, width), np.int8)
        c, m = np.nonzero(used)
        signs[c, m, place[groups.label[c, m]] - c * width] = groups.sign[c, m]
        populations.append(relay)
        projections += [*edges, adding_conv(site, relay, signs[..., None], (1, 1))]
    used = (groups.label >= 0) & chosen[groups.label]
    rest = weights_of_kernels(np.where(used[..., None], 0, kernels), conv.weights.shape, conv.groups)
    return Parts(tuple(populations), tuple(projections), conv_like(conv, rest))


def conv_shape(site: Site, channels: int) -> tuple[int, ...]:
    """The shape of that many maps."""
    return (channels, *site.conv.output_shape(site.shape)[1:])


def _worth(groups: KernelGroups, tree: KernelTree) -> NDArray[np.bool_]:
    """The vertices whose branch takes fewer synapses in the tree than kernel by kernel, from the leaves up."""
    direct = groups.size * groups.taps
    alone = tree.edits + (tree.parent >= 0) + groups.size
    branch, straight = alone.copy(), direct.copy()  # of the whole branch: at its best in the tree, or outside
    order = np.argsort(-tree.depth, kind="stable")
    for g in order:
        parent = tree.parent[g]
        if parent >= 0:
            branch[parent] += min(branch[g], straight[g])
            straight[parent] += straight[g]
    chosen = np.zeros(len(direct), bool)
    for g in order[::-1]:
        parent = tree.parent[g]
        chosen[g] = branch[g] < straight[g] and (parent < 0 or chosen[parent])
    return chosen


def _corrections(
    site: Site, name: str, groups: KernelGroups, tree: KernelTree, here: Int, place: Int, width: int
) -> Conv2d:
    """What the maps of one depth take from the source: the taps in which they differ from their parents."""
    conv = site.conv
    parent = tree.parent[here]
    inherited = np.where(parent[:, None] < 0, 0, groups.kernels[parent] * tree.sign[here, None])
    size = conv.weights.shape[2:]
    weights = np.zeros((site.shape[0] * width, 1, *size), np.int64)
    weights[place] = (groups.kernels[here] - inherited).reshape(-1, 1, *size)
    return replace(
        conv,
        name=name,
        target=name,
        weights=weights,
        coding=coding_of(weights),
        groups=site.shape[0],
        gain=1,
        target_channels=None,
    )


def _parents(
    site: Site,
    source: str,
    name: str,
    groups: KernelGroups,
    tree: KernelTree,
    here: Int,
    place: Int,
    place_above: Int,
    widths: tuple[int, int],
) -> Conv2d:
    """What the maps of one depth take from those above: their parent, or its inverse."""
    width, above = widths
    weights = np.zeros((site.shape[0] * width, above, 1, 1), np.int8)
    parent = tree.parent[here]
    weights[place[here], place_above[parent] - groups.channel[here] * above, 0, 0] = tree.sign[here]
    return Conv2d(
        name=f"{name}.parents",
        source=source,
        target=name,
        weights=weights,
        coding=Coding.ternary(),
        groups=site.shape[0],
    )
