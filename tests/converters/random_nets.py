"""Random torch networks of everything that converts: one seed, one network, small and quick.

A network is a list of steps over named values, so that `torch.fx` sees residuals, concatenations and several outputs
as a user would write them. Batch norms get statistics of the size of the sums they see, and gains of both signs.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from gxnor_snn.layers import PixelEncoder, ResidualBlock, SumPool2d
from gxnor_snn.spaces import code_levels

from .net import Net
from .random_layers import Layers, Live

INPUTS: list[Any] = [
    "pixels",
    "pixels",
    "pixels",
    ("zn", 0),
    ("zn", 1),
    ("zn", 3),
    ("mbn", 2),
    ("log", 3),
    (-5, 9),
]


class Maker(Layers):
    """Grows one network from one seed."""

    def source(self, image: bool) -> Live | None:
        fitting = [v for v in self.live if (len(v.shape) == 3) == image]
        return self.pick(fitting[-2:]) if fitting else None

    def plain(self, image: bool) -> None:
        source = self.source(image)
        if source is not None:
            self.finish_block(*(self.conv(source) if image else self.linear(source, self.number(1, 9))))

    def residual(self, image: bool) -> None:
        source = self.source(image)
        if source is None or source.flat:
            return
        channels = source.shape[0]
        if image:
            value, shape, spread = self.conv(source, channels, same=True)
        else:
            value, shape, spread = self.linear(source, channels)
        other, gain = source.name, int(self.pick([1, 1, 2, -3]))
        if image and self.chance(0.4):
            layer = self.product("conv", (channels, channels, 1), source.top)
            other = self.add("skip", layer, other)
        operation = self.pick(["add", "add", "sub", "torch.add", "iadd"])
        self.finish_block(self.step(operation, value, other, gain), shape, spread)

    def block(self, image: bool) -> None:
        source = self.source(True)
        if source is None:
            return
        channels, height, width = source.shape
        out, stride = self.number(1, 3), self.pick([1, 1, 2])
        same = stride == 1 and out == channels
        conv1 = self.product("conv", (channels, out, 3, stride, 1), source.top)
        act1 = self.activation(1.0, out)
        top = max(abs(v) for v in act1.level_values)
        conv2 = self.product("conv", (out, out, 3, 1, 1), top)
        act2 = self.activation(1.0, out)
        shortcut = (
            None if same and self.chance(0.7) else self.product("conv", (channels, out, 1, stride), source.top)
        )
        block = ResidualBlock(
            conv1,
            self.norm(out, self.spread(conv1, source.top), True),
            act1,
            conv2,
            self.norm(out, self.spread(conv2, top), True),
            act2,
            shortcut=shortcut,
            gain=self.pick([1, 1, -2]),
        )
        shape = (out, (height - 1) // stride + 1, (width - 1) // stride + 1)
        self.live.append(
            Live(self.add("block", block, source.name), shape, max(abs(v) for v in act2.level_values))
        )

    def join_levels(self, image: bool) -> None:
        source = self.source(image)
        others = [
            v
            for v in self.live
            if source and v.shape[1:] == source.shape[1:] and len(v.shape) == len(source.shape)
        ]
        if not others:
            return
        other = self.pick(others)
        value = self.step(self.pick(["cat", "concat"]), source.name, other.name)
        joined = Live(value, (source.shape[0] + other.shape[0], *source.shape[1:]), max(source.top, other.top))
        if self.chance(0.3) and len(joined.shape) == 3:
            joined.name, joined.shape = self.pools(joined.name, joined.shape, 1.0)
        self.finish_block(*(self.conv(joined) if image else self.linear(joined, self.number(1, 9))))

    def join_sums(self, image: bool) -> None:
        source = self.source(image)
        if source is None:
            return
        if image:
            left, shape, spread = self.conv(source, self.number(1, 3), same=True)
            right, other, _ = self.conv(source, self.number(1, 3), same=True)
        else:
            left, shape, spread = self.linear(source, self.number(1, 5))
            right, other, _ = self.linear(source, self.number(1, 5))
        value = self.step("cat", left, right)
        self.finish_block(value, (shape[0] + other[0], *shape[1:]), spread)

    def sum_pool(self, image: bool) -> None:
        source = self.source(True)
        if source is None or min(source.shape[1:]) < 2 or source.top > 64:
            return
        pool = SumPool2d(self.pick([2, (2, 1)]), self.pick([1, 2]), 0)
        shape = (source.shape[0], *pool(torch.zeros(1, 1, *source.shape[1:])).shape[2:])
        value, self.wide = self.add("sum", pool, source.name), True
        if self.chance(0.5):
            self.finish_block(value, shape, max(1.0, float(source.top)))
        else:
            self.finish_block(*self.conv(Live(value, shape, source.top * 4)))

    def pooled_sums(self, image: bool) -> None:
        """Sums that are pooled, then added or sum-pooled: they need a relay of their own."""
        source = self.source(True)
        if source is None or not _fits_relay(source) or min(source.shape[1:]) < 2:
            return
        channels = source.shape[0]
        value, shape, spread = self.conv(source, channels, same=True)
        pool = self.pick([nn.MaxPool2d(3, 1, 1), SumPool2d(3, 1, 1)])
        value, self.wide = self.add("pool", pool, value), True
        if self.chance(0.6):
            value = self.step("add", value, source.name, self.pick([1, 2]))
        self.finish_block(value, shape, spread)

    def shared_sums(self, image: bool) -> None:
        """Sums that two blocks read."""
        source = self.source(image)
        if source is None or not _fits_relay(source):
            return
        value, shape, spread = self.conv(source) if image else self.linear(source, self.number(1, 5))
        self.finish_block(value, shape, spread)
        self.finish_block(value, shape, spread)

    def flatten(self) -> None:
        images = [v for v in self.live if len(v.shape) == 3]
        for source in images[-2:]:
            how = self.pick(["flat", "view", "module"])
            if how == "module":
                name = self.add("flatten", nn.Flatten(), source.name)
            else:
                name = self.step(how, source.name)
            self.live.append(Live(name, (int(np.prod(source.shape)),), source.top, flat=True))

    def readout(self, source: Live) -> str:
        if len(source.shape) == 3:
            value, shape, spread = self.conv(source)
        else:
            value, shape, spread = self.linear(source, self.number(1, 5))
        if self.chance(0.7):
            value = self.add("last", self.norm(shape[0], spread, len(shape) == 3), value)
        return value


def _fits_relay(source: Live) -> bool:
    """Whether a sum relay holds what any product of the source may reach."""
    fan_in = source.shape[0] * (9 if len(source.shape) == 3 else 1)
    return source.top <= 8 and source.top * 128 * fan_in < 1 << 15


BLOCKS = (
    "plain",
    "plain",
    "residual",
    "block",
    "join_levels",
    "join_sums",
    "sum_pool",
    "pooled_sums",
    "shared_sums",
)


def random_module(seed: int) -> tuple[nn.Module, tuple[int, ...], Any, Maker]:
    """A random network, the shape of its input, what its input is, and how it was made."""
    maker = Maker(seed)
    given = maker.pick(INPUTS)
    image = maker.chance(0.85)
    shape: tuple[int, ...] = (
        (maker.number(1, 3), maker.number(2, 8), maker.number(2, 8)) if image else (maker.number(1, 12),)
    )
    levels = input_levels(given)
    name = "x"
    if given == "pixels" and image and maker.chance(0.7):
        name, given = maker.add("encoder", PixelEncoder(), "x"), "auto"
    maker.live.append(Live(name, shape, int(np.abs(levels).max())))
    for _ in range(maker.number(1, 3)):
        getattr(maker, maker.pick(BLOCKS))(image)
    if image:
        heads = maker.chance(0.15)
        if not heads:
            maker.flatten()
            for _ in range(maker.number(0, 1)):
                getattr(maker, maker.pick(("plain", "residual", "join_levels", "join_sums", "shared_sums")))(False)
    outputs = [maker.readout(maker.live[-1])]
    if maker.chance(0.25):
        outputs.append(maker.readout(maker.pick(maker.live)))
    out: Any = outputs[0]
    if len(outputs) > 1:
        out = {"main": outputs[0], "side": outputs[1]} if maker.chance(0.5) else outputs
    maker.live = [v for v in maker.live if v]
    return _pruned(maker, out), shape, given, maker


def _pruned(maker: Maker, out: Any) -> Net:
    """The network without what leads nowhere."""
    needed = set([out] if isinstance(out, str) else out.values() if isinstance(out, dict) else out)
    steps = []
    for target, operation, sources in reversed(maker.steps):
        if target in needed:
            needed |= {s for s in sources if isinstance(s, str)}
            steps.append((target, operation, sources))
    used = {operation for _, operation, _ in steps}
    modules = {name: module for name, module in maker.modules.items() if name in used}
    return Net(modules, steps[::-1], out).eval()


def input_levels(given: Any) -> np.ndarray:
    """All levels that an input may have."""
    if given in ("pixels", "auto"):
        return np.arange(256)
    if isinstance(given[0], str):
        return np.asarray(code_levels(given))
    return np.arange(given[0], given[1] + 1)


def random_samples(seed: int, n: int, shape: tuple[int, ...], given: Any) -> np.ndarray:
    """`n` samples; the first are the lowest and the highest level all over."""
    levels = input_levels(given)
    x = np.random.default_rng(seed).choice(levels, (n, *shape))
    x[0], x[-1] = levels[0], levels[-1]
    return x.astype(np.uint8) if given in ("pixels", "auto") else x.astype(np.int64)
