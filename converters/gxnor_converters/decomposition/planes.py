"""A population's planes as populations of their own: each plane is what remains after the higher ones.

With r_k = v - sum over j > k of 2^j p_j (r of the highest plane is the level v itself), plane k is

========== ================================= ==============================
coding     p_k                               thresholds on r_k
========== ================================= ==============================
pm1        +1 if r_k > 0, else -1            1 (r_k is odd, never 0)
bits       1 if r_k >= 2^k, else 0           2^k
signmag    sign(r_k) if abs(r_k) >= 2^k      -2^k + 1 and 2^k
========== ================================= ==============================

so identities of gain 1 (from the level) and -2^j (from the higher planes) and one neuron per value compute it: a
successive approximation inside the graph, in the vocabulary of schema version 1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gxnor_snn.graph import Coding, Identity, Population, Projection, Spiking

__all__ = ["PlaneSet", "planes_of", "two_bits_of"]


@dataclass(frozen=True)
class PlaneSet:
    """Populations whose values, weighted, add up to a population's levels (over `divisor`).

    Attributes
    ----------
    populations, projections
        What is new in the graph.
    names, weights
        Population and weight of each plane: level * divisor = sum of weight * plane.
    divisor
        1, or 2 for two bits of equal weight.
    """

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    names: tuple[str, ...]
    weights: tuple[int, ...]
    divisor: int = 1


def planes_of(name: str, shape: tuple[int, ...], coding: Coding) -> PlaneSet:
    """The planes of a population, lowest first; of one plane it is the population itself."""
    if coding.n_planes == 1:
        return PlaneSet((), (), (name,), (1,))
    names = [f"{name}.bit{k}" for k in range(coding.n_planes)]
    populations: list[Population] = []
    projections: list[Projection] = []
    for k in reversed(range(coding.n_planes)):
        plane, thresholds = _PLANES[coding.kind](k)
        populations.append(_neurons(names[k], shape, plane, thresholds))
        projections.append(Identity(name=names[k], source=name, target=names[k]))
        for j in range(k + 1, coding.n_planes):
            edge = f"{names[k]}.less{j}"
            projections.append(Identity(name=edge, source=names[j], target=names[k], gain=-(1 << j)))
    return PlaneSet(tuple(populations), tuple(projections), tuple(names), tuple(1 << k for k in range(len(names))))


def two_bits_of(name: str, shape: tuple[int, ...]) -> PlaneSet:
    """A ternary population as two {-1, +1} bits of equal weight, x = (b_1 + b_2) / 2: 0 is (+1, -1)."""
    names = (f"{name}.high", f"{name}.low")
    return PlaneSet(
        tuple(_neurons(n, shape, Coding.pm1(1), (t,)) for n, t in zip(names, (0, 1), strict=True)),
        tuple(Identity(name=n, source=name, target=n) for n in names),
        names,
        (1, 1),
        divisor=2,
    )


def _neurons(name: str, shape: tuple[int, ...], coding: Coding, thresholds: tuple[int, ...]) -> Spiking:
    channels = shape[0]
    return Spiking(
        name=name,
        shape=shape,
        coding=coding,
        thresholds=np.tile(np.array(thresholds, np.int64), (channels, 1)),
        increasing=np.ones(channels, bool),
        internal=True,
    )


_PLANES: dict[str, Callable[[int], tuple[Coding, tuple[int, ...]]]] = {
    "pm1": lambda k: (Coding.pm1(1), (1,)),
    "bits": lambda k: (Coding.bits(1), (1 << k,)),
    "signmag": lambda k: (Coding.ternary(), (1 - (1 << k), 1 << k)),
}
