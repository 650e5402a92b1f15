import pytest
import torch
from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import BatchNorm2d, DiscreteActivation, DiscreteConv2d, ResidualBlock

from .test_affine import randomised


def block(gain: int = 3, shortcut: bool = True, max_input: int = 1, channels: int = 4) -> ResidualBlock:
    g = torch.Generator().manual_seed(0)

    def conv(into: int, size: int, most: int) -> DiscreteConv2d:
        return DiscreteConv2d(into, channels, size, padding=size // 2, generator=g, max_input=most)

    return ResidualBlock(
        conv(4, 3, max_input),
        randomised(BatchNorm2d(channels)),
        DiscreteActivation(),
        conv(channels, 3, 1),
        randomised(BatchNorm2d(channels)),
        DiscreteActivation(),
        shortcut=conv(4, 1, max_input) if shortcut else None,
        gain=gain,
    )


@pytest.mark.parametrize("shortcut", [True, False])
@pytest.mark.parametrize("gain", [1, -2, 7])
def test_the_shortcut_is_added_before_the_one_batch_norm(shortcut: bool, gain: int) -> None:
    net = block(gain, shortcut).eval()
    x = torch.randint(-1, 2, (3, 4, 5, 5), generator=torch.Generator().manual_seed(1)).float()
    h = net.act1(net.bn1(net.conv1(x)))
    beside = net.shortcut(x) if shortcut else x
    assert torch.equal(net(x), net.act2(net.bn2(net.conv2(h) + gain * beside)))
    assert net.train()(x).shape == x.shape


def test_residual_sums_are_exact_beyond_float32() -> None:
    """Each summand is below 2^24, their sum is not, and it is odd."""
    net = block(gain=1001, max_input=2**14 - 1).eval()
    net.bn2 = nn.Identity()
    seen = []
    net.act2 = nn.Identity()
    with torch.no_grad():
        net.shortcut.levels.fill_(1)
    x = torch.full((1, 4, 3, 3), float(2**14 - 1))
    x[0, 0, 1, 1] -= 2
    seen = net(x)
    h = net.act1(net.bn1(net.conv1(x)))
    expected = net.conv2(h).long() + 1001 * x.long().sum(1, keepdim=True)
    assert seen.dtype == torch.float64
    assert torch.equal(seen.long(), expected.expand_as(seen))
    assert seen.abs().max() > 2**24


@pytest.mark.parametrize("gain", [0, 1.0, True, "2"])
def test_a_gain_is_a_nonzero_integer(gain: object) -> None:
    with pytest.raises(InputError, match="gain is"):
        block(gain)


def test_a_gain_that_no_float32_holds_is_refused() -> None:
    with pytest.raises(InputError, match="below 2\\^24"):
        block(2**24, shortcut=False)


def test_a_float_block_trains_too() -> None:
    conv = nn.Conv2d(2, 2, 3, padding=1, bias=False)
    net = ResidualBlock(conv, BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 2, 1), BatchNorm2d(2), nn.ReLU())
    net(torch.rand(4, 2, 5, 5)).sum().backward()
    assert conv.weight.grad is not None


def test_a_shortcut_whose_sums_nobody_knows_is_refused() -> None:
    made = block(1)
    with pytest.raises(InputError, match="shortcut is a Sequential"):
        ResidualBlock(
            made.conv1, made.bn1, made.act1, made.conv2, made.bn2, made.act2, shortcut=nn.Sequential(made.shortcut)
        )
