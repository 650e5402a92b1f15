"""Splitters: where a neuron drives fewer axons than its synapses need, neurons that copy it do the rest.

A core that copies takes the line in on one axon and out on up to as many neurons as it has; more copies take a
tree of such cores. Every copy is one synaptic event per spike, every level of the tree one step.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from gxnor_snn.errors import PricingError

from ...profile import Profile
from .windows import Int64

__all__ = ["Splitters", "splitters"]


@dataclass(frozen=True)
class Splitters:
    """Splitters behind one population.

    Attributes
    ----------
    neurons, cores, levels
        Splitter neurons and cores in all, and the deepest tree.
    events
        Copies per firing line: mean, fewest and most over the population.
    """

    neurons: int = 0
    cores: int = 0
    levels: int = 0
    events: tuple[float, float, float] = (0.0, 0.0, 0.0)


def _tree(copies: int, width: int) -> list[int]:
    """Neurons by level of a tree that copies one line, last level first; empty for a line that needs no copy."""
    levels = []
    while copies > 1:
        levels.append(copies)
        copies = -(-copies // width)
    return levels


def splitters(axons: Int64, lines: int, profile: Profile) -> Splitters:
    """Splitters of a population.

    Parameters
    ----------
    axons
        Axons that one line of every neuron must drive.
    lines
        Lines per neuron.
    profile
        The card: axons that a neuron can drive (any number where it does not say), neurons and axons of a core.

    Raises
    ------
    PricingError
        If a core has a single neuron, of which no tree of copies can be made.
    """
    allowed = profile.limit("axon_targets")
    if allowed is None or int(axons.max(initial=0)) <= allowed:
        return Splitters()
    columns, rows = profile.number("neurons_per_core"), profile.number("axons_per_core")
    if columns < 2:
        raise PricingError(
            f"card {profile.name!r}: a line that drives {int(axons.max())} axons takes splitters; the wall is "
            f"neurons_per_core of {columns}, allowed are at least 2"
        )
    neurons = cores = depth = 0
    found: list[tuple[int, int]] = []
    needs, counts = np.unique(axons, return_counts=True)
    for need, count in zip(needs.tolist(), (counts * lines).tolist(), strict=True):
        tree = _tree(-(-need // allowed), columns) if need > allowed else []
        found.append((sum(tree), count))
        neurons += sum(tree) * count
        depth = max(depth, len(tree))
        cores += sum(_cores(level, count, columns, rows) for level in tree)
    copies: Any = np.repeat(*np.array(found).T)
    return Splitters(neurons, cores, depth, (float(copies.mean()), float(copies.min()), float(copies.max())))


def _cores(copies: int, lines: int, columns: int, rows: int) -> int:
    """Cores of one level: full ones for every line, and the rests of equal lines side by side."""
    full, rest = divmod(copies, columns)
    return lines * full + (-(-lines // min(columns // rest, rows)) if rest else 0)
