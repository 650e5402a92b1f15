"""Where cores stand, and what one event costs in messages and hops on its way to the cores that listen."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...ledger import Amount
from ...profile import Profile
from .partition import Partition
from .reach import Mask

__all__ = ["Mesh", "Spread", "Traffic", "traffic"]

Float = NDArray[np.float64]


class Mesh:
    """Cores numbered along a snake through the tiles of a chip, chips in a row.

    Neighbouring cores of one population so stay neighbours; a message goes first along x, then along y.
    """

    def __init__(self, profile: Profile) -> None:
        self.cores_per_chip = profile.number("cores_per_chip")
        self._per_tile = profile.number("cores_per_tile")
        self._width = profile.number("tiles_x")
        self.tiles = self._width * profile.number("tiles_y")

    def place(self, cores: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """(x, y, chip) of cores; x counts tiles across chips."""
        chip, core = np.divmod(cores, self.cores_per_chip)
        y, along = np.divmod(core // self._per_tile, self._width)
        x = np.where(y % 2 == 0, along, self._width - 1 - along)
        return x + chip * self._width, y, chip

    def tiles_used(self, cores: int) -> int:
        """Tiles of one chip that hold cores."""
        return min(-(-cores // self._per_tile), self.tiles)


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


@dataclass(frozen=True)
class Traffic:
    """Static traffic of one projection."""

    messages: Spread
    hops_x: Spread
    hops_y: Spread
    crossings: Spread


def traffic(
    fan_out: NDArray[np.int64],
    source: Partition | None,
    source_first: int,
    target: Partition,
    target_first: int,
    listening: Iterable[Mask | None],
    mesh: Mesh,
) -> Traffic:
    """Static traffic of a projection.

    Parameters
    ----------
    fan_out
        Synapses per source neuron, in the source's shape.
    source, source_first
        Partition of the source and its first core; None for an input, which enters at tile (0, 0) of chip 0.
    target, target_first
        Partition of the target and its first core.
    listening
        Per target core, the source neurons of which it stores a synapse, broadcastable to (channels, rows,
        columns); None for nothing.
    mesh
        The mesh.
    """
    shape = fan_out.shape if fan_out.ndim == 3 else (fan_out.size, 1, 1)
    fan = fan_out.reshape(shape)
    start = np.zeros((1, 1, 1), np.int64) if source is None else source_first + source.core_of(shape)
    x, y, chip = mesh.place(start)
    to_x, to_y, to_chip = mesh.place(np.arange(target_first, target_first + target.cores))
    totals = [np.zeros(shape) for _ in range(4)]
    for heard, at_x, at_y, at_chip in zip(listening, to_x, to_y, to_chip, strict=True):
        if heard is None:
            continue
        totals[0] += heard
        totals[1] += heard * np.abs(x - at_x)
        totals[2] += heard * np.abs(y - at_y)
        totals[3] += heard * (chip != at_chip)
    return Traffic(*(_spread(total, fan) for total in totals))


def _spread(total: Float, fan: NDArray[np.int64]) -> Spread:
    sends = fan > 0
    total = np.where(sends, total, 0.0)  # a neuron without a synapse in range has no axon
    if not sends.any():
        return Spread(Amount.exact(0.0), Amount.exact(0.0))
    each = total[sends] / fan[sends]
    return Spread(
        Amount(float(total.sum() / fan.sum()), float(each.min()), float(each.max())),
        Amount(float(total.mean()), float(total.min()), float(total.max())),
    )
