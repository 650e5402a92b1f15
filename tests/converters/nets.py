"""Networks that look trained: batch norms with statistics of every kind, zero and negative gains included."""

import torch
from torch import nn

from gxnor_snn.layers import Affine, DiscreteActivation, DiscreteLayer


def randomise_batch_norms(model: nn.Module, seed: int) -> None:
    """Give every batch norm statistics of the size of the sums it sees, and gains of both signs.

    Of four channels or more one has gain zero; in smaller layers that would silence too much of the network.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(n: int, low: float, high: float) -> torch.Tensor:
        return torch.empty(n).uniform_(low, high, generator=generator)

    magnitude, spread = 255, 128.0
    for module in model.modules():
        if isinstance(module, DiscreteLayer):
            spread = max(1.0, magnitude * module.max_level * module.levels[0].numel() ** 0.5 / 3)
        elif isinstance(module, DiscreteActivation):
            magnitude = spread = max(abs(v) for v in module.level_values)
        elif isinstance(module, Affine):
            n = module.num_features
            signs = torch.where(uniform(n, -1, 1) < 0, -1, 1)
            module.weight.data = signs * uniform(n, 0.5, 2)
            if n >= 4:
                module.weight.data[int(uniform(1, 0, n))] = 0
            module.bias.data = uniform(n, -1, 1)
            statistics = {
                "running_mean": lambda n, spread: (uniform(n, -1, 1) * spread / 2).round(),
                "running_var": lambda n, spread: uniform(n, 0.1, 2) * spread**2,
                "running_spread": lambda n, spread: uniform(n, 0.3, 1.5) * spread,
                "running_inverse": lambda n, spread: uniform(n, 0.5, 2) / spread,
            }
            for name, buffer in module.named_buffers():
                buffer.copy_(statistics[name](n, spread))
