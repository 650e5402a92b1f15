"""What timing found: the load of every core and link in every step, seconds, and energy over time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import PricingError

__all__ = ["Timing"]

Float = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Timing:
    """A run of an event graph on one device, step by step.

    All arrays have the axes (samples, steps) first; step 1 is the first of them. What the card gives no constant
    for is None, and stands in `missing` with the reason.

    Attributes
    ----------
    profile, display
        The hardware card.
    cores, links
        Names of cores (population and number) and links (tiles they join; empty without a mesh).
    positions
        Tile (x, y) of every core, (cores, 2); None without a mesh.
    link_ends
        Tiles a link leads from and to, (links, 2, 2); None without a mesh.
    events
        Synaptic events that each core worked on, (samples, steps, cores).
    messages_in, messages_out
        Messages that each core received and sent, likewise.
    updates
        Neuron updates of each core per step, (cores,).
    link_load
        Messages that crossed each link, (samples, steps, links); None without a mesh.
    core_s
        Seconds that each core worked, (samples, steps, cores); None without published times.
    step_s, step_low_s, step_high_s
        Seconds of each step, (samples, steps), and their band from the bands of the card's constants.
    handling_s
        Seconds that each core takes for messages on top of its work; None where the card has no such times.
    link_s
        Seconds that the busiest link of each step is taken; None without times of hops.
    terms
        Energy by term of the bill, joule, (samples, steps).
    missing
        What could not be said, with the reason.
    notes
        What a reader must know.
    """

    profile: str
    display: str
    cores: tuple[str, ...]
    links: tuple[str, ...]
    positions: Int64 | None
    link_ends: Int64 | None
    events: Int64
    messages_in: Int64
    messages_out: Int64
    updates: Int64
    link_load: Int64 | None
    core_s: Float | None
    step_s: Float | None
    step_low_s: Float | None
    step_high_s: Float | None
    handling_s: Float | None
    link_s: Float | None
    terms: Mapping[str, Float]
    missing: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("terms", "missing"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        values = {**vars(self), "terms": dict(self.terms), "missing": dict(self.missing)}
        return Timing, tuple(values.values())

    @property
    def n_samples(self) -> int:
        """Samples that were timed."""
        return int(self.events.shape[0])

    @property
    def steps(self) -> int:
        """Steps of an inference."""
        return int(self.events.shape[1])

    @property
    def latency_s(self) -> Float | None:
        """Seconds of every inference, (samples,): the sum of its steps, as the bill counts them."""
        return None if self.step_s is None else np.asarray(self.step_s.sum(axis=1))

    @property
    def latency_low_s(self) -> Float | None:
        """Low end of `latency_s`."""
        return None if self.step_low_s is None else np.asarray(self.step_low_s.sum(axis=1))

    @property
    def latency_high_s(self) -> Float | None:
        """High end of `latency_s`."""
        return None if self.step_high_s is None else np.asarray(self.step_high_s.sum(axis=1))

    @property
    def latency_with_messages_s(self) -> Float | None:
        """Seconds of every inference if cores do nothing else while they handle messages, and wait for links.

        t = sum over steps of t_step + max(max over cores of (work + handling), busiest link) - max over cores of
        work: an upper figure, as a core may send and receive while it works. None where the card has neither.
        """
        if self.step_s is None or self.core_s is None or (self.handling_s is None and self.link_s is None):
            return None
        handling = np.zeros(1) if self.handling_s is None else self.handling_s
        busy = (self.core_s + handling).max(axis=2)
        if self.link_s is not None:
            busy = np.maximum(busy, self.link_s)
        return np.asarray((self.step_s + busy - self.core_s.max(axis=2)).sum(axis=1))

    @property
    def energy_j(self) -> Float | None:
        """Energy of every inference, joule, (samples,); None where something has no price."""
        if "energy" in self.missing:
            return None
        return np.asarray(self.priced_j.sum(axis=1))

    @property
    def priced_j(self) -> Float:
        """Energy of what has a price, joule, (samples, steps)."""
        return np.asarray(sum(self.terms.values(), np.zeros(self.events.shape[:2])))

    @property
    def busiest_core(self) -> str:
        """Core that works most: by seconds where there are any, else by synaptic events; the first of equals."""
        return self.cores[self._busiest(self.events if self.core_s is None else self.core_s)]

    @property
    def busiest_link(self) -> str | None:
        """Link that most messages cross, the first of equals; None where none leaves its tile, or no mesh is."""
        if self.link_load is None or not self.link_load.any():
            return None
        return self.links[self._busiest(self.link_load)]

    @staticmethod
    def _busiest(load: NDArray[Any]) -> int:
        return int(np.argmax(load.sum(axis=(0, 1))))

    def bounding_cores(self) -> tuple[str | None, ...]:
        """The core that works longest in each step, mean over samples, the first of equals; None if none works."""
        load = (self.events if self.core_s is None else self.core_s).mean(axis=0)
        works = load.max(axis=1) > 0
        return tuple(
            self.cores[k] if any_works else None
            for k, any_works in zip(load.argmax(axis=1).tolist(), works.tolist(), strict=True)
        )

    def series(self, sample: int | None = None) -> tuple[Float, Mapping[str, Float]]:
        """Energy over time, for drawing.

        Parameters
        ----------
        sample
            Of which sample; None for the mean over all.

        Returns
        -------
        (edges, terms)
            Ends of the steps, (steps + 1,), seconds from 0 (or numbers of steps where the card has no times), and
            joule by term spent in each step, (steps,).

        Raises
        ------
        PricingError
            If there is no such sample.
        """
        if sample is not None and not 0 <= sample < self.n_samples:
            raise PricingError(f"sample is {sample!r}; allowed are 0..{self.n_samples - 1}, or None for the mean")

        def pick(values: Float) -> Float:
            return np.asarray(values.mean(axis=0) if sample is None else values[sample])

        length = np.ones(self.steps) if self.step_s is None else pick(self.step_s)
        edges = np.concatenate([[0.0], np.cumsum(length)])
        return edges, {name: pick(values) for name, values in self.terms.items()}
