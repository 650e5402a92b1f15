import pytest
import torch

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteActivation, DiscreteConv2d, DiscreteLayer, ResidualBlock, SumPool2d
from gxnor_snn.models import DiscreteNet, NetSpec, resnet


def pixels(net: DiscreteNet, batch: int = 4) -> torch.Tensor:
    g = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (batch, *net.input_shape), dtype=torch.uint8, generator=g)


@pytest.mark.parametrize(("depth", "blocks"), [(8, 3), (14, 6), (20, 9)])
def test_the_depth_counts_layers_with_weights(depth: int, blocks: int) -> None:
    net = resnet((1, 8, 8), width=4, depth=depth)
    residual = [m for m in net if isinstance(m, ResidualBlock)]
    assert len(residual) == blocks
    assert 2 * blocks + 2 == depth
    assert [m.conv1.out_channels for m in residual] == [4] * (blocks // 3) + [8] * (blocks // 3) + [16] * (
        blocks // 3
    )
    crossing = [m for m in residual if isinstance(m.shortcut, DiscreteConv2d)]
    assert [m.shortcut.stride for m in crossing] == [(2, 2), (2, 2)]
    assert [name for name, _ in net.named_children()][-4:] == ["pool", "flatten", "fc", "bn"]


@pytest.mark.parametrize("keywords", [{}, {"n2": 2, "gain": -3}, {"n2": 0, "n1": 0}, {"coding2": "log", "n2": 3}])
@pytest.mark.parametrize("head", ["sum", "max"])
def test_every_sum_of_eval_mode_is_an_integer_within_its_bound(keywords: dict, head: str) -> None:
    net = resnet((2, 9, 7), width=3, classes=5, depth=8, head=head, **keywords).eval()
    seen: dict[torch.nn.Module, torch.Tensor] = {}
    for m in net.modules():
        if isinstance(m, DiscreteLayer | DiscreteActivation):
            m.register_forward_hook(
                lambda m, given, out: seen.update({m: torch.stack([given[0].abs().max(), out.abs().max()])})
            )
    out = net(pixels(net))
    assert (out.shape, out.dtype) == ((4, 5), torch.float64)
    for m, (largest, result) in seen.items():
        if isinstance(m, DiscreteLayer):
            assert largest <= m.max_input
            assert result <= m.max_sum
            assert result == result.round()
    assert net.fc.max_input == net.act1.max_level * (3 * 2 if head == "sum" else 1)


def test_gradients_reach_every_weight() -> None:
    net = resnet((1, 8, 8), width=4, depth=8, a=2.0)
    net(pixels(net, 8)).square().sum().backward()
    for m in net.modules():
        if isinstance(m, DiscreteLayer):
            assert m.levels.grad.abs().sum() > 0


def test_shortcuts_and_convolutions_vary_alike_at_first() -> None:
    net = resnet((3, 16, 16), width=16, depth=8)
    x = pixels(net, 32)
    for name, module in net.named_children():
        if isinstance(module, ResidualBlock):
            h = module.act1(module.bn1(module.conv1(x)))
            ratio = module.conv2(h).std() / (module.gain * module.shortcut(x)).std()
            assert 0.5 < ratio < 2, name
        x = module(x)


def test_the_spec_rebuilds_it() -> None:
    net = resnet((1, 8, 8), 4, depth=8, head="max", gain=2, seed=3)
    again = NetSpec(net.spec.factory, dict(net.spec.kwargs)).build()
    assert str(again) == str(net)
    assert torch.equal(net.eval()(pixels(net)), again.eval()(pixels(net)))
    assert isinstance(resnet((1, 8, 8), 4, depth=8).pool, SumPool2d)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"depth": 18}, "depth is 18"),
        ({"depth": 2}, "depth is 2"),
        ({"depth": 1208}, "depth is 1208"),
        ({"head": "mean"}, "head is 'mean'"),
        ({"gain": 0}, "gain is 0"),
    ],
)
def test_bad_arguments_are_named(keywords: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resnet((1, 8, 8), 4, **keywords)
