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
    """Give every batch norm the statistics of sums like those it sees, and gains of both signs and zero."""
    generator = torch.Generator().manual_seed(seed)

    def normal(n: int) -> torch.Tensor:
        return torch.empty(n).uniform_(-2, 2, generator=generator)

    for module in model.modules():
        if isinstance(module, BatchNorm1d | BatchNorm2d):
            n = module.num_features
            module.weight.data = normal(n)
            module.weight.data[:: max(2, n // 2)] = 0
            module.bias.data = normal(n) / 2
            spread = float(10 ** torch.empty(1).uniform_(0, 2.5, generator=generator))
            module.running_mean = normal(n).round() * spread / 4
            module.running_var = (normal(n).abs() + 0.1) * spread**2


def random_net(seed: int) -> tuple[nn.Sequential, tuple[int, ...]]:
    """A random Sequential of the supported layers, and the shape of its input."""
    rng = np.random.default_rng(seed)
    generator = torch.Generator().manual_seed(seed)

    def pick(options: list) -> object:
        return options[rng.integers(len(options))]

    def space() -> DiscreteSpace:
        return DiscreteSpace(int(pick([0, 1, 1, 1, 2, 3])))

    def activation() -> DiscreteActivation:
        n = int(pick([0, 1, 1, 1, 2, 3, 4]))
        if n == 0:
            return DiscreteActivation(0, tie="up")
        return DiscreteActivation(
            n,
            r=float(pick([0.0, 0.25, 0.5, 0.9])),
            tie=pick(["strict", "fire", "up", "even"]),
            window=pick(["rect", "tri"]),
        )

    channels, height, width = (int(rng.integers(low, high)) for low, high in ((1, 4), (3, 12), (3, 12)))
    input_shape = (channels, height, width)
    layers: list[nn.Module] = [PixelEncoder()]
    for _ in range(int(rng.integers(0, 3))):
        groups = int(pick([g for g in (1, channels) if channels % g == 0]))
        out = groups * int(rng.integers(1, 5))
        kernel = tuple(int(rng.integers(1, min(4, size) + 1)) for size in (height, width))
        stride, padding = int(rng.integers(1, 3)), (int(rng.integers(0, 3)), int(rng.integers(0, 3)))
        layers.append(
            DiscreteConv2d(
                channels, out, kernel, stride, padding, groups=groups, space=space(), generator=generator
            )
        )
        channels = out
        height, width = (
            (size + 2 * p - k) // stride + 1 for size, p, k in zip((height, width), padding, kernel, strict=True)
        )
        norm, act = [BatchNorm2d(channels), activation()], None
        act = norm.pop()
        pool: list[nn.Module] = []
        if min(height, width) >= 2 and rng.random() < 0.7:
            ceil = bool(rng.random() < 0.5)
            edge = int(rng.integers(0, 2))
            pool = [nn.MaxPool2d(2, 2, edge, ceil_mode=ceil)]
            height, width = nn.MaxPool2d(2, 2, edge, ceil_mode=ceil)(torch.zeros(1, 1, height, width)).shape[2:]
        place = int(rng.integers(3))
        block = [*norm, act]
        layers += block[:place] + pool + block[place:]
    layers.append(nn.Flatten())
    features = channels * height * width
    for _ in range(int(rng.integers(0, 3))):
        out = int(rng.integers(1, 20))
        layers += [DiscreteLinear(features, out, space(), generator=generator), BatchNorm1d(out), activation()]
        features = out
    classes = int(rng.integers(1, 8))
    layers.append(DiscreteLinear(features, classes, space(), generator=generator))
    if rng.random() < 0.8:
        layers.append(BatchNorm1d(classes))
    model = nn.Sequential(*layers)
    randomise_batch_norms(model, seed)
    return model, input_shape
