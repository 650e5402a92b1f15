"""Row groups: how the source values of a block are dealt out to cores that share its neurons."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .windows import Int64

__all__ = ["Slot", "fill"]


@dataclass(frozen=True)
class Slot:
    """Where the source values of one feed go: `first` of them into core `group`, `each_core` into every next."""

    group: int
    first: int
    each_core: int

    def group_of(self, index: Int64) -> Int64:
        """Row group of source values, by their number within the feed."""
        beyond = np.maximum(index - self.first, 0) // self.each_core
        return np.asarray(self.group + np.where(index < self.first, 0, 1 + beyond))


def fill(values: Sequence[tuple[int, int]], axons: int) -> tuple[int, tuple[Slot, ...]]:
    """Cores, and slots, for feeds of (values, axons per value): whole values, one feed after another."""
    groups, room = 1, axons
    slots = []
    for count, each in values:
        slot = Slot(groups - 1, min(count, room // each), axons // each)
        slots.append(slot)
        left = count - slot.first
        room -= slot.first * each
        if left:
            groups += -(-left // slot.each_core)
            room = axons - ((left - 1) % slot.each_core + 1) * each
    return groups, tuple(slots)
