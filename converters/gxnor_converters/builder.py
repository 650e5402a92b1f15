"""Growing an event graph along a network: the parts that levels and sums become.

A layer maps values to values (`gxnor_converters.values`). Sums collect the projections, pools and the affine map
between two activations; an activation closes them into populations, the end of the network into a readout.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import (
    Coding,
    EventGraph,
    Input,
    Pool2d,
    Projection,
    Readout,
    Spiking,
)

from .curves import Curve, Normalisation, Normalised, Straight
from .fold import Steps, integer_thresholds
from .growth import Growth, part_names, refuse_special
from .values import Levels, Place, Sums, Term, Value

__all__ = ["Builder"]


_FLOAT32_EXACT = 1 << 24


class Builder:
    """Collects populations and projections; every complaint is a `ConversionError` naming the place."""

    def __init__(self, shape: tuple[int, ...], coding: Coding, raw: Normalisation | None = None) -> None:
        self._growth = Growth()
        self._exact_logits: dict[str, bool] = {}
        first = self._growth.emit(Input(name="input", shape=shape, coding=coding), coding)
        self.input = Levels((first,), flat=len(shape) == 1, raw=raw)

    def product(self, at: Place, value: Value, projection: Projection, max_input: int) -> Sums:
        """The sums of a weighted projection, whose source is settled here."""
        levels = self._growth.levels(at, value)
        largest = max(p.coding.max_abs for p in levels.parts)
        if largest > max_input:
            raise ConversionError(
                f"{at}: max_input is {max_input}, its input has levels up to {largest}; construct it with that "
                "max_input"
            )
        weights = projection.weights  # type: ignore[attr-defined]
        if len(levels.parts) > 1 and getattr(projection, "groups", 1) > 1:
            levels = self._growth.joined(at, levels)
        sizes = [p.size if levels.flat else p.shape[0] for p in levels.parts]
        if sum(sizes) != weights.shape[1] * getattr(projection, "groups", 1):
            raise ConversionError(
                f"{at}: reads {weights.shape[1] * getattr(projection, 'groups', 1)} inputs, {levels.names} give "
                f"{sum(sizes)}"
            )
        terms: list[Term] = []
        ends = np.cumsum([0, *sizes])
        for k, (part, name) in enumerate(zip(levels.parts, part_names(at.path, len(sizes)), strict=True)):
            own = weights if len(sizes) == 1 else weights[:, ends[k] : ends[k + 1]]
            single = replace(projection, name=name, source=part.source, weights=own)  # type: ignore[call-arg]
            terms.append(Term(single, 0, weights.shape[0]))
        shape = terms[0].projection.output_shape(levels.parts[0].shape)
        raw = None
        if levels.raw is not None:
            _refuse_padded(at, projection, levels.raw)
            shifts, divisor = levels.raw.of_edge(
                weights, levels.parts[0].shape[0], getattr(projection, "groups", 1)
            )
            raw = tuple(shifts), divisor
        return Sums(tuple(terms), shape, raw=raw)

    def pool(self, at: Place, value: Value, pool: Pool2d) -> Value:
        """A max-pool: among the pools of sums, or on travelling levels."""
        if isinstance(value, Sums):
            return replace(
                value,
                shape=pool.output_shape(value.shape),
                pools=(*value.pools, (pool, value.curve is None)),
            )
        if value.flat:
            raise ConversionError(f"{at}: pools a flattened source; put it before the flatten")
        if any(value.pad):
            refuse_special(at, value)
        return self._growth.pool_levels(pool, value)

    def sum_pool(self, at: Place, value: Value, pool: Pool2d) -> Sums:
        """A sum-pool of levels, or of sums that a relay holds."""
        if isinstance(value, Sums):
            value = self._growth.relay(at, value, f"{at.path}.in")
        if value.flat:
            raise ConversionError(f"{at}: pools a flattened source; put it before the flatten")
        if any(value.pad):
            top, bottom, left, right = (a + b for a, b in zip(value.pad, pool.padding, strict=True))
            pool = replace(pool, padding=(top, bottom, left, right))
            value = replace(value, pad=(0, 0, 0, 0))
        refuse_special(at, value)
        return self._growth.pooled(pool, value)

    def affine(self, at: Place, value: Value, curve: Curve) -> Sums:
        """A per-channel affine map behind sums."""
        sums = self._growth.sums(at, value, f"{at.path}.in")
        if sums.curve is not None:
            raise ConversionError(f"{at}: a second batch norm follows the first; keep one per block")
        if len(curve.increasing) != sums.shape[0]:
            raise ConversionError(
                f"{at}: has {len(curve.increasing)} channels, {sums.names} gives {sums.shape[0]}"
            )
        if sums.raw is not None:
            curve = Normalised(curve, *sums.raw)
        return replace(sums, curve=curve, raw=None)

    def activation(self, at: Place, value: Value, coding: Coding, steps: Steps) -> Levels:
        """Close sums with an activation of the given coding and step function."""
        sums = self._growth.sums(at, value, f"{at.path}.in")
        curve: Curve = sums.curve or Straight.identity(sums.shape[0])
        if sums.raw is not None:
            curve = Normalised(curve, *sums.raw)
        low, high, _ = self._growth.bounds(at, sums)
        name = f"{at.path}.pre" if sums.pools else at.path
        spiking = Spiking(
            name=name,
            shape=self._growth.inner(sums),
            coding=coding,
            thresholds=integer_thresholds(curve, coding.n_thresholds, steps, low, high),
            increasing=curve.increasing,
            internal=bool(sums.pools),
        )
        part = self._growth.emit(spiking, coding)
        self._growth.connect(sums, name)
        held = Levels((part,), flat=len(part.shape) == 1)
        for index, (pool, before) in enumerate(sums.pools, start=1):
            # max(s) then a decreasing map is the minimum of the mapped values
            modes = tuple("min" if before and not up else "max" for up in curve.increasing)
            target = at.path if index == len(sums.pools) else f"{at.path}.pool{index}"
            held = self._growth.pool_levels(
                replace(pool, mode=modes[0] if len(set(modes)) == 1 else modes), held, target
            )
        return held

    def flatten(self, at: Place, value: Value) -> Value:
        """Vectors from here on."""
        if isinstance(value, Sums):
            if len(value.shape) == 1:
                return value
            if value.weighted or value.curve is not None:
                raise ConversionError(
                    f"{at}: flattens the sums of {value.names} before their activation; flatten after it"
                )
        levels = self._growth.levels(at, value)
        if any(levels.pad):
            refuse_special(at, levels)
        return replace(levels, flat=True)

    def pad(self, at: Place, value: Value, pad: tuple[int, int, int, int]) -> Levels:
        """Zeros around images, for a convolution or a sum-pool to come."""
        levels = self._growth.levels(at, value)
        if levels.flat:
            raise ConversionError(f"{at}: pads a flattened source; put it before the flatten")
        top, bottom, left, right = (a + b for a, b in zip(levels.pad, pad, strict=True))
        return replace(levels, pad=(top, bottom, left, right))

    def scale(self, at: Place, value: Value, gain: int) -> Sums:
        """Sums times a nonzero whole number."""
        sums = self._growth.operand(at, value, f"{at.path}.in")
        terms = [replace(t, projection=replace(t.projection, gain=t.projection.gain * gain)) for t in sums.terms]
        return replace(sums, terms=tuple(terms))

    def add(self, at: Place, values: Sequence[Value]) -> Sums:
        """The sum of values of one shape."""
        operands = [self._growth.operand(at, v, f"{at.path}.in{k}") for k, v in enumerate(values)]
        shapes = {o.shape for o in operands}
        if len(shapes) > 1:
            raise ConversionError(
                f"{at}: adds shapes {' and '.join(map(str, sorted(shapes)))}, allowed is one shape"
            )
        return Sums(tuple(t for o in operands for t in o.terms), operands[0].shape)

    def concatenate(self, at: Place, values: Sequence[Value]) -> Value:
        """Values side by side along channels."""
        together = [v for v in values if isinstance(v, Levels) and v.raw is None and not any(v.pad)]
        if len(together) == len(values) and len({v.flat for v in together}) == 1:
            joined = Levels(tuple(p for v in together for p in v.parts), together[0].flat)
            if not joined.flat and len({p.shape[1:] for p in joined.parts}) > 1:
                raise ConversionError(f"{at}: joins images of different sizes")
            return joined
        operands = [self._growth.operand(at, v, f"{at.path}.in{k}") for k, v in enumerate(values)]
        if len({o.shape[1:] for o in operands}) > 1:
            raise ConversionError(f"{at}: joins images of different sizes")
        terms: list[Term] = []
        start = 0
        for sums in operands:
            terms += [replace(t, start=t.start + start) for t in sums.terms]
            start += sums.shape[0]
        return Sums(tuple(terms), (start, *operands[0].shape[1:]))

    def share(self, at: Place, value: Value) -> Value:
        """What several layers read: levels as they are, sums through a relay."""
        if isinstance(value, Levels):
            return value
        return self._growth.relay(at, value, at.path)

    def readout(self, name: str, value: Value) -> None:
        """Let a value leave the graph."""
        if isinstance(value, Levels) and not all(p.sums for p in value.parts):
            raise ConversionError(
                f"the network ends with {value.names}; its last layer must be a product with or without batch "
                "norm, whose sums are read out"
            )
        sums = self._growth.sums(Place(name, "readout"), value, f"{name}.in")
        if sums.pools:
            raise ConversionError(
                f"the network ends with pool {sums.pools[-1][0].name!r} on sums; pool after an activation instead"
            )
        curve: Curve = sums.curve or Straight.identity(sums.shape[0])
        if sums.raw is not None:
            curve = Normalised(curve, *sums.raw)
        self._growth.bounds(Place(name, "readout"), sums)
        scale, offset = curve.readout()
        self._growth.end(Readout(name=name, shape=self._growth.inner(sums), scale=scale, offset=offset))
        self._growth.connect(sums, name)
        self._exact_logits[name] = curve.exact_logits

    def finish(self, source: dict[str, object]) -> EventGraph:
        """Make the graph; `source` tells of the network."""
        notes = {**source, "exact_logits": self._exact_logits}
        return self._growth.graph({"source": notes})

    def check_exact(self, at: Place, value: Value, in_float32: bool) -> None:
        """Refuse sums that torch would round: of several terms, held in float32, and beyond 2^24."""
        if not in_float32 or isinstance(value, Levels) or value.curve is not None or value.raw is not None:
            return
        if len(value.terms) == 1 and value.terms[0].projection.gain == 1:
            return  # a product or a pool knows its own bound
        *_, magnitude = self._growth.bounds(at, value)
        if magnitude >= _FLOAT32_EXACT:
            raise ConversionError(
                f"{at}: its sums reach {magnitude}, and torch adds them in float32, which is exact below 2^24; "
                f"widen the products that it adds: layer.widen({magnitude})"
            )

    def levels(self, at: Place, value: Value) -> Levels:
        """Levels that a product may read; see `Growth.levels`."""
        return self._growth.levels(at, value)

    def sums(self, at: Place, value: Value) -> Sums:
        """Sums that an affine map or an activation may follow; see `Growth.sums`."""
        return self._growth.sums(at, value, f"{at.path}.in")


def _refuse_padded(at: Place, projection: Projection, raw: Normalisation) -> None:
    """A zero of the padding is a pixel of 255 times the mean, which the silent padding of a graph is not."""
    padding = getattr(projection, "padding", (0, 0, 0, 0))
    if any(raw.mean) and any(padding):
        raise ConversionError(
            f"{at}: pads normalised inputs by {padding}; a zero there stands for a pixel of "
            f"{255 * float(max(raw.mean, key=abs)):.4g}, while padding is silent in a graph, so the sums at the "
            "border would differ. Build the first layer without padding, or train on pixels with a PixelEncoder"
        )
