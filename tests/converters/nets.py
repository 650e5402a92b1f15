"""Random trained-looking networks: batch norms with statistics of every kind, zero and negative gains included."""

import numpy as np
import torch
from torch import nn

from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLinear,
    PixelEncoder,
)
from gxnor_snn.spaces import DiscreteSpace


def randomise_batch_norms(model: nn.Module, seed: int) -> None:
    """Give every batch norm statistics of the size of the sums it sees, and gains of both signs.

    Of four channels or more one has gain zero; in smaller layers that would silence too much of the network.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(n: int, low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=generator)

    magnitude, spread = 255, 128.0
    for module in model.modules():
        if isinstance(module, DiscreteLinear | DiscreteConv2d):
            spread = max(1.0, magnitude * module.space.max_level * module.levels[0].numel() ** 0.5 / 3)
        elif isinstance(module, DiscreteActivation):
            magnitude = spread = module.space.max_level
        elif isinstance(module, BatchNorm1d | BatchNorm2d):
            n = module.num_features
            signs = torch.where(uniform(n, -1, 1) < 0, -1, 1)
            module.weight.data = signs * uniform(n, 0.5, 2)
            if n >= 4:
                module.weight.data[int(uniform(1, 0, n))] = 0
            module.bias.data = uniform(n, -1, 1)
            module.running_mean = (uniform(n, -1, 1) * spread / 2).round()
            module.running_var = uniform(n, 0.1, 2) * spread**2


def random_net(seed: int) -> tuple[nn.Sequential, tuple[int, ...]]:
    """A random Sequential of the supported layers, and the shape of its input."""
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)

    def pick(options: list) -> object:
        return options[rng.integers(len(options))]

    def space() -> DiscreteSpace:
        return DiscreteSpace(int(pick([0, 1, 1, 1, 2, 3, 4])))

    def activation(size: float = 1.0) -> DiscreteActivation:
        """`size`: of the values it sees, in units of which it has its thresholds."""
        half_range = float(pick([1.0, 1.0, 0.7, 1.9])) * size
        n = int(pick([0, 1, 1, 1, 2, 3, 4]))
        if n == 0:
            return DiscreteActivation(0, tie="up", half_range=half_range)
        return DiscreteActivation(
            n,
            r=float(pick([0.0, 0.25, 0.5, 0.9])) * half_range,
            tie=pick(["strict", "fire", "up", "even"]),
            window=pick(["rect", "tri"]),
            half_range=half_range,
        )

    def block(layer: nn.Module, norm: nn.Module, magnitude: int) -> list[nn.Module]:
        """Product, norm, activation; one in six has no norm, and thresholds in units of its sums."""
        if rng.random() < 1 / 6:
            return [layer, activation(magnitude * max(1.0, layer.levels[0].numel() ** 0.5 / 3))]
        return [layer, norm, activation()]

    channels, height, width = (int(rng.integers(low, high)) for low, high in ((1, 4), (3, 12), (3, 12)))
    input_shape = (channels, height, width)
    layers: list[nn.Module] = [PixelEncoder()]
    magnitude = 255
    for _ in range(int(rng.integers(0, 3))):
        groups = int(pick([g for g in (1, channels) if channels % g == 0]))
        out = groups * int(rng.integers(1, 5))
        dilation = tuple(int(pick([1, 1, 2])) for _ in range(2))
        kernel = tuple(
            int(rng.integers(1, min(4, (size - 1) // d + 1) + 1))
            for size, d in zip((height, width), dilation, strict=True)
        )
        stride, padding = int(rng.integers(1, 3)), (int(rng.integers(0, 3)), int(rng.integers(0, 3)))
        conv = DiscreteConv2d(
            channels, out, kernel, stride, padding, dilation, groups, space(), generator=generator
        )
        channels = out
        made = block(conv, BatchNorm2d(channels), magnitude)
        magnitude = made[-1].space.max_level
        height, width = (
            (size + 2 * p - d * (k - 1) - 1) // stride + 1
            for size, p, d, k in zip((height, width), padding, dilation, kernel, strict=True)
        )
        pools: list[nn.Module] = []
        while min(height, width) >= 2 and len(pools) < 2 and rng.random() < 0.6:
            pool = nn.MaxPool2d(2, int(pick([1, 2])), int(rng.integers(0, 2)), ceil_mode=bool(rng.random() < 0.5))
            height, width = pool(torch.zeros(1, 1, height, width)).shape[2:]
            pools.append(pool)
        # in their order, side by side or apart: behind the product, the norm or the activation
        places = sorted(int(rng.integers(1, len(made) + 1)) for _ in pools)
        for place, pool in reversed(list(zip(places, pools, strict=True))):
            made.insert(place, pool)
        layers += made
    layers.append(nn.Flatten())
    features = channels * height * width
    for _ in range(int(rng.integers(0, 3))):
        out = int(rng.integers(1, 20))
        made = block(DiscreteLinear(features, out, space(), generator=generator), BatchNorm1d(out), magnitude)
        layers += made
        magnitude, features = made[-1].space.max_level, out
    classes = int(rng.integers(1, 8))
    layers.append(DiscreteLinear(features, classes, space(), generator=generator))
    if rng.random() < 0.8:
        layers.append(BatchNorm1d(classes))
    model = nn.Sequential(*layers)
    randomise_batch_norms(model, seed)
    return model, input_shape
