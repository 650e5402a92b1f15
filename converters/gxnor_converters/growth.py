"""The parts of an event graph in the making, and what values become in it: populations, and edges between them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import ConversionError, GraphError
from gxnor_snn.graph import Coding, EventGraph, Identity, Pool2d, Population, Projection, Relay

from .values import Levels, Part, Place, Sums, Term, Value

__all__ = ["Growth", "part_names", "refuse_special"]

_FLOAT64_EXACT = 1 << 53


class Growth:
    """Collects populations and projections; coerces what a layer reads to levels or to sums."""

    def __init__(self) -> None:
        self._populations: list[Population] = []
        self._projections: list[Projection] = []
        self._parts: dict[str, Part] = {}

    def graph(self, metadata: dict[str, object]) -> EventGraph:
        """What has grown."""
        return EventGraph(self._populations, self._projections, metadata)

    def levels(self, at: Place, value: Value) -> Levels:
        """Levels that a product or a pool may read; integers without a threshold go through a sum relay."""
        if isinstance(value, Levels):
            return value
        if value.weighted:
            raise ConversionError(
                f"{at}: a second product follows {value.names} without an activation between them; put batch norm "
                "and an activation there"
            )
        single = len(value.terms) == 1 and not value.pools
        return self.relay(at, value, value.terms[0].projection.name if single else f"{at.path}.in")

    def sums(self, at: Place, value: Value, name: str) -> Sums:
        """Sums that read levels neuron by neuron where the value is levels."""
        if isinstance(value, Sums):
            return value
        if value.flat and any(len(p.shape) != 1 for p in value.parts):
            raise ConversionError(
                f"{at}: acts on the flattened levels of {value.names}; put it before the flatten"
            )
        refuse_special(at, value)
        terms, start = [], 0
        for part, own in zip(value.parts, part_names(name, len(value.parts)), strict=True):
            terms.append(Term(Identity(name=own, source=part.source, target=""), start, part.shape[0]))
            start += part.shape[0]
        return Sums(tuple(terms), value.shape)

    def operand(self, at: Place, value: Value, name: str) -> Sums:
        """Sums that may be added: of nothing but integers, pools done."""
        sums = self.sums(at, value, name)
        if sums.curve is not None:
            raise ConversionError(
                f"{at}: adds or joins {sums.names} behind a batch norm, scale or bias of their own; such sums "
                "have no common integer. One batch norm must follow the addition: act(BN(conv(a) + gain * "
                "shortcut(a)))"
            )
        if sums.raw is not None:
            raise ConversionError(f"{at}: reads sums of normalised inputs; put batch norm and an activation there")
        if not sums.pools:
            return sums
        *inner, (last, _) = sums.pools
        held = self.relay(at, replace(sums, pools=tuple(inner)), f"{last.name}.in")
        return self.pooled(replace(last, name=last.name), held)

    def relay(self, at: Place, value: Sums, name: str) -> Levels:
        """A population that holds sums as they are, so that several layers, or a pool, may read them."""
        plain = self.operand(at, replace(value, pools=()), name)
        low, high, _ = self.bounds(at, plain)
        lo, hi = int(low.min()), int(high.max())
        shape = self.inner(plain)
        try:
            relay = Relay(name=name, shape=shape, kind="sum", lo=lo, hi=hi)
        except GraphError as error:
            raise ConversionError(
                f"{at}: needs the sums of {plain.names} themselves, which reach {lo}..{hi}; a population holds at "
                "most -32767..32767. Put an activation in front"
            ) from error
        part = replace(self.emit(relay, Coding.sums(lo, hi)), sums=True)
        self.connect(plain, name)
        held = Levels((part,), flat=len(shape) == 1)
        for pool, _ in value.pools:
            held = self.pool_levels(pool, held)
        return held

    def joined(self, at: Place, levels: Levels) -> Levels:
        """One population in the place of several parts: a level relay where codings are one, else a sum relay."""
        sums = self.sums(at, replace(levels, pad=(0, 0, 0, 0), raw=None), f"{at.path}.in")
        codings = {p.coding for p in levels.parts}
        if len(codings) > 1:
            return replace(self.relay(at, sums, f"{at.path}.in"), pad=levels.pad)
        relay = Relay(name=f"{at.path}.in", shape=sums.shape)
        part = self.emit(relay, codings.pop())
        self.connect(sums, relay.name)
        return replace(levels, parts=(part,))

    def emit(self, population: Population, coding: Coding) -> Part:
        """Add a population that sends levels of `coding`."""
        self._populations.append(population)
        part = Part(population.name, population.shape, coding)
        self._parts[population.name] = part
        return part

    def end(self, population: Population) -> None:
        """Add a population that sends none."""
        self._populations.append(population)

    def connect(self, sums: Sums, target: str) -> None:
        """Add the projections of sums, into the population `target`."""
        for term in sums.terms:
            whole = term.channels == sums.shape[0]
            channels = None if whole else (term.start, term.start + term.channels)
            self._projections.append(replace(term.projection, target=target, target_channels=channels))

    def inner(self, sums: Sums) -> tuple[int, ...]:
        """Shape of sums in front of their pools."""
        first = sums.terms[0].projection
        return (sums.shape[0], *first.output_shape(self._parts[first.source].shape)[1:])

    def bounds(self, at: Place, sums: Sums) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """Reachable sums per channel."""
        low, high = np.zeros((2, sums.shape[0]), np.int64)
        magnitude = 0
        for term in sums.terms:
            edge, part = term.projection, self._parts[term.projection.source]
            ends = [b * edge.gain for b in edge.bounds(part.shape, part.coding)]
            low[term.start : term.start + term.channels] += np.minimum(*ends)
            high[term.start : term.start + term.channels] += np.maximum(*ends)
            magnitude += abs(edge.gain) * edge.magnitude(part.shape, part.coding)
        if magnitude >= _FLOAT64_EXACT:
            raise ConversionError(f"{at}: its sums pass 2^53, beyond which float64 is not exact")
        return low, high, magnitude

    def pool_levels(self, pool: Pool2d, levels: Levels, target: str | None = None) -> Levels:
        """A pool of every part, into a level relay each."""
        parts = []
        names = part_names(pool.name, len(levels.parts))
        for part, name in zip(levels.parts, names, strict=True):
            edge = replace(pool, name=name, source=part.source, target=target or name)
            relay = Relay(name=target or name, shape=edge.output_shape(part.shape))
            parts.append(replace(self.emit(relay, part.coding), sums=part.sums))
            self._projections.append(edge)
        return replace(levels, parts=tuple(parts))

    def pooled(self, pool: Pool2d, levels: Levels) -> Sums:
        """A pool of every part, as terms of a sum."""
        terms: list[Term] = []
        start = 0
        for part, name in zip(levels.parts, part_names(pool.name, len(levels.parts)), strict=True):
            terms.append(Term(replace(pool, name=name, source=part.source), start, part.shape[0]))
            start += part.shape[0]
        shape = pool.output_shape(levels.parts[0].shape)
        return Sums(tuple(terms), (start, *shape[1:]))


def refuse_special(at: Place, levels: Levels) -> None:
    """Refuse levels in front of which padding or a normalisation stands."""
    if levels.raw is not None:
        raise ConversionError(
            f"{at}: reads the input that `normalize` shifts and scales; only a product may stand there"
        )
    if any(levels.pad):
        raise ConversionError(
            f"{at}: reads padded levels; ZeroPad2d may stand in front of a convolution or a sum-pool only"
        )


def part_names(stem: str, count: int) -> list[str]:
    """Names of the projections of one layer: its path, or one more for each part it reads."""
    return [stem] if count == 1 else [f"{stem}.part{k}" for k in range(count)]
