"""Random event graphs of every form of the schema, drawn by hypothesis so that failures shrink, or from a seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Population,
    Projection,
    Readout,
    Relay,
    Spiking,
)

Draw = Callable[[st.SearchStrategy[Any]], Any]

ACTIVATION_CODINGS = [
    Coding.ternary(),
    Coding.ternary(lo=0),
    Coding.pm1(1),
    Coding.pm1(2),
    Coding.pm1(3, lo=1),
    Coding.signmag(2),
    Coding.signmag(3, lo=-3, hi=2),
    Coding.signmag(3, table=(-4, -2, -1, 0, 1, 2, 4)),
    Coding.bits(1),
    Coding.bits(2),
    Coding.ternary(lo=0, hi=0),
]
INPUT_CODINGS = [*ACTIVATION_CODINGS, Coding.bits(8), Coding.pm1(8), Coding.signmag(4)]
WEIGHT_CODINGS = [
    Coding.ternary(),
    Coding.ternary(),
    Coding.pm1(1),
    Coding.pm1(2),
    Coding.signmag(2),
    Coding.signmag(3),
    Coding.bits(2),
]


class Choices(Protocol):
    """What decides over a graph's form."""

    def pick(self, options: Any) -> Any: ...

    def number(self, low: int, high: int) -> int: ...


@dataclass
class _Drawn:
    """Choices by hypothesis."""

    draw: Draw

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))


@dataclass
class _Seeded:
    """Choices by a generator."""

    rng: np.random.Generator

    def pick(self, options: Any) -> Any:
        listed = list(options)
        return listed[self.rng.integers(len(listed))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))


@dataclass
class _Maker:
    """Grows one graph; every step adds a population whose levels later steps may read."""

    choices: Choices
    rng: np.random.Generator
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    codings: dict[str, Coding] = field(default_factory=dict)

    def pick(self, options: Any) -> Any:
        return self.choices.pick(options)

    def number(self, low: int, high: int) -> int:
        return self.choices.number(low, high)

    def fresh(self, stem: str) -> str:
        return f"{stem}{len(self.populations) + len(self.projections)}"

    def levels(self, coding: Coding, shape: tuple[int, ...]) -> NDArray[np.int64]:
        return self.rng.choice(coding.levels, size=shape)

    def source(self, image: bool = False) -> str:
        return str(self.pick([n for n, s in self.shapes.items() if len(s) == 3 or not image]))

    def images(self) -> bool:
        return any(len(s) == 3 for s in self.shapes.values())

    # --- projections -------------------------------------------------------------------------------------

    def dense(self, source: str, outputs: int) -> Dense:
        coding = self.pick(WEIGHT_CODINGS)
        weights = self.levels(coding, (outputs, int(np.prod(self.shapes[source]))))
        return Dense(name=self.fresh("fc"), source=source, target="", weights=weights, coding=coding)

    def conv(self, source: str, outputs: int | None = None, shape: tuple[int, int] | None = None) -> Conv2d:
        """A random convolution; with `shape` one that keeps the image size (odd kernel, stride 1)."""
        channels, height, width = self.shapes[source]
        coding = self.pick(WEIGHT_CODINGS)
        if shape is not None:
            kernel = (1, 1) if shape != (height, width) else self.pick([(1, 1), (3, 3), (1, 3)])
            rows, columns = kernel[0] // 2, kernel[1] // 2
            padding, stride, dilation, groups = (rows, rows, columns, columns), (1, 1), (1, 1), 1
        else:
            padding = tuple(self.number(0, 2) for _ in range(4))
            dilation = (self.number(1, 2), self.number(1, 2))
            stride = (self.number(1, 3), self.number(1, 3))
            kernel = tuple(
                self.number(1, max(1, min(3, (size + before + after - 1) // step + 1)))
                for size, before, after, step in (
                    (height, padding[0], padding[1], dilation[0]),
                    (width, padding[2], padding[3], dilation[1]),
                )
            )
            groups = self.pick([g for g in (1, 2, channels) if channels % g == 0])
        count = outputs or groups * self.number(1, 3)
        groups = groups if count % groups == 0 else 1
        return Conv2d(
            name=self.fresh("conv"),
            source=source,
            target="",
            weights=self.levels(coding, (count, channels // groups, *kernel)),
            coding=coding,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )

    def pool(self, source: str, mode: Any) -> Pool2d | None:
        """A random pool, or None where its windows would not fit."""
        _, height, width = self.shapes[source]
        kernel = (self.number(1, min(3, height)), self.number(1, min(3, width)))
        padding = tuple(self.number(0, k // 2) for k in (kernel[0], kernel[0], kernel[1], kernel[1]))
        pool = Pool2d(
            name=self.fresh("pool"),
            source=source,
            target="",
            mode=mode,
            kernel=kernel,
            stride=(self.number(1, 3), self.number(1, 3)),
            padding=padding,
            ceil_mode=bool(self.number(0, 1)),
        )
        try:
            pool.output_shape(self.shapes[source])
        except Exception:
            return None
        return pool

    # --- populations -------------------------------------------------------------------------------------

    def add(self, population: Population, feeds: list[Projection], coding: Coding | None) -> None:
        from dataclasses import replace

        self.populations.append(population)
        self.projections += [replace(p, target=population.name) for p in feeds]
        if coding is not None:
            self.shapes[population.name] = population.shape
            self.codings[population.name] = coding

    def spiking(self, feeds: list[Projection], shape: tuple[int, ...], internal: bool = False) -> str:
        coding = self.pick(ACTIVATION_CODINGS)
        low = np.zeros(shape[0])
        high = np.zeros(shape[0])
        for p in feeds:
            start, stop = p.target_channels or (0, shape[0])
            ends = [b * p.gain for b in p.bounds(self.shapes[p.source], self.codings[p.source])]
            low[start:stop] += np.minimum(*ends)
            high[start:stop] += np.maximum(*ends)
        # sums crowd around the middle of their range; a few thresholds lie beyond its ends
        middle, spread = (low + high)[:, None] / 2, (high - low)[:, None] / 8 + 1
        thresholds = self.rng.normal(middle, spread, (shape[0], coding.n_thresholds)).round()
        wild = self.rng.random(thresholds.shape) < 0.1
        thresholds = np.where(wild, self.rng.choice([low.min() - 9, high.max() + 9]), thresholds)
        name = self.fresh("spk")
        population = Spiking(
            name=name,
            shape=shape,
            coding=coding,
            thresholds=np.sort(thresholds, axis=1).astype(np.int64),
            increasing=self.rng.random(shape[0]) < self.pick([0.0, 0.5, 1.0]),
            internal=internal,
        )
        self.add(population, feeds, coding)
        return name

    def step(self, kind: str) -> None:
        """Add one population of the given kind, or a dense one where the kind does not fit."""
        from dataclasses import replace

        if kind != "dense" and not self.images():
            kind = "dense"
        if kind == "dense":
            feed = self.dense(self.source(), self.number(1, 12))
            gain = self.pick([1, 1, -1, 3])
            self.spiking([replace(feed, gain=gain)], (feed.weights.shape[0],))
            return
        source = self.source(image=True)
        shape = self.shapes[source]
        if kind == "conv":
            conv = self.conv(source)
            self.spiking([conv], conv.output_shape(shape))
        elif kind == "residual":
            conv = self.conv(source, outputs=shape[0], shape=shape[1:])
            shortcut = Identity(name=f"{conv.name}.skip", source=source, target="", gain=self.pick([1, 2, -3]))
            self.spiking([conv, shortcut], shape)
        elif kind == "concat":
            first = self.conv(source, shape=shape[1:], outputs=self.number(1, 3))
            n = first.weights.shape[0]
            overlap = self.number(0, 1)
            skip = Identity(
                name=f"{first.name}.cat",
                source=source,
                target="",
                target_channels=(n - overlap, n - overlap + shape[0]),
            )
            total = max(n, n - overlap + shape[0])
            self.spiking([replace(first, target_channels=(0, n), delay=2), skip], (total, *shape[1:]))
        elif kind == "mixed":  # one projection feeds all channels, another a part of them
            skip = Identity(name=self.fresh("all"), source=source, target="", gain=self.pick([1, -2]))
            conv = self.conv(source, shape=shape[1:], outputs=self.number(1, shape[0]))
            first = self.number(0, shape[0] - conv.weights.shape[0])
            part = replace(conv, target_channels=(first, first + conv.weights.shape[0]))
            self.spiking([skip, part] if self.number(0, 1) else [part, skip], shape)
        elif kind == "pool":
            modes = self.pick(["max", "min", "mixed"])
            mode = modes if modes != "mixed" else tuple(self.pick(["max", "min"]) for _ in range(shape[0]))
            pool = self.pool(source, mode)
            if pool is not None:
                name = self.fresh("relay")
                self.add(Relay(name=name, shape=pool.output_shape(shape)), [pool], self.codings[source])
        elif kind == "join":
            left = Identity(name=self.fresh("left"), source=source, target="", target_channels=(0, shape[0]))
            right = Identity(
                name=f"{left.name}.b", source=source, target="", target_channels=(shape[0], 2 * shape[0])
            )
            relay = Relay(name=self.fresh("relay"), shape=(2 * shape[0], *shape[1:]))
            self.add(relay, [left, right], self.codings[source])
        elif kind == "pooled":
            pool = self.pool(source, self.pick(["max", "min", "sum"]))
            if pool is not None:
                self.spiking([replace(pool, gain=self.pick([1, -2]))], pool.output_shape(shape))
        elif kind == "sum":
            pool = self.pool(source, "sum")
            if pool is not None:
                low, high = pool.bounds(shape, self.codings[source])
                lo, hi = int(low.min()), int(high.max())
                relay = Relay(name=self.fresh("sum"), shape=pool.output_shape(shape), kind="sum", lo=lo, hi=hi)
                self.add(relay, [pool], Coding.sums(lo, hi))

    def readout(self) -> None:
        source = self.source()
        if len(self.shapes[source]) == 3 and self.number(0, 3) == 0:
            feed: Projection = self.conv(source)
        else:
            feed = self.dense(source, self.number(1, 5))
        shape = feed.output_shape(self.shapes[source])
        name = self.fresh("out")
        scale, offset = self.rng.normal(size=(2, shape[0]))
        self.add(Readout(name=name, shape=shape, scale=scale, offset=offset), [feed], None)


STEPS = ("dense", "conv", "residual", "concat", "mixed", "pool", "join", "pooled", "sum")


@st.composite
def event_graphs(draw: Draw, steps: tuple[str, ...] = STEPS) -> EventGraph:
    """A random valid graph with up to five populations between input and readouts."""
    choices = _Drawn(draw)
    return _grown(choices, np.random.default_rng(choices.number(0, 2**32 - 1)), steps)


def random_graph(seed: int, steps: tuple[str, ...] = STEPS) -> EventGraph:
    """The graph of a seed: the same forms without hypothesis, for runs in number."""
    rng = np.random.default_rng(seed)
    return _grown(_Seeded(rng), rng, steps)


def _grown(choices: Choices, rng: np.random.Generator, steps: tuple[str, ...]) -> EventGraph:
    maker = _Maker(choices, rng)
    coding = maker.pick(INPUT_CODINGS)
    image = maker.pick([False, True]) or maker.pick([False, True])
    shape = tuple(maker.number(1, high) for high in (4, 7, 7)) if image else (maker.number(1, 40),)
    maker.add(Input(name="input", shape=shape, coding=coding), [], coding)
    if maker.number(0, 4) == 0:
        other = maker.pick(INPUT_CODINGS)
        maker.add(Input(name="second", shape=(maker.number(1, 9),), coding=other), [], other)
    for _ in range(maker.number(0, 4)):
        maker.step(maker.pick(steps))
    for _ in range(maker.pick([1, 1, 1, 2])):
        maker.readout()
    return EventGraph(maker.populations, maker.projections)


def random_inputs(graph: EventGraph, n: int, seed: int) -> dict[str, NDArray[Any]]:
    """`n` samples of admissible levels per input, with many zeros where the coding has them."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for name in graph.inputs:
        coding = graph.coding(name)
        x = rng.choice(coding.levels, size=(n, *graph.populations[name].shape))
        if coding.contains(np.zeros(1, np.int64)):
            x = np.where(rng.random(x.shape) < 0.3, 0, x)
        inputs[name] = x.astype(np.uint8 if coding.lo >= 0 and coding.hi < 256 else np.int16)
    return inputs
