"""What a graph asks of a digital datapath: how levels are written in {-1, +1}, and what no datapath adds up.

A level of a population with L thresholds is a thermometer of L values q_k in {-1, +1}::

    v = (lo + hi) / 2 + (step / 2) (q_1 + .. + q_L)          L = (hi - lo) / step

so a product with v is L binary products of equal weight, which one popcount adds up: L times the input channels.
The constant folds into the thresholds. Zero padding is the thermometer of 0, and so is exact where 0 is a level.
A ternary value takes two, (-1,-1), (-1,+1), (+1,+1); a value of {-1, +1} takes one, and two where padding needs
a 0.

Weights are written about zero (their constant would multiply the sum of the activations, which depends on the
data): 2 m / step values for weights of magnitude m. A ternary weight takes two.

Source: the encoding of {-1, +1} decompositions (arXiv 1905.13389, eq. 1-5) with equal instead of binary weights.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from gxnor_snn.graph import Coding, EventGraph

__all__ = ["Copies", "fits", "input_copies", "joined", "weight_copies", "work_outside"]


@dataclass(frozen=True)
class Copies:
    """How many {-1, +1} values write one value.

    Attributes
    ----------
    number
        Values per value.
    weighted
        Whether they have weights (powers of two), so that their sums must be scaled and added outside the array.
    """

    number: int
    weighted: bool = False


def _thermometer(levels: np.ndarray[Any, np.dtype[np.int64]]) -> int:
    """Values of equal weight that write every level: the span in steps of the levels' common distance."""
    span = int(levels[-1] - levels[0])
    return span // int(np.gcd.reduce(np.diff(levels))) if span else 1


def input_copies(coding: Coding, padded: bool, thresholded: bool) -> Copies:
    """{-1, +1} values that write one activation.

    Parameters
    ----------
    coding
        Of the source.
    padded
        Whether zeros are padded, so that 0 must be written too.
    thresholded
        Whether the levels come out of thresholds, one value of the thermometer each. Others, such as pixels, are
        given in the bits of v - lo where that takes fewer values.
    """
    levels = np.union1d(coding.levels, [0]) if padded else coding.levels
    number = _thermometer(levels)
    if coding.kind == "pm1" and not padded:
        bits = coding.n_planes
    else:
        bits = max(1, int(levels[-1] - levels[0]).bit_length())
    if thresholded or number <= bits:
        return Copies(number)
    return Copies(bits, weighted=True)


def weight_copies(coding: Coding) -> Copies:
    """{-1, +1} values of equal weight that write one weight about zero."""
    return Copies(_thermometer(np.union1d(coding.levels, [-coding.max_abs, coding.max_abs])))


def joined(graph: EventGraph, name: str) -> bool:
    """Whether something else adds to the sums that this projection writes, or scales them."""
    projection = graph.projections[name]
    mine = _channels(graph, name)
    others = (_channels(graph, p.name) for p in graph.incoming(projection.target) if p.name != name)
    return projection.gain != 1 or any(a < mine[1] and mine[0] < b for a, b in others)


def _channels(graph: EventGraph, name: str) -> tuple[int, int]:
    projection = graph.projections[name]
    return projection.target_channels or (0, graph.populations[projection.target].shape[0])


def work_outside(graph: EventGraph, name: str) -> int:
    """Additions, comparisons of pools and scalings behind a population, beside products and their sums.

    A neuron that is fed k numbers takes k - 1 of them: a weighted projection feeds it one number, an identity or a
    pool one per place that it reads; a projection with a gain scales each of its results.
    """
    fed = scaled = 0
    reached = np.zeros(graph.populations[name].shape[0], bool)
    for projection in graph.incoming(name):
        outputs = prod(projection.output_shape(graph.populations[projection.source].shape))
        fed += outputs if projection.weighted else int(graph.fan_out(projection.name).dense.sum())
        scaled += outputs if projection.gain != 1 else 0
        reached[slice(*_channels(graph, projection.name))] = True
    return scaled + fed - int(reached.sum()) * prod(graph.populations[name].shape[1:])


def fits(lo: int, hi: int, bits: int) -> bool:
    """Whether a word of some bits, signed or not, holds the values lo..hi."""
    half = 1 << (bits - 1)
    return (-half <= lo and hi < half) or (lo >= 0 and hi < 2 * half)
