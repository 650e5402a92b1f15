import pytest
import torch
from torch import nn

from gxnor_snn.layers import FloatConv2d, FloatLinear


def made(kind: type, seed: int | None = 0) -> nn.Module:
    sizes = (50, 30) if kind is FloatLinear else (5, 30, 3, 2, 1)
    return kind(*sizes, generator=None if seed is None else torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("kind", "shape"), [(FloatLinear, (2, 50)), (FloatConv2d, (2, 5, 7, 7))])
def test_it_is_torch_s_layer_in_the_type_of_its_weights(kind: type, shape: tuple[int, ...]) -> None:
    layer = made(kind)
    x = torch.rand(shape, dtype=torch.float64)
    stock = nn.Linear(50, 30, bias=False) if kind is FloatLinear else nn.Conv2d(5, 30, 3, 2, 1, bias=False)
    stock.load_state_dict(layer.state_dict())
    assert torch.equal(layer(x), stock(x.float()))
    assert layer(x).dtype == torch.float32


@pytest.mark.parametrize("kind", [FloatLinear, FloatConv2d])
def test_weights_come_from_the_generator_alone(kind: type) -> None:
    state = torch.get_rng_state()
    assert torch.equal(made(kind).weight, made(kind).weight)
    assert not torch.equal(made(kind, None).weight, made(kind, None).weight)
    assert torch.equal(state, torch.get_rng_state())
    weight = made(kind).weight
    bound = weight[0].numel() ** -0.5
    assert weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)
    with torch.device("meta"):
        assert kind(4, 4, *[1] * (kind is FloatConv2d)).weight.is_meta
