import pytest
import torch
from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteConv2d, DiscreteLayer, DiscreteLinear
from gxnor_snn.models import DiscreteNet, vgg

PUBLISHED = [3.5, 151.0, 75.5, 151.0, 75.5, 151.0, 8.4, 0.01]  # millions per layer: 2x128C3-MP2-...-1024FC-10


def multiply_accumulates(net: DiscreteNet) -> list[int]:
    """Weights times output positions of every layer, for one image."""
    counts: list[int] = []

    def count(layer: DiscreteLayer, inputs: object, out: torch.Tensor) -> None:
        counts.append(layer.fan_in * out.numel())

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, DiscreteLayer)]
    with torch.no_grad():
        net.eval()(torch.zeros(1, *net.input_shape, dtype=torch.uint8))
    for hook in hooks:
        hook.remove()
    return counts


def test_width_128_is_the_published_network() -> None:
    net = vgg()
    assert sum(p.numel() for name, p in net.named_parameters() if name.endswith("levels")) == 12_973_440
    counts = multiply_accumulates(net)
    assert [round(c / 1e6, 1 if c > 1e5 else 2) for c in counts] == PUBLISHED
    assert sum(counts) == pytest.approx(615.9e6, abs=0.05e6)


def test_children_and_geometry() -> None:
    net = vgg((3, 16, 24), width=4, classes=7)
    names = [name for name, _ in net.named_children()]
    assert names[:9] == ["encoder", "conv1", "bn1", "act1", "conv2", "pool1", "bn2", "act2", "conv3"]
    assert names[-6:] == ["flatten", "fc1", "bn7", "act7", "fc2", "bn8"]
    convs = [m for m in net.modules() if isinstance(m, DiscreteConv2d)]
    assert [c.out_channels for c in convs] == [4, 4, 8, 8, 16, 16]
    assert all(c.padding == (1, 1) and c.kernel_size == (3, 3) for c in convs)
    assert [m.max_input for m in net.modules() if isinstance(m, DiscreteLayer)] == [255] + [1] * 7
    assert [m.in_features for m in net.modules() if isinstance(m, DiscreteLinear)] == [16 * 2 * 3, 32]
    x = torch.randint(0, 256, (2, 3, 16, 24), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert net(x).shape == (2, 7)
    loss = nn.functional.cross_entropy(net(x), torch.tensor([0, 6]))
    loss.backward()
    assert all(c.levels.grad is not None for c in convs)


def test_a_small_image_is_refused() -> None:
    with pytest.raises(InputError, match="too small for three 2x2 pools"):
        vgg((1, 7, 8))
