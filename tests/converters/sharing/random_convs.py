"""Random graphs of convolutions whose kernels repeat, invert and nearly repeat: sharing finds work in them."""

from dataclasses import replace
from typing import Any

import numpy as np

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

INPUTS = [Coding.bits(8), Coding.ternary(), Coding.pm1(1), Coding.pm1(2), Coding.signmag(2)]
ACTIVATIONS = [Coding.ternary(), Coding.pm1(1), Coding.pm1(2), Coding.signmag(2), Coding.ternary(lo=0)]
WEIGHTS = [Coding.ternary(), Coding.ternary(), Coding.pm1(1), Coding.pm1(1), Coding.signmag(2), Coding.pm1(2)]
WEIGHTS += [Coding.signmag(3, lo=-3, hi=2), Coding.bits(2)]
KERNELS = [(3, 3), (3, 3), (3, 3), (5, 5), (2, 2), (1, 3), (1, 1), (3, 2)]


class RandomConvs:
    """Grows one graph from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.populations: list[Population] = []
        self.projections: list[Projection] = []

    def pick(self, options: Any) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def weights(self, coding: Coding, shape: tuple[int, ...]) -> Any:
        """Kernels of a small book, some negated, some with a tap or two changed."""
        levels = coding.levels
        book = self.rng.choice(levels, (self.number(1, 12), *shape[2:]))
        chosen = book[self.rng.integers(0, len(book), shape[:2])]
        flipped = -chosen
        fits = np.isin(flipped, levels).all(axis=(2, 3), keepdims=True)
        chosen = np.where(fits & (self.rng.random((*shape[:2], 1, 1)) < 0.4), flipped, chosen)
        noise = self.rng.random(shape) < self.pick([0.0, 0.05, 0.2, 1.0])
        return np.where(noise, self.rng.choice(levels, shape), chosen)

    def conv(self, source: str, target: str, channels: int, height: int, width: int, outputs: int) -> Conv2d:
        coding = self.pick(WEIGHTS)
        kernel = self.pick(KERNELS)
        padding = tuple(self.number(0, 2) for _ in range(4))
        dilation = (self.pick([1, 1, 2]), self.pick([1, 1, 2]))
        reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        if reach[0] > height + padding[0] + padding[1] or reach[1] > width + padding[2] + padding[3]:
            kernel, dilation = (1, 1), (1, 1)
        groups = self.pick([g for g in (1, 1, 1, 2, channels) if channels % g == 0 and outputs % g == 0])
        return Conv2d(
            name=f"conv{len(self.projections)}",
            source=source,
            target=target,
            weights=self.weights(coding, (outputs, channels // groups, *kernel)),
            coding=coding,
            stride=(self.pick([1, 1, 2]), self.pick([1, 1, 3])),
            padding=padding,
            dilation=dilation,
            groups=groups,
            gain=self.pick([1, 1, -2]),
            delay=self.pick([0, 2]),
        )

    def spiking(self, name: str, shape: tuple[int, ...], feeds: list[Any]) -> Spiking:
        coding = self.pick(ACTIVATIONS)
        spread = 1 + sum(np.abs(f.weights.astype(float)).sum() / len(f.weights) for f in feeds if f.weighted) / 3
        thresholds = np.sort(self.rng.normal(0, spread, (shape[0], coding.n_thresholds)).round(), axis=1)
        increasing = self.rng.random(shape[0]) < 0.7
        return Spiking(
            name=name, shape=shape, coding=coding, thresholds=thresholds.astype(np.int64), increasing=increasing
        )

    def graph(self) -> EventGraph:
        shape = (self.number(1, 3), self.number(3, 7), self.number(3, 7))
        self.populations.append(Input(name="in", shape=shape, coding=self.pick(INPUTS)))
        source = "in"
        for layer in range(self.number(1, 3)):
            outputs = 2 * self.number(2, 16)
            conv = self.conv(source, f"p{layer}", *shape, outputs)
            feeds: list[Any] = [conv]
            out = conv.output_shape(shape)
            if out[1:] == shape[1:] and self.number(0, 1):  # a residual, or the source beside the results
                skip = Identity(name=f"skip{layer}", source=source, target=f"p{layer}", gain=self.pick([1, 3]))
                if outputs >= shape[0] and self.number(0, 1):
                    feeds.append(replace(skip, target_channels=(outputs - shape[0], outputs)))
                else:
                    feeds = [replace(conv, target_channels=(0, outputs))]
                    feeds.append(replace(skip, target_channels=(outputs, outputs + shape[0])))
                    out = (outputs + shape[0], *out[1:])
            self.populations.append(self.spiking(f"p{layer}", out, feeds))
            self.projections += feeds
            source, shape = f"p{layer}", out
            if min(shape[1:]) >= 2 and self.number(0, 2) == 0:
                pool = Pool2d(
                    name=f"pool{layer}",
                    source=source,
                    target=f"r{layer}",
                    kernel=(2, 2),
                    stride=(2, 2),
                    mode="max",
                )
                self.populations.append(Relay(name=f"r{layer}", shape=pool.output_shape(shape)))
                self.projections.append(pool)
                source, shape = f"r{layer}", pool.output_shape(shape)
        if self.number(0, 3) == 0:
            edge: Any = self.conv(source, "out", *shape, 2 * self.number(1, 4))
        else:
            weights = self.rng.integers(-1, 2, (self.number(1, 4), int(np.prod(shape))))
            edge = Dense(name="fc", source=source, target="out", weights=weights, coding=Coding.ternary())
        out = edge.output_shape(shape)
        self.projections.append(edge)
        self.populations.append(Readout(name="out", shape=out, scale=np.ones(out[0]), offset=np.zeros(out[0])))
        return EventGraph(self.populations, self.projections, {"note": 1})


def random_convs(seed: int) -> EventGraph:
    """The random graph of a seed."""
    return RandomConvs(seed).graph()
