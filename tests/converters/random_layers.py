"""Random layers: of any code, geometry, batch norm and activation, with statistics of the size of their sums."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gxnor_snn.layers import (
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLayer,
    DiscreteLinear,
    LatentConv2d,
    LatentLinear,
)
from gxnor_snn.spaces import DiscreteSpace

from .net import NORMS

ACTIVATION_CODES = [
    *[("zn", n) for n in (0, 1, 1, 1, 2, 3, 4)],
    *[("mbn", m) for m in (1, 2, 3)],
    *[("hrelu", m) for m in (2, 3)],
    *[("log", n) for n in (1, 2, 4)],
]
WEIGHT_CODES = [*[("zn", n) for n in (0, 1, 1, 1, 2, 3, 4, 8)], ("mbn", 2), ("log", 1), ("log", 3)]


@dataclass
class Live:
    """A value of the network in the making: levels of magnitude up to `top`; `flat` was an image once."""

    name: str
    shape: tuple[int, ...]
    top: int
    flat: bool = False


@dataclass
class Layers:
    """Layers of one network in the making, drawn from one seed; each is a step."""

    seed: int
    modules: dict[str, nn.Module] = field(default_factory=dict)
    steps: list[tuple[str, str, tuple[Any, ...]]] = field(default_factory=list)
    live: list[Live] = field(default_factory=list)
    wide: bool = False  # some sums are in float64, where torch's own batch norm does not run

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.generator = torch.Generator().manual_seed(self.seed)

    def pick(self, options: Any) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def number(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high + 1))

    def step(self, operation: str, *sources: Any) -> str:
        target = f"v{len(self.steps)}"
        self.steps.append((target, operation, sources))
        return target

    def add(self, stem: str, module: nn.Module, *sources: Any) -> str:
        name = f"{stem}{len(self.modules)}"
        self.modules[name] = module
        return self.step(name, *sources)

    # --- layers ------------------------------------------------------------------------------------------

    def product(self, kind: str, sizes: tuple[Any, ...], top: int, **more: Any) -> DiscreteLayer:
        code = self.pick(WEIGHT_CODES)
        given = {**more, "max_input": max(top, self.pick([1, 255])), "generator": self.generator}
        if code[0] == "zn" and self.chance(0.6):
            cls = DiscreteLinear if kind == "fc" else DiscreteConv2d
            layer: DiscreteLayer = cls(*sizes, space=DiscreteSpace(code[1]), **given)
        else:
            threshold = self.pick([None, "twn", 0.3]) if code == ("zn", 1) else None
            latent = LatentLinear if kind == "fc" else LatentConv2d
            layer = latent(*sizes, code=code, threshold=threshold, **given)
        self.wide |= layer.sum_dtype is not torch.float32
        return layer

    def spread(self, layer: DiscreteLayer, top: int) -> float:
        """About the size of a product's sums."""
        return max(1.0, top * layer.max_level * layer.levels[0].numel() ** 0.5 / 3)

    def norm(self, channels: int, spread: float, image: bool) -> nn.Module:
        def uniform(low: float, high: float) -> Tensor:
            return torch.empty(channels).uniform_(low, high, generator=self.generator)

        kind = self.pick(["batch", "batch", "l1", "shift", "scale", *["stock"] * (2 * (not self.wide))])
        norm = NORMS[kind][image](channels)
        signs = torch.where(uniform(-1, 1) < 0, -1.0, 1.0)
        size = spread if kind != "scale" else 1 / spread
        with torch.no_grad():
            norm.weight.copy_(signs * uniform(0.5, 2) * (size if kind == "scale" else 1))
            if channels >= 4 and self.chance(0.5):
                norm.weight[self.number(0, channels - 1)] = 0
            norm.bias.copy_(uniform(-1, 1))
            for name, buffer in norm.named_buffers():
                drawn = {
                    "running_mean": (uniform(-1, 1) * spread / 2).round(),
                    "running_var": uniform(0.1, 2) * spread**2,
                    "running_spread": uniform(0.3, 1.5) * spread,
                    "running_inverse": uniform(0.5, 2) / spread,
                }.get(name)
                if drawn is not None:
                    buffer.copy_(drawn)
        return norm

    def activation(self, size: float, channels: int) -> DiscreteActivation:
        coding, n = self.pick(ACTIVATION_CODES)
        half_range = float(self.pick([1.0, 1.0, 0.7, 1.9])) * size
        if coding != "zn" or n == 0:
            ties = {"mbn": ["even", "up"], "hrelu": ["even", "up"]}.get(coding, [None])
            return DiscreteActivation(n, coding=coding, half_range=half_range, tie=self.pick(ties))
        learn = self.chance(0.25)
        r = float(self.pick([0.25, 0.5, 0.9] if learn else [0.0, 0.25, 0.5, 0.9])) * half_range
        tie = self.pick(["strict", "fire", "up", "even"])
        act = DiscreteActivation(n, r=r, tie=tie, half_range=half_range, learn_r=learn, channels=channels)
        if isinstance(act.r, nn.Parameter):
            with torch.no_grad():
                act.r.mul_(torch.empty(channels).uniform_(0.3, 1.6, generator=self.generator))
        return act

    def pools(self, value: str, shape: tuple[int, ...], p: float) -> tuple[str, tuple[int, ...]]:
        """Now and then a max-pool that fits."""
        if len(shape) != 3 or min(shape[1:]) < 2 or not self.chance(p):
            return value, shape
        kernel = self.pick([2, (2, 1), (1, 2), 3]) if min(shape[1:]) > 2 else 2
        pair = (kernel, kernel) if isinstance(kernel, int) else kernel
        pool = nn.MaxPool2d(
            kernel, self.pick([1, 2]), tuple(self.number(0, k // 2) for k in pair), ceil_mode=self.chance(0.5)
        )
        shape = (shape[0], *pool(torch.zeros(1, 1, *shape[1:])).shape[2:])
        return self.add("pool", pool, value), shape

    def finish_block(self, value: str, shape: tuple[int, ...], spread: float, norm: bool = True) -> None:
        """Pools, norm and activation behind sums; the result is live."""
        image = len(shape) == 3
        value, shape = self.pools(value, shape, 0.35)
        if norm and self.chance(0.85):
            value, size = self.add("norm", self.norm(shape[0], spread, image), value), 1.0
            value, shape = self.pools(value, shape, 0.15)
        else:
            size = spread
        act = self.activation(size, shape[0])
        value = self.add("act", act, value)
        value, shape = self.pools(value, shape, 0.2)
        if self.chance(0.1):
            value = self.add("drop", self.pick([nn.Dropout(), nn.Identity()]), value)
        top = max(abs(v) for v in act.level_values)
        self.live.append(Live(value, shape, top))

    def conv(self, source: Live, out: int | None = None, same: bool = False) -> tuple[str, tuple[int, ...], float]:
        """A convolution of any geometry (with `same`, one that keeps the image's size)."""
        channels, height, width = source.shape
        value = source.name
        dilation = (self.pick([1, 1, 2]), self.pick([1, 1, 2]))
        if same:
            kernel = (self.pick([1, 3]), self.pick([1, 3]))
            stride, padding = (1, 1), tuple(d * (k // 2) for d, k in zip(dilation, kernel, strict=True))
        else:
            padding = (self.number(0, 2), self.number(0, 2))
            if self.chance(0.25):
                sides = tuple(self.number(0, 2) for _ in range(4))
                if self.chance(0.7):
                    value = self.add("border", nn.ZeroPad2d(sides), value)
                else:
                    value = self.step("pad", value, sides)
                width, height = width + sides[0] + sides[1], height + sides[2] + sides[3]
            kernel = tuple(
                self.number(1, max(1, min(3, (size + 2 * p - 1) // d + 1)))
                for size, p, d in zip((height, width), padding, dilation, strict=True)
            )
            stride = (self.pick([1, 1, 2]), self.pick([1, 1, 2, 3]))
        groups = self.pick([g for g in (1, 1, channels, 2) if channels % g == 0])
        count = out or groups * self.number(1, 3)
        groups = groups if count % groups == 0 else 1
        layer = self.product("conv", (channels, count, kernel, stride, padding, dilation, groups), source.top)
        shape = (
            count,
            *(
                (size + 2 * p - d * (k - 1) - 1) // s + 1
                for size, p, d, k, s in zip((height, width), padding, dilation, kernel, stride, strict=True)
            ),
        )
        return self.add("conv", layer, value), shape, self.spread(layer, source.top)

    def linear(self, source: Live, out: int) -> tuple[str, tuple[int, ...], float]:
        layer = self.product("fc", (source.shape[0], out), source.top)
        return self.add("fc", layer, source.name), (out,), self.spread(layer, source.top)
