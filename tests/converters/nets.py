"""Networks that look trained: batch norms with statistics of every kind, zero and negative gains included."""

import torch
from torch import nn

from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLinear,
)


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
