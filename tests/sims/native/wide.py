"""Random graphs of layers so wide that their sums are cut into chunks."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import (
    Coding,
    Conv2d,
    Dense,
    EventGraph,
    Identity,
    Input,
    Population,
    Projection,
    Readout,
    Relay,
    Spiking,
)

T = Coding.ternary()
SOURCES = [
    T,
    T,
    Coding.ternary(lo=0),
    Coding.ternary(hi=0),
    Coding.pm1(1),
    Coding.pm1(3),
    Coding.signmag(2),
    Coding.signmag(4),
    Coding.signmag(3, table=(-4, -2, -1, 0, 1, 2, 4)),
    Coding.bits(1),
    Coding.bits(5),
    Coding.bits(8),
]
WEIGHTS = [T, T, T, Coding.pm1(1), Coding.pm1(2), Coding.signmag(3), Coding.bits(2), Coding.bits(8)]
GAINS = [1, 1, 1, -1, 3, -6, 1000]


@dataclass
class _Maker:
    rng: np.random.Generator
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)

    def pick(self, options: Any) -> Any:
        return options[self.rng.integers(len(options))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def weights(self, coding: Coding, *shape: int) -> NDArray[np.int64]:
        """Levels of a coding, of which a random share is zero where the coding has it."""
        levels = self.rng.choice(coding.levels, shape)
        return np.where(self.rng.random(shape) < self.rng.random(), 0, levels) if 0 in coding.levels else levels

    def conv(self, source: Population) -> Conv2d:
        channels, *image = source.shape
        padding = (self.number(0, 2), self.number(0, 2), self.number(0, 2), self.number(0, 2))
        dilation = self.number(1, 2), self.number(1, 2)
        fits = [1 + (image[i] + padding[2 * i] + padding[2 * i + 1] - 1) // dilation[i] for i in (0, 1)]
        kernel = [self.number(min(2, n), min(3, n)) for n in fits]
        groups = self.pick([1, 1, 1, 2]) if channels % 2 == 0 else 1
        coding = self.pick(WEIGHTS)
        weights = self.weights(coding, groups * self.number(1, 9), channels // groups, *kernel)
        return Conv2d(
            name=f"conv{len(self.projections)}",
            source=source.name,
            target="",
            weights=weights,
            coding=coding,
            padding=padding,
            dilation=dilation,
            stride=(self.number(1, 2), self.number(1, 2)),
            groups=groups,
            gain=self.pick(GAINS),
        )

    def dense(self, source: Population) -> Dense:
        coding = self.pick(WEIGHTS)
        weights = self.weights(coding, self.number(1, 40), int(np.prod(source.shape)))
        name, gain = f"fc{len(self.projections)}", self.pick(GAINS)
        return Dense(name=name, source=source.name, target="", weights=weights, coding=coding, gain=gain)

    def feeds(self, source: Population, shape: tuple[int, ...], first: Any) -> list[Any]:
        """A projection and, now and then, others of the same output size."""
        feeds = [first]
        if self.number(0, 1):
            part = self.number(1, shape[0])
            start = self.number(0, shape[0] - part)
            coding = self.pick(WEIGHTS)
            weights = self.weights(coding, part, *first.weights.shape[1:])
            if first.kind == "dense" or first.groups == 1:
                name, gain, channels = first.name + "b", self.pick(GAINS), (start, start + part)
                other = replace(
                    first, name=name, weights=weights, coding=coding, gain=gain, target_channels=channels
                )
                feeds.insert(self.number(0, 1), other)
        if shape == source.shape and self.number(0, 1):
            feeds.append(Identity(name=first.name + "c", source=source.name, target="", gain=self.pick(GAINS)))
        return feeds

    def bounds(self, feeds: list[Any], source: Population, coding: Coding, channels: int) -> NDArray[np.int64]:
        ends = np.zeros((2, channels), np.int64)
        for feed in feeds:
            start, stop = feed.target_channels or (0, channels)
            both = np.stack(
                [np.broadcast_to(b * feed.gain, stop - start) for b in feed.bounds(source.shape, coding)]
            )
            ends[0, start:stop] += both.min(axis=0)
            ends[1, start:stop] += both.max(axis=0)
        return ends

    def layer(self, source: Population, coding: Coding) -> tuple[Population, Coding]:
        first = self.conv(source) if len(source.shape) == 3 and self.number(0, 3) else self.dense(source)
        shape = first.output_shape(source.shape)
        feeds = self.feeds(source, shape, first)
        low, high = self.bounds(feeds, source, coding, shape[0])
        name = f"p{len(self.populations)}"
        made: Population
        if self.number(0, 3) == 0 and high.max() - low.min() < 1 << 15:
            own = Coding.sums(int(low.min()), int(high.max()))
            made = Relay(name=name, shape=shape, kind="sum", lo=int(low.min()), hi=int(high.max()))
        else:
            own = self.pick(SOURCES)
            middle, spread = (low + high)[:, None] / 2, (high - low)[:, None] / 32 + 1
            thresholds = self.rng.normal(middle, spread, (shape[0], own.n_thresholds)).round()
            made = Spiking(
                name=name,
                shape=shape,
                coding=own,
                thresholds=np.sort(thresholds, axis=1).astype(np.int64),
                increasing=self.rng.random(shape[0]) < self.pick([0.0, 0.5, 1.0]),
            )
        self.populations.append(made)
        self.projections += [replace(feed, target=name) for feed in feeds]
        return made, own


def wide_graph(seed: int) -> EventGraph:
    """The graph of a seed: one or two wide layers, and a readout that sees them."""
    maker = _Maker(np.random.default_rng(seed))
    coding = maker.pick(SOURCES)
    image = (maker.number(60, 260), maker.number(1, 5), maker.number(1, 5))
    shape = image if maker.number(0, 3) else (maker.number(300, 1500),)
    source: Population = Input(name="in", shape=shape, coding=coding)
    maker.populations.append(source)
    for _ in range(maker.number(1, 2)):
        source, coding = maker.layer(source, coding)
    last = maker.dense(source)
    channels = last.weights.shape[0]
    maker.projections.append(replace(last, target="out"))
    maker.populations.append(
        Readout(name="out", shape=(channels,), scale=np.ones(channels), offset=np.zeros(channels))
    )
    return EventGraph(maker.populations, maker.projections)
