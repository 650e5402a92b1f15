"""What one run of an engine gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from .counts import Counts
from .events import SpikeEvents

__all__ = ["EventTrace", "logits_of"]


def logits_of(sums: NDArray[Any], scale: NDArray[np.float64], offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logits = sums * scale + offset in float64, as two separate operations (never fused).

    Parameters
    ----------
    sums
        Readout sums, shape (B, C, ...).
    scale, offset
        Per channel, shape (C,).
    """
    per_channel = (-1,) + (1,) * (sums.ndim - 2)
    product = sums.astype(np.float64) * scale.reshape(per_channel)
    return product + offset.reshape(per_channel)


@dataclass(frozen=True)
class EventTrace:
    """The result of running an event graph on a batch.

    Attributes
    ----------
    readouts
        Sums by readout name: int64 (B, *shape), or float64 from analogue models (then `exact` is False).
    affine
        (scale, offset) by readout name, float64 (C,): what turns sums into logits.
    counts
        Exact counts, or None where they were switched off. Their arrays are for reading, see `Counts`.
    spikes
        Levels, int16 (B, *shape), of the populations named in ``record``.
    events
        The same as `SpikeEvents`, where they were recorded as events; `spikes` is empty then.
    sums
        Input sums, int64 (B, *shape), of recorded spiking populations; None from engines that do not hold them.
    seconds
        Wall time of the run.
    engine
        Name of the engine.
    exact
        False where a device model made the sums real.
    """

    readouts: Mapping[str, NDArray[Any]]
    affine: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    counts: Counts | None
    spikes: Mapping[str, NDArray[np.int16]]
    sums: Mapping[str, NDArray[Any]] | None
    seconds: float
    engine: str
    exact: bool = True
    events: Mapping[str, SpikeEvents] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("readouts", "affine", "spikes", "sums", "events"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, MappingProxyType(dict(value)))

    def __reduce__(self) -> tuple[Any, ...]:
        mappings = {n: dict(v) for n, v in vars(self).items() if isinstance(v, MappingProxyType)}
        return EventTrace, tuple({**vars(self), **mappings}.values())

    @staticmethod
    def concatenate(parts: "list[EventTrace]", seconds: float) -> "EventTrace":
        """Join the traces of consecutive batches of one graph, run by one engine.

        Counts that are summed over samples already are added, all others joined.

        Raises
        ------
        InputError
            If `parts` is empty, or the batches differ in engine, counting or recording.
        """
        if not parts:
            raise InputError("EventTrace.concatenate: got no batches, needs at least one")
        first = parts[0]
        kinds = {
            (p.engine, p.counts is None, p.sums is None, *p.readouts, *p.spikes, None, *p.events) for p in parts
        }
        if len(kinds) > 1:
            raise InputError("EventTrace.concatenate: the batches differ in engine, counts or what they record")

        def join(arrays: list[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
            return {name: np.concatenate([a[name] for a in arrays]) for name in arrays[0]}

        counts = [p.counts for p in parts if p.counts is not None]
        sums = [p.sums for p in parts if p.sums is not None]
        return EventTrace(
            readouts=join([p.readouts for p in parts]),
            affine=first.affine,
            counts=Counts.concatenate(counts) if counts else None,
            spikes=join([p.spikes for p in parts]),
            sums=join(sums) if sums else None,
            seconds=seconds,
            engine=first.engine,
            exact=all(p.exact for p in parts),
            events={n: SpikeEvents.concatenate([p.events[n] for p in parts]) for n in first.events},
        )

    def sparse(self) -> "EventTrace":
        """The same trace with levels as events; sums, which are dense, are left out."""
        events = {name: SpikeEvents.from_levels(levels) for name, levels in self.spikes.items()}
        return replace(self, spikes={}, sums=None, events={**self.events, **events})

    @property
    def n_samples(self) -> int:
        """Samples of the batch."""
        return len(next(iter(self.readouts.values())))

    @property
    def recorded(self) -> tuple[str, ...]:
        """Populations whose levels are held, dense or as events."""
        return (*self.spikes, *self.events)

    def levels_of(self, name: str, sample: int) -> NDArray[np.int16]:
        """Levels of one recorded population for one sample, whether they are held dense or as events.

        Raises
        ------
        InputError
            If the population was not recorded, or there is no such sample.
        """
        if name not in self.recorded:
            raise InputError(f"levels of {name!r} were not recorded; recorded are {list(self.recorded)}")
        if not 0 <= sample < self.n_samples:
            raise InputError(f"sample is {sample}, allowed is 0..{self.n_samples - 1}")
        return self.spikes[name][sample] if name in self.spikes else self.events[name].levels_of(sample)

    @property
    def logits(self) -> NDArray[np.float64]:
        """Logits (B, C) of the one vector readout.

        Raises
        ------
        InputError
            If the graph has several readouts, or one that is not a vector.
        """
        if len(self.readouts) != 1:
            raise InputError(f"logits needs one readout; this trace has {sorted(self.readouts)}")
        ((name, sums),) = self.readouts.items()
        if sums.ndim != 2:
            raise InputError(f"logits needs a vector readout; {name!r} has shape {sums.shape[1:]}")
        return logits_of(sums, *self.affine[name])

    @property
    def predictions(self) -> NDArray[np.int64]:
        """Class with the largest logit per sample, int64 (B,); the lowest index wins a tie."""
        return np.asarray(np.argmax(self.logits, axis=1), np.int64)
