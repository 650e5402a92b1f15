"""Projections as the kernels read them: lists of source neurons by sign and power of two.

A synapse adds coefficient * u to a neuron's sum, with coefficient = gain * weight * step of the source slab.
The coefficient is written in signed binary digits with the fewest nonzero ones (non-adjacent form), so a
ternary weight is one entry and a zero weight none at all.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import Projection

from .._kernels import Term
from .slabs import Slab

__all__ = [
    "Digits",
    "Lowered",
    "Synapses",
    "Window",
    "add_up",
    "one_by_one",
    "place_by_place",
    "readings",
    "selection_of",
    "signed_digits",
    "synapses_of",
    "term_of",
    "window_of",
]

_SYNAPSES_AT_ONCE = 1 << 22  # an interrupt is heard between two calls of numpy

Window = tuple[int, int, int, int, int, int, int, int, int, int, int]

Digits = Iterable[tuple[int, int, NDArray[np.bool_]]]
"""(sign, level, where) as `signed_digits` yields them."""


def signed_digits(values: NDArray[Any], factor: int = 1) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
    """Yield (sign, level, where): factor * values is the sum of sign * 2^level over the yields that hold there.

    Non-adjacent form (G. W. Reitwiesner, Binary Arithmetic, 1960): an odd rest takes the digit +1 or -1 that
    leaves a multiple of four. The rest is kept in the smallest integers that hold it: layers may be huge.
    """
    largest = max(abs(int(values.min(initial=0))), abs(int(values.max(initial=0)))) * abs(factor)
    small = next((np.dtype(d) for d in ("i1", "i2", "i4") if largest < np.iinfo(d).max), np.dtype("i8"))
    rest: NDArray[Any] = values.astype(small)
    if largest:
        rest *= factor
    level = 0
    while rest.any():
        digit: NDArray[Any] = (rest & 1) * (2 - (rest & 3))
        for sign in (-1, 1):
            where = digit == sign
            if where.any():
                yield sign, level, where
        rest, level = (rest - digit) >> 1, level + 1


def window_of(projection: Any, source: Slab) -> Window:
    """The kernels' window of a convolution or pool."""
    window = projection.window
    top, _, left, _ = window.padding
    return (*source.image, source.channels, *window.kernel, *window.stride, top, left, *window.dilation)


def one_by_one(source: Slab) -> Window:
    """The window of what stays in its place."""
    return (*source.image, source.channels, 1, 1, 1, 1, 0, 0, 1, 1)


def selection_of(projection: Any, source: Slab) -> tuple[Window, NDArray[np.uint8]]:
    """Window of a projection that selects levels, and which channels take the minimum."""
    if projection.kind == "identity":
        return one_by_one(source), np.zeros(source.channels, np.uint8)
    return window_of(projection, source), projection.minimum(source.channels).astype(np.uint8)


@dataclass(frozen=True)
class Lowered:
    """A term for the kernels, and how many planes it adds per block of lanes."""

    term: Term
    additions: int


def add_up(projection: Projection, source: Slab, target: Slab) -> Lowered:
    """The term that adds a projection's results to the target's sums."""
    return _TERMS[projection.kind](projection, source, target)


@dataclass(frozen=True)
class Synapses:
    """The weights of a projection in the kernels' order.

    Attributes
    ----------
    window
        How outputs see the source.
    weights
        (outputs, taps, inputs) of the projection, in the type it holds them in.
    channels
        The source channel that each reads; broadcasts to the weights.
    """

    window: Window
    weights: NDArray[Any]
    channels: NDArray[np.int32]


def place_by_place(projection: Any, source: Slab, target: Slab, window: Window | None = None) -> Lowered:
    """The term that adds gain * level of every source channel to its own target channel."""
    window = window or one_by_one(source)
    weights = np.ones((source.channels, window[3] * window[4], 1), np.int64)
    channels = np.arange(source.channels, dtype=np.int32).reshape(-1, 1, 1)
    return _added(projection, source, target, Synapses(window, weights, channels))


def _added(projection: Any, source: Slab, target: Slab, synapses: Synapses) -> Lowered:
    outputs, taps, _ = synapses.weights.shape
    sums = synapses.weights.sum(axis=2, dtype=np.int64)
    constants = np.ascontiguousarray(sums * (projection.gain * source.form.lowest)).reshape(outputs * taps)
    digits = signed_digits(synapses.weights, projection.gain * source.form.step)
    term, per_tap = term_of(projection, source, synapses, digits, constants)
    return Lowered(term, int(per_tap @ readings(synapses.window, target.image)) * source.form.planes)


def term_of(
    projection: Any, source: Slab, synapses: Synapses, digits: Digits, constants: NDArray[np.int64]
) -> tuple[Term, NDArray[np.int64]]:
    """The term that lists for every digit the sources of the synapses where it holds; and its entries per tap."""
    outputs, taps, _ = synapses.weights.shape
    channels = np.broadcast_to(synapses.channels, synapses.weights.shape)
    step = max(1, _SYNAPSES_AT_ONCE * outputs // max(synapses.weights.size, 1))
    kinds: list[tuple[int, int]] = []
    lengths: list[NDArray[np.int64]] = []
    entries: list[NDArray[np.int32]] = []
    for sign, level, where in digits:
        kinds.append((sign, level))
        lengths.append(np.count_nonzero(where, axis=2).reshape(-1))
        entries += [channels[i : i + step][where[i : i + step]] for i in range(0, outputs, step)]
    term = Term.make(
        source.index,
        synapses.window,
        (projection.target_channels or (0, 0))[0],
        outputs,
        kinds,
        np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths])),
        np.concatenate([np.zeros(0, np.int32), *entries]),
        constants,
    )
    per_tap = np.sum([n.reshape(outputs, taps).sum(axis=0) for n in lengths] or [np.zeros(taps, np.int64)], axis=0)
    return term, per_tap


def readings(window: Window, out: tuple[int, int]) -> NDArray[np.int64]:
    """For every kernel tap, at how many output places it lies inside the source."""
    size, kernel, stride, pad, dilation = window[0:2], window[3:5], window[5:7], window[7:9], window[9:11]
    along: list[NDArray[np.int64]] = []
    for axis in (0, 1):
        starts = np.arange(out[axis]) * stride[axis] - pad[axis]
        places = starts + (np.arange(kernel[axis]) * dilation[axis])[:, None]
        along.append(np.count_nonzero((places >= 0) & (places < size[axis]), axis=1))
    return np.multiply.outer(along[0], along[1]).reshape(-1)


def synapses_of(projection: Any, source: Slab) -> Synapses:
    """Weights of a Dense or Conv2d projection as the kernels read its source."""
    return _SYNAPSES[projection.kind](projection, source)


def _weighted(projection: Any, source: Slab, target: Slab) -> Lowered:
    return _added(projection, source, target, synapses_of(projection, source))


def _dense(projection: Any, source: Slab) -> Synapses:
    outputs, inputs = projection.weights.shape
    # The weights read the source in C order, channels outermost; the slab has them innermost.
    ordered = projection.weights.reshape(outputs, source.channels, source.positions).transpose(0, 2, 1)
    window = (1, 1, inputs, 1, 1, 1, 1, 0, 0, 1, 1)
    channels = np.arange(inputs, dtype=np.int32)
    return Synapses(window, ordered.reshape(outputs, 1, inputs), channels)


def _conv2d(projection: Any, source: Slab) -> Synapses:
    outputs, per_group, rows, columns = projection.weights.shape
    weights = projection.weights.transpose(0, 2, 3, 1).reshape(outputs, rows * columns, per_group)
    group = np.arange(outputs, dtype=np.int32) // (outputs // projection.groups)
    channels = group[:, None, None] * np.int32(per_group) + np.arange(per_group, dtype=np.int32)
    return Synapses(window_of(projection, source), weights, channels)


def _pool2d(projection: Any, source: Slab, target: Slab) -> Lowered:
    return place_by_place(projection, source, target, window_of(projection, source))


_SYNAPSES: dict[str, Callable[[Any, Slab], Synapses]] = {"dense": _dense, "conv2d": _conv2d}

_TERMS: dict[str, Callable[[Any, Slab, Slab], Lowered]] = {
    "dense": _weighted,
    "conv2d": _weighted,
    "identity": place_by_place,
    "pool2d": _pool2d,  # sum pools; what selects a maximum or minimum is selected first, see plan
}
