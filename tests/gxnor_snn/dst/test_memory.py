"""What training holds between steps, by the storages of all live tensors."""

import gc

import pytest
import torch

from gxnor_snn.dst import DST
from gxnor_snn.layers import DiscreteLinear, LatentLinear, discrete_parameters

SIZE = 512


def live_bytes() -> int:
    gc.collect()
    found = {}
    for thing in gc.get_objects():
        if issubclass(type(thing), torch.Tensor):
            found[thing.untyped_storage().data_ptr()] = thing.untyped_storage().nbytes()
    return sum(found.values())


def held_per_weight(form: dict[str, object] | None) -> float:
    """After a step, before gradients are forgotten."""
    before = live_bytes()
    kind = LatentLinear if form is None else DiscreteLinear
    layer = kind(SIZE, SIZE, generator=torch.Generator().manual_seed(0)).train()
    if form is None:
        optimizer: torch.optim.Optimizer = torch.optim.Adam(layer.parameters())
    else:
        optimizer = DST(discrete_parameters(layer), 0.01, **form)
    x = torch.ones(4, SIZE)
    for _ in range(2):
        optimizer.zero_grad()
        layer(x).square().mean().backward()
        optimizer.step()
    del x
    return (live_bytes() - before) / SIZE**2


@pytest.mark.parametrize(
    ("form", "least", "most"),
    [
        (None, 16, 16.01),
        ({}, 13, 13.01),
        ({"fused": True}, 9, 9.01),
        ({"fused": True, "moments": "bfloat16"}, 5, 5.01),
        ({"fused": True, "moments": ("int8", "factored")}, 2, 2.06),
        ({"fused": True, "moments": ("int7", "factored")}, 1.9, 2),
    ],
    ids=str,
)
def test_training_holds_the_stated_bytes_per_weight(
    form: dict[str, object] | None, least: float, most: float
) -> None:
    assert least <= held_per_weight(form) <= most
