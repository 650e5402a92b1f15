"""Recorded levels as events: only what is not zero, sample by sample."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

__all__ = ["SpikeEvents"]

_DTYPES = {"sample": np.int64, "neuron": np.int32, "level": np.int16}
_MOST_NEURONS = 1 << 31


@dataclass(frozen=True, eq=False)
class SpikeEvents:
    """The nonzero levels of one population: 14 bytes per event, whatever the number of neurons at rest.

    Attributes
    ----------
    sample
        Number of the sample, int64 (E,), rising.
    neuron
        Index of the neuron in the flattened population (C order), int32 (E,), rising inside a sample.
    level
        Its level, never 0, int16 (E,).
    shape
        Shape of the population.
    n_samples
        Samples recorded, those without events included.

    Raises
    ------
    InputError
        If the arrays are not what is said above: kind, length, range or order.
    """

    sample: NDArray[np.int64]
    neuron: NDArray[np.int32]
    level: NDArray[np.int16]
    shape: tuple[int, ...]
    n_samples: int

    def __post_init__(self) -> None:
        size = _size(self.shape)
        if self.n_samples < 0:
            raise InputError(f"SpikeEvents: n_samples is {self.n_samples}, allowed is 0 or more")
        for name, dtype in _DTYPES.items():
            array = getattr(self, name)
            if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
                given = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
                raise InputError(f"SpikeEvents: {name} is {given}, allowed is {np.dtype(dtype)} (events,)")
        lengths = {name: len(getattr(self, name)) for name in _DTYPES}
        if len(set(lengths.values())) > 1:
            raise InputError(f"SpikeEvents: the arrays hold different numbers of events: {lengths}")
        for name, limit in (("sample", self.n_samples), ("neuron", size)):
            array = getattr(self, name)
            if len(array) and not 0 <= int(array.min()) <= int(array.max()) < limit:
                raise InputError(
                    f"SpikeEvents: {name} holds {array.min()}..{array.max()}, allowed is 0..{limit - 1}"
                )
        later = self.sample[1:] > self.sample[:-1]
        later |= (self.sample[1:] == self.sample[:-1]) & (self.neuron[1:] > self.neuron[:-1])
        if not later.all():
            raise InputError("SpikeEvents: events are not in order of sample, then neuron, or one comes twice")
        if not self.level.all():
            raise InputError("SpikeEvents: level holds 0, which is no event")

    def __len__(self) -> int:
        """Number of events."""
        return len(self.sample)

    @staticmethod
    def from_levels(levels: NDArray[np.int16]) -> "SpikeEvents":
        """The events of levels, int16 (B, *shape).

        Raises
        ------
        InputError
            If `levels` are of another type.

        Examples
        --------
        >>> events = SpikeEvents.from_levels(np.array([[0, 1, -1], [0, 0, 0], [1, 0, 0]], np.int16))
        >>> events.sample.tolist(), events.neuron.tolist(), events.level.tolist()
        ([0, 0, 2], [1, 2, 0], [1, -1, 1])
        >>> events.dense().tolist()
        [[0, 1, -1], [0, 0, 0], [1, 0, 0]]
        """
        if levels.dtype != np.int16:
            raise InputError(f"SpikeEvents: levels are {levels.dtype}, allowed are int16")
        shape = levels.shape[1:]
        flat = levels.reshape(len(levels), _size(shape))
        active = flat != 0
        neurons = np.broadcast_to(np.arange(flat.shape[1], dtype=np.int32), flat.shape)
        return SpikeEvents._made(
            np.repeat(np.arange(len(flat)), np.count_nonzero(active, axis=1)),
            neurons[active],
            flat[active],
            shape,
            len(levels),
        )

    @staticmethod
    def _made(*values: Any) -> "SpikeEvents":
        """Of fields that are right by construction: checking them takes longer than making them."""
        events = object.__new__(SpikeEvents)
        for field, value in zip(fields(SpikeEvents), values, strict=True):
            object.__setattr__(events, field.name, value)
        return events

    @staticmethod
    def concatenate(parts: "list[SpikeEvents]") -> "SpikeEvents":
        """Join the events of consecutive batches; samples are numbered on.

        Raises
        ------
        InputError
            If `parts` is empty, or the populations differ in shape.
        """
        if not parts:
            raise InputError("SpikeEvents.concatenate: got no batches, needs at least one")
        shapes = {p.shape for p in parts}
        if len(shapes) > 1:
            raise InputError(f"SpikeEvents.concatenate: the populations differ in shape: {sorted(shapes)}")
        starts = np.cumsum([0, *[p.n_samples for p in parts]])
        return SpikeEvents._made(
            np.concatenate([p.sample + start for p, start in zip(parts, starts[:-1], strict=True)]),
            np.concatenate([p.neuron for p in parts]),
            np.concatenate([p.level for p in parts]),
            parts[0].shape,
            int(starts[-1]),
        )

    def dense(self) -> NDArray[np.int16]:
        """The levels again, int16 (n_samples, *shape)."""
        flat = np.zeros((self.n_samples, math.prod(self.shape)), np.int16)
        flat[self.sample, self.neuron] = self.level
        return flat.reshape(self.n_samples, *self.shape)

    def levels_of(self, sample: int) -> NDArray[np.int16]:
        """The levels of one sample, int16 of the population's shape.

        Raises
        ------
        InputError
            If there is no such sample.
        """
        if not 0 <= sample < self.n_samples:
            raise InputError(f"SpikeEvents: sample is {sample}, allowed is 0..{self.n_samples - 1}")
        first, end = np.searchsorted(self.sample, [sample, sample + 1])
        flat = np.zeros(math.prod(self.shape), np.int16)
        flat[self.neuron[first:end]] = self.level[first:end]
        return flat.reshape(self.shape)

    def per_sample(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int16]]]:
        """(neuron, level) of one sample after another, those without events included."""
        ends = np.searchsorted(self.sample, np.arange(self.n_samples + 1))
        for first, end in itertools.pairwise(ends.tolist()):
            yield self.neuron[first:end], self.level[first:end]


def _size(shape: tuple[int, ...]) -> int:
    """Neurons of a population; more than fit the type of their index are refused."""
    size = math.prod(shape)
    if not 0 < size <= _MOST_NEURONS:
        raise InputError(f"SpikeEvents: shape is {shape}, allowed are 1..{_MOST_NEURONS} neurons")
    return size
