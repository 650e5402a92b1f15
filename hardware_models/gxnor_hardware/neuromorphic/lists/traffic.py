"""What one event costs in messages and hops on its way to the cores that listen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...ledger import Amount
from ..placement import ENTRY, Mesh
from .partition import Partition
from .reach import Heard, Int64

__all__ = ["LABELS", "Listener", "Sites", "Spread", "core_edges", "traffic"]

Float = NDArray[np.float64]
Listener = tuple[int, Heard]
"""(core, the source neurons it stores a synapse of)."""

LABELS = ("messages", "hops_x", "hops_y", "crossings")


@dataclass(frozen=True)
class Sites:
    """Where cores stand: tile (x, y) and chip by core. Without a mesh x and y are 0 throughout."""

    x: Int64
    y: Int64
    chip: Int64

    @classmethod
    def of(cls, slots: Int64, mesh: Mesh | None, cores_per_chip: int) -> "Sites":
        """Sites of slots."""
        if mesh is None:
            return cls(np.zeros_like(slots), np.zeros_like(slots), slots // cores_per_chip)
        return cls(*mesh.at(slots))


@dataclass(frozen=True)
class Spread:
    """Messages (or hops) that one firing line of a projection's source causes.

    Counts know how many lines fired and how many synapses they drove, not which neurons they were.

    Attributes
    ----------
    per_synapse
        Per driven synapse: as if all neurons fired equally often, and the lowest and highest of any neuron.
    per_line
        Per firing line, likewise.
    """

    per_synapse: Amount
    per_line: Amount


def _shape(array: Int64) -> tuple[int, ...]:
    return array.shape if array.ndim == 3 else (array.size, 1, 1)


def core_edges(
    shape: tuple[int, ...], source: Partition | None, source_first: int, listeners: Sequence[Listener]
) -> tuple[Int64, Int64, Float]:
    """(source core, target core, messages if every source neuron fires once) of one projection.

    Parameters
    ----------
    shape
        Of the source population.
    source, source_first
        Partition of the source and its first core; None for an input, which enters at `ENTRY`.
    listeners
        Cores of the target and what they hear.
    """
    froms, tos, weights = [], [], []
    owner = None if source is None else source.core_of((*shape, 1, 1)[:3])
    for core, heard in listeners:
        if owner is None:
            count = np.array([float(heard.mask.sum())])
            who = np.array([ENTRY])
        else:
            found = np.bincount(owner[heard.window][heard.mask])
            (who,) = np.nonzero(found)
            count, who = found[who].astype(float), who + source_first
        froms.append(who)
        tos.append(np.full(len(who), core))
        weights.append(count)
    if not froms:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(froms), np.concatenate(tos), np.concatenate(weights)


def traffic(
    fan_out: Int64, source: Partition | None, source_first: int, listeners: Sequence[Listener], sites: Sites
) -> dict[str, Spread]:
    """Static traffic of a projection by label of `LABELS`.

    Parameters
    ----------
    fan_out
        Synapses per source neuron, in the source's shape.
    source, source_first
        As in `core_edges`; an input enters at tile (0, 0) of chip 0.
    listeners
        Cores of the target and what they hear.
    sites
        Where all cores stand.
    """
    shape = _shape(fan_out)
    own = np.zeros((1, 1, 1), np.int64)
    x, y, chip = own, own, own
    if source is not None:
        cores = source_first + source.core_of(shape)
        x, y, chip = sites.x[cores], sites.y[cores], sites.chip[cores]
    x, y, chip = (np.broadcast_to(part, shape) for part in (x, y, chip))
    totals = [np.zeros(shape) for _ in LABELS]
    for core, heard in listeners:
        window = heard.window
        totals[0][window] += heard.mask
        totals[1][window] += heard.mask * np.abs(x[window] - sites.x[core])
        totals[2][window] += heard.mask * np.abs(y[window] - sites.y[core])
        totals[3][window] += heard.mask * (chip[window] != sites.chip[core])
    fan = fan_out.reshape(shape)
    return {label: _spread(total, fan) for label, total in zip(LABELS, totals, strict=True)}


def _spread(total: Float, fan: Int64) -> Spread:
    sends = fan > 0
    total = np.where(sends, total, 0.0)  # a neuron without a synapse in range has no axon
    if not sends.any():
        return Spread(Amount.exact(0.0), Amount.exact(0.0))
    each = total[sends] / fan[sends]
    return Spread(
        Amount(float(total.sum() / fan.sum()), float(each.min()), float(each.max())),
        Amount(float(total.mean()), float(total.min()), float(total.max())),
    )
