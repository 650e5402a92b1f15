"""Random torch networks of everything that converts: one seed, one network, small and quick.

A network is a list of steps over named values, so that `torch.fx` sees residuals, concatenations and several outputs
as a user would write them. Batch norms get statistics of the size of the sums they see, and gains of both signs.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLayer,
    DiscreteLinear,
    L1BatchNorm1d,
    L1BatchNorm2d,
    LatentConv2d,
    LatentLinear,
    PixelEncoder,
    ResidualBlock,
    ScaleBias,
    ShiftBatchNorm1d,
    ShiftBatchNorm2d,
    SumPool2d,
)
from gxnor_snn.spaces import DiscreteSpace, code_levels

NORMS = {
    "batch": (BatchNorm1d, BatchNorm2d),
    "l1": (L1BatchNorm1d, L1BatchNorm2d),
    "shift": (ShiftBatchNorm1d, ShiftBatchNorm2d),
    "scale": (ScaleBias, ScaleBias),
    "stock": (nn.BatchNorm1d, nn.BatchNorm2d),
}
ACTIVATION_CODES = [
    *[("zn", n) for n in (0, 1, 1, 1, 2, 3, 4)],
    *[("mbn", m) for m in (1, 2, 3)],
    *[("hrelu", m) for m in (2, 3)],
    *[("log", n) for n in (1, 2, 4)],
]
WEIGHT_CODES = [*[("zn", n) for n in (0, 1, 1, 1, 2, 3, 4, 8)], ("mbn", 2), ("log", 1), ("log", 3)]
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


class Net(nn.Module):
    """Runs steps (target, operation, sources); an operation is a module's name or a function of `OPERATIONS`."""

    def __init__(
        self, modules: dict[str, nn.Module], steps: list[tuple[str, str, tuple[Any, ...]]], out: Any
    ) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)
        self.steps, self.out = steps, out

    def forward(self, x: Tensor) -> Any:
        values: dict[str, Tensor] = {"x": x}
        for target, operation, sources in self.steps:
            arguments = [values[s] if isinstance(s, str) else s for s in sources]
            if operation in OPERATIONS:
                values[target] = OPERATIONS[operation](*arguments)
            else:
                values[target] = getattr(self, operation)(*arguments)
        if isinstance(self.out, str):
            return values[self.out]
        if isinstance(self.out, dict):
            return {key: values[name] for key, name in self.out.items()}
        return tuple(values[name] for name in self.out)


OPERATIONS = {
    "add": lambda a, b, gain: a + gain * b if gain != 1 else a + b,
    "sub": lambda a, b, gain: a - b * gain,
    "torch.add": lambda a, b, gain: torch.add(a, b, alpha=gain),
    "iadd": lambda a, b, gain: _iadd(a, b),
    "neg": lambda a: -a,
    "cat": lambda a, b: torch.cat([a, b], dim=1),
    "concat": lambda a, b: torch.concat((a, b), 1),
    "flat": lambda a: a.flatten(1),
    "view": lambda a: a.reshape(a.shape[0], -1),
    "pad": lambda a, sides: nn.functional.pad(a, sides),
}


def _iadd(a: Tensor, b: Tensor) -> Tensor:
    total = a * 1
    total += b
    return total


@dataclass
class Live:
    """A value of the network in the making: levels of magnitude up to `top`; `flat` was an image once."""

    name: str
    shape: tuple[int, ...]
    top: int
    flat: bool = False


@dataclass
class Maker:
    """Grows one network from one seed."""

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

    # --- blocks ------------------------------------------------------------------------------------------

    def source(self, image: bool) -> Live | None:
        fitting = [v for v in self.live if (len(v.shape) == 3) == image]
        return self.pick(fitting[-2:]) if fitting else None

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
        if source is None or source.top > 8 or min(source.shape[1:]) < 2:
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
        if source is None or source.top > 8:
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


def traits(model: Net, given: Any) -> set[str]:
    """What a network has of the forms that must convert."""
    found = {f"input {given if isinstance(given, str) else given[0]}"}
    found |= {operation for _, operation, _ in model.steps if operation in OPERATIONS}
    found |= {"tuple"} if isinstance(model.out, list) else {"dict"} if isinstance(model.out, dict) else set()
    read = [s for _, operation, sources in model.steps for s in sources if isinstance(s, str)]
    found |= {"shared value"} if len(set(read)) < len(read) else set()
    for module in model.modules():
        stock = type(module).__module__.startswith("torch") and "BatchNorm" in type(module).__name__
        found.add("stock batch norm" if stock else type(module).__name__)
        if isinstance(module, DiscreteLayer):
            found.add(f"weights {module.code}")
            found |= {"groups"} if getattr(module, "groups", 1) > 1 else set()
            found |= {name for name in ("stride", "dilation", "padding", "kernel_size") if _uneven(module, name)}
        elif isinstance(module, DiscreteActivation):
            found |= {f"activation {module.code}", f"tie {module.tie}"}
            found |= {"learnable r"} if module.learn_r else set()
        elif isinstance(module, nn.MaxPool2d):
            found |= {"ceil mode"} if module.ceil_mode else set()
        weight = getattr(module, "weight", None)
        if isinstance(module, tuple(n for pair in NORMS.values() for n in pair)):
            found |= {"negative gain"} if bool((weight < 0).any()) else set()
            found |= {"zero gain"} if bool((weight == 0).any()) else set()
    return found


def _uneven(module: nn.Module, name: str) -> bool:
    pair = getattr(module, name, (0, 0))
    return pair[0] != pair[1]
